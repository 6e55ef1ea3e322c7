"""Guessed profiles: right columns in many conventions, no confident wrong guess, and cities imported with a guess."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from maps.importers import ImportOptions, import_city
from maps.importers.guessing import LayerGuess, ProfileGuess, guess_profile, profile_toml
from maps.importers.guessing.guess import SURE, USABLE
from maps.network import ValveState
from tests.maps.importers.guessing.conventions import CONVENTIONS, HELD_OUT, PUBLISHED, SEEN_LATER, WORKED, Convention
from tests.maps.importers.writing import line, write

_ASKED = 0.95


def _verdicts(convention: Convention, guess: ProfileGuess) -> list[tuple[str, bool, float]]:
    """(column, whether it is right, confidence) of each column of the convention and of each guess without one."""
    made: list[tuple[str, bool, float]] = []
    for name, layer in convention.layers.items():
        found: LayerGuess | None = next((one for one in guess.of(layer.standard) if one.layer == name), None)
        said = {} if found is None else {one.source: one for one in found.columns if one.confidence >= USABLE}
        for column, (standard, _) in layer.columns.items():
            one = said.get(column) or said.get(column.encode()[:10].decode(errors="ignore"))  # as a Shapefile cuts it
            right = (one.standard if one else None) == standard
            made.append(
                (f"{convention.name}/{name}/{column}: {one.standard if one else None}", right, one.confidence if one else 0.0)
            )
    return made


_ROUNDS = {"first": CONVENTIONS, "seen_later": SEEN_LATER, "third": (*WORKED, *HELD_OUT, *PUBLISHED)}


@pytest.fixture(scope="module", params=_ROUNDS)
def verdicts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bool, float]]:
    made = []
    for convention in _ROUNDS[request.param]:
        sources = convention.write(tmp_path_factory.mktemp(convention.name))
        made += _verdicts(convention, guess_profile(sources))
    return made


def test_nearly_all_columns_of_forty_five_conventions_are_right(verdicts: list[tuple[str, bool, float]]) -> None:
    wrong = [text for text, right, _ in verdicts if not right]
    assert [len(found) for found in _ROUNDS.values()] == [12, 18, 15]
    assert 1 - len(wrong) / len(verdicts) >= _ASKED, wrong


def test_no_wrong_guess_is_confident(verdicts: list[tuple[str, bool, float]]) -> None:
    assert [(text, sure) for text, right, sure in verdicts if not right and sure > SURE] == []


def _imported(sources: list[Path], folder: Path, crs: str | None = None) -> tuple[ProfileGuess, ImportOptions]:
    guess = guess_profile(sources)
    profile = folder / "guessed.toml"
    profile.write_text(profile_toml(guess), encoding="utf-8")
    return guess, ImportOptions(profile=profile, crs=crs)


@pytest.mark.parametrize("name", ["chinese_survey", "esri_water", "chinese_full"])
def test_a_guessed_profile_imports_the_whole_network(name: str, tmp_path: Path) -> None:
    convention = next(one for one in CONVENTIONS if one.name == name)
    sources = convention.write(tmp_path)
    _, options = _imported(sources, tmp_path)
    city = import_city(sources, options).city
    pipes = city.network.pipes
    assert len(set(np.where(pipes.source_id == "", pipes.asset_id, pipes.source_id))) == 84
    assert float(pipes.length_m.sum()) == pytest.approx(84 * 120.0, rel=0.02)
    assert 99 <= float(pipes.diameter_mm.min()) <= 102  # 4 inches and DN100 are both about 100 mm
    assert len(city.network.valves) > 0


def test_air_valves_do_not_become_isolation_valves(tmp_path: Path) -> None:
    convention = next(one for one in CONVENTIONS if one.name == "chinese_full")
    guess, options = _imported(sources := convention.write(tmp_path), tmp_path)
    layer = guess.of("valves")[0]
    assert layer.left_out.keys() == {"排气阀"}
    written = Counter(row["阀门类型"] for row in _rows_of(sources[0], "阀门"))
    assert layer.left_out["排气阀"] == written["排气阀"] > 0
    assert len(import_city(sources, options).city.network.valves) == sum(written.values()) - written["排气阀"]


def _rows_of(path: Path, layer: str) -> list[dict[str, str]]:
    import pyogrio

    return list(pyogrio.read_dataframe(path, layer=layer, read_geometry=False).to_dict("records"))


def test_a_survey_layer_of_points_gives_nodes_valves_and_hydrants(tmp_path: Path) -> None:
    convention = next(one for one in CONVENTIONS if one.name == "chinese_survey")
    guess = guess_profile(convention.write(tmp_path))
    assert [layer.standard for layer in guess.layers] == ["pipes", "nodes", "valves", "hydrants"]
    assert dict(guess.of("valves")[0].where).popitem()[1] == ("阀门",)
    assert dict(guess.of("hydrants")[0].where).popitem()[1] == ("消防栓",)


def test_values_tell_columns_with_names_of_no_list_but_never_surely(tmp_path: Path) -> None:
    rows = [
        {"qqa": f"X{n}", "qqb": 10.0, "qqc": ("PVC", "DI", "AC")[n % 3], "qqd": (100, 200)[n % 2], **pipe_row(n, n * 10.0)}
        for n in range(1, 30)
    ]
    for row in rows:
        del row["id"]
    layer = guess_profile([write(tmp_path / "x.gpkg", {"pipes": rows})]).of("pipes")[0]
    assert {one.standard: one.source for one in layer.columns if one.confidence >= USABLE} == {
        "asset_id": "qqa",
        "length_m": "qqb",
        "material": "qqc",
        "diameter_mm": "qqd",
    }
    assert max(one.confidence for one in layer.columns) < SURE


def test_ids_of_a_valve_layer_alone_are_no_nodes(tmp_path: Path) -> None:
    convention = next(one for one in SEEN_LATER if one.name == "giswater_views")
    sources = convention.write(tmp_path)
    guess, options = _imported(sources, tmp_path)
    assert guess.of("valves")[0].column("node") is None
    assert len(import_city(sources, options).city.network.valves) == 40


def test_values_that_contradict_a_name_win(tmp_path: Path) -> None:
    rows = [pipe_row(n, n * 10.0) for n in range(1, 30)]
    for row in rows:
        row["diameter"] = 99_000.0  # of nothing
    guess = guess_profile([write(tmp_path / "x.gpkg", {"pipes": rows})])
    found = guess.of("pipes")[0].column("diameter_mm")
    assert found is None or found.confidence < USABLE


def pipe_row(number: int, x: float) -> dict[str, object]:
    return {"id": f"P{number}", "wkt": line((x, 0), (x + 10, 0))}


def test_hostile_names_and_values_make_a_valid_profile(tmp_path: Path) -> None:
    name = 'a"]\n[x] = \\'
    rows = [{**pipe_row(n, n * 10.0), "口径": 100, "状态\x7f": name} for n in range(1, 30)]
    sources = [write(tmp_path / "x.gpkg", {"pipes": rows})]
    guess, options = _imported(sources, tmp_path)
    assert len(import_city(sources, options).city.network.pipes) == 29
    assert tomllib.loads(profile_toml(guess, name=name))["name"] == name


def test_a_real_district_and_giswaters_sample_are_guessed(shared_data: Path, tmp_path: Path) -> None:
    sources = [shared_data / "kitchener" / "network.gpkg"]
    _, options = _imported(sources, tmp_path)
    district = import_city(sources, options).city.network
    assert (len(district.pipes), len(district.valves)) == (666, 197)
    assert int((district.valves.state == ValveState.CLOSED).sum()) == 8
    sources = [shared_data / "giswater_ws" / f"{name}.csv" for name in ("arcs", "nodes", "valves", "hydrants", "connecs")]
    _, options = _imported(sources, tmp_path, "EPSG:25831")
    sample = import_city(sources, options).city
    assert (len(sample.network.pipes), len(sample.hydrants), len(sample.customers)) == (269, 6, 477)
