"""Outage notices: their facts, their life from draft to lifted, and where they contradict their case."""
