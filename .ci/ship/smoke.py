"""Smoke test of the frozen program: ``python smoke.py PROGRAM``, with the Python of the build (it writes the source files).

Everything runs through the frozen program, in an environment without this checkout: import of INP, GeoPackage, Shapefile,
FileGDB and GeoJSON; EPANET; the drill with its notices, pictures and package; PDF and report; the window. Prints one line of
JSON, exits with 1 where a step failed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas

_LAYERS = ("pipes", "nodes", "valves", "hydrants", "stations", "customers")


class Smoke:
    """Steps of the test; a failed one is noted and the next one runs."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program, self._folder = program.resolve(), folder
        self.figures: dict[str, Any] = {}
        self.faults: list[str] = []
        self._environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "QT_QPA_PLATFORM": "offscreen",
            "QUANMAI_DATA_FOLDER": str(folder / "data"),
            **{name: os.environ[name] for name in ("LD_LIBRARY_PATH", "FONTCONFIG_FILE") if name in os.environ},
        }

    def run(self, *arguments: str | Path, most_s: float = 300.0) -> str:
        """Output of the program. Raises RuntimeError with the last line of its errors."""
        done = subprocess.run(
            [str(self._program), *map(str, arguments)],
            capture_output=True, text=True, env=self._environment, cwd=self._folder, timeout=most_s, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"exit {done.returncode}: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
        return done.stdout

    def json(self, *arguments: str | Path) -> dict[str, Any]:
        """The program's answer as JSON."""
        answer: dict[str, Any] = json.loads(self.run(*arguments, "--json").strip().splitlines()[-1])
        return answer

    def step(self, name: str, work: Callable[[], Any]) -> None:
        """Do one step and note its time, or why it failed."""
        began = time.perf_counter()
        try:
            self.figures[name] = work()
        except Exception as fault:  # noqa: BLE001 — a smoke test reports all that fails
            self.figures[name] = None
            self.faults.append(f"{name}: {fault}")
        self.figures[f"{name}_s"] = round(time.perf_counter() - began, 2)
        failed = "" if self.figures[name] is not None else "FAILED"
        print(f"smoke: {name} {self.figures[f'{name}_s']} s {failed}", file=sys.stderr)  # noqa: T201

    def steps(self) -> None:
        """All steps."""
        folder = self._folder
        self.figures["size_mb"] = round(sum(one.stat().st_size for one in self._program.parent.rglob("*") if one.is_file()) / 1e6)
        self.step("help", lambda: len(self.run("--help")))
        self.step("help_again", lambda: len(self.run("--help")))
        city = folder / "city.gpkg"
        self.step("synth", lambda: self.json("synth", "--to", city, "--pipes", "600")["pipes"])
        sources = _sources(city, folder)
        for kind, files in sources.items():
            to = folder / f"from_{kind}.gpkg"
            self.step(f"import_{kind}", lambda files=files, to=to: self._imported(files, to))
        self.step("epanet", lambda: self._solved(city))
        self.step("drill", self._drill)
        package = next((folder / "drill").glob("*.incident"), None)
        if package is not None:
            self.step("verify", lambda: self.run("review", package, "--check"))
            self.step("report_pdf", lambda: self._written(b"%PDF", "export", package, folder / "report.pdf", "--pdf"))
            self.step("report_html", lambda: self._written(b"<!DOCTYPE", "export", package, folder / "report.html", "--html"))
            self.step("tables_xlsx", lambda: self._written(b"PK", "export", package, folder / "case.xlsx", "--xlsx"))
        self.step("guide", lambda: self.run("guide", "--to", folder / "guide"))
        self.step("doctor", self._doctor)
        self.step("window", lambda: self._window(city))

    def _imported(self, files: list[Path], to: Path) -> int:
        self.run("import", *files, "--to", to, "--guess") if files[0].suffix != ".inp" else self.run("import", *files, "--to", to)
        return len(geopandas.read_file(to, layer="pipes"))

    def _solved(self, city: Path) -> str:
        burst = geopandas.read_file(city, layer="pipes").asset_id[40]
        plan = json.loads(self.run("isolate", city, "--burst", burst, "--pressures", "--json").strip().splitlines()[-1])
        if not plan["valves_to_close"] or not plan["pressures"]["converged"]:
            raise RuntimeError(f"no valves, or no pressures: {plan['pressures']}")
        return f"{len(plan['valves_to_close'])} valves, solved in {plan['pressures']['solve_ms']} ms"

    def _drill(self) -> dict[str, Any]:
        out = self._folder / "drill"
        summary = self.json("drill", "--headless", "--out", out)
        pdfs = [one for one in (out / "notices").glob("*.pdf") if one.read_bytes().startswith(b"%PDF")]
        pictures = list((out / "screens").glob("*.png"))
        if not pdfs or not pictures or summary.get("not_done"):
            raise RuntimeError(f"{len(pdfs)} PDFs, {len(pictures)} pictures, not done: {summary.get('not_done')}")
        return {"notice_pdfs": len(pdfs), "pictures": len(pictures), "draft_s": summary["elapsed_s"].get("draft")}

    def _written(self, begins: bytes, *arguments: str | Path) -> int:
        self.run(*arguments)
        content = Path(arguments[2]).read_bytes()
        if not content.lstrip().upper().startswith(begins.upper()):
            raise RuntimeError(f"{arguments[2]} begins with {content[:20]!r}")
        return len(content)

    def _doctor(self) -> str:
        done = subprocess.run(
            [str(self._program), "doctor"], capture_output=True, text=True, env=self._environment, cwd=self._folder, check=False
        )
        if done.returncode not in (0, 2):
            raise RuntimeError(done.stderr)
        return done.stdout.strip().splitlines()[0]

    def _window(self, city: Path) -> dict[str, Any]:
        """Seconds until the map has its first picture, measured from outside."""
        told = self._folder / "turns.jsonl"
        began = time.time()
        self.run("-m", "console.cli.bench_window", city, told, "5", "")
        ready = next(json.loads(line) for line in told.read_text("utf-8").splitlines() if '"map"' in line)
        return {"map_s": round(ready["at"] - began, 2), "map_cpu_s": round(ready["cpu_s"], 2)}


def _sources(city: Path, folder: Path) -> dict[str, list[Path]]:
    """The same city as files of each kind."""
    layers = {name: geopandas.read_file(city, layer=name) for name in _LAYERS}
    layers = {name: frame for name, frame in layers.items() if len(frame) and frame.geometry.notna().any()}
    model = geopandas.read_file(city, layer="epanet_model").iloc[0]
    text = next(str(value) for value in model if "[JUNCTIONS]" in str(value))
    (folder / "city.inp").write_text(text, encoding="utf-8")
    found: dict[str, list[Path]] = {"shp": [], "geojson": []}
    found |= {"inp": [folder / "city.inp"], "gpkg": [folder / "layers.gpkg"], "gdb": [folder / "layers.gdb"]}
    for name, frame in layers.items():
        frame.to_file(found["gpkg"][0], layer=name, driver="GPKG")
        frame.to_file(found["gdb"][0], layer=name, driver="OpenFileGDB")
        found["shp"].append(folder / "shp" / f"{name}.shp")
        found["shp"][-1].parent.mkdir(exist_ok=True)
        frame.to_file(found["shp"][-1], driver="ESRI Shapefile", encoding="UTF-8")
        found["geojson"].append(folder / f"{name}.geojson")
        frame.to_crs(4326).to_file(found["geojson"][-1], driver="GeoJSON")
    return found


def main() -> int:
    """Run the test on the program that is named."""
    with tempfile.TemporaryDirectory(prefix="quanmai-smoke-") as folder:
        smoke = Smoke(Path(sys.argv[1]), Path(folder))
        smoke.steps()
    print(json.dumps({**smoke.figures, "failed": smoke.faults}, ensure_ascii=False))  # noqa: T201
    return 1 if smoke.faults else 0


if __name__ == "__main__":
    sys.exit(main())
