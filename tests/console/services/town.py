"""A little town on a street grid: 4 × 4 corners, a source, valves at every pipe end, two communities, three crews."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import shapely

from console.detection.finding import BurstFinding
from console.domain.actors import Actor
from console.domain.alarms import Evidence
from console.domain.changes import Change, ChangeSet
from console.domain.clock import micros
from console.domain.crews import CrewFix
from console.domain.intents import Intent
from console.domain.notices import Notice, NoticeFacts, NoticeStatus
from console.domain.outgoing import MessageKind, Outgoing
from console.domain.record_ids import numbers_for, renamed
from console.services.desk import Desk, DeskSettings, DeskState
from console.services.ports import Documents
from maps.city import City, CityInfo, CrewTable, CustomerTable, ShapeTable, ZoneTable
from maps.isolation import Isolator
from maps.locate.result import Candidate, Location
from maps.network import NodeKind, NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable

NOW = datetime(2024, 1, 3, 15, 0, 5, tzinfo=UTC)
"""23:00:05 in Jinan."""

SIDE, STEP_M, X0, Y0 = 4, 200.0, 500_000.0, 4_058_000.0
EAST_WEST = ("经十路", "经七路", "经四路", "经一路")
NORTH_SOUTH = ("纬一路", "纬二路", "纬三路", "纬四路")


def a_town(crs: str = "EPSG:4548", diameter_mm: float = 300.0, name_roads: bool = True) -> City:
    """Node ``J<col><row>``; pipe ``H<col><row>`` goes east from it, ``V<col><row>`` north; valves ``<pipe>a``, ``<pipe>b``."""
    cells = [(col, row) for row in range(SIDE) for col in range(SIDE)]
    node_row = {cell: number for number, cell in enumerate(cells)}
    kind = [NodeKind.JUNCTION] * len(cells) + [NodeKind.SOURCE]
    nodes = NodeTable.of(
        [*(f"J{col}{row}" for col, row in cells), "R1"],
        x=[*(X0 + col * STEP_M for col, _ in cells), X0 - STEP_M],
        y=[*(Y0 + row * STEP_M for _, row in cells), Y0],
        kind=kind,
        head_m=[np.nan] * len(cells) + [80.0],
    )
    pipes: list[tuple[str, int, int, str]] = [("M1", len(cells), 0, EAST_WEST[0])]
    pipes += [(f"H{c}{r}", node_row[c, r], node_row[c + 1, r], EAST_WEST[r]) for c, r in cells if c + 1 < SIDE]
    pipes += [(f"V{c}{r}", node_row[c, r], node_row[c, r + 1], NORTH_SOUTH[c]) for c, r in cells if r + 1 < SIDE]
    ids, start, end, road = zip(*pipes, strict=True)
    xy = np.column_stack([nodes.x, nodes.y])
    table = PipeTable.of(
        ids,
        from_node=start,
        to_node=end,
        diameter_mm=[diameter_mm] * len(ids),
        length_m=np.hypot(*(xy[list(start)] - xy[list(end)]).T),
        material=["球墨铸铁"] * len(ids),
        year_laid=[1998] * len(ids),
        depth_m=[1.2] * len(ids),
        road_name=road if name_roads else [""] * len(ids),
        vertices=xy[np.column_stack([start, end]).ravel()],
        offsets=np.arange(len(ids) + 1) * 2,
    )
    ends = [(f"{pipe}{mark}", row, node) for row, pipe in enumerate(ids) for mark, node in (("a", start[row]), ("b", end[row]))]
    valves = ValveTable.of(
        [valve for valve, _, _ in ends],
        pipe=[row for _, row, _ in ends],
        node=[node for _, _, node in ends],
        from_node=[-1] * len(ends),
        to_node=[-1] * len(ends),
        flows_to=[-1] * len(ends),
        x=[float(xy[node][0]) for _, _, node in ends],
        y=[float(xy[node][1]) for _, _, node in ends],
        diameter_mm=[diameter_mm] * len(ends),
    )
    middle = (xy[list(start)] + xy[list(end)]) / 2
    west = middle[:, 0] <= X0 + 1.5 * STEP_M
    customers = CustomerTable.of(
        [f"C-{pipe}" for pipe in ids],
        pipe=range(len(ids)),
        name=[f"{pipe}号楼" for pipe in ids],
        critical=["hospital" if pipe == "H20" else "" for pipe in ids],
        category=["medical" if pipe == "H20" else "residential" for pipe in ids],
        supply=["tank" if pipe == "V01" else "direct" for pipe in ids],
        households=[40] * len(ids),
        people=[120] * len(ids),
        community=["美林苑" if is_west else "泉城花园" for is_west in west],
        x=middle[:, 0],
        y=middle[:, 1],
    )
    far = SIDE * STEP_M
    line = np.empty(1, dtype=object)
    line[:] = [shapely.LineString([(X0 - far, Y0 - 10.0), (X0 + far, Y0 - 10.0)])]
    return City(
        CityInfo("试验市", "test", synthetic=True),
        PipeNetwork(nodes, table, PumpTable.empty(), valves, crs),
        crews=CrewTable.of(["C1", "C2", "C3"], name=["一队", "二队", "三队"]),
        customers=customers,
        zones=_zones(),
        roads=ShapeTable.of(["road1"], name=["经十路"], kind=["primary"], geometry=line),
    )


def _zones() -> ZoneTable:
    """A district and an area over the whole town, a community in each half."""
    far = SIDE * STEP_M
    boxes = [
        shapely.box(X0 - far, Y0 - far, X0 + far, Y0 + far),
        shapely.box(X0 - far, Y0 - far, X0 + 1.5 * STEP_M, Y0 + far),
        shapely.box(X0 + 1.5 * STEP_M, Y0 - far, X0 + far, Y0 + far),
        shapely.box(X0 - far, Y0 - far, X0 + far, Y0 + far),
    ]
    shapes = np.empty(4, dtype=object)
    shapes[:] = boxes
    return ZoneTable.of(
        ["D1", "K1", "K2", "A1"],
        kind=["district", "community", "community", "area"],
        name=["历下区", "美林苑", "泉城花园", "历下片区"],
        geometry=shapes,
    )


CREWS = (
    CrewFix("C1", "一队", X0, Y0, micros(NOW)),
    CrewFix("C2", "二队", X0 + 3 * STEP_M, Y0, micros(NOW)),
    CrewFix("C3", "三队", X0 + 3 * STEP_M, Y0 + 3 * STEP_M, micros(NOW)),
)


class PlainDocuments:
    """Documents as plain text: the port that the desk needs, without layout."""

    def texts(self, facts: NoticeFacts) -> tuple[str, str]:
        """Both texts from the facts."""
        return f"{facts.cause}：{facts.work}", f"emergency repair until {facts.expected_end.isoformat()}"

    def files(self, notice: Notice, folder: Path) -> tuple[Path, ...]:
        """One text."""
        path = folder / f"{notice.notice_id}.txt"
        path.write_text(notice.text_zh)
        return (path,)

    def stem(self, notice: Notice) -> str:
        """Its id."""
        return notice.notice_id

    def payloads(self, notice: Notice) -> tuple[Outgoing, ...]:
        """Its state and references."""
        kind = "cancel" if notice.status is NoticeStatus.LIFTED else "update" if notice.references else "alert"
        return (Outgoing(MessageKind.NOTICE, "", f"{kind} {notice.notice_id} {','.join(notice.references)}".encode()),)

    def reference(self, notice: Notice) -> str:
        """CAP's form."""
        return f"quanmai,{notice.notice_id},{notice.issued_at}"


