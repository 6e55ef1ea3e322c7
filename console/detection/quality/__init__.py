"""Station faults, limit violations, and errors of recorded station elevations."""
