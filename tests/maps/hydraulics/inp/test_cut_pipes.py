"""Valves cut pipes of a model. Oracle: EPANET's heads on the original file."""

from __future__ import annotations

import random
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from epanet import toolkit as en
from numpy.typing import NDArray

from maps.city import City
from maps.dataset import read_city, write_city
from maps.errors import Fault
from maps.hydraulics.session import EpanetSession
from maps.importers import ImportOptions, ImportResult, import_city
from maps.network import ValveState
from maps.units import FOOT_M, is_us_flow_unit
from tests.maps.hydraulics.build import city_of_inp

ALIKE_M = 0.01
_FLOW_UNITS = ("CFS", "GPM", "MGD", "IMGD", "AFD", "LPS", "LPM", "MLD", "CMH", "CMD", "CMS")
_HEAD = """[TITLE]
district
[JUNCTIONS]
J1 10 5
J2 12 3
J3 8 4
J4 8 4
[RESERVOIRS]
R1 60
[PIPES]
P1 R1 J1 100 200 130 0 Open
P2 J1 J2 80 150 130 2.5 Open
P3 J3 J4 80 150 130 0 Open
"""
_TAIL = """[OPTIONS]
UNITS LPS
HEADLOSS H-W
[TIMES]
DURATION 24:00
HYDRAULIC TIMESTEP 1:00
PATTERN TIMESTEP 1:00
[COORDINATES]
R1 500000 4058000
J1 500100 4058000
J2 500180 4058000
J3 500182 4058000
J4 500260 4058000
T1 500300 4058000
[END]
"""
_OPEN_PIPE = "P23 J2 J3 60 150 130 0 Open\n"
_TANK = "[TANKS]\nT1 30 5 0 10 8 0\n[PIPES]\nP4 J4 T1 60 150 130 0 Open\n"


def heads_of(inp: str, folder: Path, hours: int = 25) -> dict[int, dict[str, float]]:
    """Heads, m, by hour and node, as EPANET itself solves a text."""
    model = folder / "oracle.inp"
    model.write_text(inp, encoding="utf-8")
    project, found = en.createproject(), dict[int, dict[str, float]]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        en.open(project, str(model), str(folder / "oracle.rpt"), "")
        nodes = range(1, en.getcount(project, en.NODECOUNT) + 1)
        length = FOOT_M if is_us_flow_unit(_FLOW_UNITS[en.getflowunits(project)]) else 1.0
        en.settimeparam(project, en.DURATION, min(en.gettimeparam(project, en.DURATION), (hours - 1) * 3600))
        en.settimeparam(project, en.REPORTSTART, 0)
        en.settimeparam(project, en.REPORTSTEP, 3600)
        en.openH(project)
        en.initH(project, en.INITFLOW)
        step = 1
        while step > 0:
            at = en.runH(project)
            if at % 3600 == 0:
                found[at // 3600] = {
                    en.getnodeid(project, node): en.getnodevalue(project, node, en.HEAD) * length for node in nodes
                }  # fmt: skip
            step = en.nextH(project)
        en.close(project)
        en.deleteproject(project)
    return found


def laid_over(inp: str, folder: Path, valves: Sequence[str], columns: str = "asset_id,pipe,x,y,kind") -> ImportResult:
    """The import of a model with a valve layer."""
    model, table = folder / "model.inp", folder / "valves.csv"
    model.write_text(inp, encoding="utf-8")
    table.write_text("\n".join([columns, *valves]) + "\n", encoding="utf-8")
    return import_city([model, table], ImportOptions(crs="EPSG:4548", snap_m=0.001))


def text_of(city: City) -> str:
    assert city.epanet is not None
    return city.epanet.inp


def codes(result: ImportResult) -> dict[str, Fault]:
    return {fault.code: fault for fault in result.faults}


def apart(first: dict[int, dict[str, float]], second: dict[int, dict[str, float]]) -> float:
    """The largest difference at the first's nodes and hours."""
    assert list(first) == list(second)
    return max(abs(head - second[hour][node]) for hour, heads in first.items() for node, head in heads.items())


