"""Final ids of new records, given inside the transaction that writes them; the caller holds the write lock."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from console.domain.changes import ChangeSet
from console.domain.record_ids import Numbers, is_provisional, numbers_for, renamed
from console.domain.records import key_of
from console.services.ports import StaleState
from console.store.records import given_ids


def numbered(connection: Connection, change_set: ChangeSet, last: Mapping[str, int]) -> tuple[ChangeSet, Numbers]:
    """The change set with final ids, and these with the numbers behind ``last`` (the last ones given, by series).

    A change set decided while an earlier one waited for the disk refers to that one's records by their provisional ids.
    Raises StaleState where such a record was never written.
    """
    found = change_set.provisional_ids()
    if not found:
        return change_set, Numbers({}, last)
    numbers = numbers_for(change_set.records, last)
    ids = {**given_ids(connection, found - numbers.ids.keys()), **numbers.ids}
    changed = renamed(change_set, ids)
    for subject in (*(draft.subject for draft in changed.drafts), *map("/".join, map(key_of, changed.records))):
        if is_provisional(subject.partition("/")[2]):
            raise StaleState(f"{subject} is not in the store; look again, nothing was written")
    return changed, Numbers(ids, numbers.last)


def opened_as(before: ChangeSet, after: ChangeSet) -> dict[tuple[str, str], str]:
    """Provisional ids of records by their kind and final id, from a change set before and after it was numbered."""
    pairs = zip(map(key_of, before.records), map(key_of, after.records), strict=True)
    return {new: old[1] for old, new in pairs if old != new}
