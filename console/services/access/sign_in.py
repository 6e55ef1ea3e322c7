"""Signing in: the port that checks a name with its password, and how a refused one is worded."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from console.domain.actors import Actor, Proof
from console.services.access.records import SeatEvent
from console.services.changesets import Refused


class SignInRefused(Refused):
    """Nobody was signed in. An unknown name and a wrong password give the same text after the same time."""


class Authenticator(Protocol):
    """Checks passwords. Each call may take some tenths of a second: not for a window's own thread."""

    def authenticate(self, name: str, password: str, *, seat: str = "", proof: Proof = Proof.PASSWORD) -> Actor:
        """The user with this name and password, as an actor at ``seat``.

        ``proof``: PASSWORD_ONCE where another person is signed in at the seat. After repeated failures a name has to wait.
        Failures are recorded in the log of actions. Raises SignInRefused, StoreUnavailable.
        """
        ...


class SeatAccess(Authenticator, Protocol):
    """What a seat needs: passwords checked, and what happens at the seat recorded."""

    def recognised(self, actor: Actor, password: str) -> bool:
        """Whether it is the password that ``actor`` signed in with in this process: for a seat whose store is away."""
        ...

    def standing(self, actor: Actor) -> SignInRefused | None:
        """Why ``actor``, who signed in, has lost the seat since: disabled, or another role or areas. None: nothing has changed.

        Raises StoreUnavailable.
        """
        ...

    def record(self, event: SeatEvent, actor: Actor, now: datetime, by: str = "") -> None:
        """Write what happened at a seat to the log of actions. Raises StoreUnavailable."""
        ...


def wrong() -> SignInRefused:
    """Unknown name or wrong password."""
    return SignInRefused("sign_in_wrong")


def disabled(name: str) -> SignInRefused:
    """The right password of a disabled user."""
    return SignInRefused("sign_in_disabled", user=name)


def changed(name: str) -> SignInRefused:
    """Signed in with a role or areas that the user has no longer."""
    return SignInRefused("sign_in_changed", user=name)


def must_wait(seconds: float) -> SignInRefused:
    """Too many failures in a row."""
    return SignInRefused("sign_in_wait", seconds=f"{max(seconds, 1.0):.0f}")
