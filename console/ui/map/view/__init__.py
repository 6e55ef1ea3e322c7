"""Where the map looks and what mouse and keys do on it: camera, navigation, input, tools, picking, identify."""
