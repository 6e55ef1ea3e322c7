"""Every arc of Giswater's sample network, against Giswater's own answers."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from maps.isolation import Isolator, ValveOverride
from maps.network import PipeNetwork, ValveState
from tests.maps.isolation.giswater import giswater_city
from tests.maps.isolation.oracle import Oracle, Place, pipes_of


def test_every_arc_agrees_with_giswater(shared_data: Path) -> None:
    folder = shared_data / "giswater_ws"
    city = giswater_city(folder)
    isolator = Isolator(city)
    answers = [json.loads(line) for line in (folder / "mincut_expected.jsonl").read_text().splitlines()]
    wrong, caught = list[str](), 0
    for answer in answers:
        plan = isolator.plan([str(answer["arc_id"])], alternatives=False)
        if not answer["valves_to_close"] and not plan.isolatable:
            caught += 1
            continue
        arcs = {int(p) for p in (*plan.zone_pipes, *plan.dry_pocket_pipes)}
        valves = {int(s.asset_id) for s in plan.valves_to_close}
        connecs = {int(c) for c in plan.customers_without_water}
        if (arcs, valves, connecs) != (set(answer["arcs"]), set(answer["valves_to_close"]), set(answer["connecs"])):
            wrong.append(
                f"{answer['arc_id']}: valves {valves ^ set(answer['valves_to_close'])} arcs {len(arcs)} {len(answer['arcs'])}"
            )
    assert (wrong, caught, len(answers)) == ([], 20, len(answers))


def test_a_part_behind_a_one_way_valve_that_no_source_fed_is_with_the_affected_area(shared_data: Path) -> None:
    """Giswater lists 114061 and 114177 with 114154 turned to let water into 114178: they only give into a dry pocket."""
    isolator = Isolator(giswater_city(shared_data / "giswater_ws"))
    plan = isolator.plan(["114217"], valves={"114154": ValveOverride(flows_to="114178")}, alternatives=False)
    assert set(plan.without_supply_before) == {"114061", "114177"} <= set(plan.dry_pocket_pipes)


def test_parts_that_hold_no_source_are_affected_whole_as_giswater_has_it(shared_data: Path) -> None:
    """Giswater's rule, by a plain flood from the open border, with valves closed and turned round at random."""
    city = giswater_city(shared_data / "giswater_ws")
    isolator, network, random = Isolator(city), city.network, Random(7)
    for _ in range(15):
        state, flows_to = network.valves.state.copy(), network.valves.flows_to.copy()
        changes = dict[str, ValveOverride]()
        for number, row in enumerate(random.sample(range(len(network.valves)), 6)):
            valve = str(network.valves.asset_id[row])
            if number % 2:
                state[row], changes[valve] = ValveState.CLOSED, ValveOverride(ValveState.CLOSED)
            else:
                flows_to[row] = random.choice(network.pipes_at(int(network.valves.node[row])).tolist())
                changes[valve] = ValveOverride(flows_to=str(network.pipes.asset_id[flows_to[row]]))
        burst = random.randrange(len(network.pipes))
        plan = isolator.plan(network.pipes.ids([burst]), valves=changes, alternatives=False)
        valves = network.valves.replaced(state=state, flows_to=flows_to)
        oracle = Oracle(PipeNetwork(network.nodes, network.pipes, network.pumps, valves, network.crs))
        wanted = _joined_without_source(oracle, burst)
        assert set(network.pipes.ids(sorted(pipes_of(wanted)))) <= set(plan.dry_pocket_pipes)


def _joined_without_source(oracle: Oracle, burst: int) -> set[Place]:
    """Places beyond the open border of zone 1 in parts that hold no source at all, ways taken whatever their direction."""
    zone = oracle.zone([burst])
    found = set[Place]()
    for joint, far in oracle.border(zone):
        if oracle.joins(joint) and far not in found:
            part = oracle.joined({far}, zone, set())
            found |= part if not any(kind == "source" for kind, _, _ in part) else set()
    return found