SECTIONS = {
    "PRV fixed open": "[VALVES]\nV1 J2 J3 150 PRV 20 0\n[STATUS]\nV1 OPEN\n",
    "PRV fixed closed, way round": _OPEN_PIPE + "[VALVES]\nV1 J2 J3 150 PRV 20 0\n[STATUS]\nV1 CLOSED\n",
    "TCV fixed open": "[VALVES]\nV1 J2 J3 150 TCV 900 0\n[STATUS]\nV1 OPEN\n",
    "active PRV": "[VALVES]\nV1 J2 J3 150 PRV 20 0.4\n",
    "PCV with a curve": "[VALVES]\nV1 J2 J3 80 PCV 20 0.3 VCH\n[CURVES]\nVCH 0 0\nVCH 50 20\nVCH 100 100\n",
    "GPV that controls open and close": "PB J2 J3 400 50 100 0 Open\n[VALVES]\nV1 J2 J3 80 GPV GC 0\n[CONTROLS]\n"
    "LINK V1 Open IF NODE J4 Below 20\nLINK V1 Closed AT CLOCKTIME 10 AM\n[CURVES]\nGC 0 0\nGC 10 10\nGC 20 25\n",
    "leakage": _OPEN_PIPE + "[LEAKAGE]\nP2 100 2\nP23 100 2\n",
    "emitters with their exponent": _OPEN_PIPE + "[EMITTERS]\nJ2 0.5\n[OPTIONS]\nEMITTER EXPONENT 0.8\n",
    "demand categories and patterns": _OPEN_PIPE
    + "[DEMANDS]\nJ4 2 A;homes\nJ4 3 B;trade\n[PATTERNS]\nA 0.5 1 1.5 1\nB 2 0 1\n",
    "a default pattern": _OPEN_PIPE + "[PATTERNS]\nX 0.2 1.8\n[OPTIONS]\nPATTERN X\nDEMAND MULTIPLIER 1.3\n",
    "pressure-driven demand": _OPEN_PIPE
    + "[OPTIONS]\nDEMAND MODEL PDA\nMINIMUM PRESSURE 3\nREQUIRED PRESSURE 60\nPRESSURE EXPONENT 0.6\n",
    "a pump with a speed pattern": "[PUMPS]\nU1 J2 J3 HEAD H SPEED 1.05 PATTERN S\n[CURVES]\nH 8 20\n[PATTERNS]\nS 1 0.8 0.9\n",
    "a pump of constant power": "[PUMPS]\nU1 J2 J3 POWER 2\n",
    "a closed pipe beside": "PB J2 J3 400 50 100 0 Open\nPC J2 J3 30 150 130 0 Closed\n",
    "a check valve pipe": "PB J2 J3 400 50 100 0 Open\nPC J2 J3 30 150 130 0.7 CV\n",
    "a check valve pipe against the flow": _OPEN_PIPE + "PC J3 J2 30 150 130 CV\n",
    "controls on the cut pipe": "PB J2 J3 400 50 100 0 Open\nPC J2 J3 30 150 130 0 Open\n[CONTROLS]\n"
    "LINK PC CLOSED AT TIME 5\nLINK PC OPEN AT TIME 9\nLINK PC CLOSED AT CLOCKTIME 8 PM\n",
    "rules on the cut pipe": _TANK + "PB J2 J3 400 50 100 0 Open\nPC J2 J3 30 150 130 0 Open\n[RULES]\nRULE A\n"
    "IF TANK T1 LEVEL ABOVE 6\nAND PIPE PC STATUS IS OPEN\nTHEN PIPE PC STATUS IS CLOSED\nPRIORITY 2\n"
    "RULE B\nIF TANK T1 LEVEL BELOW 4.5\nOR LINK PC FLOW BELOW 0.1\nAND SYSTEM CLOCKTIME >= 6 AM\n"
    "THEN PIPE PC STATUS IS OPEN\nELSE LINK PB STATUS IS OPEN\n",
    "a status range over the cut pipe": "21 J2 J3 400 50 100 0 Open\n22 J2 J3 30 150 130 0 Open\n23 J2 J3 30 150 130\n"
    "[STATUS]\n22 23 CLOSED\n[CONTROLS]\nLINK 22 OPEN AT TIME 6\n",
    "reactions and quality": _OPEN_PIPE + "[REACTIONS]\nGLOBAL BULK -0.5\nBULK P23 -1\nWALL P2 P3 -0.2\n[QUALITY]\nJ1 J4 0.5\n",
    "a tank with a volume curve": _OPEN_PIPE
    + "[TANKS]\nT1 30 5 0 10 8 0 VC\n[PIPES]\nP4 J4 T1 60 150 130\n[CURVES]\nVC 0 0\nVC 5 200\nVC 10 700\n",
}  # fmt: skip


