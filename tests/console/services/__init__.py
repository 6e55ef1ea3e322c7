"""Tests of console.services."""
