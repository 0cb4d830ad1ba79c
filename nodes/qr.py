"""The QR symbol (ISO/IEC 18004) of a URL, as modules; nodes/printing draws them.

What the URL says, and whether it is signed, is the business of ledger/labels.py.
"""

from functools import lru_cache
from typing import Final

from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M

QUIET_ZONE: Final = 4

Matrix = list[list[bool]]  # rows of modules, True is black, quiet zone included


def matrix_of(url: str, correction: int = ERROR_CORRECT_M, mask: int | None = None) -> Matrix:
    """The modules, quiet zone included. Without `mask` all eight are tried for the one that scanners like best."""
    assert url.isascii(), url
    code = QRCode(_version(len(url), correction), correction, border=QUIET_ZONE, mask_pattern=mask)
    # optimize=0: the library would otherwise cut the URL at runs of digits, and each cut costs more than it saves.
    code.add_data(url, optimize=0)
    code.make(fit=False)
    matrix: Matrix = code.get_matrix()
    return matrix


@lru_cache(maxsize=64)
def _version(length: int, correction: int) -> int:
    """The smallest symbol for so many characters, of which at least the scheme's are in lower case."""
    code = QRCode(error_correction=correction)
    code.add_data("x" * length, optimize=0)
    return int(code.best_fit())
