"""A drill through a control room whose processes, broker and database fail at random; run it with any number of kills.

``python -m tests.console.drill_through_failures --kills 50 --seed 1`` prints one JSON line; ``test_drill_through_failures.py``
runs it short. Needs PostgreSQL and mosquitto.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from console.domain.alarms import ALARM
from console.domain.changes import Change
from console.domain.delivery import DeliveryState
from console.domain.dispatch_orders import DISPATCH_ORDER
from console.domain.incidents import INCIDENT, Incident, WorkOrder
from console.domain.notices import NoticeStatus
from console.domain.outages import OUTAGE
from console.domain.tickets import TICKET
from console.services.crews.orders import LIVE
from console.services.state import DeskState
from console.store import SqlStore, open_store
from console.store.connection import READING, engine_for, store_url
from console.store.tables import lease
from tests.conftest import ROOT
from tests.console.control_room import ControlRoom
from tests.postgresql import Server, running_server
from tests.servers import free_port, mosquitto

ENGINES, DESKS = ("engine1", "engine2"), ("desk1", "desk2", "desk3", "desk4", "desk5")
WRONG_CLOCK, AHEAD_S = "desk5", 600
ANSWER_S, UP_S, TAKEN_OVER_S, SETTLED_S = 60.0, 600.0, 60.0, 330.0
_STAFFED = 3
_FIRST = ("call", "plan", "tell")
_THEN = {"handle": "H", "move": "O", "repeat": "D-"}
"""A change, and how the ids of the records begin that it is made to."""
_ANSWERED = ("order_acknowledged", "order_on_site", "order_done")
_ACTIONS = ("open", "open", "judge", "judge", "issue", "extend", *_FIRST, "call", "handle", "handle", "move", "repeat")
_PARTS = ("cases", "logs", "alarms", "records", "undelivered")
"""Of a picture: what all seats shall show the same."""
_KEPT = "persistence true\nautosave_interval 1\nuser {user}\npersistence_location {folder}/\n"


class Gone(Exception):
    """The process ended, or did not answer in time."""


class Refused(Exception):
    """A decision that was not carried out; nothing was written."""


class SeatAlive:
    """A process that may be killed at any moment. Not safe for several threads."""

    def __init__(self, room: ControlRoom, name: str, environment: dict[str, str]) -> None:
        self.name = name
        arguments = (str(room.folder / "city.gpkg"), room.broker, room.store, str(room.folder), name)
        self._log = (room.folder / f"{name}.log").open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.console.seat_process", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, env=environment, cwd=ROOT,
        )  # fmt: skip
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._runs = False

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.strip())
        self._lines.put(None)

    def _line(self, within_s: float) -> str:
        try:
            line = self._lines.get(timeout=within_s)
        except queue.Empty:
            raise Gone(f"{self.name} did not answer within {within_s:.0f} s") from None
        if line is None:
            raise Gone(f"{self.name} ended with {self.process.wait()}")
        return line

    @property
    def is_up(self) -> bool:
        """Whether it runs and can be asked, without waiting."""
        if not self._runs and not self._lines.empty():
            self._runs = self._line(1.0) == "runs"
        return self._runs and self.process.poll() is None

    def asks(self, *words: str) -> Any:
        """The answer. Raises Gone, Refused."""
        if not self._runs:
            self._runs = self._line(UP_S) == "runs"
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(words) + "\n")
            self.process.stdin.flush()
        except OSError:
            raise Gone(self.name) from None
        answer = json.loads(self._line(ANSWER_S))
        if isinstance(answer, dict) and "fault" in answer:
            raise Refused(str(answer["fault"]))
        return answer

    def kill(self) -> None:
        """As the power going."""
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppressed():
                pipe.close()
        self._log.close()


@contextmanager
def suppressed() -> Iterator[None]:
    """Closing a pipe whose reader is gone flushes into nothing."""
    try:
        yield
    except OSError:
        return


@dataclass
class Ledger:
    """What the seats said: a decision that was confirmed must be on disk, once."""

    opened: dict[str, str] = field(default_factory=dict)
    """Pipe -> case."""
    judged: dict[str, str] = field(default_factory=dict)
    """Case -> pipe."""
    issued: dict[str, str] = field(default_factory=dict)
    """Case -> notice."""
    made: dict[str, str] = field(default_factory=dict)
    """Mark of a call, an outage or a dispatch order (digits that the record keeps) -> its id."""
    changed: dict[str, str] = field(default_factory=dict)
    """Id of such a record -> what it was changed to last; none where the last change has no answer."""
    asked: list[str] = field(default_factory=list)
    """Every mark that was ever used."""
    lowered: list[str] = field(default_factory=list)
    """Stations whose pressure was low from then on."""
    unsure: list[tuple[str, str]] = field(default_factory=list)
    """Asked for, without an answer: the seat was killed, or the store silent."""
    refused: Counter[str] = field(default_factory=Counter)
    confirmed: int = 0
    kills: int = 0
    """Of processes that were up."""
    killed_deciding: int = 0
    leader_kills: int = 0
    taken_over_s: list[float] = field(default_factory=list)


def _progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class LeaseWatch:
    """When the store's lease passes to another process: seen there, as a seat that decides meanwhile cannot be asked."""

    def __init__(self, store: str) -> None:
        self._engine = engine_for(store_url(store), durable=False)
        self._epoch, self._began = self._seen(), time.monotonic()
        self._took_s: float | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _seen(self) -> int:
        with self._engine.connect().execution_options(**READING) as connection:
            return int(connection.execute(select(lease.c.epoch)).scalar() or 0)

    def _run(self) -> None:
        while time.monotonic() - self._began < TAKEN_OVER_S and self._took_s is None:
            time.sleep(0.02)
            if self._seen() > self._epoch:
                self._took_s = time.monotonic() - self._began

    def took_s(self) -> float:
        """Seconds since this was made."""
        self._thread.join(TAKEN_OVER_S)
        self._engine.dispose()
        assert self._took_s is not None, "nobody took over"
        return self._took_s


