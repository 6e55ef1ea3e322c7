"""The settings file is changed one line at a time: comments, tables and all other values stay."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.settings import Settings, load_settings
from console.settings_file import TomlSettingsFile, with_value
from console.ui.settings_window.entries import Source
from maps.errors import InputFault
from resources.texts import LANGUAGES, Catalogue

FILE = """# of the dispatch centre
hotline = "968 111"  # until May
lock_minutes = 15.0

[targets]
judge = {minutes = 5}
"""


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> TomlSettingsFile:
    """The user's file in a folder of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in Settings.model_fields:
        monkeypatch.delenv(f"QUANMAI_{name.upper()}", raising=False)
    made = TomlSettingsFile()
    made.path.parent.mkdir(parents=True, exist_ok=True)
    made.path.write_text(FILE)
    return made


@given(st.dictionaries(st.sampled_from(["user", "hotline", "issuer"]), st.text(max_size=20)), st.text(max_size=30))
def test_a_value_is_set_and_all_else_stays(before: dict[str, str], value: str) -> None:
    import json

    toml = "".join(f"# {name}\n{name} = {json.dumps(text, ensure_ascii=False)}\n" for name, text in before.items())
    toml += "[wall]\nuser = 1\n"
    if "\x7f" in toml or "\x7f" in value:  # TOML allows it in no text as it is
        return
    after = with_value(toml, "user", value)
    assert tomllib.loads(after) == {**before, "user": value, "wall": {"user": 1}}
    assert tomllib.loads(with_value(after, "user", None)) == {
        **{name: text for name, text in before.items() if name != "user"}, "wall": {"user": 1},
    }  # fmt: skip


def test_comments_and_tables_stay_and_the_program_reads_what_was_written(file: TomlSettingsFile) -> None:
    file.write("issuer", "济南水务")
    file.write("lock_minutes", "20")
    file.write("hotline", None)
    text = file.path.read_text()
    assert text.startswith("# of the dispatch centre\n")
    assert "judge = {minutes = 5}" in text
    settings = load_settings()
    assert (settings.issuer, settings.lock_minutes, settings.hotline) == ("济南水务", 20.0, "")
    assert settings.targets.targets.judge.minutes == 5


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("lock_minutes", "soon", "not a number"),
        ("crew_speed_kmh", "500", "less than or equal to 120"),
        ("wall_ratio", "10", "150"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_the_file_stays(file: TomlSettingsFile, name: str, text: str, said: str) -> None:
    with pytest.raises(InputFault, match=said):
        file.write(name, text)
    assert file.path.read_text() == FILE


def test_a_value_over_several_lines_is_left_to_the_hand() -> None:
    with pytest.raises(InputFault, match="by hand"):
        with_value('hotline = """a\nb"""\n', "hotline", "c")


def test_each_setting_says_where_it_comes_from_and_secrets_are_not_shown(
    file: TomlSettingsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUANMAI_MQTT", "mqtt://user:secret@broker")
    monkeypatch.setenv("QUANMAI_ISSUER", "水务集团")
    found = {one.name: one for one in file.read()}
    assert found["hotline"].source is Source.FILE
    assert (found["issuer"].source, found["issuer"].value) == (Source.ENVIRONMENT, "水务集团")
    assert found["user"].source is Source.DEFAULT
    assert (found["mqtt"].value, found["mqtt"].is_secret) == ("", True)
    assert found["readings_days"].is_installation
    assert "user:secret" not in repr(file.read())


def test_every_setting_is_listed_with_its_words(file: TomlSettingsFile) -> None:
    names = {one.name for one in file.read()}
    assert names == set(Settings.model_fields) - {"language", "colours"}
    for language in LANGUAGES:
        texts = Catalogue.load(language)
        for one in file.read():
            assert texts.has(f"settings.of.{one.name}"), one.name
            assert texts.has(f"settings.group.{one.group}")
