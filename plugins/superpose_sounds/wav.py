"""WAV files: one channel of 16 bits, with a comment inside."""

from __future__ import annotations

import io
import struct
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from superpose import RecipeError, regular_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Bytes of a file that is read, at most.
LIMIT = 256 * 2**20
_FULL = 2**15 - 1


def wav_of(signal: NDArray[np.float64], rate: int, comment: str = "") -> bytes:
    """The content of a WAV file.

    Arguments:
        signal: Samples in [-1, 1], shape (n,); what is beyond is cut off.
        rate: Samples a second.
        comment: Kept as the comment (``ICMT``) of its list of information.
    """
    samples = np.round(np.clip(signal, -1, 1) * _FULL).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    text = comment.encode() + b"\0"
    chunks = _chunk(b"fmt ", form) + _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", text)) + _chunk(b"data", samples)
    return _chunk(b"RIFF", b"WAVE" + chunks)


def read_wav(path: Path) -> tuple[NDArray[np.float64], int]:
    """Samples of a WAV file in [-1, 1], shape (n,), the mean of its channels, and how many there are a second.

    Raises:
        RecipeError: It is none, or none of 8, 16, 24 or 32 bits without compression, or too large.
    """
    try:
        data = regular_file(path, LIMIT).read_bytes()
        with wave.open(io.BytesIO(data)) as sound:
            raw, width, channels, rate = (
                sound.readframes(sound.getnframes()),
                sound.getsampwidth(),
                sound.getnchannels(),
                sound.getframerate(),
            )
    except (wave.Error, EOFError, struct.error, OSError) as error:
        raise RecipeError(f"{path}: no WAV file without compression: {error or 'it is cut off'}") from error
    whole = len(raw) // (width * channels) * width * channels
    return _values(raw[:whole], width).reshape(-1, channels).mean(1), rate


def _values(raw: bytes, width: int) -> NDArray[np.float64]:
    """Samples of so many bytes each; those of one byte have no sign."""
    if width == 1:
        return np.frombuffer(raw, np.uint8) / 127.5 - 1
    padded = np.zeros((len(raw) // width, 4), np.uint8)
    padded[:, 4 - width :] = np.frombuffer(raw, np.uint8).reshape(-1, width)
    return padded.view("<i4")[:, 0] / 2**31


def _chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a RIFF file, padded to an even length."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
