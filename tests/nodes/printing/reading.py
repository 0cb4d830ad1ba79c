"""Reads what was printed: PDF pages and printers' pictures back to pixels, and the codes in them."""

import re
from io import BytesIO

import pypdfium2
import zxingcpp
from PIL import Image

ZPL_LETTERS = {
    **{chr(ord("F") + at): at for at in range(1, 20)},
    **{chr(ord("f") + at): 20 * at for at in range(1, 21)},
}
ZPL = re.compile(
    rb"\^XA\^PW([0-9]+)\^LL([0-9]+)\^LH0,0\^FO0,0\^GFA,([0-9]+),([0-9]+),([0-9]+),([0-9A-Za-z,:!]+)\^FS\^PQ([0-9]+)\^XZ\n"
)
TSPL = re.compile(
    rb"SIZE ([0-9.]+) mm,([0-9.]+) mm\r\nGAP [0-9.]+ mm,0 mm\r\nDIRECTION 1\r\nCLS\r\nBITMAP 0,0,([0-9]+),([0-9]+),0,"
)


def pdf_pages(content: bytes, dpi: int = 300) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(content)
    try:
        return [page.render(scale=dpi / 72).to_pil().convert("L") for page in document]
    finally:
        document.close()


def pdf_text(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def zpl_labels(content: bytes) -> list[tuple[Image.Image, int]]:
    """Every label's picture, and how many copies; nothing may stand between them."""
    labels, end = [], 0
    for found in ZPL.finditer(content):
        assert found.start() == end
        end = found.end()
        width, height, total, again, row, copies = (int(found[at]) for at in (1, 2, 3, 4, 5, 7))
        assert total == again == row * height
        data = _zpl_rows(found[6].decode(), row)
        assert len(data) == total
        labels.append((_picture(data, row, height).crop((0, 0, width, height)), copies))
    assert end == len(content)
    return labels


def _zpl_rows(text: str, row: int) -> bytes:
    rows, digits, times = [], "", 0
    for sign in text:
        if sign in ZPL_LETTERS:
            times += ZPL_LETTERS[sign]
        elif sign == ":":
            assert not digits
            rows.append(rows[-1])
        elif sign in ",!":
            rows.append(digits.ljust(2 * row, "0" if sign == "," else "F"))
            digits = ""
        else:
            digits, times = digits + sign * max(times, 1), 0
        if len(digits) == 2 * row:
            rows.append(digits)
            digits = ""
    assert not digits
    return bytes.fromhex("".join(rows))


def tspl_labels(content: bytes) -> list[tuple[Image.Image, int]]:
    labels = []
    while content:
        head = TSPL.match(content)
        assert head is not None, content[:80]
        row, height = int(head[3]), int(head[4])
        data = content[head.end() : head.end() + row * height]
        foot = re.match(rb"\r\nPRINT ([0-9]+),1\r\n", content[head.end() + row * height :])
        assert foot is not None
        labels.append((_picture(bytes(byte ^ 0xFF for byte in data), row, height), int(foot[1])))
        content = content[head.end() + row * height + foot.end() :]
    return labels


def _picture(black: bytes, row: int, height: int) -> Image.Image:
    return Image.frombytes("1", (8 * row, height), bytes(byte ^ 0xFF for byte in black))


def png(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content)).convert("L")


def codes(image: Image.Image) -> list[str]:
    found = zxingcpp.read_barcodes(image.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    return [code.text for code in found]


def module_dots(image: Image.Image) -> tuple[int, int, int]:
    """(modules a side, dots of each, white dots around) of the one code: every module is as large as all others."""
    [code] = zxingcpp.read_barcodes(image.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    corner, right = code.position.top_left, code.position.top_right
    pixels = image.convert("1")
    left, top = _first_black(pixels, corner.x, corner.y)
    run = 0
    while not pixels.getpixel((left + run, top)):
        run += 1
    assert run % 7 == 0, "the finder pattern is 7 modules"
    dots = run // 7
    side = round((right.x - corner.x) / dots)
    for y in range(side):
        for x in range(side):
            box = pixels.crop((left + x * dots, top + y * dots, left + (x + 1) * dots, top + (y + 1) * dots))
            assert len(set(box.get_flattened_data())) == 1, (x, y)
    around = 4 * dots
    frame = (max(left - around, 0), max(top - around, 0), left + side * dots + around, top + side * dots + around)
    quiet = pixels.crop(frame)
    quiet.paste(255, (left - frame[0], top - frame[1], left - frame[0] + side * dots, top - frame[1] + side * dots))
    assert quiet.getextrema() == (255, 255), "something stands in the quiet zone"
    return side, dots, around


def _first_black(pixels: Image.Image, x: int, y: int) -> tuple[int, int]:
    """The corner of the finder pattern near where the reader saw it."""
    near = pixels.crop((x - 3, y - 3, x + 12, y + 12)).convert("L").point(lambda value: 255 - value)
    box = near.getbbox()
    assert box is not None
    return x - 3 + box[0], y - 3 + box[1]
