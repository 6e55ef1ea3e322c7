"""The window: map, models, panels, dialogs, commands. ``port.ConsolePort`` is all it knows of the engine."""
