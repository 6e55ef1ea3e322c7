"""Help inside the window: a page for each panel, the sheet of keys, the first-run tour."""
