"""Outage notices: their facts, their states from draft to lifted, and contradictions to their case."""
