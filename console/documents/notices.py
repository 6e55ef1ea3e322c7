"""NoticeDocuments: the services' port ``Documents`` – words, files and messages of notices."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from console.documents.cap import CONTENT_TYPE, cap_message, reference
from console.documents.notice_json import notice_json
from console.documents.pdf_page import NoticePage, make_pdf, page_of
from console.documents.wording import LANGUAGES, draft_text, issued_texts
from console.domain.notices import Notice, NoticeFacts, NoticeStatus
from console.domain.outgoing import MessageKind, Outgoing
from console.services.settings import DeskSettings
from maps.city import City
from maps.errors import QuanmaiError


class DocumentFault(QuanmaiError):
    """Files of a notice could not be written; the message says what to do. Nothing half-written stays."""


class NoticeDocuments:
    """Texts, files and messages of notices. ``site``: where the settings have none; ``now``: clock (aware), for lifting.

    ``city``: whose streets the sketch shows; None for outlines alone.
    """

    def __init__(
        self, settings: DeskSettings, site: str = "", now: Callable[[], datetime] | None = None, city: City | None = None
    ) -> None:
        self._site = settings.site or site or "site"
        self._now, self._city = now or _system_now, city

    def texts(self, facts: NoticeFacts) -> tuple[str, str]:
        """Text of the notice in Chinese and in English."""
        return draft_text(facts, "zh_CN"), draft_text(facts, "en")

    def files(self, notice: Notice, folder: Path) -> tuple[Path, ...]:
        """Write txt zh and en, PDF, JSON and – once issued – CAP into ``folder``: all files or none.

        Returns their paths. Raises DocumentFault when they cannot be written (disk full, read-only folder).
        """
        now, stem = self._now(), self.stem(notice)
        contents: list[tuple[str, bytes]] = [
            (f"{stem}.{language}.txt", text.encode()) for language, text in zip(LANGUAGES, issued_texts(notice, now), strict=True)
        ]
        contents.append((f"{stem}.pdf", make_pdf(self._page(notice, now))))
        if notice.issued_at is not None:
            contents.append((f"{stem}.cap.xml", cap_message(notice, self._site, now)))
        contents.append((f"{stem}.json", notice_json(notice, self._site, now)))
        return _write_all(folder, contents)

    def papers(self, notice: Notice, at: datetime) -> tuple[tuple[str, str, bytes], ...]:
        """(file name, media type, content) of PDF and CAP of an issued notice, as of a time. Raises PdfFault, ValueError."""
        stem = self.stem(notice)
        return (
            (f"{stem}.pdf", "application/pdf", make_pdf(self._page(notice, at))),
            (f"{stem}.cap.xml", CONTENT_TYPE, cap_message(notice, self._site, at)),
        )

    def _page(self, notice: Notice, at: datetime) -> NoticePage:
        if self._city is None:
            return page_of(notice, at)
        # Here: the process that sets a PDF imports this package and does without shapely.
        from console.documents.city_sketch import sketch_of

        return page_of(notice, at, sketch_of(self._city, notice.facts))

    def stem(self, notice: Notice) -> str:
        """File name from the notice's id, its version and whether it was lifted; ids may contain any character."""
        safe = re.sub(r"[^\w.\-]+", "-", notice.notice_id).strip(".-") or "notice"
        lifted = "-lifted" if notice.status is NoticeStatus.LIFTED else ""
        return f"{safe[:80]}-v{notice.version}{lifted}"

    def payloads(self, notice: Notice) -> tuple[Outgoing, ...]:
        """JSON and CAP 1.2 XML for the public. Raises ValueError for a notice never issued."""
        now = self._now()
        return (
            Outgoing(MessageKind.NOTICE, "", notice_json(notice, self._site, now)),
            Outgoing(MessageKind.NOTICE, "", cap_message(notice, self._site, now), content_type=CONTENT_TYPE),
        )

    def reference(self, notice: Notice) -> str:
        """CAP's reference to an issued notice: ``sender,identifier,sent``."""
        return reference(notice, self._site)


def _write_all(folder: Path, contents: list[tuple[str, bytes]]) -> tuple[Path, ...]:
    """Write all files or none: all are written before the first one is renamed."""
    aside: list[tuple[Path, Path]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents:
            path = folder / name
            part = folder / f".{name}.{os.getpid()}.part"
            aside.append((part, path))
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for part, path in aside:
            part.replace(path)
    except OSError as fault:
        for part, _ in aside:
            part.unlink(missing_ok=True)
        raise DocumentFault(
            f"notice files cannot be written to {folder}: {fault.strerror}; free the disk or set another folder"
        ) from fault
    return tuple(path for _, path in aside)


def _system_now() -> datetime:
    return datetime.now(UTC)
