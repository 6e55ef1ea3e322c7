"""``quanmai isolate``: requests as JSON objects, one answer each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from maps.city import City
from maps.errors import InputFault, QuanmaiError
from maps.isolation import KEEP, IsolationPlan, Isolator, ValveOverride
from maps.network import ValveState

_KEYS = {"burst", "valves", "ignore_one_way"}


def answer_one(city: City, request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one request. Raises InputFault and UnknownAsset."""
    return _answer(Isolator(city), request)


def answer_batch(city: City, path: Path) -> Iterator[dict[str, Any]]:
    """One answer for each line of a file; a fault names its line. Raises InputFault before the first answer."""
    isolator = Isolator(city)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise InputFault(f"{path}: cannot be read ({fault}); give a UTF-8 file of one JSON object a line") from fault
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _answer(isolator, _parsed(line))
        except QuanmaiError as fault:
            raise InputFault(f"{path}, line {number}: {fault}") from fault


def _parsed(line: str) -> Mapping[str, Any]:
    try:
        request = json.loads(line)
    except ValueError as fault:
        raise InputFault(f"not JSON ({fault})") from fault
    if not isinstance(request, dict):
        raise InputFault('expected an object such as {"burst":["P1"]}')
    return request


def _answer(isolator: Isolator, request: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(request) - _KEYS
    burst = request.get("burst")
    if unknown or not isinstance(burst, list) or not burst:
        raise InputFault(f"expected burst (a list of pipe ids), valves, ignore_one_way; got {', '.join(map(str, request))}")
    overrides = {str(name): _override(str(name), value) for name, value in (request.get("valves") or {}).items()}
    plan = isolator.plan([str(pipe) for pipe in burst], valves=overrides, ignore_one_way=bool(request.get("ignore_one_way")))
    return plan_json(plan)


def _override(name: str, value: Any) -> ValveOverride:
    """A missing key leaves the dataset's value, null clears it."""
    if not isinstance(value, dict) or set(value) - {"state", "operable", "flows_to"}:
        raise InputFault(f"valve {name}: expected state, operable, flows_to")
    state, operable, flows_to = value.get("state", KEEP), value.get("operable", KEEP), value.get("flows_to", KEEP)
    if isinstance(state, str) and state.upper() not in ValveState.__members__:
        raise InputFault(f"valve {name}: state {state!r} is none of open, partial, closed, unknown")
    return ValveOverride(
        state=ValveState[state.upper()] if isinstance(state, str) else (ValveState.UNKNOWN if state is None else KEEP),
        operable=True if operable is None else operable,
        flows_to=flows_to,
    )


def plan_json(plan: IsolationPlan) -> dict[str, Any]:
    """A plan as JSON: lists of asset ids, or of objects with ``asset_id``."""
    answer = asdict(plan)
    answer["burst"] = answer.pop("burst_pipes")
    return answer
