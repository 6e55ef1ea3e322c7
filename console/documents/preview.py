"""A notice as it would leave now: the same texts, page and CAP message that its issue makes, before anybody approves it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from console.documents.cap import cap_message
from console.documents.city_sketch import sketch_of
from console.documents.pdf_page import NoticePage, page_of
from console.documents.wording import issued_texts
from console.domain.notices import Notice, NoticeStatus
from maps.city import City


@dataclass(frozen=True, slots=True)
class NoticePreview:
    """What goes out: both texts, the PDF's page, the CAP message. ``cap_fault``: why the schema refuses it, "" if it fits."""

    text_zh: str
    text_en: str
    page: NoticePage
    cap_xml: str
    cap_fault: str = ""


def preview(notice: Notice, site: str, now: datetime, city: City | None = None) -> NoticePreview:
    """The notice as issued at ``now`` (aware); one that is public already, as it went out. ``city``: for its sketch."""
    if notice.issued_at is None:
        notice = replace(notice, status=NoticeStatus.ISSUED, issued_at=now)
    elif notice.status is NoticeStatus.UPDATED:
        notice = replace(notice, status=NoticeStatus.ISSUED)
    sent = notice.lifted_at if notice.status is NoticeStatus.LIFTED and notice.lifted_at is not None else now
    sketch = sketch_of(city, notice.facts) if city is not None else None
    text_zh, text_en = issued_texts(notice, sent)
    try:
        xml, fault = cap_message(notice, site, sent).decode(), ""
    except etree.DocumentInvalid as invalid:
        xml, fault = "", str(invalid)
    return NoticePreview(text_zh, text_en, page_of(notice, sent, sketch), xml, fault)
