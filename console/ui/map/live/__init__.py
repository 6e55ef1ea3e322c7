"""What the map shows of the moment: stations, crews and tracks, the case in focus, decorations."""
