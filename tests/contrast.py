"""Contrast after WCAG 2.1 and colours as people with a colour vision deficiency see them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rgb = tuple[int, int, int]

DEFICIENCIES: dict[str, NDArray[np.float64]] = {
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
"""Severity 1.0, on linear RGB. Source: Machado, Oliveira, Fernandes, "A Physiologically-based Model for Simulation of Color
Vision Deficiency", IEEE Transactions on Visualization and Computer Graphics 15 (2009), the matrices published with it."""


def rgb(text: str) -> Rgb:
    """``#rrggbb`` as three bytes."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def linear(colour: NDArray[np.float64] | Rgb) -> NDArray[np.float64]:
    """Linear light of sRGB bytes, 0 to 1 (IEC 61966-2-1)."""
    share = np.asarray(colour, dtype=np.float64) / 255.0
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def luminance(colour: NDArray[np.float64] | Rgb) -> NDArray[np.float64]:
    """Relative luminance of sRGB bytes (…, 3)."""
    return np.asarray(linear(colour) @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(one: NDArray[np.float64] | Rgb, other: NDArray[np.float64] | Rgb) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    a, b = float(luminance(one)), float(luminance(other))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def as_seen(colour: Rgb, deficiency: str) -> Rgb:
    """The colour as somebody with the deficiency sees it, sRGB bytes."""
    light = np.clip(DEFICIENCIES[deficiency] @ linear(colour), 0.0, 1.0)
    share = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    red, green, blue = (round(float(one) * 255.0) for one in share)
    return red, green, blue


def difference(one: Rgb, other: Rgb) -> float:
    """CIE 1976 colour difference (ΔE*ab, D65); about 2.3 is just noticeable."""
    return float(np.linalg.norm(_lab(one) - _lab(other)))


def _lab(colour: Rgb) -> NDArray[np.float64]:
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
    xyz = to_xyz @ linear(colour) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
