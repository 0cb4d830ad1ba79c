"""Codes in photos, for phones and browsers that cannot read them themselves.

Bounded: no larger than PIXELS_MAX, so that a small file that unpacks to a huge picture costs nothing. Reads the first
QR code; what it says, others check.
"""

from io import BytesIO

import zxingcpp
from PIL import Image, ImageOps, UnidentifiedImageError

from ledger.errors import Malformed

PIXELS_MAX = 40_000_000
"""A phone's photo has 12 to 50 million pixels; browsers make them smaller before they send them."""
SIDE = 2000


def code_in(photo: bytes) -> str:
    """The text of the QR code in a JPEG, PNG or WebP. Malformed("photo-unreadable") if there is none to be read."""
    try:
        with Image.open(BytesIO(photo), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                raise Malformed(
                    "photo-too-large", field="photo", value=f"{opened.width}×{opened.height}", limit=PIXELS_MAX
                )
            upright = ImageOps.exif_transpose(opened).convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise Malformed("photo-unreadable", field="photo") from error
    upright.thumbnail((SIDE, SIDE))
    found = zxingcpp.read_barcodes(upright)
    text = next((one.text for one in found if one.text and one.format == zxingcpp.BarcodeFormat.QRCode), "")
    if not text:
        raise Malformed("photo-unreadable", field="photo")
    return str(text)
