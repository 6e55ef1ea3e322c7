"""Format of ages, elapsed times and values; every text exists in both languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import console.ui
from console.domain.readings import Channel
from console.ui.words import Words
from resources.texts import Catalogue, placeholders

ZH, EN = Words("zh_CN", "Asia/Shanghai"), Words("en", "Asia/Shanghai")
_ONE_LANGUAGE = ("ui.material.", "ui.change.")
_CALL = re.compile(r"""words\(\s*(f?)["']([a-z_]+\.[a-z_0-9]+)["']""")


@pytest.mark.parametrize(
    ("seconds", "text"), [(4, "4秒"), (119, "119秒"), (120, "2分"), (7199, "119分"), (7200, "2小时"), (float("nan"), "无数据")]
)
def test_ages_read_short(seconds: float, text: str) -> None:
    assert ZH.age(seconds) == text


def test_elapsed_time_cannot_be_read_as_a_time_of_day() -> None:
    assert ZH.elapsed(247) == "4分07秒"
    assert EN.elapsed(247) == "4 min 07 s"
    assert ZH.elapsed(3720) == "1小时02分"


def test_pressure_is_in_mpa_on_screen_only() -> None:
    assert ZH.value(Channel.PRESSURE, 312.4) == "0.312 MPa"
    assert ZH.deviation(Channel.PRESSURE, -145.0) == "−0.145"
    assert ZH.value(Channel.FLOW, float("nan")) == "–"


def test_times_are_in_the_citys_zone_and_say_so() -> None:
    moment = datetime(2024, 1, 3, 15, 0, 5, tzinfo=UTC)
    assert ZH.time(moment) == "23:00:05"
    assert ZH.full_time(moment) == "2024-01-03 23:00:05 UTC+8"
    assert ZH.hour(datetime(2024, 1, 3, 19, 30, tzinfo=UTC), moment) == "01-04 03:30"


def test_both_languages_hold_the_same_texts_with_the_same_parameters() -> None:
    zh, en = (
        {k: v for k, v in Catalogue.load(language).entries.items() if k.startswith("ui.") and not k.startswith(_ONE_LANGUAGE)}
        for language in ("zh_CN", "en")
    )
    assert set(zh) == set(en)
    assert {k for k in zh if placeholders(zh[k]) != placeholders(en[k])} == set()


def test_every_text_that_the_window_names_exists() -> None:
    catalogue, folder = Catalogue.load("zh_CN"), Path(console.ui.__file__).parent
    named = {key for file in folder.rglob("*.py") for formatted, key in _CALL.findall(file.read_text("utf-8")) if not formatted}
    assert len(named) > 60
    assert {key for key in named if not catalogue.has(f"ui.{key}")} == set()


def test_lists_are_joined_in_the_readers_language() -> None:
    joined = re.compile(r"""["'][、；，]["']\s*\.join|["'].*（\{""")
    sources = Path(console.ui.__file__).parent.rglob("*.py")
    assert not [
        f"{file.name}: {line}" for file in sources for line in file.read_text("utf-8").splitlines() if joined.search(line)
    ]
    assert (EN.listed(("V1", "V2")), ZH.listed(("V1", "V2"))) == ("V1, V2", "V1、V2")
    assert (EN.clauses(("a", "b")), ZH.clauses(("a", "b"))) == ("a; b", "a；b")
