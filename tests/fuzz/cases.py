"""The case of a seed: an input of one kind, mutated, and a command line that reads it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from console.package.container import Packed, zipped
from console.package.manifest import NAME, manifest_bytes
from tests.fuzz.corpus import Corpus
from tests.fuzz.tables import mutated_parquet, mutated_sqlite
from tests.fuzz.texts import mutated_bytes, mutated_json_file, mutated_lines, mutated_text
from tests.fuzz.values import TIMES, WORDS


@dataclass(frozen=True, slots=True)
class Case:
    """``words``: the command line, run in the folder that holds the inputs. ``out``: what it may write."""

    kind: str
    words: tuple[str, ...]
    out: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


Maker = Callable[[Corpus, Path, random.Random], Case]


def case_of(seed: int, corpus: Corpus, folder: Path) -> Case:
    """Write the inputs of a seed into ``folder`` and give its command line. The same for the same seed."""
    rng = random.Random(seed)
    return MAKERS[seed % len(MAKERS)](corpus, folder, rng)


def _copied(corpus: Corpus, folder: Path, *names: str) -> None:
    for name in names:
        if name.endswith(".shp"):
            for part in corpus.folder.glob(f"{Path(name).stem}.*"):
                if part.suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
                    shutil.copyfile(part, folder / part.name)
        else:
            shutil.copyfile(corpus.folder / name, folder / name)


def _mutated(
    corpus: Corpus, folder: Path, name: str, mutation: Callable[[bytes, random.Random], bytes], rng: random.Random
) -> None:
    (folder / name).write_bytes(mutation((corpus.folder / name).read_bytes(), rng))


def _inp(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    _mutated(corpus, folder, "net.inp", mutated_text, rng)
    more = rng.choice(((), ("--assume-valves",), ("--crs", "EPSG:4548"), ("--stations", "auto:3"), ("--crs", "EPSG:4326")))
    return Case("inp", ("import", "net.inp", "--to", "x.gpkg", *more), ("x.gpkg",))


def _inp_and_layers(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    _copied(corpus, folder, "net.inp", "s.csv", "hydrants.csv")
    name = rng.choice(("net.inp", "s.csv", "hydrants.csv"))
    _mutated(corpus, folder, name, mutated_text, rng)
    words = ("import", "net.inp", "hydrants.csv", "--to", "x.gpkg", "--crs", "EPSG:4548", "--stations", "s.csv")
    return Case("inp and layers", words, ("x.gpkg",))


def _layers(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    names = ["pipes.geojson", "valves.geojson", "nodes.shp", "customers.csv", "hydrants.csv"]
    _copied(corpus, folder, *names)
    name = rng.choice([*names[:2], "nodes.dbf", "nodes.shp", "nodes.shx", *names[3:]])
    mutations = {"json": mutated_json_file, "csv": mutated_text}
    mutation = mutated_bytes if rng.random() < 0.2 else mutations.get(name.rpartition(".")[2].replace("geo", ""), mutated_bytes)
    _mutated(corpus, folder, name, mutation, rng)
    more = rng.choice(((), ("--assume-valves",), ("--stations", "auto:2"), ("--name", "城")))
    return Case("layers", ("import", *names, "--to", "x.gpkg", *more), ("x.gpkg",))


def _profile(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    _copied(corpus, folder, "gis.gpkg", "p.toml")
    if rng.random() < 0.7:
        _mutated(corpus, folder, "p.toml", mutated_text, rng)
    else:
        mutated_sqlite(folder / "gis.gpkg", rng)
    return Case("profile", ("import", "gis.gpkg", "--to", "x.gpkg", "--profile", "p.toml"), ("x.gpkg",))


def _dataset(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    name = rng.choice(("model.gpkg", "town.gpkg"))
    _copied(corpus, folder, name)
    mutated_sqlite(folder / name, rng)
    pipe, node = ("M3", "J3") if name == "model.gpkg" else ("H10", "J11")
    commands: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
        (("check", name, "--json"), ()),
        (("import", name, "--to", "x.gpkg"), ("x.gpkg",)),
        (("isolate", name, "--burst", pipe, "--json", "--crews", "--restore"), ()),
        (("isolate", name, "--burst", pipe, "--pressures"), ()),
        (("isolate", name, "--every-segment", "--csv", "x.csv"), ("x.csv",)),
        (("trace", name, "--from", node, "--kind", rng.choice(("upstream", "fed", "supply", "sources", "loop"))), ()),
        (
            ("trace", name, "--from", node, "--export", f"x.{(ending := rng.choice(('gpkg', 'geojson', 'csv')))}"),
            (f"x.{ending}",),
        ),
        (("trace", name, "--from", node, "--to", pipe, "--kind", "path", "--profile", "--cost", "headloss"), ()),
        (("drill", "--headless", "--out", "out", "--city", name, "--burst", "none such"), ("out",)),
        (("engine", name, "--mqtt", "localhost:1883"), ("data",)),
    )
    words, out = rng.choice(commands)
    return Case("dataset", words, out)


def _dataset_with_recording(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    """A mutated dataset and sound readings with a burst in them."""
    _copied(corpus, folder, "model.gpkg", "r.csv", "quiet.csv")
    mutated_sqlite(folder / "model.gpkg", rng)
    locate = ("locate", "model.gpkg", "--readings", "r.csv", "--baseline", "quiet.csv")
    commands: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
        (locate, ()),
        ((*locate, "--event-at", "2024-01-04T04:15"), ()),
        (("calibrate", "model.gpkg", "--readings", "quiet.csv", "--to", "x.gpkg"), ("x.gpkg",)),
    )
    words, out = rng.choice(commands)
    return Case("dataset with recording", words, out)


def _model(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    """A dataset whose stored model is mutated as text."""
    import sqlite3

    _copied(corpus, folder, "model.gpkg")
    connection = sqlite3.connect(folder / "model.gpkg")
    (inp,) = connection.execute("SELECT inp FROM epanet_model").fetchone()
    mutated = mutated_text(str(inp).encode(), rng).decode("utf-8", "replace")
    connection.execute("UPDATE epanet_model SET inp = ?", (mutated,))
    connection.commit()
    connection.close()
    commands: tuple[tuple[str, ...], ...] = (
        ("check", "model.gpkg"),
        ("check", "model.gpkg"),
        ("isolate", "model.gpkg", "--burst", "M3", "--pressures", "--at", "05:00"),
        ("trace", "model.gpkg", "--from", "J3", "--kind", "upstream", "--at", "13:00", "--directions", "flow"),
    )
    return Case("model", rng.choice(commands))


def _recording(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    name = rng.choice(("r.csv", "r.parquet"))
    _copied(corpus, folder, "model.gpkg")
    _mutated(corpus, folder, name, mutated_parquet if name.endswith("parquet") else mutated_text, rng)
    if rng.random() < 0.1:
        at = rng.choice(("2024-01-03T08:00", *TIMES))
        return Case("recording", ("locate", "model.gpkg", "--readings", name, "--event-at", at))
    if rng.random() < 0.3:
        _copied(corpus, folder, "quiet.csv")
        return Case("recording", ("locate", "model.gpkg", "--readings", name, "--baseline", "quiet.csv"))
    if rng.random() < 0.3:
        return Case("recording", ("locate", "model.gpkg", "--readings", name))
    return Case("recording", ("calibrate", "model.gpkg", "--readings", name, "--to", "x.gpkg"), ("x.gpkg",))


def _requests(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    _copied(corpus, folder, "model.gpkg")
    name, option = rng.choice((("requests.jsonl", "--batch"), ("overlaps.jsonl", "--overlap")))
    _mutated(corpus, folder, name, mutated_lines, rng)
    return Case("requests", ("isolate", "model.gpkg", option, name, "--json"))


def _score(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    _copied(corpus, folder, "model.gpkg", "events.jsonl", "truth.csv")
    if rng.random() < 0.6:
        _mutated(corpus, folder, "events.jsonl", mutated_lines, rng)
    else:
        _mutated(corpus, folder, "truth.csv", mutated_text, rng)
    return Case("score", ("score", "events.jsonl", "--truth", "truth.csv"))


def _package(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    """A package with one part mutated and a manifest that fits; sometimes the zip's own bytes."""
    if rng.random() < 0.15:
        _mutated(corpus, folder, "case.incident", mutated_bytes, rng)
    else:
        (folder / "case.incident").write_bytes(_repacked(corpus, folder, rng))
    form = rng.choice(("html", "geojson", "kml", "csv", "gpkg", "parquet", "package"))
    commands: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
        (("review", "case.incident", "--check", "--json"), ()),
        (("review", "case.incident", "--what-if-stuck", "V10a", "--json"), ()),
        (("export", "case.incident", f"--{form}", "out", *rng.choice(((), ("--redact",)))), ("out",)),
        (("export", "case.incident", f"--{form}", "out", "--language", "en"), ("out",)),
    )
    words, out = rng.choice(commands)
    return Case("package", words, out)


