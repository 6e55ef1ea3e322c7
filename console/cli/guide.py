"""The command guide: the user guide as HTML, and its pictures made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.cli.output import AsJson, print_result
from maps.errors import InputFault

commands = typer.Typer()


@commands.command()
def guide(
    to: Annotated[Path | None, typer.Option("--to", help="folder for the guide as HTML, one page a language")] = None,
    language: Annotated[str, typer.Option(help="zh_CN or en; default both")] = "",
    pictures: Annotated[
        Path | None, typer.Option("--pictures", help="folder for the guide's pictures, made from a drill (about two minutes)")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Export the user guide as HTML, or make its pictures from the real window."""
    from console.documents.guide import write_guide
    from resources.texts import LANGUAGES

    if language and language not in LANGUAGES:
        raise InputFault(f"--language {language!r}: one of {', '.join(LANGUAGES)}")
    if to is None and pictures is None:
        raise InputFault("name --to FOLDER for the guide as HTML, or --pictures FOLDER; in the window it opens with Shift+F1")
    languages = (language,) if language else LANGUAGES
    written = write_guide(to, languages) if to is not None else []
    if pictures is not None:
        from console.drill.guide_pictures import make_pictures

        written += make_pictures(pictures, languages)
    print_result({"files": [str(path) for path in written]}, as_json, "\n".join(str(path) for path in written))
