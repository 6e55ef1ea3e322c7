"""The page of a report to the authorities: both texts, without a sketch."""

from __future__ import annotations

from console.documents.pdf_page import NoticePage, text_page
from console.documents.wording import Wording, clean_lines


def report_page(text_zh: str, text_en: str, *, is_drill: bool) -> NoticePage:
    """Content of the PDF, for ``make_pdf``."""
    pages = (text_page("zh_CN", clean_lines(text_zh)), text_page("en", clean_lines(text_en)))
    return NoticePage(pages, (), "", "", Wording("zh_CN")("pdf.drill") if is_drill else "")
