"""Tile sources: an MBTiles file, or an XYZ address whose tiles are kept on disk. The map never waits for them."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from PySide6.QtGui import QImage

from console.ui.map.ground.tiles import TileSource
from maps.errors import InputFault

log = logging.getLogger(__name__)

_KEPT = 400
_TIMEOUT_S = 8.0
_TRY_AGAIN_S = 60.0
_AGENT = "quanmai-console"
_MAX_BYTES = 4_000_000

TileName = tuple[int, int, int]


class _Kept:
    """The last tiles used, decoded; any thread."""

    def __init__(self) -> None:
        self._images: OrderedDict[TileName, QImage] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: TileName) -> QImage | None:
        with self._lock:
            image = self._images.get(name)
            if image is not None:
                self._images.move_to_end(name)
            return image

    def put(self, name: TileName, image: QImage) -> None:
        with self._lock:
            self._images[name] = image
            while len(self._images) > _KEPT:
                self._images.popitem(last=False)


class MbTiles:
    """Tiles of an MBTiles file (rows count from the south there). Raises InputFault when it is none."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise InputFault(f"{path}: no such MBTiles file")
        try:
            self._database = sqlite3.connect(f"file:{path.as_posix()}?mode=ro", uri=True, check_same_thread=False)
            facts = dict(self._database.execute("SELECT name, value FROM metadata"))
            low, high = self._database.execute("SELECT min(zoom_level), max(zoom_level) FROM tiles").fetchone()
        except sqlite3.Error as error:
            raise InputFault(f"{path}: not an MBTiles file of raster tiles ({error})") from error
        if str(facts.get("format", "png")) == "pbf":
            raise InputFault(f"{path}: holds vector tiles (pbf); the map shows raster tiles (png, jpg, webp)")
        self.attribution = str(facts.get("attribution", "") or facts.get("name", path.stem))
        self.min_zoom, self.max_zoom = int(low or 0), int(high or 0)
        self._lock, self._kept = threading.Lock(), _Kept()
        self._closed = False

    def tile(self, zoom: int, column: int, row: int) -> QImage | None:
        """The tile, read at once."""
        name = (zoom, column, row)
        image = self._kept.get(name)
        if image is None:
            with self._lock:
                if self._closed:
                    return None
                found = self._database.execute(
                    "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
                    (zoom, column, 2**zoom - 1 - row),
                ).fetchone()
            image = QImage.fromData(found[0]) if found else QImage()
            self._kept.put(name, image)
        return None if image.isNull() else image

    def close(self) -> None:
        """Close the file; a picture that is being drawn with it gets no more tiles."""
        with self._lock:
            self._closed = True
            self._database.close()


class XyzTiles:
    """Tiles of an address such as ``https://…/{z}/{x}/{y}.png``, kept under ``cache`` for good.

    ``arrived`` is called on a worker thread when a tile has come. Without a network what is cached is shown; an address
    that does not answer is asked again after a minute at most once per tile.
    """

    def __init__(
        self, template: str, cache: Path, attribution: str, arrived: Callable[[], None], zooms: tuple[int, int] = (0, 18)
    ) -> None:
        if any(part not in template for part in ("{z}", "{x}", "{y}")) or urlsplit(template).scheme not in ("http", "https"):
            raise InputFault(f"{template[:120]!r}: not an address of tiles; it needs http(s):// and {{z}}, {{x}}, {{y}}")
        self._template, self._cache, self._arrived = template, cache, arrived
        self.attribution = attribution
        self.min_zoom, self.max_zoom = zooms
        self._kept, self._lock = _Kept(), threading.Lock()
        self._asked: dict[TileName, float] = {}
        self._silent_until = 0.0
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="map-tiles")

    def tile(self, zoom: int, column: int, row: int) -> QImage | None:
        """The tile if memory or disk has it; else it is fetched in the background."""
        name = (zoom, column, row)
        image = self._kept.get(name)
        if image is None:
            path = self._path(name)
            image = QImage(str(path)) if path.is_file() else QImage()
            if not image.isNull():
                self._kept.put(name, image)
            else:
                self._ask(name)
        return None if image.isNull() else image

    def close(self) -> None:
        """Stop fetching."""
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _path(self, name: TileName) -> Path:
        return self._cache.joinpath(str(name[0]), str(name[1]), f"{name[2]}.tile")

    def _ask(self, name: TileName) -> None:
        with self._lock:
            now = monotonic()
            if now < self._silent_until or now < self._asked.get(name, 0.0):
                return
            self._asked[name] = now + _TRY_AGAIN_S
            try:
                self._workers.submit(self._fetch, name)
            except RuntimeError:  # closed meanwhile
                return

    def _fetch(self, name: TileName) -> None:
        address = self._template.format(z=name[0], x=name[1], y=name[2])
        try:
            with urlopen(Request(address, headers={"User-Agent": _AGENT}), timeout=_TIMEOUT_S) as answer:
                data = answer.read(_MAX_BYTES)
        except (URLError, OSError, ValueError) as error:
            with self._lock:
                self._silent_until = monotonic() + (0.0 if getattr(error, "code", 0) == 404 else _TRY_AGAIN_S)
            log.info("tiles: %s does not answer: %s", urlsplit(address).hostname, error)
            return
        if QImage.fromData(data).isNull():
            return
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_suffix(".part")
            aside.write_bytes(data)
            aside.replace(path)
        except OSError as error:
            log.warning("tiles: cache %s cannot be written: %s", self._cache, error)
            self._kept.put(name, QImage.fromData(data))
        self._arrived()


def open_tiles(text: str, cache: Path, attribution: str, arrived: Callable[[], None]) -> TileSource:
    """Tiles from what the settings say: the path of an MBTiles file or an XYZ address. Raises InputFault with advice."""
    if "://" in text:
        # By the whole address: two layers of one server, or two keys, never share their tiles.
        kept = f"{urlsplit(text).hostname or 'tiles'}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        return XyzTiles(text, cache / kept, attribution, arrived)
    return MbTiles(Path(text))