class Drill:
    """Decisions from random seats, kills of random seats, all from one seed."""

    def __init__(self, folder: Path, server: Server, database: str, seed: int) -> None:
        self._chance, self._server, self._folder = random.Random(seed), server, folder
        self._port, self._broker = free_port(), ExitStack()
        url = self._start_broker()
        self.room = ControlRoom(folder, database, url, every_s=1.0)
        self.room.has_history()
        self.room.crews_answer = True
        self.ledger = Ledger()
        self._seats = {name: self._seat(name) for name in (*ENGINES, *DESKS)}
        pipes = [str(one) for one in self.room.city.network.pipes.asset_id[30:600:9]]
        self._pipes = self._chance.sample(pipes, len(pipes))
        self._stations = self._chance.sample([str(one) for one in self.room.city.stations.asset_id], 12)

    def _start_broker(self) -> str:
        user = "root" if os.geteuid() == 0 else os.environ.get("USER", "")
        return self._broker.enter_context(mosquitto(self._folder, self._port, _KEPT.format(user=user, folder=self._folder)))

    def _seat(self, name: str) -> SeatAlive:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(self._folder)}
        if name == WRONG_CLOCK:
            environment["SEAT_CLOCK_AHEAD_S"] = str(AHEAD_S)
        return SeatAlive(self.room, name, environment)

    def close(self) -> None:
        """End everything."""
        for seat in self._seats.values():
            seat.kill()
        self.room.close()
        self._broker.close()

    def run(self, kills: int, *, actions_between: int = 4) -> None:
        """The drill: every third kill meets the leader, the others any seat; once the broker is away, once the database."""
        self._until(self._are_all_up, UP_S, "the seats never came up")
        for number in range(kills):
            self._until(self._is_staffed, UP_S, "nobody leads, or desks never come back")
            for _ in range(actions_between):
                self._act()
            if number == kills // 3:
                self._without(self._broker.close, self._start_broker)
            if number == 2 * kills // 3:
                self._without(self._server.stop, self._server.start)
                self._until(self._is_staffed, UP_S, "no desk works on the database that is back")
            if number == kills // 2:
                self.room.burst_at("P-104300")
            self._kill(is_leaders=number % 3 == 0)
            _progress(f"{number + 1} of {kills}: {self.ledger}")
        self._until(self._is_staffed, UP_S, "nobody leads, or desks never come back")
        for _ in range(actions_between):
            self._act()

    def _are_all_up(self) -> bool:
        """Whether all run. One that could not start, because the database was away, is started again."""
        for name, seat in self._seats.items():
            if seat.process.poll() is not None:
                self._restart(name)
        return all(seat.is_up for seat in self._seats.values())

    def _restart(self, name: str) -> None:
        self._seats[name].kill()
        self._seats[name] = self._seat(name)

    def _is_staffed(self) -> bool:
        """Whether one leads and most desks can decide: kills shall meet processes at work, not at their start."""
        self._are_all_up()
        return sum(self._can_decide(self._seats[name]) for name in DESKS) >= _STAFFED and self._leader() is not None

    @staticmethod
    def _can_decide(seat: SeatAlive) -> bool:
        """Whether it is up and reaches the store."""
        try:
            return seat.is_up and bool(seat.asks("writes"))
        except (Gone, Refused):
            return False

    def _without(self, stop: Callable[[], object], start: Callable[[], object]) -> None:
        """Some decisions while the broker or the database is away, which may be refused."""
        stop()
        for _ in range(3):
            self._act()
        start()

    def _kill(self, *, is_leaders: bool) -> None:
        leader = self._leader()
        up = [name for name in (*ENGINES, *DESKS) if self._seats[name].is_up]
        name = leader if is_leaders and leader is not None else self._chance.choice(up)
        watch = LeaseWatch(self.room.store) if name == leader else None
        self._seats[name].kill()
        self.ledger.kills += 1
        if self._stations and self._chance.random() < 0.5:
            self._lower(self._stations.pop())
        if watch is not None:
            self.ledger.leader_kills += 1
            self._act()
            self._until(lambda: self._leader() not in (None, name), TAKEN_OVER_S, "nobody took over")
            self.ledger.taken_over_s.append(watch.took_s())
        self._restart(name)

    def _lower(self, station: str) -> None:
        self.room.lower_kpa[self.room.city.stations.row(station)] = 250.0
        self.ledger.lowered.append(station)

    def _leader(self) -> str | None:
        for name, seat in self._seats.items():
            try:
                if seat.is_up and seat.asks("leads"):
                    return name
            except (Gone, Refused):
                continue
        return None

    def _act(self) -> None:
        """One decision of a random desk; what is not confirmed is asked again later, by another one."""
        desks = [self._seats[name] for name in DESKS if self._seats[name].is_up]
        if not desks:
            return
        seat = self._chance.choice(desks)
        ledger = self.ledger
        unjudged = [case for case in ledger.opened.values() if case not in ledger.judged]
        silent = [case for case in ledger.judged if case not in ledger.issued]
        kind = self._chance.choice(_ACTIONS)
        if kind in _FIRST:
            ledger.asked.append(f"139{len(ledger.asked):08d}")
            self._asked(seat, kind, ledger.asked[-1], *([self._chance.choice(self._pipes)] if kind == "plan" else []))
        elif kind in _THEN and (known := [one for one in ledger.made.values() if one.startswith(_THEN[kind])]):
            self._asked(seat, kind, self._chance.choice(known), f"{len(ledger.asked)} {ledger.confirmed}")
        elif kind == "extend" and ledger.issued:
            self._asked(seat, "extend", self._chance.choice(list(ledger.issued)))
        elif kind == "issue" and silent:
            self._asked(seat, "issue", self._chance.choice(silent))
        elif kind == "judge" and unjudged:
            case = self._chance.choice(unjudged)
            pipe = next(pipe for pipe, one in ledger.opened.items() if one == case)
            self._asked(seat, "judge", case, pipe)
        elif len(ledger.opened) < len(self._pipes):
            self._asked(seat, "open", next(pipe for pipe in self._pipes if pipe not in ledger.opened))

    def _asked(self, seat: SeatAlive, kind: str, what: str, pipe: str = "") -> None:
        """``pipe``: or what the record is changed to."""
        ledger = self.ledger
        killing: threading.Timer | None = None
        if self._chance.random() < 0.1 and self._can_decide(seat):  # killed while it decides
            ledger.leader_kills += self._leader() == seat.name
            ledger.kills += 1
            ledger.killed_deciding += 1
            killing = threading.Timer(self._chance.random() * 0.1, seat.process.kill)
            killing.start()
        try:
            answer = seat.asks(kind, what, *([pipe] if pipe else []))
        except Gone:
            if killing is None:
                raise  # nobody killed it
            ledger.unsure.append((kind, what))
            ledger.changed.pop(what, None)
            self._restart(seat.name)
            return
        except Refused as fault:
            name = str(fault).partition(":")[0]
            ledger.refused[f"{kind} {name}"] += 1
            _progress(f"{seat.name} {kind} {what}: {fault}")
            ledger.unsure.append((kind, what))  # whether it is on disk is seen at the end
            ledger.changed.pop(what, None)
            self._known_by_now()
            return
        finally:
            if killing is not None:
                killing.join()
                if self._seats[seat.name] is seat:  # it had answered before
                    self._restart(seat.name)
        self._confirmed(kind, what, pipe, answer)

    def _confirmed(self, kind: str, what: str, pipe: str, answer: Mapping[str, str]) -> None:
        ledger = self.ledger
        ledger.confirmed += 1
        match kind:
            case "open":
                ledger.opened[what] = answer["case"]
            case "judge":
                ledger.judged[what] = pipe
            case "issue" | "extend":
                ledger.issued[what] = answer["notice"]
            case "call" | "plan" | "tell":
                ledger.made[what] = answer["record"]
            case "handle" | "move" | "repeat":
                ledger.changed[what] = pipe

    def _known_by_now(self) -> None:
        """A seat without an answer may have committed: the next one is refused, and what it committed is shown."""
        for other in self._seats.values():
            try:
                found = other.asks("cases") if other.is_up else {}
            except (Gone, Refused):
                continue
            for pipe, case in found.items():
                self.ledger.opened.setdefault(pipe, case["case"])
                if pipe in case["burst_pipes"]:
                    self.ledger.judged.setdefault(case["case"], pipe)
                if case["issued"]:
                    self.ledger.issued[case["case"]] = case["issued"][-1]

    def _until(self, true: Callable[[], bool], within_s: float, why: str) -> None:
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > within_s:
                raise AssertionError(why)
            time.sleep(0.1)

    # The end.

    def settle(self) -> None:
        """Every seat runs, one leads, nothing waits, and all show the same."""
        self._until(self._are_all_up, UP_S, "a seat never came back")
        self._until(lambda: self._leader() is not None, TAKEN_OVER_S, "nobody leads")
        low = set(self.ledger.lowered)
        try:
            self._until(lambda: low <= self._low(), SETTLED_S, "a low pressure has no alarm")
        except AssertionError:
            self._explain(low - self._low())
            raise
        try:
            self._until(self._is_settled, SETTLED_S, "the seats show different things, or messages wait")
        except AssertionError:
            self._say_differences()
            raise

    def _say_differences(self) -> None:
        """What the seats show otherwise than the first one, and what the first one still waits for."""
        shown = {name: seat.asks("picture") for name, seat in self._seats.items()}
        first = next(iter(shown.values()))
        orders = [(one["order_id"], one["state"]) for case in first["cases"].values() for one in case["orders"]]
        notices = [
            (one["notice_id"], one["status"], one.get("files")) for case in first["cases"].values() for one in case["notices"]
        ]
        _progress(f"undelivered {first['undelivered']}, orders {orders}, notices {notices}")
        for name, picture in shown.items():
            for part in (one for one in _PARTS if picture[one] != first[one]):
                _progress(f"{name}: {part} differ: {str(picture[part])[:2000]} | first: {str(first[part])[:2000]}")

    def _explain(self, stations: set[str]) -> None:
        """What the log has of the low pressures of these stations, and what every seat shows of them."""
        store = open_store(self.room.store)
        alarms = [one for one in store.load_desk().of(ALARM).values() if one.subject in stations]
        subjects = {f"alarm/{one.alarm_id}" for one in alarms}
        for change in store.changes():
            if change.subject in subjects:
                _progress(f"{change.at.isoformat()} {change.kind} {change.subject} {change.user} {change.after}")
        store.close()
        for name, seat in self._seats.items():
            picture = seat.asks("picture")
            shown = {
                one["subject"]: one.get("returned_at") for one in picture["alarms"].values() if one["code"] == "low_pressure"
            }
            _progress(f"{name}: leads {picture['leads']}, learning {picture['learning']}, low {shown}")

    def _low(self) -> set[str]:
        alarms = next(iter(self._seats.values())).asks("picture")["alarms"].values()
        return {one["subject"] for one in alarms if one["code"] == "low_pressure" and not one.get("returned_at")}

    def _is_settled(self) -> bool:
        first, *others = [seat.asks("picture") for seat in self._seats.values()]
        if any(one["state"] in ("sent", "acknowledged", "on_site") for case in first["cases"].values() for one in case["orders"]):
            return False  # an answer of a crew is still under way
        notices = [one for case in first["cases"].values() for one in case["notices"]]
        if any(one["status"] in ("issued", "updated") and not one.get("files") for one in notices):
            return False  # the leader still writes them, or waits for its next attempt
        return not first["undelivered"] and all(first[part] == other[part] for other in others for part in _PARTS)

    def check(self) -> dict[str, Any]:
        """Nothing lost, nothing doubled. Returns the figures; raises AssertionError."""
        store = open_store(self.room.store)
        try:
            assert store.verify_chain() is None, "the change chain is broken"
            changes, desk = store.changes(), store.load_desk()
            assert [one.seq for one in changes] == list(range(1, len(changes) + 1))
            cases, alarms = desk.of(INCIDENT), desk.of(ALARM)
            self._check_cases(cases)
            kept = {order.order_id: order for case in cases.values() for order in case.orders}
            assert len(kept) == sum(len(case.orders) for case in cases.values()), "an order id was given twice"
            self._check_orders(set(kept))
            self._check_answers(kept, changes)
            self._check_records(desk, changes)
            self._check_deliveries(store, cases)
            self._check_notices(cases)
            stations = {str(one) for one in self.room.city.stations.asset_id}
            found = Counter(
                (one.subject, one.kind.value, one.code, "" if one.subject in stations else one.incident_id)
                for one in alarms.values()
                if one.subject != "network"
            )
            assert all(count == 1 for count in found.values()), f"alarms twice: {found}"
            raised = Counter(one.subject for one in changes if one.kind == "alarm_raised")
            again = {
                alarm.subject: raised[f"alarm/{alarm.alarm_id}"] for alarm in alarms.values() if alarm.code == "low_pressure"
            }
            assert set(again) >= set(self.ledger.lowered)
            assert set(again.values()) <= {1}, f"low pressures that were raised again: {again}"
            located = [case for case in cases.values() if case.location is not None]
            firsts = Counter(case.location.candidates[0].pipe_id for case in located if case.location is not None)
            assert all(count == 1 for count in firsts.values()), f"bursts twice: {firsts}"
        finally:
            store.close()
        ledger = self.ledger
        return {
            "lost": 0,  # else it has ended with an AssertionError
            "doubled": 0,
            "equal_at_the_end": True,
            "kills": ledger.kills,
            "killed_deciding": ledger.killed_deciding,
            "leader_kills": ledger.leader_kills,
            "taken_over_s": [round(one, 1) for one in ledger.taken_over_s],
            "taken_over_p50_s": round(statistics.median(ledger.taken_over_s), 1) if ledger.taken_over_s else None,
            "taken_over_longest_s": round(max(ledger.taken_over_s), 1) if ledger.taken_over_s else None,
            "decisions_confirmed": ledger.confirmed,
            "decisions_without_answer": len(ledger.unsure),
            "refused": dict(ledger.refused),
            "cases": len(cases),
            "orders": len(kept),
            "calls_outages_dispatch_orders": len(ledger.made),
            "changes_of_these_confirmed": len(ledger.changed),
            "orders_received": len(self.room.orders),
            "notices_issued": len(ledger.issued),
            "low_pressure_alarms": len(self.ledger.lowered),
            "changes": len(changes),
        }

    def _check_cases(self, cases: Mapping[str, Incident]) -> None:
        ledger = self.ledger
        assert set(ledger.opened.values()) <= set(cases), "a case that was confirmed is lost"
        for case, pipe in ledger.judged.items():
            assert pipe in cases[case].burst_pipes, f"the confirmed judgement of {case} is lost"
        by_hand = [case for case in cases.values() if case.location is None]
        pipes = Counter(pipe for case in by_hand for pipe in case.target_pipes())
        assert all(count == 1 for count in pipes.values()), f"cases twice: {pipes}"

    def _check_orders(self, kept: set[str]) -> None:
        received = [json.loads(payload)["order_id"] for payload in set(self.room.orders)]
        assert set(received) == kept, f"at the broker {set(received) - kept} too many, {kept - set(received)} missing"
        assert len(received) == len(set(received)), "one order id with two contents"

    def _check_answers(self, kept: Mapping[str, WorkOrder], changes: Sequence[Change]) -> None:
        """Crews said everything twice, to every seat: each step of an order is in the log once."""
        steps = Counter((one.kind, str(one.note.params["order"])) for one in changes if one.kind in _ANSWERED)
        assert all(count == 1 for count in steps.values()), f"answers of crews twice: {steps}"
        lost = [one for one, order in kept.items() if order.state in LIVE]
        assert not lost, f"answers of crews are lost: {lost}"

    def _check_records(self, desk: DeskState, changes: Sequence[Change]) -> None:
        """Calls, outages and dispatch orders: each confirmed one is there once, with the change that was confirmed last."""
        ledger = self.ledger
        found = [
            *((one.phone, key, one.reason) for key, one in desk.of(TICKET).items()),
            *((_first_reason(changes, OUTAGE.subject(key)), key, one.reason) for key, one in desk.of(OUTAGE).items()),
            *((one.text, key, one.repeated_words) for key, one in desk.of(DISPATCH_ORDER).items()),
        ]
        marks = Counter(mark for mark, _, _ in found)
        assert set(marks) <= set(ledger.asked), f"nobody asked for {set(marks) - set(ledger.asked)}"
        assert all(count == 1 for count in marks.values()), f"a call, an outage or an order twice: {marks}"
        kept = {mark: key for mark, key, _ in found}
        assert ledger.made.items() <= kept.items(), f"lost: {ledger.made.items() - kept.items()}"
        says = {key: said for _, key, said in found}
        wrong = {key: (said, says[key]) for key, said in ledger.changed.items() if says[key] != said}
        assert not wrong, f"a confirmed change is lost: {wrong}"

    def _check_deliveries(self, store: SqlStore, cases: Mapping[str, Incident]) -> None:
        """Every message of a case left by every channel, and each has one record a channel."""
        for case in cases:
            for message in store.messages_of(INCIDENT.subject(case)):
                channels = [one.channel for one, _ in message.deliveries]
                assert len(channels) == len(set(channels)), f"message {message.outgoing_id} twice by one channel"
                states = {one.state for one, _ in message.deliveries}
                assert message.withdrawn or states <= {DeliveryState.SENT, DeliveryState.ACKNOWLEDGED}, f"{message}"
                assert message.withdrawn or message.settled_at is not None, f"{message}"

    def _check_notices(self, cases: Mapping[str, Incident]) -> None:
        left = (NoticeStatus.ISSUED, NoticeStatus.UPDATED)
        issued = {one.notice_id: one for case in cases.values() for one in case.notices if one.status in left}
        assert len(issued) == sum(one.status in left for case in cases.values() for one in case.notices), "a notice twice"
        in_force = [sum(one.status is NoticeStatus.ISSUED for one in case.notices) for case in cases.values()]
        assert set(in_force) <= {0, 1}, "two notices of one case are in force"
        assert set(self.ledger.issued.values()) <= set(issued), "an issued notice is lost"
        folder = self._folder / "notices"
        listed = [Path(name) for one in issued.values() for name in one.files]
        assert len(listed) == len(set(listed))
        missing = [path for path in listed if not (folder / path.name).exists()]
        assert not missing, f"files of notices are missing: {missing}"
        unfinished = [one.notice_id for one in issued.values() if not one.files]
        assert not unfinished, f"notices without files: {unfinished}"
        stems = {path.name.partition(".")[0] for path in listed}
        assert len(stems) == len(issued), "two notices share files, or one has two sets"


