"""The incident package: the same bytes for the same case, nothing lost on the way, notes in a copy, older versions."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from console.domain.attachments import Attachment
from console.domain.changes import canonical_json
from console.domain.expected import ExpectedValues
from console.domain.notes import Note
from console.domain.shift import LogEntry
from console.domain.targets import Target, Targets
from console.package import PackageFault, package_bytes, read_package, verify_package, with_notes, write_package
from console.package import manifest as manifests
from console.package.container import Packed, unpacked, unzipped, zipped
from console.package.parts import files_of
from console.services.analysis.readings_file import read_recording
from console.services.review.notes import Action, Findings, Remark, ReviewNotes
from console.services.review.record import CaseRecord
from console.services.review.redact import redacted
from console.ui.review.port import ReplayPort
from maps.dataset import read_city
from maps.errors import InputFault
from tests.console.notes import chinese
from tests.console.package.cases import CASE, FILES, HOSTILE, a_case, chained
from tests.console.services.town import NOW


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    """A whole case."""
    return a_case()


def test_the_same_case_gives_the_same_bytes(record: CaseRecord) -> None:
    assert package_bytes(record) == package_bytes(replace(record))


@pytest.mark.parametrize("word", ["", HOSTILE, "\u202e\u0000\n"])
def test_a_package_read_and_written_again_is_the_same_file(tmp_path: Path, word: str) -> None:
    path, again = tmp_path / "a.incident", tmp_path / "b.incident"
    write_package(a_case(word), path, report=b"<html></html>")
    write_package(read_package(path), again, report=b"<html></html>")
    assert path.read_bytes() == again.read_bytes()


def test_everything_of_the_case_comes_back(record: CaseRecord, tmp_path: Path) -> None:
    path = tmp_path / "a.incident"
    write_package(record, path)
    back = read_package(path)
    assert back.incident == record.incident
    assert back.changes == record.changes
    assert back.alarms == record.alarms
    assert back.sent == record.sent
    assert (back.since, back.until) == (record.since, record.until)
    assert dict(back.files) == FILES
    for name in ("station", "channel", "at_us", "value", "quality", "arrived_us"):
        assert np.array_equal(getattr(back.readings, name), getattr(record.readings, name))
    for name in ("station", "channel", "at_us", "value"):
        assert np.array_equal(getattr(back.expected, name), getattr(record.expected, name))
    assert back.expected.sigma is not None
    assert record.expected.sigma is not None
    assert np.array_equal(back.expected.sigma, record.expected.sigma, equal_nan=True)
    assert back.past == record.past
    assert np.array_equal(back.tracks.x, record.tracks.x)
    assert list(back.city.network.pipes.asset_id) == list(record.city.network.pipes.asset_id)


def test_a_package_without_the_stations_scatter_opens_and_knows_none(record: CaseRecord, tmp_path: Path) -> None:
    path = tmp_path / "older.incident"
    path.write_bytes(package_bytes(replace(record, expected=replace(record.expected, sigma=None))))
    back = read_package(path)
    assert back.expected.sigma is None
    assert np.array_equal(back.expected.value, record.expected.value)


def test_other_programs_read_what_is_in_it(record: CaseRecord, tmp_path: Path) -> None:
    write_package(record, tmp_path / "a.incident")
    for name, content in verify_package(tmp_path / "a.incident").files.items():
        (tmp_path / Path(name).name).write_bytes(content)
    city = read_city(tmp_path / "network.gpkg")
    batch = read_recording(tmp_path / "readings.parquet", city)
    assert np.allclose(np.sort(batch.value), np.sort(record.readings.value))
    plans = [json.loads(path.read_text())["burst_pipes"] for path in sorted(tmp_path.glob("0*.json"))]
    assert plans[0] == ["H10"]
    assert plans[-1] == ["V10"]
    assert {line["kind"] for line in json.loads((tmp_path / "timeline.json").read_text())} >= {"valve_closed", "notice_issued"}


def test_notes_go_into_a_copy_and_the_case_stays_as_it_was(record: CaseRecord, tmp_path: Path) -> None:
    path, copy = tmp_path / "a.incident", tmp_path / "b.incident"
    write_package(record, path, report=b"<html></html>")
    before = path.read_bytes()
    at = datetime(2024, 1, 3, 15, 1, tzinfo=UTC)
    notes = ReviewNotes(
        (Remark(at, HOSTILE, "审核员"),), (Action("更换阀门", "李", at.date()),), Findings(cause="冻裂", frost=True, customers=30)
    )
    with_notes(path, notes, copy)
    assert path.read_bytes() == before
    first, second = verify_package(path).files, verify_package(copy).files
    assert {name for name in first if first[name] != second[name]} == {"notes.json"}
    assert read_package(copy).notes == notes


def test_a_change_altered_before_packing_is_named(record: CaseRecord, tmp_path: Path) -> None:
    changes = list(record.changes)
    changes[3] = replace(changes[3], user="somebody else")
    write_package(replace(record, changes=tuple(changes)), tmp_path / "a.incident")
    with pytest.raises(PackageFault, match=r"audit\.jsonl: change 4 does not match"):
        read_package(tmp_path / "a.incident")


def test_a_change_left_out_is_noticed_unless_its_link_is_there(record: CaseRecord, tmp_path: Path) -> None:
    gone = record.changes[4]
    kept = tuple(change for change in record.changes if change is not gone)
    path = tmp_path / "a.incident"
    write_package(replace(record, changes=kept, links=((gone.seq, gone.hash),)), path)
    assert len(read_package(path).changes) == len(kept)
    forged = chained([change for change in record.changes if change is not gone])
    write_package(replace(record, changes=forged, links=((forged[-1].seq + 5, "0" * 64),)), path)
    read_package(path)  # a whole chain of its own is consistent: that is what signatures are for


def test_a_package_of_the_first_schema_opens(record: CaseRecord, tmp_path: Path) -> None:
    path = tmp_path / "old.incident"
    path.write_bytes(as_first_schema(package_bytes(record)))
    assert verify_package(path).manifest.schema == 1
    back = read_package(path)
    assert back.changes == record.changes
    assert back.notes == ReviewNotes()
    assert back.readings.arrived_us is None


def test_a_package_of_the_second_schema_opens_with_its_arrivals_unknown(record: CaseRecord, tmp_path: Path) -> None:
    path, again = tmp_path / "old.incident", tmp_path / "again.incident"
    path.write_bytes(as_second_schema(package_bytes(record)))
    assert verify_package(path).manifest.schema == 2
    back = read_package(path)
    assert back.readings.arrived_us is None
    assert np.array_equal(back.readings.value, record.readings.value)
    write_package(back, again)
    before = replace(record, readings=replace(record.readings, arrived_us=None), expected=ExpectedValues.empty(), past=())
    assert again.read_bytes() == package_bytes(without_versions(before))


def test_a_package_of_the_third_schema_opens_without_expected_values_and_earlier_cases(
    record: CaseRecord, tmp_path: Path
) -> None:
    path, again = tmp_path / "old.incident", tmp_path / "again.incident"
    path.write_bytes(as_third_schema(package_bytes(record)))
    assert verify_package(path).manifest.schema == 3
    write_package(read_package(path), again)
    before = replace(record, expected=ExpectedValues.empty(), past=())
    assert again.read_bytes() == package_bytes(without_versions(before))


def with_a_picture(record: CaseRecord) -> tuple[CaseRecord, Attachment]:
    """The record with an entry that has a picture, and the utility's targets."""
    picture = Attachment.of(b"\x89PNG\r\n\x1a\n" + b"leak" * 50)
    entry = LogEntry("L-000001", NOW, "王小明", "王小明", "漏点照片", incident_id=CASE, picture=picture.ref("leak.png"))
    targets = Targets(issue=Target(20, 5))
    return replace(record, others=(entry,), pictures={picture.sha256: picture}, targets=targets), picture


