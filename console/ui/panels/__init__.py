"""Panels: views of the picture. They emit intents as signals and know no service."""
