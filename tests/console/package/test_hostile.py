"""Altered and malicious packages: refused in one line that names the fault."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.expected import ExpectedValues
from console.domain.readings import ReadingBatch
from console.package import PackageFault, package_bytes, read_package, verify_package
from console.package import manifest as manifests
from console.package.container import Packed, unpacked, unzipped, zipped
from console.package.network import network_gpkg
from console.package.tables import expected_of, expected_parquet, readings_of, readings_parquet
from console.services.review.replay import Replay
from tests.builders import a_network
from tests.console.package.cases import a_case
from tests.console.package.test_package import rewritten


@pytest.fixture(scope="module")
def whole() -> bytes:
    """A good package."""
    return package_bytes(a_case())


def refused(folder: Path, content: bytes) -> str:
    """The one line that refuses it."""
    path = folder / "x.incident"
    path.write_bytes(content)
    with pytest.raises(PackageFault) as fault:
        read_package(path)
    assert "\n" not in str(fault.value)
    assert str(fault.value).startswith(str(path))
    return str(fault.value)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_found(whole: bytes, tmp_path: Path, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    flip = data.draw(st.integers(1, 255))
    refused(tmp_path, whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])


@pytest.mark.parametrize("column", ["station_id", "channel"])
def test_a_table_whose_stations_or_channels_are_all_missing_is_refused(column: str) -> None:
    record = a_case()
    table = pq.read_table(io.BytesIO(readings_parquet(record.readings, record.city)))
    place = table.column_names.index(column)
    sink = io.BytesIO()
    pq.write_table(table.set_column(place, column, pa.nulls(len(table), pa.string())), sink)
    with pytest.raises(PackageFault, match=f"readings.parquet: {column} None is not known here"):
        readings_of(sink.getvalue(), record.city, "readings.parquet")


@pytest.mark.parametrize(
    "name", ["records.jsonl", "readings.parquet", "expected.parquet", "past.json", "network.gpkg", "manifest.json"]
)
def test_the_changed_file_is_named(whole: bytes, tmp_path: Path, name: str) -> None:
    packed = unzipped(whole)
    content = bytearray(unpacked(name, packed[name]))
    content[len(content) // 2] ^= 1
    assert f"{name} was changed" in refused(tmp_path, zipped({**packed, name: Packed.of(name, bytes(content))}))


@pytest.mark.parametrize("cut", [0, 1, 100, 5000, -1, -30])
def test_a_file_cut_short_is_refused(whole: bytes, tmp_path: Path, cut: int) -> None:
    refused(tmp_path, whole[:cut] if cut else b"")


def test_bytes_added_before_or_after_are_refused(whole: bytes, tmp_path: Path) -> None:
    refused(tmp_path, b"#!/bin/sh\n" + whole)
    refused(tmp_path, whole + b"more")


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "/etc/passwd", "C:\\evil", "a\\..\\b", "a/../b", "a//b", ".hidden", "网络.gpkg", "x" * 300],
)
def test_a_foreign_path_is_refused(tmp_path: Path, name: str) -> None:
    assert "invalid path" in refused(tmp_path, a_zip({name: b"x"}))


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = 0o120777 << 16
    assert "not a regular file" in refused(tmp_path, a_zip({}, lambda archive: archive.writestr(entry, "/etc/passwd")))


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    assert "zip bomb" in refused(tmp_path, a_zip({"network.gpkg": bytes(50 << 20)}))


def test_a_zip_bomb_with_a_false_size_is_refused(whole: bytes, tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(30 << 20)) + packer.flush()
    packed = unzipped(whole)
    refused(tmp_path, zipped({**packed, "timeline.json": Packed(bomb, zipfile.ZIP_DEFLATED, 0, 100)}))


@pytest.mark.parametrize(
    ("arrived", "why"),
    [
        (pa.array([2**62], pa.timestamp("us", tz="UTC")), "year 9999"),
        (pa.array(["yesterday"]), "no times"),
        (None, "no column arrived"),
    ],
)
def test_arrivals_that_are_no_times_are_refused(arrived: pa.Array | None, why: str) -> None:
    city = a_case().city
    batch = ReadingBatch(np.zeros(1, np.int32), np.zeros(1, np.uint8), np.zeros(1, np.int64), np.zeros(1), np.zeros(1, np.uint8))
    table = pq.read_table(io.BytesIO(readings_parquet(batch, city))).drop_columns(["arrived"])
    sink = io.BytesIO()
    pq.write_table(table if arrived is None else table.append_column("arrived", arrived), sink)
    with pytest.raises(PackageFault, match=why):
        readings_of(sink.getvalue(), city, "readings.parquet")


@pytest.mark.parametrize(
    ("column", "words", "why"),
    [
        ("station_id", pa.array(["no such station"]), "'no such station' is not known here"),
        ("channel", pa.array(["mood"]), "'mood' is not known here"),
        ("time", pa.array(["noon"]), "contains no times"),
        ("value", None, "no column value"),
    ],
)
def test_expected_values_of_nothing_known_are_refused(column: str, words: pa.Array | None, why: str) -> None:
    city = a_case().city
    one = ExpectedValues(np.zeros(1, np.int32), np.zeros(1, np.uint8), np.zeros(1, np.int64), np.zeros(1))
    table = pq.read_table(io.BytesIO(expected_parquet(one, city))).drop_columns([column])
    sink = io.BytesIO()
    pq.write_table(table if words is None else table.append_column(column, words), sink)
    with pytest.raises(PackageFault, match=why):
        expected_of(sink.getvalue(), city, "expected.parquet")


def test_expected_values_beyond_the_record_and_without_a_number_change_nothing() -> None:
    record = a_case()
    own, far = record.expected, np.array([np.iinfo(np.int64).min, 0, np.iinfo(np.int64).max, int(record.expected.at_us[0]) + 1])
    more = ExpectedValues(
        np.concatenate([own.station, np.zeros(4, np.int32)]),
        np.concatenate([own.channel, np.zeros(4, np.uint8)]),
        np.concatenate([own.at_us, far]),
        np.concatenate([own.value, [1.0, 2.0, 3.0, np.inf]]),
    )
    plain, hostile = Replay(record), Replay(replace(record, expected=more))
    for at_us in np.unique(own.at_us)[::7].tolist():
        assert np.array_equal(plain.picture(at_us).expected, hostile.picture(at_us).expected, equal_nan=True)


@pytest.mark.parametrize("column", ["value", "sigma"])
def test_a_table_with_a_column_twice_is_refused(column: str) -> None:
    record = a_case()
    table = pq.read_table(io.BytesIO(expected_parquet(record.expected, record.city)))
    sink = io.BytesIO()
    pq.write_table(table.append_column(column, table.column(column)), sink)
    with pytest.raises(PackageFault, match=f"expected.parquet has the column {column} twice"):
        expected_of(sink.getvalue(), record.city, "expected.parquet")


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    assert "files" in refused(tmp_path, a_zip({f"f{number}": b"" for number in range(2_100)}))


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    def twice(archive: zipfile.ZipFile) -> None:
        archive.writestr("a.json", "1")
        archive.writestr("A.JSON", "2")

    assert "twice" in refused(tmp_path, a_zip({}, twice))


def test_a_file_that_the_manifest_does_not_name_is_refused(whole: bytes, tmp_path: Path) -> None:
    packed = unzipped(whole)
    assert "extra.exe" in refused(tmp_path, zipped({**packed, "extra.exe": Packed.of("extra.exe", b"MZ")}))
    del packed["records.jsonl"]
    assert "records.jsonl is missing" in refused(tmp_path, zipped(packed))


@pytest.mark.parametrize("schema", [0, -1, "2", None, True, 99])
def test_a_wrong_schema_is_refused(whole: bytes, tmp_path: Path, schema: object) -> None:
    refused(tmp_path, rewritten(whole, schema=schema))


def test_another_format_is_refused(whole: bytes, tmp_path: Path) -> None:
    assert "not that of an incident package" in refused(tmp_path, rewritten(whole, format="something.else"))
    refused(tmp_path, a_zip({"readme.txt": b"hello"}))
    assert "not an incident package" in refused(tmp_path, b"PK\x05\x06" + bytes(18))
    refused(tmp_path, b"not a zip at all")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("records.jsonl", b"[]"),
        ("records.jsonl", b"[" * 100_000),
        ("audit.jsonl", b'{"seq": "one"}\n'),
        ("readings.parquet", b"PAR1"),
        ("network.gpkg", b"SQLite format 3\x00"),
        ("positions.parquet", b""),
        ("notes.json", b'{"remarks": 3}'),
    ],
)
def test_a_well_packed_file_with_nonsense_in_it_is_named(whole: bytes, tmp_path: Path, name: str, content: bytes) -> None:
    assert name in refused(tmp_path, with_file(whole, name, content))


def test_a_city_in_no_time_zone_is_refused(whole: bytes, tmp_path: Path) -> None:
    city = a_case().city
    nowhere = network_gpkg(replace(city, info=replace(city.info, time_zone="Nowhere/At_All")))
    assert "no time zone" in refused(tmp_path, with_file(whole, "network.gpkg", nowhere))


def test_a_case_about_assets_that_its_network_lacks_is_refused(whole: bytes, tmp_path: Path) -> None:
    other = a_network().source("S").pipe("X1", "S", "A").station("S1", at="A").station("S2", at="A").station("S3", at="A")
    other = other.station("S4", at="A")
    assert "does not contain" in refused(tmp_path, with_file(whole, "network.gpkg", network_gpkg(other.build())))


def test_a_missing_file_is_reported_as_unreadable(tmp_path: Path) -> None:
    from maps.errors import InputFault

    with pytest.raises(InputFault, match="cannot be read"):
        verify_package(tmp_path / "none.incident")


def with_file(whole: bytes, name: str, content: bytes) -> bytes:
    """The package with another file in it, and a manifest that says so."""
    packed = {key: value for key, value in unzipped(whole).items() if key != "manifest.json"}
    packed[name] = Packed.of(name, content)
    files = {key: unpacked(key, value) for key, value in packed.items()}
    body = json.loads(unpacked("manifest.json", unzipped(whole)["manifest.json"]))
    about = {key: value for key, value in body.items() if key not in ("format", "schema", "files", "digest")}
    made = manifests.manifest_bytes(about, files, packed)
    return zipped({"manifest.json": Packed.of("manifest.json", made), **packed})


def a_zip(files: dict[str, bytes], more: Callable[[zipfile.ZipFile], None] = lambda archive: None) -> bytes:
    """A plain zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        more(archive)
    return out.getvalue()
