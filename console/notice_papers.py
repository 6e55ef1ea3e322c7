"""Papers of a notice for the mail: its PDF and CAP, made when the mail leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from console.channels.mail import Paper
from console.documents import NoticeDocuments
from console.domain.incidents import Incident
from maps.errors import QuanmaiError


class NotCurrent(QuanmaiError):
    """The notice has changed since the message was written; its files would say something else than the text."""


class NoticePapers:
    """Runs on the channels' threads: setting a PDF takes a process and a second or two. ``case``: an incident by its id.

    The papers made last are kept: every address gets those of the same notice.
    """

    def __init__(self, case: Callable[[str], Incident | None], documents: NoticeDocuments) -> None:
        self._case, self._documents = case, documents
        self._lock = threading.Lock()
        self._last: tuple[object, tuple[Paper, ...]] | None = None

    def of(self, body: Mapping[str, Any]) -> tuple[Paper, ...]:
        """PDF and CAP of the notice in a message's JSON. Raises NotCurrent, StoreUnavailable, PdfFault."""
        case = self._case(str(body.get("incident_id", "")))
        notices = case.notices if case is not None else ()
        notice = next((one for one in notices if one.notice_id == body.get("notice_id")), None)
        if notice is None or (notice.version, notice.status.value) != (body.get("version"), body.get("status")):
            raise NotCurrent(f"no files are attached: notice {body.get('notice_id')} has been changed since this text was issued")
        key = notice.notice_id, notice.version, notice.status, body["t"]
        with self._lock:
            if self._last is None or self._last[0] != key:
                at = datetime.fromisoformat(str(body["t"]))
                self._last = key, tuple(Paper(*one) for one in self._documents.papers(notice, at))
            return self._last[1]
