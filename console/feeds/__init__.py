"""Feeds: what brings readings, crews and replies into the one bounded inbox.

``Inbox`` (inbox.py), ``Decoder`` (codec.py), ``MqttLink`` (mqtt.py), ``simulator`` (own process).
"""
