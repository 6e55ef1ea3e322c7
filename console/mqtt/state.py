"""ConnectionState: health of a connection, reconnect delays, and detection of two processes that use one session."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from paho.mqtt.reasoncodes import ReasonCode

from console.domain.health import FeedHealth
from console.mqtt.broker import Broker

log = logging.getLogger(__name__)

SESSION_TAKEN = 0x8E
"""MQTT 5: another client connected with the same client id."""

_RETRY_MIN_S, _RETRY_MAX_S = 1.0, 30.0
_TAKEOVER_MAX_S, _QUIET_S = 300.0, 900.0
_COMPLAINT_S = 600.0


class ConnectionState:
    """Health and pauses of one connection. Safe to use from several threads.

    After a takeover it reconnects once soon, so that the other process reports it too, then at doubling intervals up
    to five minutes: two processes with one name need manual correction, and until then must not reconnect continuously. The
    delay is reset after a quarter of an hour without a takeover.
    """

    def __init__(self, feed: str, broker: Broker, client_id: str, takeover_pause_s: float) -> None:
        self._broker, self._client_id = broker, client_id
        self._lock = threading.Lock()
        self._health = FeedHealth(feed, "connecting", f"{broker.host}:{broker.port}")
        self._retry_s = _RETRY_MIN_S
        self._takeover_s = self._first_takeover_s = takeover_pause_s
        self._pause_s = self._contested_pause_s = 0.0
        self._taken_over_at = -_QUIET_S
        self._complaint, self._complained_at = "", -_COMPLAINT_S
        self._received, self._last_at = 0, 0.0
        self._answered = False

    def health(self) -> FeedHealth:
        """State of the connection now."""
        with self._lock:
            last_at = datetime.fromtimestamp(self._last_at, UTC) if self._last_at else None
            health = replace(self._health, received=self._received, last_at=last_at)
            over = (health.code == "session_contested" and not self._is_contested()) or (
                health.code == "broker_refuses" and not self._is_complaining()
            )
            return replace(health, message="", code="") if health.state == "up" and over else health

    def pause_s(self) -> float:
        """How long to wait before the next attempt."""
        with self._lock:
            pause, self._pause_s = self._pause_s or self._retry_s, 0.0
            self._retry_s = min(self._retry_s * 2, _RETRY_MAX_S)
            return pause

    def received(self, count: int) -> None:
        """Messages came in."""
        with self._lock:
            self._received += count
            self._last_at = time.time()

    def connected(self) -> None:
        """The broker accepted the connection."""
        with self._lock:
            self._retry_s = _RETRY_MIN_S
            contested = self._is_contested()
            if not contested:
                self._takeover_s = self._first_takeover_s
            complaint = self._complaint if self._is_complaining() else ""
            self._answered = True
        log.info("connected to %s as %s", self._broker, self._client_id)
        if contested:
            self._note(state="up", message=self._contest(), code="session_contested")
        else:
            self._note(state="up", message=complaint, code="broker_refuses" if complaint else "")

    def unreachable(self, fault: Exception) -> None:
        """No connection came about."""
        where = f"{self._broker.host}:{self._broker.port}"
        advice = "check that it runs and the address"
        if isinstance(fault, ssl.SSLCertVerificationError):
            advice = "check the broker's certificate and SSL_CERT_FILE"
        elif self._broker.tls and isinstance(fault, ssl.SSLError | ConnectionResetError):
            advice = "check that this port speaks TLS (else mqtt://)"
        self._note(
            state="down",
            message=f"no broker at {where} ({fault}); retrying, {advice}",
            code="no_broker",
        )

    def refused(self, message: str) -> None:
        """The broker refused the connection."""
        log.error("%s", message)
        self._note(state="down", message=message, code="broker_refuses")

    def complain(self, message: str) -> None:
        """Connected, and yet something does not work; it is shown for a while, also over a lost connection."""
        with self._lock:
            self._complaint, self._complained_at = message, time.monotonic()
        self._note(message=message, code="broker_refuses")

    def left(self) -> None:
        """The connection was ended from here."""
        with self._lock:
            self._health = replace(self._health, state="off", message="", code="")

    def contested(self) -> None:
        """Another process used this client id while this one was running."""
        with self._lock:
            self._taken_over_at = time.monotonic()
            self._contested_pause_s = self._takeover_s
            self._takeover_s = min(self._takeover_s * 2, _TAKEOVER_MAX_S)
        log.error("%s", self._contest())
        self._note(message=self._contest(), code="session_contested")

    def disconnected(self, reason: ReasonCode) -> None:
        """The connection ended."""
        if reason.value == SESSION_TAKEN:
            self.contested()
        with self._lock:
            contested = self._is_contested()
            self._pause_s = self._contested_pause_s if contested else 0.0
        if contested:
            # Not every broker gives the reason (mosquitto 2.0.11 does not): a lost connection is likely the next takeover.
            message = f"{self._contest()}; tries again in {self._contested_pause_s:g} s"
            self._note(state="down", message=message, code="session_taken")
        elif self.health().state == "up" or self.health().code != "broker_refuses":
            plain = "" if self._broker.tls else " on a port without TLS (else mqtts://)"
            hint = "" if self._answered else f" before the broker answered; it must speak MQTT 5{plain}"
            self._note(state="down", message=f"connection lost ({reason}){hint}; retrying", code="connection_lost")

    def broken(self, defect: Exception) -> None:
        """A defect in this program ended the connection."""
        message = f"{type(defect).__name__}: {defect}; see the log, report it; retrying"
        self._note(state="down", message=message, code="connection_lost")

    def _is_complaining(self) -> bool:
        return time.monotonic() - self._complained_at < _COMPLAINT_S

    def _is_contested(self) -> bool:
        return time.monotonic() - self._taken_over_at < _QUIET_S

    def _contest(self) -> str:
        return (
            f"another program uses the name {self._client_id} at {self._broker.host}:{self._broker.port} and takes the session; "
            "stop one of them, or start it with another --seat"
        )

    def _note(self, **changes: Any) -> None:
        with self._lock:
            before, self._health = self._health, replace(self._health, **changes)
            changed = self._health.state != before.state or self._health.code != before.code
        if changed and self._health.state == "down" and self._health.code not in ("session_taken", "broker_refuses"):
            log.warning("%s", self._health.message)
