"""Operating areas: which a case concerns, what their terminals acknowledge and report, and what may be seen and done there."""
