"""Secrets in files: rights are checked, and what a file holds is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.secret_files import read_secret
from console.settings import load_settings
from maps.errors import InputFault


def a_file(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def test_a_secret_that_is_ours_alone_is_read_without_its_line_end(tmp_path: Path) -> None:
    assert read_secret(a_file(tmp_path / "s", "three words long\n")) == "three words long"
    assert read_secret(a_file(tmp_path / "t", "泉", 0o400)) == "泉"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622, 0o777])
def test_a_secret_that_others_may_use_is_refused_in_one_line(tmp_path: Path, mode: int) -> None:
    with pytest.raises(InputFault, match=r"chmod 600") as fault:
        read_secret(a_file(tmp_path / "s", "hidden-word", mode))
    assert "hidden-word" not in str(fault.value)
    assert "\n" not in str(fault.value)


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match=r"none: the secret cannot be read"):
        read_secret(tmp_path / "none")


def test_a_credentials_file_gives_addresses_and_the_environment_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = a_file(tmp_path / "c.toml", 'mqtt = "mqtts://a:b@broker"\nstore = "postgresql://q@db/quanmai"\n')
    monkeypatch.setenv("QUANMAI_CREDENTIALS", str(file))
    assert load_settings().mqtt == "mqtts://a:b@broker"
    monkeypatch.setenv("QUANMAI_STORE", "/other.sqlite")
    assert (load_settings().mqtt, load_settings().store) == ("mqtts://a:b@broker", "/other.sqlite")


@pytest.mark.parametrize(
    ("text", "told"), [("mqtt = hidden-word", "is no TOML"), ('passwd = "hidden-word"', "passwd: expected only")]
)
def test_a_wrong_credentials_file_is_told_without_its_content(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputFault, match=told) as fault:
        load_settings(credentials=a_file(tmp_path / "c.toml", text))
    assert "hidden-word" not in str(fault.value)
