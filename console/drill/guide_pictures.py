"""Pictures of the user guide, made from the real window while a scripted drill plays its case."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.intents import Intent
from console.domain.outages import OutagePurpose
from console.drill.dispatcher import Stage
from console.drill.options import DrillOptions
from console.drill.run import run_drill
from console.drill.screens import Screens
from console.runtime import Runtime
from console.services.outages.planning import PlanOutage
from console.services.shift.entries import WriteEntry
from maps.errors import InputFault
from maps.files import write_aside

if TYPE_CHECKING:
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QWidget

MOST_BYTES = 100_000
"""Size of one picture; more is a sign of a map full of colours."""
_SIZE, _THEME = (1366, 768), "light"
_SPEED, _QUIET_S = 20.0, 560.0
"""Slower than other drills: the pictures of the quiet hour are made before the burst (28 s), also on a busy machine."""
_TRIED = ((1000, 128), (1000, 64), (1000, 32), (800, 64), (800, 32))
"""Widths (px) and numbers of colours, tried until the picture is small enough."""
_COMMANDS = {
    "4-draft": ("notice", "search", "ticket", "outages"),
    "7-issued": ("shift_log", "public"),
}
"""Windows that are opened at a stage of the drill, by their commands."""
_REASONS = {"zh_CN": ("更换老旧管道", "新用户接水"), "en": ("An old pipe is replaced", "New customers are connected")}
_ENTRIES = {
    "zh_CN": ("接班：水厂、泵站运行正常，无遗留工单", "济泺路施工方来电，明日上午开挖，已告知管线位置"),
    "en": (
        "Took over: plants and pumps run as usual, no work left open",
        "Contractor called: digs tomorrow, was told where the mains lie",
    ),
}
"""What the windows show; synthetic, as the city is."""
_WHOLE = ("1-quiet", "2-suspected", "7-issued")


def make_pictures(folder: Path, languages: Sequence[str]) -> list[Path]:
    """Write ``<language>/<name>.png`` below ``folder``; returns the paths. Raises InputFault without Qt's libraries."""
    made: list[Path] = []

    for language in languages:  # a run each: a window that was opened in one language is not opened anew in the other

        def start(runtime: Runtime, language: str = language) -> Callable[[Stage | None], None]:
            painter = _Painter(runtime, folder, (language,), made)
            return painter.show

        with tempfile.TemporaryDirectory(prefix="quanmai-guide-") as out:
            run_drill(DrillOptions(out=Path(out), speed=_SPEED, quiet_s=_QUIET_S), show=start)
    return made


class _Painter(Screens):
    def __init__(self, runtime: Runtime, folder: Path, languages: Sequence[str], made: list[Path]) -> None:
        super().__init__(runtime, folder, size=_SIZE)
        self._languages, self._made, self._runtime = languages, made, runtime

    def show(self, stage: Stage | None) -> None:
        """At a stage, the window and what its commands open, in each language."""
        self._app.processEvents()
        if stage is None or stage.name not in (*_WHOLE, *_COMMANDS):
            return
        for language in self._languages:
            self._speak(language)
            if stage.name in _WHOLE:
                self._keep(self._window, language, stage.name[2:])
            for command in _COMMANDS.get(stage.name, ()):
                self._open(command, language)

    def _speak(self, language: str) -> None:
        from console.ui.appearance import Appearance
        from console.ui.theme import Theme
        from console.ui.words import Words

        self._window.set_appearance(Appearance(Theme.load(_THEME), Words(language, self._runtime.city.info.time_zone)))
        self._settle()

    def _open(self, command: str, language: str) -> None:
        from PySide6.QtWidgets import QApplication, QDialog

        before = {one for one in QApplication.topLevelWidgets() if one.isVisible()}
        self._prepare(command, language)
        self._window.run_command(command)
        self._settle()
        now = [one for one in QApplication.topLevelWidgets() if one.isVisible() and one not in before]
        opened = [one for one in now if isinstance(one, QDialog)]
        shown = self._window.shift_log if command == "shift_log" else self._window
        self._keep(opened[0] if opened else shown, language, command.replace("_", "-"))
        for one in opened:
            one.close() if command == "outages" else one.hide()  # closed, it clears the map
            one.deleteLater()
        self._window.layouts.reset()

    def _prepare(self, command: str, language: str) -> None:
        """What a window needs to have something to show: works of the coming nights, entries of the shift."""
        if command == "shift_log":
            self._window.layouts.use("supervisor")  # the log is high
        prepared = {"outages": lambda: _works(self._runtime, language), "shift_log": lambda: _entries(language)}
        for intent in prepared[command]() if command in prepared else ():
            self._window.dispatcher.submit(intent)
            self._settle()

    def _settle(self) -> None:
        self._window.settle(2.0)
        self._window.map.settle()
        self._app.processEvents()

    def _keep(self, widget: QWidget, language: str, name: str) -> None:
        path = self._folder / language / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._settle()
        write_aside(path, _small(widget.grab().toImage()))
        self._made.append(path)


def _works(runtime: Runtime, language: str) -> Iterator[Intent]:
    """Two planned outages on pipes far from each other, in the coming nights."""
    pipes, now = runtime.city.network.pipes, runtime.clock.now()
    evening = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=18)
    for number, (purpose, reason) in enumerate(zip(OutagePurpose, _REASONS[language], strict=False)):
        pipe = str(pipes.asset_id[(number + 1) * len(pipes) // 4])
        begin = evening + timedelta(hours=20 * number)
        yield PlanOutage((pipe,), purpose, begin, begin + timedelta(hours=6), reason)


def _entries(language: str) -> Iterator[Intent]:
    for text in _ENTRIES[language]:
        yield WriteEntry(text)


def _small(image: QImage) -> bytes:
    """PNG of the page's width, with as many colours as its size allows; text stays sharp, as nothing is dithered."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QImageWriter

    try:
        from PIL import Image
    except ImportError as missing:
        raise InputFault(f"--pictures needs the extra 'web' ({missing})") from missing
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    picture = Image.open(BytesIO(bytes(buffer.data().data()))).convert("RGB")
    content = b""
    for width, colours in _TRIED:
        size = (min(width, picture.width), round(picture.height * min(width, picture.width) / picture.width))
        made, out = picture.resize(size, Image.Resampling.LANCZOS), BytesIO()
        made.quantize(colours, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        content = out.getvalue()
        if len(content) <= MOST_BYTES:
            break
    return content
