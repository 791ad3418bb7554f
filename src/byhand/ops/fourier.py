"""Fourier transforms: they give complex numbers, so what to write instead is said."""

from __future__ import annotations

import re

_NAMES = re.compile(r"(np\.fft\.|torch\.fft_)i?[rh]?fft[2n]?|torch\.i?stft")


def instead_of(name: str) -> str | None:
    """What to say of `np.fft.rfft`, or of `torch.fft_rfft`; None of what is no transform."""
    if _NAMES.fullmatch(name) is None:
        return None
    return (
        f"{name.replace('fft_', 'fft.')} has no rule, since byhand doesn't differentiate complex "
        "numbers: with a = 2 * np.pi * np.outer(np.arange(n), np.arange(n // 2 + 1)) / n, "
        "the parts of rfft(x) are x @ np.cos(a) and -x @ np.sin(a)"
    )
