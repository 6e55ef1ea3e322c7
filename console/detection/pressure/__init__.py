"""Bursts in station pressures: baselines, recent levels, matched field, steps, thresholds, slow leaks."""
