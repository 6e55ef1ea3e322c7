"""Session: who is signed in at this window's seat, and whether the seat is locked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from time import monotonic

from PySide6.QtCore import QObject, Signal

from console.domain.actors import Actor, Permission, Proof
from console.domain.users import name_key
from console.services.access.records import SeatEvent
from console.services.access.sign_in import Authenticator, SeatAccess, SignInRefused
from console.services.ports import StoreUnavailable
from console.ui.background_tasks import BackgroundTasks
from maps.errors import QuanmaiError

log = logging.getLogger(__name__)

Then = Callable[[Actor], None]
Failed = Callable[[QuanmaiError], None]
AreasOf = Callable[[Actor], tuple[str, ...]]
"""Ids of the areas that this seat's window shows an actor, empty for the whole city. Raises Refused where it shows none."""


class PasswordCheck:
    """Checks passwords on a worker thread; ``then`` and ``failed`` are called on the window's thread."""

    def __init__(
        self,
        access: Authenticator,
        seat: str,
        tasks: BackgroundTasks,
        recognised: Callable[[Actor, str], bool] = lambda _actor, _password: False,
    ) -> None:
        """``recognised``: as in ``SeatAccess``."""
        self._access, self._seat, self._tasks, self._recognised = access, seat, tasks, recognised

    def check(
        self, name: str, password: str, then: Then, failed: Failed, proof: Proof = Proof.PASSWORD, unlocking: Actor | None = None
    ) -> None:
        """``unlocking``: who is signed in, and is recognised while the store is away."""

        def work() -> Actor | QuanmaiError:
            try:
                return self._access.authenticate(name, password, seat=self._seat, proof=proof)
            except StoreUnavailable as away:
                is_known = unlocking is not None and name_key(name) == name_key(unlocking.name)
                if unlocking is not None and is_known and self._recognised(unlocking, password):
                    return unlocking
                return away
            except QuanmaiError as fault:
                return fault

        self._tasks.request("check", work, lambda found: then(found) if isinstance(found, Actor) else failed(found))


