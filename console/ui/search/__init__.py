"""What Ctrl+K finds, and places for a caller: ``Search`` over one city, ``Hit`` a result, ``Command`` a command of the window."""

from console.ui.search.hits import PLACES, Command, Group, Hit
from console.ui.search.search import Found, Search

__all__ = ["PLACES", "Command", "Found", "Group", "Hit", "Search"]
