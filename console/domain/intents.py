"""What users ask for, as data. Each intent is a frozen dataclass beside its handler in ``console.services``."""

from __future__ import annotations


class Intent:
    """Base of every intent; ``console.services.handling.Handler`` binds one to the function that carries it out."""

    __slots__ = ()
