"""Child processes: ending with the parent, exit codes in words, and functions that run in a child.

``end_with_parent``: called first in each child. ``ended``: waits for a child's end. ``how_ended``: an exit code in words.
``CallProcess``: runs functions that may crash in another process; ``shared_calls``: the program's own one. ``CallCrashed``:
the process ended before it answered. Fast to import.
"""

from console.children.calls import CallCrashed, CallProcess, shared_calls
from console.children.parent import end_with_parent, ended, how_ended

__all__ = ["CallCrashed", "CallProcess", "end_with_parent", "ended", "how_ended", "shared_calls"]