def _repacked(corpus: Corpus, folder: Path, rng: random.Random) -> bytes:
    contents, about = dict(corpus.parts), dict(corpus.about)
    read_back = [name for name in contents if name.count("/") == 0 and not name.startswith(("timeline", "orders"))]
    name = rng.choice([*read_back, "records.jsonl", "records.jsonl", "manifest"])
    if name == "manifest":
        about[rng.choice(list(about))] = rng.choice((*WORDS, *TIMES, True, 3))
    elif name.endswith(".gpkg"):
        (folder / "part.gpkg").write_bytes(contents[name])
        mutated_sqlite(folder / "part.gpkg", rng)
        contents[name] = (folder / "part.gpkg").read_bytes()
        (folder / "part.gpkg").unlink()
    else:
        mutations = {"json": mutated_json_file, "jsonl": mutated_lines, "parquet": mutated_parquet}
        contents[name] = mutations.get(name.rpartition(".")[2], mutated_bytes)(contents[name], rng)
    packed = {part: Packed.of(part, content) for part, content in contents.items()}
    return zipped({NAME: Packed.of(NAME, manifest_bytes(about, contents, packed)), **packed})


def _store(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    _copied(corpus, folder, "store.sqlite", "town.gpkg")
    mutated_sqlite(folder / "store.sqlite", rng)
    if rng.random() < 0.5:
        return Case("store", ("month", "store.sqlite", "--month", "2024-01", "--out", "x.html"), ("x.html",))
    words = ("package", "store.sqlite", "2024-0001", "--city", "town.gpkg", "--to", "x.incident")
    return Case("store", words, ("x.incident",))


def _settings(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    """The settings, and the limits that they name; the broker's address is refused after both were read."""
    _copied(corpus, folder, "town.gpkg", "limits.toml")
    (folder / "config" / "quanmai").mkdir(parents=True)
    content = mutated_text((corpus.folder / "settings.toml").read_bytes(), rng)
    (folder / "config" / "quanmai" / "settings.toml").write_bytes(content)
    environment = {"XDG_CONFIG_HOME": str(folder / "config"), "QUANMAI_LIMITS_FILE": str(folder / "limits.toml")}
    if rng.random() < 0.2:
        name = rng.choice(("LANGUAGE", "COLOURS", "CREW_SPEED_KMH", "LIMITS_FILE", "EXPECTED_DAYS", "HOTLINE"))
        environment[f"QUANMAI_{name}"] = rng.choice([word for word in (*WORDS, *TIMES) if "\0" not in word])
    return Case("settings", ("engine", "town.gpkg", "--mqtt", "nowhere"), ("data",), environment)


def _limits(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    _copied(corpus, folder, "town.gpkg")
    _mutated(corpus, folder, "limits.toml", mutated_text, rng)
    environment = {"QUANMAI_LIMITS_FILE": str(folder / "limits.toml")}
    # A store that is none is refused after the limits were read.
    words = ("engine", "town.gpkg", "--mqtt", "mqtt://localhost:9", "--store", "oracle://nowhere/x")
    return Case("limits", words, ("data",), environment)


def _arguments(corpus: Corpus, folder: Path, rng: random.Random) -> Case:
    """Sound files and odd words on the command line."""
    _copied(corpus, folder, "model.gpkg", "r.csv", "case.incident", "store.sqlite")
    word = rng.choice([one for one in (*WORDS, *TIMES, "M3", "J3", "-5", "EPSG:0", "2024-00", "auto:0") if "\0" not in one])
    commands: tuple[tuple[str, ...], ...] = (
        ("isolate", "model.gpkg", "--burst", word),
        ("isolate", "model.gpkg", "--burst", "M3", "--stuck", word),
        ("isolate", "model.gpkg", "--burst", "M3", "--shut", word),
        ("isolate", "model.gpkg", "--burst", "M3", "--pressures", "--at", word),
        ("isolate", "model.gpkg", "--every-segment", "--by", word),
        ("trace", "model.gpkg", "--from", word),
        ("trace", "model.gpkg", "--from", "M3", "--kind", word),
        ("trace", "model.gpkg", "--from", "M3", "--kind", "path", "--to", word),
        ("trace", "model.gpkg", "--from", "M3", "--barrier-where", word),
        ("trace", "model.gpkg", "--from", "M3", "--barrier-where", f"DN < {word}"),
        ("trace", "model.gpkg", "--from", "M3", "--barrier-zone", word),
        ("trace", "model.gpkg", "--from", "M3", "--kind", "upstream", "--at", word),
        ("trace", "model.gpkg", "--from", "M3", "--kind", "path", "--to", "J1", "--via", word, "--cost", word),
        ("import", "model.gpkg", "--to", "x.gpkg", "--crs", word),
        ("import", "model.gpkg", "--to", "x.gpkg", "--name", word),
        ("import", "model.gpkg", "--to", "x.gpkg", "--stations", word),
        ("import", word, "--to", "x.gpkg"),
        ("check", word),
        ("locate", "model.gpkg", "--readings", "r.csv", "--event-at", word),
        ("locate", "model.gpkg", "--readings", word),
        ("month", "store.sqlite", "--month", word),
        ("month", "store.sqlite", "--month", "2024-01", "--time-zone", word),
        ("month", "store.sqlite", "--month", "2024-01", "--language", word),
        ("month", word, "--month", "2024-01"),
        ("review", "case.incident", "--check", "--key", word),
        ("review", "case.incident", "--what-if-closed", word),
        ("export", "case.incident", "x.html", "--html", "--language", word),
        ("package", "store.sqlite", word, "--city", "model.gpkg", "--to", "x.incident"),
        ("package", "store.sqlite", "2024-0001", "--city", "model.gpkg", "--to", "x.incident", "--language", word),
        ("synth", "--to", "x.gpkg", "--pipes", word),
        ("score", word, "--truth", word),
    )
    return Case("arguments", rng.choice(commands), ("x.gpkg", "x.html", "x.incident"))


MAKERS: tuple[Maker, ...] = (
    _inp, _dataset, _inp, _recording, _score, _package, _inp, _dataset, _model, _requests, _layers, _profile, _inp_and_layers,
    _dataset, _store, _dataset_with_recording, _settings, _limits, _arguments, _inp, _package,
)  # fmt: skip