@pytest.mark.parametrize("name", SECTIONS)
def test_a_model_keeps_epanets_heads_when_valves_cut_its_pipes(tmp_path: Path, name: str) -> None:
    inp = _HEAD + SECTIONS[name] + _TAIL
    if "T1" not in SECTIONS[name]:
        inp = inp.replace("T1 500300 4058000\n", "")
    rows = ["G1,P3,500220,4058000,gate", "G2,P2,500130,4058000,gate", "G3,P2,500131,4058000,gate"]
    rows += [f"G{pipe},{pipe},500181,4058000,gate" for pipe in ("P23", "PC", "PB", "22") if f"\n{pipe} J" in inp]
    result = laid_over(inp, tmp_path, rows)
    before, after = heads_of(inp, tmp_path), heads_of(text_of(result.city), tmp_path)
    assert apart(before, after) < ALIKE_M
    assert "model_carried" in codes(result)
    assert len(before) == 25
    write_city(result.city, tmp_path / "city.gpkg")
    city = read_city(tmp_path / "city.gpkg")
    with EpanetSession(city) as session:
        day = session.solve_day()
    rows_of = {str(name): row for row, name in enumerate(city.network.nodes.asset_id)}
    for state in day:
        expected = before[round(state.at_s) // 3600]
        worst = max(abs(state.head_m[rows_of[node]] - head) for node, head in expected.items())
        # The session mends EPANET's conversion of kW (maps/hydraulics/README.md): its day is not the raw file's.
        assert state.converged
        assert worst < ALIKE_M or name == "a pump of constant power"


@pytest.mark.parametrize("name", ["Net1", "Net2", "Net3", "Net6", "ky4"])
def test_example_networks_keep_epanets_heads_wherever_valves_are(wntr_networks: Path, tmp_path: Path, name: str) -> None:
    path = wntr_networks / f"{name}.inp"
    drawn = city_of_inp(path).network.pipes
    chance = random.Random(12)
    valves = list[str]()
    for row in chance.sample(range(len(drawn)), min(len(drawn), 40)):
        points = drawn.points(row)
        for share in (chance.uniform(0.2, 0.4), chance.uniform(0.5, 0.8))[: chance.choice((1, 2))]:
            x, y = _between(points, share)
            valves.append(f"QV{len(valves)},{drawn.asset_id[row]},{x!r},{y!r},gate")
    text = path.read_text(encoding="utf-8", errors="replace")
    table = tmp_path / "valves.csv"
    table.write_text("\n".join(["asset_id,pipe,x,y,kind", *valves]) + "\n", encoding="utf-8")
    result = import_city([path, table], ImportOptions(snap_m=1e-3))
    assert len(result.city.network.pipes) >= len(drawn) + min(len(drawn), 40)
    hours = 25 if name != "Net6" else 7
    assert apart(heads_of(text, tmp_path, hours), heads_of(text_of(result.city), tmp_path, hours)) < ALIKE_M


def _between(points: NDArray[np.float64], share: float) -> tuple[float, float]:
    first, second = points[0], points[1]
    return float(first[0] + (second[0] - first[0]) * share), float(first[1] + (second[1] - first[1]) * share)


def test_the_text_of_a_model_is_unchanged_except_for_the_cut_pipe(tmp_path: Path) -> None:
    inp = (
        _HEAD.replace("P3 J3 J4", " P3\tJ3  J4").replace("[TITLE]", "; made by hand\n[TITLE]")
        + _OPEN_PIPE
        + _TAIL.replace("T1", ";")
    )
    lines = text_of(laid_over(inp, tmp_path, ["G1,P3,500222,4058000,gate"]).city).split("\n")
    assert [line for line in inp.split("\n") if line not in lines] == [" P3\tJ3  J4 80 150 130 0 Open"]
    added = [line for line in lines if line not in inp.split("\n")]
    assert added == [
        "G1 8.0000 0",
        " P3\tJ3  G1 41.02564103 150 130 0 Open",
        "P3~2 G1 J4 38.97435897 150 130 0 Open",
        "G1 500222 4058000",
    ]


@pytest.mark.parametrize("written", ['"P 2" J1', '"P2"J1', '"P 2"J1', '"P2"\tJ1'])
def test_ids_in_quotes_are_kept(tmp_path: Path, written: str) -> None:
    inp = _HEAD.replace("P2 J1", written) + _OPEN_PIPE + _TAIL.replace("T1 500300 4058000\n", "")
    name = written.split('"')[1]
    result = laid_over(inp, tmp_path, [f"G1,{name},500130,4058000,gate"])
    assert apart(heads_of(inp, tmp_path), heads_of(text_of(result.city), tmp_path)) < ALIKE_M
    assert "model_carried" in codes(result)
    assert f"{name}~2" in result.city.network.pipes.asset_id


@pytest.mark.parametrize("written", ["0x50 0x96 130 0x1p1", "8e1 1.5E2 +130 .2e1", "80 150 130 0 OPENED", "80 150 130 2 CVX"])
def test_numbers_and_words_are_read_as_epanet_reads_them(tmp_path: Path, written: str) -> None:
    inp = _HEAD.replace("P3 J3 J4 80 150 130 0 Open", f"P3 J3 J4 {written}") + _OPEN_PIPE
    inp += _TAIL.replace("T1 500300 4058000\n", "")
    result = laid_over(inp, tmp_path, ["G1,P3,500220,4058000,gate"])
    assert apart(heads_of(inp, tmp_path), heads_of(text_of(result.city), tmp_path)) < ALIKE_M
    assert "model_carried" in codes(result)


def test_a_model_whose_heads_stay_those_of_the_file_counts_as_imported_and_no_other(tmp_path: Path) -> None:
    inp = _HEAD + "P23 J2 J3 600 100 130 0 Open\n[LEAKAGE]\nP23 900 5\n" + _TAIL.replace("T1 500300 4058000\n", "")
    for valve, word in (("G1,P2,500130,4058000,gate", "imported"), ("G1,P23,500180.3,4058000,gate", "built")):
        result = laid_over(inp, tmp_path, [valve])
        assert result.city.epanet is not None
        assert result.city.epanet.word == word
        assert ("model_differs" in codes(result)) == (word == "built")


def test_leakage_moved_by_a_cut_is_measured_and_reported_as_a_warning(tmp_path: Path) -> None:
    # EPANET gives half of a pipe's leakage to either end: a cut far from the middle moves some of it.
    inp = _HEAD + "P23 J2 J3 600 100 130 0 Open\n[LEAKAGE]\nP23 900 5\n" + _TAIL.replace("T1 500300 4058000\n", "")
    result = laid_over(inp, tmp_path, ["G1,P23,500180.3,4058000,gate"])
    found = apart(heads_of(inp, tmp_path), heads_of(text_of(result.city), tmp_path))
    assert found > ALIKE_M
    told = codes(result)["model_differs"]
    assert f"by up to {found:.3f} m" in told.message
    assert "J3 at hour" in told.message
    assert any(told.message in line for line in result.city.info.assumed)


def test_a_closed_pipe_is_closed_at_one_piece_and_its_other_nodes_stay_connected(tmp_path: Path) -> None:
    inp = _HEAD + _OPEN_PIPE + "PC J2 J4 30 150 130 0 Closed\n" + _TAIL.replace("T1 500300 4058000\n", "")
    result = laid_over(inp, tmp_path, ["G1,PC,500200,4058000,gate", "G2,PC,500210,4058000,gate"])
    heads = heads_of(text_of(result.city), tmp_path)[0]
    assert heads["G1"] == pytest.approx(heads["J4"], abs=1e-3)
    assert heads["G2"] == pytest.approx(heads["J4"], abs=1e-3)
    assert heads["J2"] > heads["J4"] + 0.01


def test_pieces_share_length_and_minor_loss_and_keep_reaction_coefficients(tmp_path: Path) -> None:
    inp = _HEAD + _OPEN_PIPE + "[REACTIONS]\nBULK P2 -1.5\nWALL P1 P3 -0.25\n" + _TAIL.replace("T1 500300 4058000\n", "")
    city = laid_over(inp, tmp_path, ["G1,P2,500120,4058000,gate"]).city
    (tmp_path / "cut.inp").write_text(text_of(city), encoding="utf-8")
    project = en.createproject()
    en.open(project, str(tmp_path / "cut.inp"), str(tmp_path / "cut.rpt"), "")
    links = [en.getlinkindex(project, name) for name in ("P2", "P2~2")]
    for code, expected in (
        (en.LENGTH, [20, 60]),
        (en.MINORLOSS, [0.625, 1.875]),
        (en.KBULK, [-1.5] * 2),
        (en.KWALL, [-0.25] * 2),
    ):
        np.testing.assert_allclose([en.getlinkvalue(project, link, code) for link in links], expected, rtol=1e-6)
    en.close(project)
    en.deleteproject(project)
    np.testing.assert_allclose(city.network.pipes.minor_loss[1:3], [0.625, 1.875])


def test_a_check_valve_of_the_layer_lets_water_through_one_way_in_the_model(tmp_path: Path) -> None:
    inp = _HEAD + _OPEN_PIPE + "PB J1 J3 90 150 130\n" + _TAIL.replace("T1 500300 4058000\n", "")
    columns = "asset_id,pipe,x,y,kind,flows_to"
    for name, shuts in (("with the flow", False), ("against", True)):
        folder = tmp_path / name
        folder.mkdir()
        result = laid_over(inp, folder, ["G1,P23,500181,4058000,check,P23"], columns)
        pipes = result.city.network.pipes
        row = int(result.city.network.valves.flows_to[0])
        assert pipes.source_id[row] == "P23"
        with EpanetSession(result.city) as session:
            flow = session.solve().pipe_flow_m3h[row]
        towards = 1 if pipes.from_node[row] == result.city.network.valves.node[0] else -1
        assert flow * towards >= -1e-3
        assert ("model_differs" in codes(result)) == (abs(flow) < 1e-3)
        inp = inp.replace("P23 J2 J3", "P23 J3 J2") if not shuts else inp


def test_a_one_way_valve_on_a_controlled_pipe_is_left_out_of_the_model_and_reported(tmp_path: Path) -> None:
    inp = _HEAD + _OPEN_PIPE + "[CONTROLS]\nLINK P3 CLOSED AT TIME 5\n" + _TAIL.replace("T1 500300 4058000\n", "")
    result = laid_over(inp, tmp_path, ["G1,P3,J3,check,P3"], "asset_id,pipe,node,kind,flows_to")
    assert codes(result)["not_in_model"].asset_id == "G1"
    assert apart(heads_of(inp, tmp_path), heads_of(text_of(result.city), tmp_path)) < ALIKE_M


def test_a_valve_fixed_open_is_fixed_open_again_after_it_was_shut(tmp_path: Path) -> None:
    inp = _HEAD + SECTIONS["PRV fixed open"] + _TAIL.replace("T1 500300 4058000\n", "")
    result = laid_over(inp, tmp_path, ["G1,P3,500220,4058000,gate"])
    with EpanetSession(result.city) as session:
        before = session.solve().head_m
        session.solve(valve_states={"V1": ValveState.CLOSED}, pressure_driven=True)
        np.testing.assert_allclose(session.solve().head_m, before, atol=1e-3)


def test_valves_of_a_model_in_degrees_are_drawn_in_degrees_in_its_text(tmp_path: Path) -> None:
    inp = _HEAD + _OPEN_PIPE + _TAIL.replace("T1 500300 4058000\n", "")
    for metres, degrees in (
        ("500000", "117.100"),
        ("500100", "117.101"),
        ("500180", "117.102"),
        ("500182", "117.103"),
        ("500260", "117.104"),
    ):
        inp = inp.replace(f"{metres} 4058000", f"{degrees} 36.65")
    model, table = tmp_path / "model.inp", tmp_path / "valves.csv"
    model.write_text(inp, encoding="utf-8")
    network = import_city([model], ImportOptions(crs="EPSG:4490")).city.network
    x, y = network.pipes.points(network.pipes.row("P3")).mean(axis=0)
    table.write_text(f"asset_id,pipe,x,y\nG1,P3,{x!r},{y!r}\n".replace("np.float64(", "").replace(")", ""), encoding="utf-8")
    text = text_of(import_city([model, table], ImportOptions(crs="EPSG:4490")).city)
    place = next(line for line in text[text.rindex("[COORDINATES]") :].split("\n") if line.startswith("G1 "))
    assert [float(word) for word in place.split()[1:]] == pytest.approx([117.1035, 36.65], abs=1e-4)


def test_a_valve_link_of_the_layer_is_added_to_the_model_in_its_units_and_changed_heads_are_a_warning(tmp_path: Path) -> None:
    inp = (_HEAD + "P23 J2 J3 600 1 130\n" + _TAIL.replace("T1 500300 4058000\n", "")).replace("UNITS LPS", "UNITS GPM")
    result = laid_over(inp, tmp_path, ["V9,J2,J3,prv,21,100"], "asset_id,from_node,to_node,kind,setting,diameter_mm")
    assert "model_differs" in codes(result)
    city = result.city
    with EpanetSession(city) as session:
        state = session.solve()
    assert np.isfinite(state.valve_flow_m3h[city.network.valves.row("V9")])
    line = next(line for line in text_of(city).split("\n") if line.startswith("V9 "))
    psi, inches = float(line.split()[5]), float(line.split()[3])
    assert psi == pytest.approx(21 / 0.3048 * 0.4333, rel=1e-4)
    assert inches == pytest.approx(100 / 25.4, rel=1e-4)


def test_a_link_that_epanet_refuses_is_left_out_of_the_model_and_reported(tmp_path: Path) -> None:
    inp = _HEAD + _OPEN_PIPE + _TAIL.replace("T1 500300 4058000\n", "")
    result = laid_over(inp, tmp_path, ["V9,R1,J1,prv,20,100"], "asset_id,from_node,to_node,kind,setting,diameter_mm")
    assert codes(result)["not_in_model"].asset_id == "V9"
    assert apart(heads_of(inp, tmp_path), heads_of(text_of(result.city), tmp_path)) < ALIKE_M


def test_a_model_that_does_not_solve_is_not_reported_as_unchanged(tmp_path: Path) -> None:
    # EPANET opens and closes PC in turn until its trials are used up.
    steered = "[CONTROLS]\nLINK PC CLOSED IF NODE J4 ABOVE 51.2\nLINK PC OPEN IF NODE J4 BELOW 45\n"
    pipes = "PB J2 J3 400 50 100 0 Open\nPC J2 J3 30 150 130 0 Open\n"
    inp = _HEAD + pipes + steered + _TAIL.replace("T1 500300 4058000\n", "")
    result = laid_over(inp, tmp_path, ["G1,PC,500181,4058000,gate"])
    assert "model_carried" not in codes(result)
    told = codes(result)["model_not_compared"].message
    assert "could not be compared: at hour 0 the model as it came does not solve" in told
    assert told in result.city.info.assumed


def test_a_model_whose_hydraulics_epanet_refuses_is_imported_with_its_valves_and_reported(tmp_path: Path) -> None:
    inp = (_HEAD + _OPEN_PIPE + _TAIL.replace("T1 500300", "J9 500300")).replace("J4 8 4\n", "J4 8 4\nJ9 8 0\n")
    result = laid_over(inp, tmp_path, ["G1,P3,500220,4058000,gate"])
    assert "EPANET refuses the model" in codes(result)["model_not_compared"].message
    assert "model_carried" not in codes(result)
    assert {"P3~1", "P3~2"} <= set(result.city.network.pipes.asset_id)
