"""Recordings and history: backtests, scores, calibration, and the history that detection learns from at start."""
