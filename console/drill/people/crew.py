"""CrewAtWork: a crew that reads its orders on the page, turns valves in the streets and answers on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from console.drill.people.browser import BrowserFailed
from console.drill.people.phone import CrewPhone, NotDone
from console.drill.people.streets import Streets


class CrewAtWork:
    """The crew that gets the first order has the phone; other crews have none in this drill. Nothing is raised: it is noted."""

    def __init__(self, phone: CrewPhone, tokens: Mapping[str, str], streets: Streets, note: Callable[[str], None]) -> None:
        self._phone, self._tokens, self._streets, self._note = phone, tokens, streets, note

    @property
    def crew_id(self) -> str:
        """Whose phone it is; "" before the first order."""
        return self._phone.crew_id

    def wants(self, crew_id: str, answer: Mapping[str, Any]) -> None:
        """The crew has read its order, or has arrived: it says so on the page. ``answer``: as a simulated crew gives it."""
        if self.crew_id not in ("", crew_id):
            self._note(f"crew {crew_id} has no phone in this drill")
            return
        self._does(lambda: self._answers(crew_id, str(answer["order_id"]), str(answer["state"]), str(answer["burst_pipe"])))

    def closes_valves(self, order_id: str) -> bool:
        """All that the page lists, in its order."""
        return self._does(lambda: self._closes(order_id))

    def repairs(self, order_id: str) -> bool:
        """Once the water is off, the pipe itself: nothing to press."""
        self._streets.repair()
        return bool(order_id)

    def reopens_valves(self, order_id: str) -> bool:
        """All that the page offers to report back."""
        return self._does(lambda: self._reopens(order_id))

    def samples(self, order_id: str, turbidity_ntu: float, chlorine_mgl: float) -> bool:
        """What the instruments show."""
        values = {"turbidity": f"{turbidity_ntu:g}", "chlorine": f"{chlorine_mgl:g}"}
        return self._does(lambda: self._presses(order_id, "sample", **values))

    def finishes(self, order_id: str) -> bool:
        """The order is done."""
        return self._does(lambda: self._presses(order_id, "done"))

    def _answers(self, crew_id: str, order_id: str, state: str, found: str) -> None:
        if not self.crew_id:
            self._phone.sign_in(crew_id, self._tokens[crew_id])
        if state == "acknowledged":
            self._phone.finds_order(order_id)
        else:
            self._phone.opens(order_id)
        if state != "acknowledged" or self._phone.offers(state):  # a crew that is there already needs not say that it comes
            self._phone.answers(state)
        if found:
            self._phone.answers("found", asset_id=found)

    def _presses(self, order_id: str, state: str, **fields: str) -> None:
        self._phone.opens(order_id)
        self._phone.answers(state, **fields)

    def _closes(self, order_id: str) -> None:
        self._phone.opens(order_id)
        for valve in self._phone.valves():
            if self._phone.offers("valve_closed", valve):
                self._streets.shut(valve)
                self._phone.answers("valve_closed", valve)

    def _reopens(self, order_id: str) -> None:
        self._phone.opens(order_id)
        for valve in self._phone.valves():
            if self._phone.offers("valve_restored", valve):
                self._streets.open(valve)
                self._phone.answers("valve_restored", valve)

    def _does(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except (NotDone, BrowserFailed) as fault:
            self._note(str(fault))
            return False
        return True
