"""Tests of console.domain."""
