"""Sounds of alarms: own tones by priority, how they are played, when they sound."""
