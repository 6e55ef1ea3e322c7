"""What the notice window reads, from the window's port."""

from __future__ import annotations

from collections.abc import Callable

from console.documents.preview import NoticePreview, preview
from console.domain.incidents import Incident
from console.domain.notices import Notice
from console.services.notices.contradictions import Contradiction
from console.services.notices.demands import Demand
from console.ui.background_tasks import BackgroundTasks
from console.ui.dialogs.notice_questions import NoticeSources, TakeWays
from console.ui.dialogs.public.deliveries import ways_of
from console.ui.panels.case.notice import channel_states, channel_words
from console.ui.port import ConsolePort
from console.ui.words import Words


def notice_sources(
    port: ConsolePort,
    tasks: BackgroundTasks,
    words: Words,
    contradicted: Callable[[Incident, Notice], tuple[Contradiction, ...]],
    demands: Callable[[Incident, Notice], tuple[Demand, ...]],
) -> NoticeSources:
    """``contradicted``, ``demands``: as ``NoticeSources`` has them."""

    def as_sent(shown: Notice) -> NoticePreview:
        return preview(shown, port.site or "site", shown.issued_at or port.now(), port.city)

    def read_ways(case: str, take: TakeWays) -> None:
        waiting = [one for one in port.latest().undelivered if one.incident_id == case]
        tasks.request("notice", lambda: port.messages_of(case), lambda sent: take(ways_of(sent, waiting)))

    return NoticeSources(
        port.now,
        contradicted,
        lambda: channel_words(words, port.latest()),
        lambda: channel_states(words, port.latest()),
        as_sent,
        demands,
        read_ways,
    )
