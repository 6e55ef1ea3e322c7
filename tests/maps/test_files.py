"""Files are written whole, those that belong together all of them or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from maps.errors import InputFault
from maps.files import write_aside, write_together
from tests.disks import full_disk


def test_a_full_disk_leaves_none_of_the_files_that_belong_together_and_changes_none(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"old")
    files = {tmp_path / "a.pdf": b"x" * 50, tmp_path / "a.html": b"y" * 500, tmp_path / "a.head.jsonl": b"z"}
    with full_disk(100), pytest.raises(InputFault, match=r"a\.html: cannot be written .*free the disk") as fault:
        write_together(files)
    assert "\n" not in str(fault.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.pdf": b"old"}
    write_together(files)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_a_folder_or_a_missing_one_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for wrong in (tmp_path / "b", tmp_path / "none" / "c"):
        with pytest.raises(InputFault):
            write_together({tmp_path / "a": b"1", wrong: b"2"})
    with pytest.raises(InputFault, match="is a folder"):
        write_aside(tmp_path / "b", b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
