"""Ed25519 signatures over the manifest, with the optional package ``cryptography``."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from console.domain.changes import canonical_json
from console.package.faults import PackageFault
from maps.errors import InputFault

ALGORITHM = "Ed25519"
_NEEDED = "signatures need the package 'cryptography' (pip install quanmai[signing])"


def available() -> bool:
    """Whether ``cryptography`` is installed, so that signatures can be made and checked."""
    return find_spec("cryptography") is not None


def _ed25519() -> Any:
    return import_module("cryptography.hazmat.primitives.asymmetric.ed25519")


def _serialization() -> Any:
    return import_module("cryptography.hazmat.primitives.serialization")


def signature_bytes(manifest: bytes, key: Path) -> bytes:
    """``signature.json`` by a private key in a PEM file (PKCS 8, unencrypted). Raises InputFault."""
    if not available():
        raise InputFault(f"{key}: {_NEEDED}")
    serialization = _serialization()
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (ValueError, TypeError) as fault:
        raise InputFault(
            f"{key}: not an unencrypted private key in PEM; 'openssl genpkey -algorithm ed25519' makes one"
        ) from fault
    if not isinstance(private, _ed25519().Ed25519PrivateKey):
        raise InputFault(f"{key}: not an Ed25519 key; 'openssl genpkey -algorithm ed25519' makes one")
    public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    body = {"algorithm": ALGORITHM, "public_key": _text(public), "signature": _text(private.sign(manifest))}
    return canonical_json(body) + b"\n"


def check_signature(manifest: bytes, signature: bytes, trusted: Path | None = None) -> str:
    """The fingerprint of the signing key, preceded by "unchecked" where ``cryptography`` is not installed.

    ``trusted``: PEM file of the public key that must have signed. Raises PackageFault for an invalid signature.
    """
    public, value = _parts(signature)
    fingerprint = hashlib.sha256(public).hexdigest()[:16]
    if not available():
        if trusted is not None:
            raise InputFault(f"{trusted}: {_NEEDED}")
        return f"unchecked {fingerprint}"
    if trusted is not None and public != _trusted(trusted):
        raise PackageFault(f"signature.json: signed by another key ({fingerprint}) than {trusted}")
    try:
        _ed25519().Ed25519PublicKey.from_public_bytes(public).verify(value, manifest)
    except (import_module("cryptography.exceptions").InvalidSignature, ValueError) as fault:
        raise PackageFault("signature.json: the signature does not match the manifest") from fault
    return fingerprint


def _parts(signature: bytes) -> tuple[bytes, bytes]:
    try:
        body = json.loads(signature)
        if canonical_json(body) + b"\n" != signature or body["algorithm"] != ALGORITHM or len(body) != 3:
            raise ValueError("another form")
        public = base64.b64decode(body["public_key"], validate=True)
        value = base64.b64decode(body["signature"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise PackageFault(f"signature.json was changed or damaged ({fault})") from fault
    if len(public) != 32 or len(value) != 64 or _text(public) != body["public_key"] or _text(value) != body["signature"]:
        raise PackageFault("signature.json was changed or damaged")
    return public, value


def _trusted(path: Path) -> bytes:
    serialization = _serialization()
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except ValueError as fault:
        raise InputFault(f"{path}: not a public key in PEM") from fault
    if not isinstance(key, _ed25519().Ed25519PublicKey):
        raise InputFault(f"{path}: not an Ed25519 public key")
    return bytes(key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
