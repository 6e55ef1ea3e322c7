"""Feeds: receive readings, crew positions and replies into one bounded inbox. What a feed is: ``Feed`` (port.py).

``MqttFeed`` (mqtt.py), ``SimulatorFeed`` (simulated.py), ``LocalFeed`` (local.py); ``Inbox`` (inbox.py).
"""
