"""The web map as text: no external resources, all names escaped, no assets on the public one."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.city import City
from maps.errors import InputFault
from maps.export.web.escaping import safe
from maps.export.web.legend import MapWords, width_class
from maps.export.web.network_map import WebMapOptions, web_map_html, write_web_map
from maps.network import PipeNetwork
from tests.maps.export.cases import CANDIDATES, COMMUNITIES, HOSPITAL, HOSTILE, PIPES, STATION, VALVES, a_city, a_plan


def a_page(city: City | None = None, *, public: bool = False, word: str = "", title: str = "", **options: object) -> str:
    """The page of the plan."""
    chosen = WebMapOptions(**options)  # type: ignore[arg-type]
    shown = city or a_city(word=word)
    return web_map_html(shown, candidates=CANDIDATES, plan=a_plan(word), title=title, public=public, options=chosen)


def read(page: str) -> str:
    """The page with the escapes of its JSON read, so that a word is found wherever it stands."""
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), page)


class Tags(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.found.append((tag, dict(attrs)))


def tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    """Start tags as a browser's parser sees them."""
    parser = Tags()
    parser.feed(page)
    return parser.found


@pytest.mark.parametrize("public", [False, True])
def test_no_tag_and_no_style_loads_anything(public: bool) -> None:
    page = a_page(public=public)
    loading = [(tag, found[name]) for tag, found in tags(page) for name in ("src", "href") if found.get(name)]
    assert loading == [("link", "data:,")]
    assert not re.findall(r"url\((?!data:|#)[^)]*\)", "".join(re.findall(r"<style>(.*?)</style>", page, re.DOTALL)))
    assert "@import" not in page
    assert "sourceMappingURL" not in page


@pytest.mark.parametrize("public", [False, True])
def test_hostile_names_add_no_tag(public: bool) -> None:
    plain = [tag for tag, _ in tags(a_page(public=public, title="x"))]
    hostile = [tag for tag, _ in tags(a_page(public=public, word=HOSTILE, title=HOSTILE))]
    assert hostile == plain
    assert "window.broken=1</script>" not in a_page(public=public, word=HOSTILE)


def test_the_public_map_holds_no_pipe_valve_station_or_customer() -> None:
    page = read(a_page(public=True))
    for word in (*PIPES, *VALVES, STATION, HOSPITAL, "市医院", "球墨铸铁", "DN800", "DN300", "测点"):
        assert word not in page
    assert COMMUNITIES[0] in page
    assert COMMUNITIES[1] not in page


def test_the_public_map_keeps_no_water_and_low_pressure_apart() -> None:
    page = read(a_page(public=True, low_pressure=COMMUNITIES))
    assert "Low pressure" in page
    assert page.count(COMMUNITIES[0]) == 1


def test_the_internal_map_names_pipes_valves_candidates_stations_and_the_hospital() -> None:
    page = read(a_page(stations={STATION: "0.212 MPa"}, abnormal=frozenset({STATION})))
    for word in ("PIPE-A", "VALVE-2", "60.0%", "0.212 MPa", "assumed", "Dry pocket", "Abnormal stations", "市医院"):
        assert word in page


def test_a_drill_a_synthetic_city_and_a_drawing_without_place_are_labelled() -> None:
    words = MapWords({"drill": "演练", "synthetic": "合成数据", "not_georeferenced": "无地理坐标"})
    page = a_page(a_city("local"), is_drill=True, words=words)
    for label in ("演练", "合成数据", "无地理坐标"):
        assert f'<span class="qm-badge">{label}</span>' in page
    assert '<span class="qm-badge">' not in a_page(a_city(synthetic=False))


def test_coordinates_are_lon_lat_on_earth_and_the_drawings_own_otherwise() -> None:
    assert "L.CRS.EPSG3857" in a_page()
    assert re.search(r"117\.0\d*, 36\.6", a_page())
    assert "L.CRS.Simple" in a_page(a_city("local"))
    assert "[500000.0, 4058000.0]" in a_page(a_city("local"))


def test_a_city_of_pipes_alone_has_its_page() -> None:
    city = a_city()
    bare = City(city.info, replace(city.network, valves=type(city.network.valves).empty()))
    assert "Pipes" in web_map_html(bare)


def test_pipes_without_a_finite_place_are_left_out_not_fatal() -> None:
    city = a_city()
    vertices = city.network.pipes.vertices.copy()
    vertices[0] = float("nan")
    network: PipeNetwork = replace(city.network, pipes=city.network.pipes.replaced(vertices=vertices))
    page = web_map_html(replace(city, network=network))
    assert "PIPE-A" not in page
    assert "PIPE-B" in page
    assert "NaN" not in page.rsplit("</script>", 2)[-2]


def test_widths_follow_diameters_and_an_unknown_one_is_thin() -> None:
    assert width_class(a_city().network.pipes.diameter_mm).tolist() == [3, 2, 0]


def test_a_folder_that_is_not_there_is_one_clear_line_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="cannot be written"):
        write_web_map(tmp_path / "none" / "map.html", a_city())
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_written_whole(tmp_path: Path) -> None:
    write_web_map(tmp_path / "map.html", a_city(), plan=a_plan(), candidates=CANDIDATES, title="一号事件")
    assert [path.name for path in tmp_path.iterdir()] == ["map.html"]
    assert "一号事件" in (tmp_path / "map.html").read_text("utf-8")


@given(text=st.text(st.characters(exclude_categories=[]), max_size=60))
@settings(max_examples=200, deadline=None)
def test_a_safe_text_holds_nothing_that_markup_or_a_template_literal_reads(text: str) -> None:
    result = safe(text)
    assert not set(result) & set("<>\"'`\\{}$\n\r\u2028\u2029")
    result.encode("utf-8")
