"""Passwords as Argon2id results. The store keeps SHA-256 of the result, with its parameters and salt.

So the process that a password is typed into computes the slow part, and the store compares: on PostgreSQL inside the server, and
a console's account reads neither the result nor what is kept of it. What is kept cannot be used to sign in: the check needs the
result itself ("server relief", as in libsodium's documentation). Costs are the argon2-cffi defaults (RFC 9106, second choice).
"""

from __future__ import annotations

import base64
import hashlib
import os
import unicodedata

from argon2 import Type
from argon2.low_level import hash_secret_raw
from argon2.profiles import RFC_9106_LOW_MEMORY

from console.store.faults import Damaged

_SALT_BYTES, _RESULT_BYTES = 16, 32
_USUAL = RFC_9106_LOW_MEMORY


def fresh_parameters() -> str:
    """Parameters with a new salt, in the form of the Argon2 reference: ``$argon2id$v=19$m=…,t=…,p=…$salt``."""
    salt = base64.b64encode(os.urandom(_SALT_BYTES)).decode().rstrip("=")
    return f"$argon2id$v=19$m={_USUAL.memory_cost},t={_USUAL.time_cost},p={_USUAL.parallelism}${salt}"


def result_of(password: str, parameters: str) -> bytes:
    """The Argon2id result of a password (a tenth of a second and 64 MB). Raises Damaged for parameters that are none."""
    try:
        _, kind, version, costs, salt = parameters.split("$")
        cost = {name: int(value) for name, value in (one.split("=") for one in costs.split(","))}
        if (kind, version) != ("argon2id", "v=19"):
            raise ValueError(kind)
        raw = base64.b64decode(salt + "=" * (-len(salt) % 4))
        typed = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
        return hash_secret_raw(typed, raw, cost["t"], cost["m"], cost["p"], _RESULT_BYTES, Type.ID)
    except (ValueError, KeyError) as fault:
        raise Damaged("a user's password cannot be checked: its parameters are damaged") from fault


def verifier_of(result: bytes) -> str:
    """What the store keeps of a result."""
    return hashlib.sha256(result).hexdigest()
