"""MQTT 5: one connection to one broker, below the feed and the channel that share it.

``Broker`` (broker.py), ``MqttConnection`` (connection.py); ``Message`` (message.py).
"""

from console.mqtt.broker import Broker
from console.mqtt.connection import MqttConnection

__all__ = ["Broker", "MqttConnection"]
