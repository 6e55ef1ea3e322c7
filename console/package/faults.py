"""What is wrong with a package, in one line."""

from __future__ import annotations

from maps.errors import InputFault


class PackageFault(InputFault):
    """A package that cannot be trusted or understood; the message names the file in it and what is off."""
