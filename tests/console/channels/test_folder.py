"""The folder channel: one complete file for each message, also with several writers."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.channels.folder import FolderChannel
from console.channels.port import NotDelivered
from console.domain.outgoing import MessageKind, Outgoing
from tests.disks import full_disk

NOTICE = Outgoing(MessageKind.NOTICE, "", b'{"notice_id": "N1"}')


def test_the_same_message_again_is_one_file(tmp_path: Path) -> None:
    channel = FolderChannel(tmp_path / "out")
    for _ in range(2):
        channel.deliver(7, NOTICE)
    (path,) = (tmp_path / "out").iterdir()
    assert path.read_bytes() == NOTICE.payload
    assert path.name.startswith("notice-000007-")
    assert path.suffix == ".json"


def test_messages_of_one_number_from_two_stores_do_not_overwrite_each_other(tmp_path: Path) -> None:
    other = Outgoing(MessageKind.NOTICE, "", b"<alert/>", "application/cap+xml")
    for message in (NOTICE, Outgoing(MessageKind.NOTICE, "", b'{"notice_id": "N2"}'), other):
        FolderChannel(tmp_path).deliver(7, message)
    assert len(list(tmp_path.iterdir())) == 3
    assert len(list(tmp_path.glob("*.cap.xml"))) == 1


def test_only_notices_are_written_unless_other_kinds_are_given(tmp_path: Path) -> None:
    order = Outgoing(MessageKind.ORDER, "C1", b"{}")
    assert FolderChannel(tmp_path).carries(NOTICE)
    assert not FolderChannel(tmp_path).carries(order)
    assert FolderChannel(tmp_path, {MessageKind.ORDER}).carries(order)


def test_a_folder_that_cannot_be_written_is_one_line_that_advises(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotDelivered, match="set another folder"):
        FolderChannel(tmp_path / "file").deliver(1, NOTICE)


def test_nothing_half_written_stays_on_a_full_disk(tmp_path: Path) -> None:
    long = Outgoing(MessageKind.NOTICE, "", b"x" * 1000)
    with full_disk(), pytest.raises(NotDelivered, match="free the disk"):
        FolderChannel(tmp_path).deliver(1, long)
    assert list(tmp_path.iterdir()) == []
