"""Page: one tab of the window of the public: a summary, a table, and what can be done with the chosen rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QCompleter,
    QFormLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.domain.intents import Intent
from console.ui.appearance import Appearance
from console.ui.commands.dispatch import Submit
from console.ui.dialogs.ask import Question
from console.ui.dialogs.public.view import PublicView
from console.ui.models.rows import Column, RowsModel
from console.ui.panels.tables import plain_table
from console.ui.permitted import needs
from console.ui.widgets import button, label, row

Item = TypeVar("Item")
_WIDEST_LETTERS = 26
_SEARCHED_FROM = 8
"""Choices beyond this number are searched by typing."""


class Page(QWidget, Generic[Item]):
    """``columns`` are fitted once, when there are first rows."""

    title = ""
    """Key of the tab's text below ``ui.public``."""

    def __init__(self, appearance: Appearance, submit: Submit) -> None:
        super().__init__()
        self._refused: dict[tuple[str, str], dict[str, str]] = {}
        """Entries by what was asked, until one is on disk."""
        self.appearance, self.submit = appearance, submit
        self.view: PublicView | None = None
        self.summary = label(name="muted", wrap=True)
        self.model = RowsModel[Item](self.key, self.columns(), self)
        self.table = plain_table(self.model)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self.check())
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(8, 8, 8, 4)
        self.box.addWidget(self.summary)
        self.box.addWidget(self.table, 1)
        self._is_fitted = False

    def key(self, item: Item) -> object:
        """What makes a row the same row."""
        raise NotImplementedError

    def columns(self) -> Sequence[Column[Item]]:
        """The table's columns."""
        raise NotImplementedError

    def items(self, view: PublicView) -> Sequence[Item]:
        """The rows."""
        raise NotImplementedError

    def told(self, view: PublicView) -> str:
        """The line above the table."""
        raise NotImplementedError

    def check(self) -> None:
        """Enable what can be done with the chosen rows; nothing by default."""

    def show_view(self, view: PublicView) -> None:
        """Show another state of the case."""
        self.view = view
        items = self.items(view)
        self.model.apply(items)
        self.summary.setText(self.told(view))
        if items and not self._is_fitted:
            self._is_fitted = True
            self.table.resizeColumnsToContents()
            most = self.table.fontMetrics().averageCharWidth() * _WIDEST_LETTERS
            for column in range(self.model.columnCount()):
                self.table.setColumnWidth(column, min(self.table.columnWidth(column) + 8, most))
        self.check()

    def chosen(self) -> list[Item]:
        """Items of the selected rows, in the table's order."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self.model.item(row) for row in rows]

    def one(self) -> Item | None:
        """The only selected item."""
        chosen = self.chosen()
        return chosen[0] if len(chosen) == 1 else None

    def act(self, key: str, do: Callable[[], object], intent: type[Intent] | None = None, name: str = "") -> QPushButton:
        """A button with the text ``ui.public.<key>``; ``intent``: what it submits, for roles that may not."""
        made = button(self.t(key), name)
        made.clicked.connect(lambda _=False: do())
        if intent is not None:
            needs(intent, made)
        return made

    def below(self, *parts: QWidget | int) -> None:
        """A row of buttons below the table."""
        self.box.addLayout(row(*parts))

    def ask(
        self, title: str, fields: Mapping[str, str | Sequence[tuple[str, str]]], then: Callable[..., None], about: str = ""
    ) -> FormQuestion:
        """Ask for some texts; ``then`` gets them by name. ``about``: what they are about, else the title stands above them.

        Entries that were refused stand there again when the same is asked the next time.
        """
        question = FormQuestion(self.appearance, self.t(title), fields, self, about)
        question.fill(self._refused.pop((title, about), {}))

        def submit() -> None:
            self._refused[title, about] = question.values()
            then(**question.values())

        question.accepted.connect(submit)
        question.open()
        return question

    def said(self) -> None:
        """An intent of this seat is on disk: nothing entered waits any more."""
        self._refused.clear()

    def t(self, key: str, **params: object) -> str:
        """A text below ``ui.public``."""
        return self.appearance.words(f"public.{key}", **params)

    def of(self, group: str, codes: Iterable[str]) -> list[tuple[str, str]]:
        """Choices of an enumeration: (code, word)."""
        return [(code, self.appearance.words.of(group, code)) for code in codes]


class FormQuestion(Question):
    """Several short answers. ``fields``: by name, the text that stands there at first, or choices as (code, word)."""

    def __init__(
        self,
        appearance: Appearance,
        title: str,
        fields: Mapping[str, str | Sequence[tuple[str, str]]],
        parent: QWidget | None = None,
        about: str = "",
    ) -> None:
        super().__init__(appearance, title, about or title, parent)
        form = QFormLayout()
        self.edits: dict[str, QLineEdit | QComboBox] = {}
        for name, given in fields.items():
            edit: QLineEdit | QComboBox
            if isinstance(given, str):
                edit = QLineEdit(given)
            else:
                edit = QComboBox()
                for code, word in given:
                    edit.addItem(word, code)
                if len(given) > _SEARCHED_FROM:
                    _search_by_typing(edit)
            self.edits[name] = edit
            form.addRow(appearance.words(f"public.field.{name}"), edit)
        self.box.addLayout(form)
        self.finish()
        self.keep_at_escape(appearance)

    def fill(self, values: Mapping[str, str]) -> None:
        """Put earlier entries in."""
        for name, value in values.items():
            edit = self.edits[name]
            if isinstance(edit, QLineEdit):
                edit.setText(value)
            else:
                edit.setCurrentIndex(max(edit.findData(value), 0))

    def values(self) -> dict[str, str]:
        """What was entered, by name."""
        return {name: edit.text() if isinstance(edit, QLineEdit) else _chosen(edit) for name, edit in self.edits.items()}


def _search_by_typing(edit: QComboBox) -> None:
    """A long list is searched by any part of its words."""
    edit.setEditable(True)
    edit.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    edit.setMaxVisibleItems(12)
    completer = QCompleter(edit.model(), edit)
    completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    edit.setCompleter(completer)


def _chosen(edit: QComboBox) -> str:
    """The code of what is chosen; of what was typed and is no choice, the text, which services refuse."""
    if not edit.isEditable() or edit.currentText() == edit.itemText(edit.currentIndex()):
        return str(edit.currentData())
    row = edit.findText(edit.currentText(), Qt.MatchFlag.MatchFixedString)
    return str(edit.itemData(row)) if row >= 0 else edit.currentText().strip()


def number(text: str) -> float:
    """A figure as people type it; NaN where it is none, which services refuse."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return float("nan")
