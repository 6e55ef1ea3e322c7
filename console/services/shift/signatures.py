"""Signatures of a handover: by password where the store has users, else typed names that are said to be that."""

from __future__ import annotations

from collections.abc import Collection

from console.domain.actors import Proof
from console.domain.shift import Signature
from console.services.access.sign_in import Authenticator
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


class PasswordSigners:
    """``Signers`` of a store with users: each signs with the own password at this seat."""

    need_password = True

    def __init__(self, users: Authenticator, seat: str, areas: Collection[str] = ()) -> None:
        """``areas``: ids of those that the seat's window shows, empty for the whole city."""
        self._users, self._seat, self._areas = users, seat, frozenset(areas)

    def signature(self, name: str, password: str) -> Signature:
        """The user with this name and password. Raises SignInRefused, StoreUnavailable.

        Raises Refused for somebody who may not see all of what is handed over here.
        """
        actor = self._users.authenticate(name, password, seat=self._seat, proof=Proof.PASSWORD_ONCE)
        if actor.areas and not (self._areas and self._areas <= set(actor.areas)):
            raise Refused("handover_areas", user=actor.name)
        return Signature(actor.actor_id, actor.name, actor.role, is_verified=True)
