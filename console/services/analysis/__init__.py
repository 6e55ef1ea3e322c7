"""Recordings and history: backtests, scores, calibration, what detection learns from at a start."""
