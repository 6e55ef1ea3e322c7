"""Links of crews: the store, the command line, the addresses at which the page may be served."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.connections import crew_site_of
from console.domain.actors import Actor
from console.domain.crew_links import Answered, fresh_token, token_hash
from console.settings import load_settings
from console.store import open_store
from console.web.server import WebAddress
from maps.errors import InputFault
from tests.console.store.older import a_store_of_revision

WANG = Actor.named("王")
NOW = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)


def test_a_token_has_256_bits_and_texts_that_are_none_have_no_hash() -> None:
    tokens = {fresh_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}  # 256 bits, six a character
    assert [token_hash(text) for text in ("", "x", "x" * 44, "é" * 43, "x" * 42 + "\n")] == [""] * 5


def test_links_outlive_a_restart_and_each_is_revoked_alone_or_with_its_crew(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    store = open_store(path)
    links = store.crew_links
    (first, token), (_, second), (_, other) = (links.make(crew, WANG, NOW) for crew in ("C1", "C1", "C2"))
    links.revoke(first.link_id, WANG, NOW + timedelta(hours=1))
    store.close()
    store = open_store(path)
    links = store.crew_links
    assert [links.crew_of(one) for one in (token, second, other, fresh_token())] == [None, "C1", "C2", None]
    assert links.crews() == {"C1", "C2"}
    assert len(links.revoke("C1", WANG, NOW)) == 1
    assert links.crews() == {"C2"}
    with pytest.raises(InputFault, match="C1"):
        links.revoke("C1", WANG, NOW)
    assert [change.kind for change in store.changes()] == ["crew_link_made"] * 3 + ["crew_link_revoked"] * 2
    assert store.verify_chain() is None
    store.close()


def test_the_first_outcome_of_an_answer_stays_and_belongs_to_its_crew(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.sqlite")
    links = store.crew_links
    links.settle("C1", "a-1", Answered("taken", at=NOW))
    links.settle("C1", "a-1", Answered("refused", "case_closed"))
    assert links.answered("C1", "a-1") == Answered("taken", at=NOW)
    assert links.answered("C2", "a-1") is None
    store.close()


def test_a_store_of_the_revision_before_gets_the_tables_of_links(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    a_store_of_revision(path, "0015")
    store = open_store(path)
    _, token = store.crew_links.make("C1", WANG, NOW)
    assert store.crew_links.crew_of(token) == "C1"
    store.close()


@pytest.mark.parametrize(
    "text", ["", "8443", "host", "0.0.0.0:8443", "192.168.1.2:80", "[::]:80", "a@127.0.0.1:80", "127.0.0.1:x"]
)
def test_an_address_that_is_none_or_would_send_tokens_in_the_clear_is_refused(text: str) -> None:
    with pytest.raises(InputFault):
        WebAddress.parse(text, None, None, "")


def test_an_address_is_served_on_this_machine_with_a_certificate_or_behind_a_proxy(tmp_path: Path) -> None:
    assert WebAddress.parse("127.0.0.1:80", None, None, "").url == "http://127.0.0.1:80"
    assert WebAddress.parse("[::1]:80", None, None, "").url == "http://[::1]:80"
    assert WebAddress.parse("0.0.0.0:443", tmp_path, tmp_path, "").is_secure
    with pytest.raises(InputFault, match="HTTPS"):
        WebAddress.parse("127.0.0.1:80", None, None, "http://crews.example.cn")
    behind = WebAddress.parse("127.0.0.1:80", None, None, "https://crews.example.cn/")
    assert (behind.url, behind.is_secure) == ("https://crews.example.cn", True)


def test_no_page_is_served_unless_it_is_set_and_its_key_must_be_ours_alone(tmp_path: Path) -> None:
    assert crew_site_of(load_settings()) is None
    key = tmp_path / "key.pem"
    key.write_text("key")
    key.chmod(0o644)
    with pytest.raises(InputFault, match="chmod 600"):
        crew_site_of(load_settings(web="0.0.0.0:443", web_certificate=key, web_key=key))


def test_without_the_packages_of_the_page_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("console.web.server", "console.web.site"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(InputFault, match=r"quanmai\[web\]"):
        crew_site_of(load_settings(web="127.0.0.1:8443"))
