"""Files and messages of a notice: all present, distinct, complete or absent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.documents import DocumentFault, NoticeDocuments
from console.documents import notices as notices_module
from console.domain.notices import NoticeStatus
from console.services.ports import Documents
from console.services.settings import DeskSettings
from tests.console.documents.cases import LIFTED, a_notice, some_facts

PIPE_IDS = ("P-104233", "V-5501")


def the_documents(**settings: Any) -> NoticeDocuments:
    """Documents of the site jinan at the time of lifting."""
    return NoticeDocuments(DeskSettings(**settings), "jinan", lambda: LIFTED)


@pytest.fixture
def without_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the PDF, which needs a process of its own for a second (see test_pdf)."""
    monkeypatch.setattr(notices_module, "make_pdf", lambda page: b"%PDF-")


def test_documents_fulfil_the_port_of_services() -> None:
    port: Documents = the_documents()
    assert len(port.texts(some_facts())) == 2


@pytest.mark.usefixtures("without_pdf")
def test_every_form_is_written_under_its_own_name(tmp_path: Path) -> None:
    documents, facts = the_documents(), some_facts()
    notice = a_notice(documents.texts(facts), facts)
    first = documents.files(notice, tmp_path)
    second = documents.files(replace(notice, notice_id="2024-0007-N2", version=2), tmp_path)
    assert sorted("".join(path.suffixes[-2:]) for path in first) == [".cap.xml", ".en.txt", ".json", ".pdf", ".zh_CN.txt"]
    assert len({*first, *second}) == 10
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in (*first, *second))


@pytest.mark.usefixtures("without_pdf")
def test_an_id_with_anything_in_it_stays_inside_the_folder(tmp_path: Path) -> None:
    documents, facts = the_documents(), some_facts()
    folder = tmp_path / "notices"
    written = documents.files(a_notice(documents.texts(facts), facts, notice_id="../../etc/x\n公告 1"), folder)
    assert {path.parent for path in written} == {folder}
    assert len(list(folder.iterdir())) == 5


@pytest.mark.usefixtures("without_pdf")
def test_a_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    calls = []

    def full_disk(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    documents, facts = the_documents(), some_facts()
    with pytest.raises(DocumentFault, match="No space left"):
        documents.files(a_notice(documents.texts(facts), facts), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("without_pdf")
def test_a_folder_that_is_a_file_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    documents, facts = the_documents(), some_facts()
    with pytest.raises(DocumentFault, match="cannot be written"):
        documents.files(a_notice(documents.texts(facts), facts), tmp_path / "taken")


def test_payloads_are_json_and_cap_for_the_public() -> None:
    documents, facts = the_documents(), some_facts()
    body, cap = documents.payloads(a_notice(documents.texts(facts), facts))
    assert body.address == cap.address == "notices"
    assert body.content_type == "application/json"
    assert cap.payload.startswith(b"<?xml")
    assert json.loads(body.payload)["no_water"] == {"communities": ["美林苑"], "households": 1284}


def test_the_settings_site_goes_before_the_citys() -> None:
    documents, facts = the_documents(site="jinan-drill"), some_facts()
    assert b"<identifier>quanmai.jinan-drill." in documents.payloads(a_notice(documents.texts(facts), facts))[1].payload


def test_json_times_carry_the_citys_offset_and_geometry_is_lon_lat() -> None:
    documents, facts = the_documents(), some_facts()
    body = json.loads(documents.payloads(a_notice(documents.texts(facts), facts))[0].payload)
    assert body["starts_at"] == "2024-01-03T23:01:20.000+08:00"
    assert body["geometry"]["type"] == "MultiPolygon"
    assert body["geometry"]["coordinates"][0][0][0] == [117.01, 36.69]


def test_json_names_the_reason_where_there_is_no_geometry() -> None:
    facts = some_facts(affected_wgs84=(), no_geometry_reason="network not georeferenced")
    documents = the_documents()
    body = json.loads(documents.payloads(a_notice(documents.texts(facts), facts))[0].payload)
    assert body["geometry"] is None
    assert body["geometry_omitted"] == "network not georeferenced"


def test_a_lifted_notice_cancels_and_says_so_in_both() -> None:
    documents, facts = the_documents(), some_facts()
    notice = a_notice(documents.texts(facts), facts)
    lifted = replace(notice, status=NoticeStatus.LIFTED, references=(documents.reference(notice),))
    body, cap = documents.payloads(lifted)
    assert json.loads(body.payload)["status"] == "lifted"
    assert b"<msgType>Cancel</msgType>" in cap.payload
    assert documents.reference(notice).encode() in cap.payload


def test_why_a_notice_was_lifted_stands_in_every_file_of_its_end(tmp_path: Path, without_pdf: None) -> None:
    documents, facts = the_documents(), some_facts()
    notice = a_notice(documents.texts(facts), facts)
    lifted = replace(notice, status=NoticeStatus.LIFTED, references=(documents.reference(notice),), lift_reason="管道位置有误")
    written = {path.name: path.read_bytes().decode(errors="replace") for path in documents.files(lifted, tmp_path)}
    kept = [name for name in written if name.endswith((".zh_CN.txt", ".json", ".cap.xml"))]
    assert len(kept) == 3
    assert all("管道位置有误" in written[name] for name in kept)
    issue = {path.name for path in documents.files(notice, tmp_path)}
    assert not issue & set(written), "the files of the issue are kept"


def test_a_withdrawn_notice_gives_no_all_clear() -> None:
    documents, facts = the_documents(), some_facts()
    notice = a_notice(documents.texts(facts), facts)
    ended = replace(notice, status=NoticeStatus.LIFTED, references=(documents.reference(notice),), withdrawn=True)
    _, cap = documents.payloads(ended)
    assert b"<msgType>Cancel</msgType>" in cap.payload
    assert b"AllClear" not in cap.payload
    assert b"restored" not in cap.payload
