"""Child processes of every kind: how they end with their parent, and functions that run in one.

``end_with_parent``: called first in each child. ``ended``: waits for a child's end. ``how_ended``: an exit code in words.
``CallProcess``: runs functions apart, for what may crash; ``shared_calls`` the one of a program. ``CallCrashed``:
it ended before it answered. Light to import.
"""

from console.children.calls import CallCrashed, CallProcess, shared_calls
from console.children.parent import end_with_parent, ended, how_ended

__all__ = ["CallCrashed", "CallProcess", "end_with_parent", "ended", "how_ended", "shared_calls"]
