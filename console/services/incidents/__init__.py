"""A case from its opening to its closing: judged, planned, isolated on evidence, dismissed, undone; and what it sends out."""
