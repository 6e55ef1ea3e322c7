"""Pinyin initials, and caller's places found by them."""

from __future__ import annotations

from console.ui.search import Search
from console.ui.search.pinyin import initials
from console.ui.search.text_index import TextIndex
from tests.console.ui.small_city import build_small_city


def test_names_have_the_initials_of_their_characters_with_letters_and_figures_kept() -> None:
    assert initials(["解放路", "解放路12号", "Main St", "", "A座"])[0].split()[0] == "jfl"
    assert initials(["解放路12号"])[0].split()[0] == "jfl12h"
    assert initials(["Main St", ""]) == ["", ""]


def test_other_readings_of_a_character_are_found_too() -> None:
    found = initials(["重庆路", "长江路"])
    assert {"cql", "zql"} <= set(found[0].split())
    assert {"cjl", "zjl"} <= set(found[1].split())


def test_places_are_found_by_initials_with_the_communities_and_roads_first() -> None:
    search = Search(build_small_city())
    assert search.places("mly")[0].title == "美林苑"
    assert {hit.title for hit in search.places("bydj")} >= {"北园大街"}
    assert search.places("   ") == []


def test_an_address_is_found_by_initials_and_figures_among_many() -> None:
    names = [f"解放路{row // 200}号{row % 200}室" for row in range(20_000)]
    rows = TextIndex(initials(names)).rows("jfl99h19", 20)
    assert sorted({row // 200 for row in rows}) == [99]
    assert len(rows) == 11
