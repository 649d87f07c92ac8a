"""What an index keeps of a statement: some bits, by which it is found among millions.

Eleven words of 64 bits: the signs of its embedding (8), one bit of each of 128 MinHashes of its shingles (2), and its
numbers (1). The share of bits that differ follows the angle between two embeddings, and one less the share of common
shingles, halved.
"""

import hashlib
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chimera_verifier.domain.likeness.reading import Reading

SIGNS, HASHES, NUMBERS = slice(0, 8), slice(8, 10), slice(10, 11)
WORDS = 11
_HASH_FUNCTIONS = 128
_FACTORS = np.random.default_rng(15).integers(1, 1 << 63, _HASH_FUNCTIONS, dtype=np.uint64) | np.uint64(1)
_ADDENDS = np.random.default_rng(16).integers(0, 1 << 63, _HASH_FUNCTIONS, dtype=np.uint64)
_LIMIT = 127.0


def sketch(reading: Reading, vector: NDArray[np.float32]) -> NDArray[np.uint64]:
    """The bits of a statement with this embedding."""
    bits = np.concatenate([np.packbits(vector > 0), np.packbits(_min_hashes(reading) & np.uint64(1) > 0)])
    return np.concatenate([bits.view(np.uint64), _numbers(reading)])


def key(text: str) -> int:
    """64 bits that stand for a text."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def packed(vector: NDArray[np.float32]) -> bytes:
    """An embedding in a byte a dimension; cosines keep two decimals."""
    largest = float(np.abs(vector).max()) or 1.0
    return np.round(vector * (_LIMIT / largest)).astype(np.int8).tobytes()


def unpacked(packed_vector: bytes) -> NDArray[np.float32]:
    """The inverse, of length one."""
    vector = np.frombuffer(packed_vector, dtype=np.int8).astype(np.float32)
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def _min_hashes(reading: Reading) -> NDArray[np.uint64]:
    hashes = np.array([zlib.crc32(s.encode("utf-8", "surrogatepass")) for s in reading.shingles], dtype=np.uint64)
    mixed: NDArray[np.uint64] = (hashes[:, None] * _FACTORS + _ADDENDS) >> np.uint64(17)
    least: NDArray[np.uint64] = mixed.min(axis=0)
    return least


def _numbers(reading: Reading) -> NDArray[np.uint64]:
    bits = 0
    for number in _telling(reading):
        hashed = zlib.crc32(number.encode())
        bits |= 1 << (hashed & 63) | 1 << (hashed >> 8 & 63)
    return np.array([bits], dtype=np.uint64)


def _telling(reading: Reading) -> Sequence[str]:
    return [number for number in (*reading.numbers, *reading.spelled) if number not in ("0", "1", "2")]