def a_finding(
    pipes: tuple[str, ...] = ("H10", "V10", "H20"),
    at: datetime = NOW,
    first: float = 0.6,
    stations: tuple[str, ...] = ("S1", "S2"),
) -> BurstFinding:
    """A burst suspected on ``pipes``, the first with probability ``first``."""
    rest = (0.95 - first) / max(len(pipes) - 1, 1)
    candidates = tuple(Candidate(pipe, first if number == 0 else rest) for number, pipe in enumerate(pipes))
    evidence = tuple(Evidence(station, "pressure", 250.0, 312.0, at) for station in stations)
    return BurstFinding(
        at, at - timedelta(seconds=60), "A", 42.0, 20.0, evidence, Location(candidates, pipes, "imported", stations, 42.0)
    )


class Chair:
    """A user at the desk: every change set is applied to the state, every message kept, and the clock moves on."""

    def __init__(
        self, city: City | None = None, settings: DeskSettings | None = None, documents: Documents | None = None
    ) -> None:
        self.city = city or a_town()
        chosen = settings or DeskSettings(hotline="96116", issuer="水务集团")
        self.desk = Desk(self.city, Isolator(self.city), documents or PlainDocuments(), chosen)
        self.state = DeskState().with_crews(CREWS)
        self.now = NOW
        self.sent: list[Outgoing] = []
        self.log: list[Change] = []
        self._last: Mapping[str, int] = {}

    def does(self, intent: Intent, user: str = "王") -> ChangeSet:
        """Carry out an intent of somebody known by name."""
        return self.acts(intent, Actor.named(user))

    def acts(self, intent: Intent, actor: Actor) -> ChangeSet:
        """Carry out an intent."""
        return self.take(self.desk.carry_out(self.state, intent, actor, self.now), actor.name)

    def sees(self, finding: BurstFinding) -> ChangeSet:
        """A finding arrives."""
        return self.take(self.desk.on_burst(self.state, finding, self.now))

    def take(self, change_set: ChangeSet, user: str = "system") -> ChangeSet:
        """Commit, as the engine and its store do: new records are numbered."""
        numbers = numbers_for(change_set.records, self._last)
        change_set, self._last = renamed(change_set, numbers.ids), numbers.last
        committed = tuple(
            Change(len(self.log) + number, self.now, user, d.kind, d.subject, d.before, d.after, d.note, d.undoes, "", "")
            for number, d in enumerate(change_set.drafts, start=1)
        )
        self.log += committed
        self.state = self.state.applied(change_set, committed)
        self.sent += change_set.outgoing
        self.now += timedelta(seconds=10)
        return change_set

    @property
    def now_us(self) -> int:
        """The present in µs."""
        return micros(self.now)
