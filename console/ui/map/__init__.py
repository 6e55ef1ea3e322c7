"""The map: camera, static picture of the network, live overlay, picking, and the widget that puts them together."""
