"""Error for an invalid package, in one line."""

from __future__ import annotations

from maps.errors import InputFault


class PackageFault(InputFault):
    """A package that fails verification or cannot be interpreted; the message names the file in it and the fault."""
