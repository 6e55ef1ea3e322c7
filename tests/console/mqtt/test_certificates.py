"""Client certificates and an authority of one's own, with a real mosquitto that requires them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from console.connections import broker_of
from console.mqtt.connection import MqttConnection
from console.mqtt.round_trip import round_trip_s
from console.settings import load_settings
from maps.errors import InputFault
from tests.console.mqtt.test_connection import _until
from tests.servers import free_port, mosquitto, own_certificate, signed_certificate

pytestmark = pytest.mark.slow


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, Path]:
    """The certificate that vouches for broker and clients, and its key."""
    return own_certificate(tmp_path)


def requiring(authority: tuple[Path, Path]) -> str:
    certificate, key = authority
    return (
        f"user root\ncafile {certificate}\ncertfile {certificate}\nkeyfile {key}\n"
        "require_certificate true\nuse_identity_as_username true\n"
    )


def test_with_its_certificate_a_program_connects_and_without_it_the_reason_is_shown(
    tmp_path: Path, authority: tuple[Path, Path]
) -> None:
    certificate, key = signed_certificate(tmp_path, authority, "seat-1")
    with mosquitto(tmp_path, free_port(), requiring(authority)) as url:
        secure = url.replace("mqtt://", "mqtts://")
        own = load_settings(mqtt=secure, mqtt_ca=authority[0], mqtt_certificate=certificate, mqtt_key=key)
        assert round_trip_s(broker_of(own, "")) < 5.0
        for settings, is_up in ((own, True), (load_settings(mqtt=secure, mqtt_ca=authority[0]), False)):
            link = MqttConnection(broker_of(settings, ""), "t", f"quanmai-t-{is_up}")
            link.start()
            try:
                if is_up:
                    assert _until(lambda link=link: link.health().state == "up")  # type: ignore[misc]
                else:
                    assert _until(lambda link=link: bool(link.health().message))  # type: ignore[misc]
                    assert link.health().state != "up"
            finally:
                link.stop()


def test_a_broker_of_an_unknown_authority_is_not_trusted(tmp_path: Path, authority: tuple[Path, Path]) -> None:
    certificate, key = signed_certificate(tmp_path, authority, "seat-1")
    with mosquitto(tmp_path, free_port(), requiring(authority)) as url:
        settings = load_settings(mqtt=url.replace("mqtt://", "mqtts://"), mqtt_certificate=certificate, mqtt_key=key)
        link = MqttConnection(broker_of(settings, ""), "t", "quanmai-t-unknown")
        link.start()
        try:
            assert _until(lambda: "certificate" in link.health().message)
        finally:
            link.stop()


def _open_to_all(certificate: Path, key: Path, authority: Path) -> dict[str, Path]:
    key.chmod(0o644)
    return {"mqtt_certificate": certificate, "mqtt_key": key}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (_open_to_all, "chmod 600"),
        (lambda c, k, a: {"mqtt_certificate": a, "mqtt_key": k}, "do not work together"),
        (lambda c, k, a: {"mqtt_ca": k}, "no certificate of an authority"),
        (lambda c, k, a: {"mqtt_ca": k.with_name("none.pem")}, "No such file"),
        (lambda c, k, a: {"mqtt_certificate": c}, "belong together"),
    ],
)
def test_files_that_cannot_be_used_are_named_in_one_line(
    tmp_path: Path, authority: tuple[Path, Path], wrong: Callable[[Path, Path, Path], dict[str, Path]], told: str
) -> None:
    given = wrong(*signed_certificate(tmp_path, authority, "seat-1"), authority[0])
    with pytest.raises(InputFault, match=told) as fault:
        broker_of(load_settings(mqtt="mqtts://127.0.0.1", **given), "")
    assert "\n" not in str(fault.value)


def test_certificates_for_a_broker_without_encryption_are_refused(tmp_path: Path, authority: tuple[Path, Path]) -> None:
    with pytest.raises(InputFault, match="nothing would be encrypted"):
        broker_of(load_settings(mqtt="mqtt://127.0.0.1", mqtt_ca=authority[0]), "")
