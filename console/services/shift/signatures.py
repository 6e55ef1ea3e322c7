"""Signatures where nobody signs in: typed names, said to be that."""

from __future__ import annotations

from console.domain.shift import Signature
from console.services.changesets import Refused
from console.services.shift.words import line


class TypedNames:
    """``Signers`` of a single seat without users: a name is taken as typed."""

    need_password = False

    def signature(self, name: str, password: str) -> Signature:
        """The typed name, not verified. Raises Refused without one."""
        typed = line(name)
        if not typed:
            raise Refused("handover_name")
        return Signature(typed, typed)
