"""The time of a quick ticket by the keystroke-level model, against a case worked by hand."""

from __future__ import annotations

import pytest

from console.domain.tickets import TicketKind
from console.drill.people.keystrokes import TakenCall, quick_tickets
from console.services.tickets.hearing import CallFields


def test_keys_and_time_are_those_worked_by_hand() -> None:
    # 11 digits, 3 initials, 1 for the kind, 4 Hanzi of 3 keys, 3 Enter: 30 keys; 4 moments of thought.
    call = TakenCall(CallFields(TicketKind.NO_WATER, "13800000001", text="家里没水"), "美林苑", 0.2)
    assert call.keys == 30
    assert call.model_s == pytest.approx(30 * 0.28 + 4 * 1.35 + 0.2)
    slow = TakenCall(CallFields(TicketKind.OTHER, "13800000001", text="no water since nine, whole house"), "泉城花园小区", 0.5)
    found = quick_tickets([call, slow])
    assert (found["calls"], found["keys"], found["within"]) == (2, 11 + 4 + 1 + 32 + 3, False)
    assert quick_tickets([call])["within"]
    assert quick_tickets([]) == {}
