"""``quanmai isolate``: requests as JSON objects, one answer each, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from console.domain.values import parsed_json, to_json
from maps.city import City
from maps.errors import InputFault, QuanmaiError
from maps.isolation import KEEP, IsolationPlan, Isolator, ValveOverride
from maps.isolation.graph.edge_rules import Keep
from maps.network import ValveState

_KEYS = {"burst", "valves", "ignore_one_way", "shut_by_crews"}
_VALVE_KEYS = {"state", "operable", "flows_to"}
_STATES = {state.name.lower(): state for state in ValveState}


def answer_one(city: City, request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one request. Raises InputFault and UnknownAsset."""
    return _answer(Isolator(city), request)


def answer_batch(city: City, path: Path) -> Iterator[dict[str, Any]]:
    """One answer for each line of a file that is not blank.

    A line that fails gets ``{"line": n, "error": …}`` in its place, so answers stay aligned with requests;
    at the end all of them are one InputFault. Raises InputFault at once when the file cannot be read.
    """
    requests = numbered_lines(path)
    isolator = Isolator(city)
    faults: list[str] = []
    for number, request in requests:
        try:
            yield _answer(isolator, request())
        except QuanmaiError as fault:
            faults.append(f"line {number}: {fault}")
            yield {"line": number, "error": str(fault)}
    if faults:
        more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
        raise InputFault(f"{path}: {'; '.join(faults[:3])}{more}")


def numbered_lines(path: Path) -> list[tuple[int, Callable[[], Mapping[str, Any]]]]:
    """(line number, function that parses the line or raises InputFault) of every non-blank line.

    Raises InputFault for an unreadable file.
    """
    try:
        # Split at line ends only: a JSON text may contain other Unicode line separators.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as fault:
        raise InputFault(f"{path}: cannot be read ({fault}); give a UTF-8 file of one JSON object a line") from fault
    return [(number, partial(_parsed, line)) for number, line in enumerate(lines, start=1) if line.strip()]


def _parsed(line: str) -> Mapping[str, Any]:
    try:
        request = parsed_json(line)
    except ValueError as fault:
        raise InputFault(f"not JSON ({fault})") from fault
    if not isinstance(request, dict):
        raise InputFault('expected an object such as {"burst":["P1"]}')
    return request


def _answer(isolator: Isolator, request: Mapping[str, Any]) -> dict[str, Any]:
    return plan_json(plan_of(isolator, request))


def plan_of(isolator: Isolator, request: Mapping[str, Any]) -> IsolationPlan:
    """The plan for one request. Raises InputFault and UnknownAsset."""
    unknown = sorted(set(request) - _KEYS)
    if unknown:
        raise InputFault(f"unknown key {unknown[0]!r}; known are burst, valves, ignore_one_way, shut_by_crews")
    burst = request.get("burst")
    if not isinstance(burst, list) or not burst:
        raise InputFault('"burst" must be a list of pipe ids')
    valves = request.get("valves") or {}
    if not isinstance(valves, dict):
        raise InputFault('"valves" must be an object of valve ids')
    ignore = request.get("ignore_one_way") or False
    if not isinstance(ignore, bool):
        raise InputFault('"ignore_one_way" must be true or false')
    overrides = {str(name): _override(str(name), value) for name, value in valves.items()}
    return isolator.plan(
        [str(pipe) for pipe in burst],
        valves=overrides,
        ignore_one_way=ignore,
        shut_by_crews=_ids(request, "shut_by_crews"),
    )


def _ids(request: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = request.get(key) or []
    if not isinstance(value, list):
        raise InputFault(f'"{key}" must be a list of ids')
    return tuple(str(name) for name in value)


def _override(name: str, value: Any) -> ValveOverride:
    """A missing key leaves the dataset's value, null clears it."""
    if not isinstance(value, dict) or set(value) - _VALVE_KEYS:
        raise InputFault(f"valve {name}: expected an object with state, operable or flows_to")
    return ValveOverride(_state(name, value), _operable(name, value), _flows_to(name, value))


def _state(name: str, value: Mapping[str, Any]) -> ValveState | Keep | None:
    state = value.get("state", KEEP)
    if state is KEEP or state is None:
        return state
    if not isinstance(state, str) or state.lower() not in _STATES:
        raise InputFault(f"valve {name}: state {state!r} is none of {', '.join(_STATES)}")
    return _STATES[state.lower()]


def _operable(name: str, value: Mapping[str, Any]) -> bool | Keep | None:
    operable = value.get("operable", KEEP)
    if operable is KEEP or operable is None or isinstance(operable, bool):
        return operable
    raise InputFault(f"valve {name}: operable must be true, false or null, not {operable!r}")


def _flows_to(name: str, value: Mapping[str, Any]) -> str | Keep | None:
    flows_to = value.get("flows_to", KEEP)
    if flows_to is KEEP or flows_to is None:
        return flows_to
    if isinstance(flows_to, bool) or not isinstance(flows_to, str | int):
        raise InputFault(f"valve {name}: flows_to must be a pipe id or null, not {flows_to!r}")
    return str(flows_to)


def plan_json(plan: IsolationPlan) -> dict[str, Any]:
    """A plan as JSON: lists of asset ids, or of objects with ``asset_id``; numbers that are not finite as text."""
    answer = asdict(plan)
    if not plan.basis:
        del answer["basis"]
    return to_json({"burst": answer.pop("burst_pipes"), **answer})  # type: ignore[no-any-return]
