"""LocalChannel: messages go to listeners in this process (the crews of a drill)."""

from __future__ import annotations

from collections.abc import Callable

from console.channels.port import Result
from console.domain.health import ChannelHealth
from console.domain.outgoing import Outgoing

Listener = Callable[[Outgoing], None]


class LocalChannel:
    """Carries everything while it has listeners; without listeners nothing counts as sent."""

    def __init__(self, name: str = "local") -> None:
        self._name = name
        self._results: list[Result] = []
        self._listeners: tuple[Listener, ...] = ()

    @property
    def name(self) -> str:
        """As given."""
        return self._name

    def listen(self, *listeners: Listener) -> None:
        """Call these with each message, on the sender's thread; they replace earlier ones."""
        self._listeners = listeners

    def carries(self, outgoing: Outgoing) -> bool:
        """Whether there are listeners."""
        return bool(self._listeners)

    def start(self) -> None:
        """Nothing to begin."""

    def stop(self) -> None:
        """Nothing to end."""

    def health(self) -> ChannelHealth:
        """Up with a listener, else off."""
        return ChannelHealth(self._name, "up" if self._listeners else "off")

    def deliver(self, outgoing_id: int, outgoing: Outgoing) -> bool:
        """Call the listeners; False when there are none."""
        listeners = self._listeners
        for listener in listeners:
            listener(outgoing)
        if listeners:
            self._results.append(Result(outgoing_id))
        return bool(listeners)

    def results(self) -> list[Result]:
        """Since the last call."""
        results, self._results = self._results, []
        return results
