"""CrewPhone: a crew's browser on the crew page. It sees what the page shows and presses its buttons."""

from __future__ import annotations

import json
import time
from pathlib import Path

from console.drill.people.browser import Browser, BrowserFailed

_PAGE_S, _PRESS_S = 15.0, 5.0
_READY = "document.body && document.body.dataset.ready === 'yes'"
_PRESS = """(() => {{
  const one = document.querySelector(`button.answer[data-state='{state}'][data-valve='{valve}']`);
  if (!one || one.disabled) return false;
  const around = one.closest('details');
  for (const [name, value] of Object.entries({fields})) {{
    const field = around && around.querySelector(`[name='${{name}}']`);
    if (!field) return false;
    field.value = value;
    if (field.value !== value) return false;
  }}
  if (around) around.open = true;
  one.click();
  return true;
}})()"""


class NotDone(Exception):
    """What a person could not do, in one line."""


class CrewPhone:
    """One crew's. Every answer waits until the page says what the desk made of it. Raises NotDone and BrowserFailed."""

    def __init__(self, folder: Path) -> None:
        self._browser = Browser(folder, language="zh-CN")
        self.address = ""
        """Of the page, such as ``http://localhost:8443``."""
        self.crew_id = ""

    def sign_in(self, crew_id: str, token: str) -> None:
        """Open the crew's link."""
        self._browser.goes(f"{self.address}/in/{token}")
        self._browser.waits(_READY, _PAGE_S)
        if self._browser.value("document.body.dataset.crew") != crew_id:
            raise NotDone(f"the link of crew {crew_id} was not taken")
        self.crew_id = crew_id

    def finds_order(self, order_id: str) -> None:
        """Look at the list until it shows the order, then open it."""
        selector = f"a.order.live[href='/orders/{order_id}']"
        link = f"document.querySelector({json.dumps(selector)}) !== null"
        until = time.monotonic() + _PAGE_S
        while True:
            self._browser.goes(f"{self.address}/")
            self._browser.waits(_READY, _PAGE_S)
            if self._browser.value(link):
                break
            if time.monotonic() > until:
                raise NotDone(f"crew {self.crew_id}: the page does not list order {order_id}")
            time.sleep(0.2)
        self.opens(order_id)

    def opens(self, order_id: str) -> None:
        """The page of an order, as the desk has it now."""
        self._browser.goes(f"{self.address}/orders/{order_id}")
        self._browser.waits(f"{_READY} && document.body.dataset.order === {json.dumps(order_id)}", _PAGE_S)

    def valves(self) -> list[str]:
        """Valves that the page shows, in their order."""
        shown = self._browser.value(
            "[...document.querySelectorAll('section.valve details button.answer[data-valve]')]"
            ".map(one => one.dataset.valve).filter((one, n, all) => one && all.indexOf(one) === n)"
        )
        return list(shown or ())

    def offers(self, state: str, valve: str = "") -> bool:
        """Whether the page has a button for it."""
        one = f"button.answer[data-state='{state}'][data-valve='{valve}']"
        return bool(self._browser.value(f"document.querySelector({json.dumps(one)}) !== null"))

    def answers(self, state: str, valve: str = "", **fields: str) -> None:
        """Fill in the form around a button and press it. Raises NotDone where the page has no such button or the desk refused."""
        before = self._settled()
        press = _PRESS.format(state=state, valve=valve, fields=json.dumps(fields))
        until = time.monotonic() + _PRESS_S
        while self._browser.value(press) is not True:
            if time.monotonic() > until:
                raise NotDone(f"crew {self.crew_id}: the page has no button for {' '.join((state, valve)).strip()}")
            time.sleep(0.1)
        try:
            self._browser.waits(f"{_READY} && document.querySelectorAll('#outbox li').length > {before[2]}", _PAGE_S)
            self._browser.waits(f"{_READY} && !document.querySelector('#outbox li.kept, #outbox li.sent')", _PAGE_S)
        except BrowserFailed as fault:
            raise NotDone(f"crew {self.crew_id}: nothing came of {state} {valve}: {fault}") from fault
        if self._settled()[1] > before[1]:
            why = self._browser.value("document.querySelector('#outbox li.refused').innerText")
            raise NotDone(f"crew {self.crew_id}: the desk refused {state} {valve}: {why}")

    def picture(self, path: Path) -> None:
        """What the crew sees."""
        self._browser.picture(path)

    def close(self) -> None:
        """End the browser."""
        self._browser.close()

    def _settled(self) -> tuple[int, int, int]:
        """Answers taken, refused, all."""
        self._browser.waits(_READY, _PAGE_S)
        found = self._browser.value(
            "['li.taken', 'li.refused', 'li'].map(one => document.querySelectorAll(`#outbox ${one}`).length)"
        )
        taken, refused, every = found or (0, 0, 0)
        return int(taken), int(refused), int(every)
