"""The user guide says what the program has: texts of the window, keys, commands, pictures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from console.cli import app
from console.documents.guide import Chapter, chapters, folder_of, guide_page, write_guide
from console.drill.guide_pictures import MOST_BYTES
from resources.texts import LANGUAGES, Catalogue

_BOLD, _CODE, _PICTURE = re.compile(r"\*\*(.+?)\*\*"), re.compile(r"`([^`]+)`"), re.compile(r"!\[[^\]]+\]\(([^)]+)\)")
_PLACE = re.compile(r"\{[^}]*\}")
_ALL = [pytest.param(language, one, id=f"{language}-{one.name}") for language in LANGUAGES for one in chapters(language)]


def _is_text_of_window(shown: str, entries: dict[str, str]) -> bool:
    """Whether a catalogue has this text; what the program fills in may be anything."""
    for text in entries.values():
        if text == shown:
            return True
        fixed = [re.escape(part) for part in _PLACE.split(text)]
        if len("".join(fixed)) > 3 and len(fixed) > 1 and re.fullmatch(".+".join(fixed), shown):
            return True
    return False


@pytest.mark.parametrize(("language", "chapter"), _ALL)
def test_bold_words_are_texts_of_the_window(language: str, chapter: Chapter) -> None:
    entries = dict(Catalogue.load(language).entries)
    assert [shown for shown in _BOLD.findall(chapter.source) if not _is_text_of_window(shown, entries)] == []


@pytest.mark.gui
@pytest.mark.parametrize(("language", "chapter"), _ALL)
def test_keys_are_those_of_the_window(language: str, chapter: Chapter) -> None:
    from console.ui.commands.key_bindings import KEYS

    known = set(KEYS.values())
    keys = [one for one in _CODE.findall(chapter.source) if re.fullmatch(r"((Ctrl|Alt|Shift)\+.+|F\d+|Esc)", one)]
    assert [key for key in keys if key not in known] == []


@pytest.mark.parametrize(("language", "chapter"), _ALL)
def test_commands_and_options_are_those_of_the_command_line(language: str, chapter: Chapter) -> None:
    group: Any = typer.main.get_command(app)
    last: Any = group
    for code in _CODE.findall(chapter.source):
        words = code.split()
        if words[0] == "quanmai":
            last = group
            for word in words[1:]:
                if not word.startswith("--"):
                    assert word in last.commands, f"{code}: no command {word}"
                    last = last.commands[word]
        options = {name for parameter in last.params for name in parameter.opts}
        assert [word for word in words if word.startswith("--") and word not in options] == [], code


def test_both_languages_have_the_same_chapters_keys_commands_and_pictures() -> None:
    first, second = (chapters(language) for language in LANGUAGES)
    for one, other in zip(first, second, strict=True):
        assert one.name == other.name
        assert set(_CODE.findall(one.source)) == set(_CODE.findall(other.source)), one.name
        assert _PICTURE.findall(one.source) == _PICTURE.findall(other.source), one.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_pictures_are_small_and_used(language: str) -> None:
    used = [name for one in chapters(language) for name in _PICTURE.findall(one.source)]
    found = {one.name: len(one.read_bytes()) for one in folder_of(language).iterdir() if one.name.endswith(".png")}
    assert set(found) <= set(used)
    assert {name: size for name, size in found.items() if size > MOST_BYTES} == {}


def test_the_exported_page_needs_no_other_file_and_says_its_language(tmp_path: Path) -> None:
    paths = write_guide(tmp_path / "guide")
    assert [path.name for path in paths] == ["guide.zh_CN.html", "guide.en.html"]
    page = paths[0].read_text("utf-8")
    assert 'lang="zh-CN"' in page
    assert page.count("<h1>") == 1
    assert re.findall(r'(?:src|href)="(?!data:image/png;base64,|#)', page) == []
    assert "**" not in page, "bold beside Chinese is bold"
    assert page.count("<section") == len(chapters("zh_CN"))
    assert guide_page("en").count("<table>") == 1
