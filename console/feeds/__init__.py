"""Feeds: receive readings, crew positions and replies into one bounded inbox.

``Inbox`` (inbox.py), ``Decoder`` (codec.py), ``MqttLink`` (mqtt.py), ``simulator`` (own process).
"""
