"""Labels in TSPL, the language of TSC and of most Chinese label printers.

As in zpl.py the label is one picture: `BITMAP` with raw bytes, in which 0 is black, after a header of numbers alone.
"""

from PIL import Image

from nodes.printing.raster import packed


def tspl(image: Image.Image, size_mm: tuple[float, float], gap_mm: float, copies: int) -> bytes:
    """One label with so many copies; `gap_mm` between two labels of the roll."""
    data, row = packed(image)
    head = (
        f"SIZE {size_mm[0]:g} mm,{size_mm[1]:g} mm\r\nGAP {gap_mm:g} mm,0 mm\r\nDIRECTION 1\r\nCLS\r\n"
        f"BITMAP 0,0,{row},{image.height},0,"
    )
    return head.encode("ascii") + bytes(byte ^ 0xFF for byte in data) + f"\r\nPRINT {copies},1\r\n".encode("ascii")
