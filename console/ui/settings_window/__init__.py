"""The settings window: what may be changed at this seat, and the installation's settings to read."""
