"""The window: map, models, panels, dialogs, commands. It uses the engine through ``port.ConsolePort`` only."""
