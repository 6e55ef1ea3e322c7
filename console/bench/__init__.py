"""Benchmarks of the budgets; each module has ``run(…) -> dict`` of JSON figures with units in their keys."""
