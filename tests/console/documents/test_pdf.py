"""The PDF: its texts, its pages, and the mark of an exercise."""

from __future__ import annotations

import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from console.documents.pdf_page import NoticePage, PdfFault, make_pdf, page_of, text_page
from console.documents.wording import draft_text
from tests.console.documents.cases import LIFTED, a_notice, some_facts


def a_page(**changed: object) -> NoticePage:
    """The page of an issued notice."""
    facts = some_facts(**changed)
    return page_of(a_notice((draft_text(facts, "zh_CN"), draft_text(facts, "en")), facts), LIFTED)


def words_of(pdf: bytes, folder: Path) -> str:
    """The PDF's text without blanks, by poppler (which names some glyphs by their radicals: folded back)."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    (folder / "notice.pdf").write_bytes(pdf)
    done = subprocess.run(["pdftotext", str(folder / "notice.pdf"), "-"], capture_output=True, check=True)
    return unicodedata.normalize("NFKC", "".join(done.stdout.decode().split()))


def test_a_text_is_split_into_banners_title_body_and_signature() -> None:
    page = text_page("zh_CN", "【演练】甲\n【合成数据】乙\n题目\n\n正文一\n正文二\n\n单位\n日期\n")
    assert page.banners == ("【演练】甲", "【合成数据】乙")
    assert page.title == "题目"
    assert page.paragraphs == ("正文一", "正文二")
    assert page.signature == ("单位", "日期")


def test_a_text_edited_into_one_block_loses_no_line() -> None:
    page = text_page("en", "Title\na\nb\nc\nd\ne\n3 January 2024")
    assert page.paragraphs == ("a", "b", "c", "d", "e")
    assert page.signature == ("3 January 2024",)


def test_drills_and_synthetic_cities_have_a_watermark() -> None:
    assert a_page().watermark == ""
    assert "演" in a_page(is_drill=True, synthetic=True).watermark
    assert a_page(synthetic=True).watermark == "合成数据"


@pytest.mark.slow
@pytest.mark.gui
def test_the_pdf_says_what_the_notice_says_in_both_languages(tmp_path: Path) -> None:
    pdf = make_pdf(a_page(is_drill=True))
    words = words_of(pdf, tmp_path)
    for word in (
        "【演练】",
        "济南市抢修停水公告",
        "美林苑",
        "泉城花园",
        "2024年1月3日",
        "DN300供水管道",
        "emergencyrepairofaDN300watermain",
        "3January2024",
        "停水影响范围示意图",
        "***DRILL***",
        "Emergencywateroutage",
    ):
        assert word in words


@pytest.mark.slow
@pytest.mark.gui
def test_a_very_long_notice_runs_over_pages_and_keeps_its_end(tmp_path: Path) -> None:
    text = "题目\n\n" + "\n".join(f"第{n}条 " + "长" * 150 for n in range(80)) + "\n\n最后的单位\n日期"
    page = NoticePage((text_page("zh_CN", text),), (), "", "", "")
    words = words_of(make_pdf(page), tmp_path)
    assert all(f"第{n}条" in words for n in range(80))
    assert "最后的单位" in words


@pytest.mark.slow
@pytest.mark.gui
def test_markup_in_a_text_is_printed_not_read(tmp_path: Path) -> None:
    page = NoticePage((text_page("en", "T\n\n<b>bold</b> &amp; <img src=x>\n\nI"),), (), "", "", "")
    assert "<b>bold</b>&amp;<imgsrc=x>" in words_of(make_pdf(page), tmp_path)


def test_a_page_that_cannot_be_set_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(PdfFault, match="could not be made"):
        make_pdf(a_page())


def test_qt_stays_out_of_the_process_that_asks() -> None:
    code = "import sys, console.documents; sys.exit(any(name.startswith('PySide6') for name in sys.modules))"
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
