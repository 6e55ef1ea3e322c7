"""Files of an open store that are deleted, moved or replaced: no commit succeeds that the store would not hold."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.actors import Actor
from console.services.ports import StoreInUse, StoreUnavailable
from console.store import SqlStore, open_store
from tests.console.store.values import NOW, opening


@pytest.fixture
def engine_store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(tmp_path / "engine.sqlite", "engine")
    yield opened
    opened.close()


def test_nothing_is_written_to_a_store_whose_file_is_gone_until_it_is_back(engine_store: SqlStore, tmp_path: Path) -> None:
    path = Path(engine_store.where)
    path.rename(tmp_path / "aside")
    with pytest.raises(StoreUnavailable, match="the file is gone"):
        engine_store.commit(opening(1), Actor.named("王"), NOW)
    with pytest.raises(StoreUnavailable, match="the file is gone"):
        engine_store.probe()
    (tmp_path / "aside").rename(path)
    engine_store.commit(opening(1), Actor.named("王"), NOW)
    assert set(open_store(path).load_desk().incidents) == {"2024-0001"}


def test_nothing_is_written_when_another_file_is_in_the_store_s_place(engine_store: SqlStore, tmp_path: Path) -> None:
    path = Path(engine_store.where)
    shutil.copy(path, tmp_path / "backup")
    path.unlink()
    shutil.copy(tmp_path / "backup", path)
    with pytest.raises(StoreUnavailable, match="another file is in its place"):
        engine_store.record_deliveries((), [1])


def test_a_lock_file_deleted_as_a_leftover_is_taken_again_and_a_second_process_is_refused(engine_store: SqlStore) -> None:
    lock = Path(f"{engine_store.where}.lock")
    lock.unlink()
    engine_store.commit(opening(1), Actor.named("王"), NOW)
    with pytest.raises(StoreInUse, match="engine"):
        open_store(engine_store.where, "console")


def test_a_process_whose_lock_another_one_took_writes_nothing(engine_store: SqlStore) -> None:
    Path(f"{engine_store.where}.lock").unlink()
    second = open_store(engine_store.where, "console")
    try:
        with pytest.raises(StoreUnavailable, match="in use by quanmai console"):
            engine_store.commit(opening(1), Actor.named("王"), NOW)
        second.commit(opening(1), Actor.named("王"), NOW)
    finally:
        second.close()
    engine_store.commit(opening(2), Actor.named("王"), NOW)  # the other has ended
