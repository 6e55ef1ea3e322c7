"""Rows of what takes effect at once: language, theme, letters, density, sounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QSlider, QWidget

from console.domain.alarms import Priority
from console.ui.appearance import Appearance
from console.ui.commands.appearance_choice import AppearanceChoice
from console.ui.settings_window.rows import SettingRow
from console.ui.sounds.alarm_sounds import AlarmSounds
from console.ui.theme import FONT_PX, NAMES, Letters
from console.ui.widgets import button, row
from resources.texts import LANGUAGES

_LANGUAGE_NAMES = {"zh_CN": "中文", "en": "English"}


def look_rows(choice: AppearanceChoice, appearance: Appearance) -> tuple[SettingRow, ...]:
    """Language, theme, size of letters, density."""
    text = appearance.words.catalogue.text
    language = _combo([(_LANGUAGE_NAMES[one], one) for one in LANGUAGES], appearance.words.language)
    language.activated.connect(lambda _: choice.choose_language(str(language.currentData())))
    theme = _combo([(text(f"settings.theme_{one}"), one) for one in NAMES], appearance.theme.name)
    theme.activated.connect(lambda _: choice.choose_theme(str(theme.currentData())))
    letters = Letters.now()
    size = _combo([(f"{px} px", px) for px in FONT_PX], letters.px)
    size.activated.connect(lambda _: choice.letters.choose(replace(Letters.now(), px=int(size.currentData()))))
    density = _combo([(text("settings.density_usual"), False), (text("settings.density_compact"), True)], letters.compact)
    density.activated.connect(lambda _: choice.letters.choose(replace(Letters.now(), compact=bool(density.currentData()))))
    fields = (("language", language), ("theme", theme), ("letters", size), ("density", density))
    return tuple(SettingRow(text(f"settings.of.{name}"), field, text("settings.at_once")) for name, field in fields)


def sound_rows(sounds: AlarmSounds, appearance: Appearance) -> tuple[SettingRow, ...]:
    """On or off, volume with a trial, the least pressing priority that sounds."""
    words = appearance.words
    text = words.catalogue.text
    on, volume = QCheckBox(text("settings.sound_on")), QSlider(Qt.Orientation.Horizontal)
    on.setChecked(sounds.choice.is_on)
    on.toggled.connect(lambda is_on: sounds.choose(replace(sounds.choice, is_on=is_on)))
    volume.setRange(5, 100)
    volume.setPageStep(10)
    volume.setValue(sounds.choice.volume)
    volume.valueChanged.connect(lambda value: sounds.choose(replace(sounds.choice, volume=value)))
    least = _combo([(words.of("priority", one.name.lower()), one.name) for one in Priority], sounds.choice.least.name)
    least.activated.connect(lambda _: sounds.choose(replace(sounds.choice, least=Priority[str(least.currentData())])))
    tries: list[QWidget | int] = []
    for priority in Priority:
        made = button(words.of("priority", priority.name.lower()))
        made.clicked.connect(lambda _=False, priority=priority: sounds.try_out(priority))
        made.setEnabled(bool(sounds.way))
        tries.append(made)
    trial = QWidget()
    trial.setLayout(row(*tries, 1))
    way = sounds.way
    known = way in ("qt", "windows", "beep")
    played = text(f"sounds.way_{way}") if known else text("sounds.way_command", command=way) if way else text("settings.silent")
    return (
        SettingRow(text("settings.of.sound"), on, played),
        SettingRow(text("settings.of.volume"), volume, text("settings.at_once")),
        SettingRow(text("settings.of.least"), least, text("settings.least_more")),
        SettingRow(text("settings.of.trial"), trial),
    )


def _combo(choices: Sequence[tuple[str, object]], now: object) -> QComboBox:
    made = QComboBox()
    for shown, value in choices:
        made.addItem(shown, value)
    made.setCurrentIndex(max(made.findData(now), 0))
    return made