def test_pictures_of_entries_and_the_utilitys_targets_go_with_the_package(record: CaseRecord, tmp_path: Path) -> None:
    full, picture = with_a_picture(record)
    write_package(full, tmp_path / "a.incident")
    assert verify_package(tmp_path / "a.incident").files[f"pictures/{picture.sha256}.png"] == picture.content
    back = read_package(tmp_path / "a.incident")
    assert (back.others, back.pictures, back.targets) == (full.others, full.pictures, full.targets)
    assert ReplayPort(back).attachment(picture.sha256) == picture
    write_package(redacted(full), tmp_path / "r.incident")
    assert not [name for name in verify_package(tmp_path / "r.incident").files if name.startswith("pictures/")]


def test_a_picture_under_another_name_and_what_is_no_picture_are_refused(record: CaseRecord, tmp_path: Path) -> None:
    full, picture = with_a_picture(record)
    for content in (b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\nother"):
        files = files_of(full) | {f"pictures/{picture.sha256}.png": content}
        (tmp_path / "a.incident").write_bytes(repacked(package_bytes(full), files, manifests.SCHEMA))
        with pytest.raises(PackageFault, match=r"is no picture|holds another picture"):
            read_package(tmp_path / "a.incident")


def test_a_package_of_the_eighth_schema_opens_without_pictures_and_targets(record: CaseRecord, tmp_path: Path) -> None:
    path, content = tmp_path / "old.incident", package_bytes(record)
    files = {name: one for name, one in files_of(record).items() if name != "targets.json"}
    path.write_bytes(repacked(content, files, 8))
    assert verify_package(path).manifest.schema == 8
    back = read_package(path)
    assert (back.incident, back.targets, back.pictures) == (record.incident, None, {})


def test_a_package_of_the_sixth_schema_opens_with_its_incident_and_alarms(record: CaseRecord, tmp_path: Path) -> None:
    path, content = tmp_path / "old.incident", package_bytes(record)
    path.write_bytes(repacked(content, files_before_7(content), 6))
    assert verify_package(path).manifest.schema == 6
    back = read_package(path)
    assert back.incident == record.incident
    assert [replace(alarm, version=0) for alarm in back.alarms] == [replace(alarm, version=0) for alarm in record.alarms]
    assert back.changes == record.changes


def test_a_package_of_the_fifth_schema_opens_with_its_texts_as_they_were_written(record: CaseRecord, tmp_path: Path) -> None:
    """The file was written by the version before notes had keys, of the same case."""
    old, again = Path(__file__).with_name("schema_5.incident"), tmp_path / "again.incident"
    checked = verify_package(old)
    assert checked.manifest.schema == 5
    back = read_package(old)  # its chain is checked too
    lines = [json.loads(line)["note"] for line in checked.files["audit.jsonl"].splitlines()]
    assert [change.note for change in back.changes] == list(map(Note.literal, lines))
    assert {alarm.detail.text for alarm in back.alarms} == {alarm["detail"] for alarm in json.loads(checked.files["alarms.json"])}
    assert [chinese(change.note) for change in record.changes] == lines
    write_package(back, again)
    assert read_package(again).changes == back.changes


def test_the_timeline_of_a_package_reads_in_both_languages(record: CaseRecord, tmp_path: Path) -> None:
    write_package(record, tmp_path / "a.incident")
    timeline = json.loads(verify_package(tmp_path / "a.incident").files["timeline.json"])
    closed = next(line for line in timeline if line["kind"] == "valve_closed")
    valve = next(change.note.params["valve"] for change in record.changes if change.kind == "valve_closed")
    assert closed["note"] == {"zh_CN": f"阀门 {valve} 已关（1/2）", "en": f"Valve {valve} closed (1 of 2)"}


def test_a_package_of_a_newer_schema_says_that_the_program_is_too_old(record: CaseRecord, tmp_path: Path) -> None:
    path = tmp_path / "new.incident"
    path.write_bytes(rewritten(package_bytes(record), schema=manifests.SCHEMA + 1))
    with pytest.raises(PackageFault, match="newer version"):
        verify_package(path)


def test_without_the_signing_package_a_key_is_refused_with_advice(
    record: CaseRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.package.signing.find_spec", lambda name: None)
    with pytest.raises(InputFault, match="cryptography"):
        package_bytes(record, key=tmp_path / "key.pem")


def test_a_signature_holds_and_one_of_another_key_does_not(record: CaseRecord, tmp_path: Path) -> None:
    from importlib import import_module

    ed25519 = import_module("cryptography.hazmat.primitives.asymmetric.ed25519")
    forms = import_module("cryptography.hazmat.primitives.serialization")
    for name in ("mine", "other"):
        key = ed25519.Ed25519PrivateKey.generate()
        (tmp_path / f"{name}.pem").write_bytes(
            key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
        )
        (tmp_path / f"{name}.pub").write_bytes(
            key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
        )
    path = tmp_path / "a.incident"
    write_package(record, path, key=tmp_path / "mine.pem")
    assert verify_package(path, trusted=tmp_path / "mine.pub").signed_by
    with pytest.raises(PackageFault, match="another key"):
        verify_package(path, trusted=tmp_path / "other.pub")
    path.write_bytes(rewritten(path.read_bytes(), title="nothing happened"))
    with pytest.raises(PackageFault, match="signature"):
        verify_package(path)


def rewritten(content: bytes, **manifest: Any) -> bytes:
    """The package with a manifest that says something else, and a digest that fits it."""
    packed = unzipped(content)
    body = json.loads(unpacked("manifest.json", packed["manifest.json"]))
    del body["digest"]
    body.update(manifest)
    body["digest"] = manifests._hash(canonical_json(body))
    return zipped({**packed, "manifest.json": Packed.of("manifest.json", canonical_json(body) + b"\n")})


def as_first_schema(content: bytes) -> bytes:
    """The package as schema 1 had it: the chain as one array, no links, no messages, no notes."""
    files = files_before_4(content)
    files["readings.parquet"] = without_arrivals(files["readings.parquet"])
    files["audit.json"] = canonical_json([json.loads(line) for line in files.pop("audit.jsonl").splitlines()])
    for name in ("links.json", "sent.jsonl", "notes.json"):
        del files[name]
    return repacked(content, files, 1)


def as_third_schema(content: bytes) -> bytes:
    """The package as schema 3 had it: nothing of expected values and earlier cases."""
    return repacked(content, files_before_4(content), 3)


def files_before_4(content: bytes) -> dict[str, bytes]:
    """The files of a package but its manifest and those that schema 4 brought."""
    return {name: data for name, data in files_before_7(content).items() if name not in ("expected.parquet", "past.json")}


def files_before_7(content: bytes) -> dict[str, bytes]:
    """The files of a package but its manifest, the incident and its alarms in a file each."""
    files = {name: unpacked(name, packed) for name, packed in unzipped(content).items() if name != "manifest.json"}
    lines = [json.loads(line) for line in files.pop("records.jsonl").splitlines()]
    del files["targets.json"]
    (incident,) = (line["document"] for line in lines if line["kind"] == "incident")
    alarms = [line["document"] for line in lines if line["kind"] == "alarm"]
    for alarm in alarms:
        del alarm["version"]
    return {"incident.json": canonical_json(incident), "alarms.json": canonical_json(alarms), **files}


def as_second_schema(content: bytes) -> bytes:
    """The package as schema 2 had it: readings without a column for their arrival."""
    files = files_before_4(content)
    files["readings.parquet"] = without_arrivals(files["readings.parquet"])
    return repacked(content, files, 2)


def without_versions(record: CaseRecord) -> CaseRecord:
    """Alarms as packages before schema 7 had them."""
    return replace(record, alarms=tuple(replace(alarm, version=0) for alarm in record.alarms))


def without_arrivals(content: bytes) -> bytes:
    """Readings as they were before arrivals were kept."""
    sink = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(content)).drop_columns(["arrived"]), sink)
    return sink.getvalue()


def repacked(content: bytes, files: dict[str, bytes], schema: int) -> bytes:
    """Other files under the package's manifest, as an older schema."""
    packed = {name: Packed.of(name, content) for name, content in files.items()}
    body = json.loads(unpacked("manifest.json", unzipped(content)["manifest.json"]))
    about = {key: value for key, value in body.items() if key not in ("format", "schema", "files", "digest")}
    made = manifests.manifest_bytes(about, files, packed)
    return rewritten(zipped({"manifest.json": Packed.of("manifest.json", made), **packed}), schema=schema)
