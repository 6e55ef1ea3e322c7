"""Channels: deliver messages out of the house. What a channel is: ``DeliveryChannel`` (port.py).

``MqttChannel`` (mqtt.py), ``FolderChannel`` (folder.py), ``LocalChannel`` (local.py); ``OwnThread`` (own_thread.py) runs those
that wait for a disk or a server.
"""
