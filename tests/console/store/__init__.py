"""Tests of console.store."""
