"""What a password costs: the other tests of users take less."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from console.domain.actors import Actor, Role
from console.services.access.sign_in import SignInRefused
from console.store import open_store
from console.store.passwords import fresh_parameters, result_of

NOW = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)


def test_a_password_costs_what_rfc_9106_recommends_and_its_result_is_that_of_argon2_itself() -> None:
    parameters = fresh_parameters()
    assert parameters.startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # RFC 9106, section 4, second choice
    assert parameters != fresh_parameters()
    result = result_of("spring-of-72", parameters)
    encoded = f"{parameters}${base64.b64encode(result).decode().rstrip('=')}"
    assert PasswordHasher().verify(encoded, "spring-of-72")


def test_a_sign_in_has_the_full_cost_for_a_known_and_for_an_unknown_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[str] = []

    def counted(password: str, parameters: str) -> bytes:
        computed.append(parameters.rsplit("$", 1)[0])
        return result_of(password, parameters)

    store = open_store(tmp_path / "store.sqlite")
    store.users.add("root", Role.ADMIN, (), "spring-of-72", Actor.named("root"), NOW)
    monkeypatch.setattr("console.store.users.result_of", counted)
    assert store.users.authenticate("root", "spring-of-72", seat="D2").name == "root"
    for name in ("root", "nobody"):
        with pytest.raises(SignInRefused):
            store.users.authenticate(name, "spring-of-73", seat="D2")
    assert computed == ["$argon2id$v=19$m=65536,t=3,p=4"] * 3
    store.close()