class Session(QObject):
    """``actor``: who is signed in at first. ``access``: of the store's users; None at a single seat without sign-in and lock."""

    changed = Signal()
    """Another person signed in, or the seat was locked or unlocked."""
    revoked = Signal(object)
    """The seat was locked because who is signed in may not work there any more: a SignInRefused."""
    other_areas = Signal(object)
    """(actor): somebody signed in whom other areas are shown. The session ends: its window must show nothing more."""

    def __init__(
        self,
        actor: Actor,
        access: SeatAccess | None,
        now: Callable[[], datetime],
        parent: QObject | None = None,
        areas_of: AreasOf | None = None,
        approvers: Authenticator | None = None,
        drill_approver: tuple[str, str] | None = None,
    ) -> None:
        """``approvers``: checks the password of a second person at a seat where nobody signs in."""
        super().__init__(parent)
        self._actor, self._access, self._now, self._areas_of = actor, access, now, areas_of or attrgetter("areas")
        self.drill_approver = drill_approver
        """Name and password of the approver in a drill."""
        self.unsent: Callable[[], int] = lambda: 0
        """Number of decisions that wait in the window for who is signed in."""
        self._is_locked = False
        self._used_at = self._checked_at = monotonic()
        self._tasks = BackgroundTasks("sign-in", self)
        self._passwords = None if access is None else PasswordCheck(access, actor.seat, self._tasks, access.recognised)
        self._once = self._passwords
        if access is None and approvers is not None:
            self._once = PasswordCheck(approvers, actor.seat, self._tasks)

    @property
    def needs_sign_in(self) -> bool:
        """Whether people sign in at this seat."""
        return self._access is not None

    @property
    def person(self) -> Actor:
        """Who is signed in, also while the seat is locked."""
        return self._actor

    @property
    def is_locked(self) -> bool:
        """Whether only emergency acts go through."""
        return self._is_locked

    def actor(self) -> Actor:
        """Whom acts at this seat are recorded for; whoever it is, while the seat is locked."""
        return Actor.at_locked_seat(self._actor.seat or "–") if self._is_locked else self._actor

    def begin(self) -> None:
        """Record that who is at the seat has signed in."""
        self._record(SeatEvent.SIGNED_IN, self._actor)

    def lock(self, *, by_idling: bool = False) -> None:
        """Lock the seat; alarms and the map go on."""
        if self._access is None or self._is_locked:
            return
        self._is_locked = True
        self._record(SeatEvent.LOCKED_IDLE if by_idling else SeatEvent.LOCKED, self._actor)
        self.changed.emit()

    def used(self) -> None:
        """A key was pressed or the mouse was moved."""
        self._used_at = monotonic()

    def lock_when_idle(self, minutes: float) -> None:
        """Lock the seat when nobody has used it for so long; 0: never."""
        if minutes > 0 and monotonic() - self._used_at >= minutes * 60:
            self.lock(by_idling=True)

    def check_standing(self, every_s: float = 0.0) -> None:
        """Lock the seat when its user has been disabled, or has other rights than at the sign-in; at most once in ``every_s``."""
        access, person = self._access, self._actor
        if access is None or self._is_locked or self.busy or monotonic() - self._checked_at < every_s:
            return
        self._checked_at = monotonic()

        def work() -> SignInRefused | None:
            try:
                return access.standing(person)
            except StoreUnavailable:
                return None  # it is looked at again; meanwhile no decision reaches the store either

        def looked(fault: SignInRefused | None) -> None:
            if fault is not None and person is self._actor and not self._is_locked:
                self._is_locked = True
                self._record(SeatEvent.REVOKED, person)
                self.changed.emit()
                self.revoked.emit(fault)

        self._tasks.request("standing", work, looked)

    def unlock(self, name: str, password: str, then: Then, failed: Failed) -> None:
        """By the password of who is signed in, also while the store is away, or of somebody who may unlock others' seats.

        The latter is signed in from then on: acts must not be recorded for a person who is absent.
        """
        person = self._actor

        def unlocked(actor: Actor) -> None:
            if actor.actor_id != person.actor_id and not actor.may(Permission.UNLOCK_OTHERS):
                failed(SignInRefused("unlock_other", user=actor.name, person=person.name))
                return
            if (is_other := self._sees_other_areas(actor, failed)) is None:
                return
            if actor.actor_id == person.actor_id:
                self._record(SeatEvent.UNLOCKED, actor)
            else:
                self._record(SeatEvent.UNLOCKED_BY_OTHER, person, actor.name)
            self.used()
            self._seat(actor, then, is_other=is_other)

        if self._passwords is not None:
            self._passwords.check(name, password, unlocked, failed, unlocking=person)

    def change_person(self, name: str, password: str, then: Then, failed: Failed) -> None:
        """Another person takes over the seat, as at the change of shifts."""

        def changed(actor: Actor) -> None:
            if (is_other := self._sees_other_areas(actor, failed)) is None:
                return
            if not is_other:
                self._record(SeatEvent.SIGNED_OUT, self._actor)
                self._record(SeatEvent.SIGNED_IN, actor)
            self._seat(actor, then, is_other=is_other)

        if self._passwords is not None:
            self._passwords.check(name, password, changed, failed)

    def _sees_other_areas(self, actor: Actor, failed: Failed) -> bool | None:
        """Whether another window must begin for ``actor``; None: it cannot, which ``failed`` was told.

        Decisions that wait for their person are neither lost nor shown to people of other areas.
        """
        try:
            is_other = set(self._areas_of(actor)) != set(self._areas_of(self._actor))
        except QuanmaiError as fault:
            failed(fault)
            return None
        if is_other and (n := self.unsent()):
            failed(SignInRefused("unsent_first", user=self._actor.name, n=str(n)))
            return None
        return is_other

    def _seat(self, actor: Actor, then: Then, *, is_other: bool) -> None:
        """With other areas the person before stays signed in until the window has closed, which records the signing out."""
        if is_other:
            self.other_areas.emit(actor)
        else:
            self._actor, self._is_locked = actor, False
            self.changed.emit()
        then(actor)

    def confirm_once(self, name: str, password: str, then: Then, failed: Failed) -> None:
        """Another person signs for one act at this seat; who is there stays. Also at a seat where nobody signs in."""
        if self._once is None:
            failed(SignInRefused("sign_in_wrong"))
        else:
            self._once.check(name, password, then, failed, Proof.PASSWORD_ONCE)

    def close(self) -> None:
        """Record the signing out, and end the worker thread."""
        if self._access is not None:
            self._record(SeatEvent.SIGNED_OUT, self._actor)
            self._tasks.finish()
        self._tasks.close()

    @property
    def busy(self) -> bool:
        """Whether a password is being checked."""
        return self._tasks.busy

    def _record(self, event: SeatEvent, actor: Actor, by: str = "") -> None:
        """On the worker: a store that is away must not hold up the window. What cannot be written is in the log file."""
        access, now = self._access, self._now()
        if access is None:
            return

        def work() -> None:
            try:
                access.record(event, actor, now, by)
            except QuanmaiError as fault:
                log.error("%s at %s by %s is not in the log of actions: %s", event, actor.seat, actor.name, fault)

        self._tasks.request(f"record {event}", work, lambda _: None)
