"""Channels: deliver messages. The interface of a channel: ``DeliveryChannel`` (port.py).

``MqttChannel`` (mqtt.py), ``FolderChannel`` (folder.py), ``LocalChannel`` (local.py); ``OwnThread`` (own_thread.py) runs channels
that wait for a disk or a server.
"""
