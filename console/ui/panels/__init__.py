"""Panels: views of the picture. They submit intents to the dispatcher and call no service that changes state."""
