"""``python -m tests.fuzz SEED`` or ``FIRST:LAST``: replays cases; prints each that breaks a rule, and counts by kind."""

from __future__ import annotations

import collections
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.corpus import Corpus
from tests.fuzz.running import run_seed


def main() -> int:
    """Exit 1 when a case breaks a rule."""
    first, _, last = sys.argv[1].partition(":")
    seeds = range(int(first), int(last) if last else int(first) + 1)
    by_kind: collections.Counter[tuple[str, int | None]] = collections.Counter()
    seconds: collections.defaultdict[str, float] = collections.defaultdict(float)
    broken = 0
    with tempfile.TemporaryDirectory(prefix="fuzz-corpus-") as folder:
        corpus = Corpus.made(Path(folder))
        for seed in seeds:
            began = time.monotonic()
            outcome = run_seed(seed, corpus)
            by_kind[outcome.case.kind, outcome.code] += 1
            if outcome.fault or len(seeds) == 1:
                print(f"{seed} {outcome.case.kind}: {' '.join(outcome.case.words)!r} -> {outcome.code}")  # noqa: T201
                print(f"  {outcome.fault or outcome.said}")  # noqa: T201
                broken += bool(outcome.fault)
            seconds[outcome.case.kind] += time.monotonic() - began
            if (took := time.monotonic() - began) > 5:
                print(f"{seed} {' '.join(outcome.case.words)}: {took:.1f} s")  # noqa: T201
    for (kind, code), count in sorted(by_kind.items(), key=str):
        print(f"{kind:16} exit {code}: {count}, {seconds[kind]:.0f} s in all")  # noqa: T201
    print(f"{len(seeds)} cases, {broken} broke a rule")  # noqa: T201
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
