"""The catalogues: same keys, same placeholders, nothing missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.domain.alarms import AlarmKind, AlarmState, Priority
from console.domain.crews import CrewState
from console.domain.incidents import OrderKind, OrderState, Phase, Unable
from console.domain.notices import NoticeKind, NoticeStatus
from console.domain.picture import StationState
from console.domain.readings import Channel, Quality
from maps.network import ValveKind, ValveState
from resources.texts import LANGUAGES, Catalogue, UnknownText, placeholders

EVERY_VALUE = [
    *(f"phase.{phase}" for phase in Phase),
    *(f"station_state.{state.name.lower()}" for state in StationState),
    *(f"alarm_kind.{kind}" for kind in AlarmKind),
    *(f"alarm_state.{state}" for state in AlarmState),
    *(f"priority.{priority.name.lower()}" for priority in Priority),
    *(f"channel.{channel.name.lower()}" for channel in Channel),
    *(f"quality.{quality.name.lower()}" for quality in Quality),
    *(f"unable.{unable}" for unable in Unable),
    *(f"order_kind.{kind}" for kind in OrderKind),
    *(f"order_state.{state}" for state in OrderState),
    *(f"crew_state.{state}" for state in CrewState),
    *(f"notice_kind.{kind}" for kind in NoticeKind),
    *(f"notice_status.{status}" for status in NoticeStatus),
    *(f"valve_state.{state.name.lower()}" for state in ValveState),
    *(f"valve_kind.{kind.name.lower()}" for kind in ValveKind),
]


BY_LANGUAGE = ("ui.material.", "ui.change.")
"""Words looked up by what the data say, with that as the fallback: 球墨铸铁 needs no Chinese, a Chinese note no second one."""


def test_both_languages_hold_the_same_keys() -> None:
    chinese, english = (
        {key for key in Catalogue.load(language).entries if not key.startswith(BY_LANGUAGE)} for language in LANGUAGES
    )
    assert chinese == english


def test_both_languages_have_the_same_placeholders() -> None:
    # Dates differ on purpose: 1月3日 counts its months, English names them.
    chinese, english = (Catalogue.load(language).entries for language in LANGUAGES)
    differing = [
        key
        for key in chinese.keys() & english.keys()
        if placeholders(chinese[key]) != placeholders(english[key]) and not key.startswith("notice.time.")
    ]
    assert not differing


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language: str) -> None:
    assert not [key for key, text in Catalogue.load(language).entries.items() if not text.strip()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_of_the_domain_has_its_word(language: str) -> None:
    catalogue = Catalogue.load(language)
    assert not [key for key in EVERY_VALUE if not catalogue.has(f"domain.{key}")]


def test_a_missing_key_raises_and_is_named() -> None:
    with pytest.raises(UnknownText, match=r"domain\.phase\.nowhere"):
        Catalogue.load("en").text("domain.phase.nowhere")


def test_a_missing_parameter_raises_and_is_named() -> None:
    catalogue = Catalogue("en", {"a.b": "{count} pipes"})
    with pytest.raises(UnknownText, match="count"):
        catalogue.text("a.b")
    assert catalogue.text("a.b", count=3) == "3 pipes"


def test_a_parameter_is_never_read_as_a_placeholder() -> None:
    assert Catalogue("en", {"a": "at {place}"}).text("a", place="{hotline}") == "at {hotline}"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UnknownText, match="xx"):
        Catalogue.load("xx")


def test_every_refusal_of_the_services_has_its_text() -> None:
    folder = Path(__file__).resolve().parents[2] / "console" / "services"
    used = {key for file in folder.rglob("*.py") for key in re.findall(r'Refused\("(\w+)"', file.read_text("utf-8"))}
    assert used
    assert not [key for key in used if not Catalogue.load("zh_CN").has(f"refused.{key}")]


@pytest.mark.parametrize(
    ("n", "told"), [(0, "0 pipes"), (1, "1 pipe"), (2, "2 pipes"), ("1", "1 pipe"), ("1,204", "1,204 pipes")]
)
def test_a_number_has_the_form_of_its_word_that_goes_with_it(n: int | str, told: str) -> None:
    assert Catalogue("en", {"a": "{n:pipe|pipes} in {place}"}).text("a", n=n, place="{x|y}") == f"{told} in {{x|y}}"
