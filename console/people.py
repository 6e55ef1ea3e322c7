"""People of a program: who must sign in at its store, and signing in without a dialog."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.domain.actors import Actor
from console.secret_files import from_keyring, read_secret
from console.services.access.sign_in import SeatAccess
from console.store import SqlStore
from maps.errors import InputFault


@dataclass(frozen=True, slots=True)
class People:
    """The users of a store, for one seat."""

    access: SeatAccess
    seat: str

    def signed_in(self, name: str, password_file: Path | None) -> Actor:
        """Sign in with the password of a file, or of the keyring. Raises InputFault, SignInRefused, StoreUnavailable."""
        password = from_keyring(name) if password_file is None else read_secret(password_file)
        if password is None:
            raise InputFault(f"user {name}: no password; give --password-file, or put it into the keyring under 'quanmai'")
        return self.access.authenticate(name, password, seat=self.seat)


def people_of(store: SqlStore, seat: str, *, is_shared: bool) -> People | None:
    """The users of a store; None for a single seat without any. Raises InputFault for a shared store without users."""
    if store.users.are_needed:
        return People(store.users, seat)
    if is_shared:
        raise InputFault(
            f"store {store.where} is shared and has no users; make the first one: quanmai users add NAME --role admin"
        )
    return None
