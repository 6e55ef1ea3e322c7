"""Screens of the main states at all sizes, both languages and themes: ``make screens`` makes and compares them, not the suite."""
