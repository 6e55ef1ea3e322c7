"""Alarms of stations and their life (ISA-18.2), the limits behind them, and operations that explain deviations."""