def _first_reason(changes: Sequence[Change], subject: str) -> str:
    """The reason that an outage was planned with: it may have been changed since."""
    first = next(one for one in changes if one.subject == subject)
    return str((first.after or {})["reason"])


def run(folder: Path, server: Server, database: str, *, kills: int, seed: int) -> dict[str, Any]:
    """The whole drill. Raises AssertionError on the first thing lost or doubled."""
    began = time.monotonic()
    drill = Drill(folder, server, database, seed)
    try:
        drill.run(kills)
        drill.settle()
        for path, text in _logs(folder):
            if "Traceback" in text:
                _progress(f"defect in {path.name}: {text[text.index('Traceback') :][:5000]}")
        figures = drill.check()
        _progress(json.dumps(figures))
    finally:
        drill.close()
    traces = {path.name: text[text.index("Traceback") :][:5000] for path, text in _logs(folder) if "Traceback" in text}
    assert not traces, "\n".join(f"defect in {name}: {trace}" for name, trace in traces.items())
    return {"seed": seed, **figures, "seconds": round(time.monotonic() - began)}


def _logs(folder: Path) -> Iterator[tuple[Path, str]]:
    return ((path, path.read_text()) for path in folder.glob("*.log"))


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quanmai-room-") as folder, running_server() as server:
        figures = run(Path(folder), server, server.url("postgres"), kills=asked.kills, seed=asked.seed)
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
