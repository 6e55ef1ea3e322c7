"""Camera, navigation, input, tools, picking and identify."""
