"""Labels are read back by another library, straight, turned, blurred and small; and the SVG is the PNG."""

import io
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from ledger.errors import Malformed
from nodes import qr

# As long as a real one: 133 bytes in base64url.
TOKEN = "AQIDBAWxk-dQZ0123456789_" + "h3Kz-Tq9Lw_Vb2Nf" * 9 + "Xy7_Rm4-Pq"
URL = f"https://magnet.example/q/{TOKEN}"
LINES = ["magnet.example", "Carton C-0017", "Net 12.500 kg", "Seal A771", "Check pHlZ1xQe"]
SVG = "{http://www.w3.org/2000/svg}"


def test_the_token_is_as_long_as_a_real_one():
    assert len(TOKEN) == 178


def picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def decode(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)]


def matrix(png: bytes, module_px: int) -> list[list[bool]]:
    """The modules (True is black) of a PNG, after checking that each is one colour over all its pixels."""
    image = picture(png).convert("L")
    assert image.width % module_px == 0 == image.height % module_px
    small = image.resize((image.width // module_px, image.height // module_px), Image.Resampling.NEAREST)
    assert small.resize(image.size, Image.Resampling.NEAREST).tobytes() == image.tobytes()
    pixels = small.tobytes()
    assert set(pixels) == {0, 255}
    return [[pixel == 0 for pixel in pixels[y * small.width : (y + 1) * small.width]] for y in range(small.height)]


def raster(svg: str) -> list[list[bool]]:
    """Fill the path's rectangles, the only kind of shape in it, into a grid as large as the viewBox."""
    root = ElementTree.fromstring(svg)
    left, top, width, height = (int(number) for number in root.attrib["viewBox"].split())
    assert (left, top) == (0, 0)
    drawing = next(root.iter(f"{SVG}path")).attrib["d"]
    rectangles = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", drawing)
    assert "".join(f"M{x} {y}h{run}v1h-{back}z" for x, y, run, back in rectangles) == drawing
    grid = [[False] * width for _ in range(height)]
    for x, y, run, back in (map(int, numbers) for numbers in rectangles):
        assert run == back
        for column in range(x, x + run):
            assert not grid[y][column]
            grid[y][column] = True
    return grid


@pytest.mark.parametrize("module_px", [1, 2, 3, 4, 8, 11])
def test_a_module_is_a_whole_number_of_pixels_and_the_picture_is_read_back(module_px):
    png = qr.draw_png(URL, module_px=module_px)
    assert len(matrix(png, module_px)) == 57 + 2 * qr.QUIET_ZONE
    assert decode(picture(png)) == [URL]


def test_nothing_but_white_in_the_quiet_zone_and_black_at_its_inner_edges():
    rows = matrix(qr.draw_png(URL), 8)
    border = [*rows[:4], *rows[-4:], *(row[:4] for row in rows), *(row[-4:] for row in rows)]
    assert not any(module for line in border for module in line)
    assert all(rows[4][4:11])
    assert all(row[4] for row in rows[4:11])
    assert all(rows[4][-11:-4])
    assert all(row[4] for row in rows[-11:-4])


def test_error_correction_is_m():
    [found] = zxingcpp.read_barcodes(picture(qr.draw_png(URL)).convert("L"))
    assert found.ec_level == "M"


def turned(degrees: float):
    return lambda image: image.rotate(degrees, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)


def halved(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.BILINEAR)


def smudge(image: Image.Image) -> Image.Image:
    image = image.copy()
    across = image.width // 8
    middle = image.width * 5 // 8
    image.paste(70, (middle, middle, middle + across, middle + across))
    return image


DAMAGE = {
    "as printed": lambda image: image,
    "turned by 17 degrees": turned(17),
    "turned by 45 degrees": turned(45),
    "lying on its side": turned(90),
    "upside down": turned(180),
    "out of focus": lambda image: image.filter(ImageFilter.GaussianBlur(4)),
    "at half size": halved,
    "at half size, out of focus and turned": lambda image: turned(-8)(
        halved(image).filter(ImageFilter.GaussianBlur(1.5))
    ),
    "faded": lambda image: image.point(lambda grey: 90 + grey * 80 // 255),
    "with a dirty thumb on it": smudge,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("draw", [qr.draw_png, lambda url: qr.draw_label_png(url, LINES)], ids=["symbol", "label"])
def test_it_is_read_back(draw, damage):
    assert decode(damage(picture(draw(URL)).convert("L"))) == [URL]


@pytest.mark.parametrize(
    "url", [URL, "https://magnet.example/u/7K3M2P9QX2T1C5ABCDEFGHJKMN", f"https://a.example/q/{'0' * 900}"]
)
def test_the_svg_is_the_png(url):
    svg = qr.draw_svg(url)
    assert raster(svg) == matrix(qr.draw_png(url, module_px=2), 2)
    root = ElementTree.fromstring(svg)
    assert "width" not in root.attrib
    [background] = root.iter(f"{SVG}rect")
    assert f"0 0 {background.attrib['width']} {background.attrib['height']}" == root.attrib["viewBox"]


def test_a_label_keeps_its_symbol_pixel_by_pixel_with_the_words_below_the_quiet_zone():
    symbol = picture(qr.draw_png(URL))
    label = picture(qr.draw_label_png(URL, LINES))
    left = (label.width - symbol.width) // 2
    assert label.crop((left, 0, left + symbol.width, symbol.height)).tobytes() == symbol.tobytes()
    feet = [symbol.height + 8 * qr.LINE * row for row in range(len(LINES) + 1)]
    rows = [label.crop((0, top, label.width, foot)).convert("L") for top, foot in pairwise(feet)]
    assert all(row.getextrema() == (0, 255) for row in rows)


def test_a_long_line_widens_the_label_and_nothing_is_cut_off():
    long = "W" * 60
    label = picture(qr.draw_label_png(URL, [long])).convert("L")
    edges = [label.crop((0, 0, 8, label.height)), label.crop((label.width - 8, 0, label.width, label.height))]
    assert [edge.getextrema() for edge in edges] == [(255, 255)] * 2
    assert decode(label) == [URL]
    width = float(ElementTree.fromstring(qr.draw_label_svg(URL, [long])).attrib["viewBox"].split()[2])
    assert width > label.width / 8


def test_a_label_without_words_is_the_symbol():
    assert qr.draw_label_png(URL, []) == qr.draw_png(URL)
    assert raster(qr.draw_label_svg(URL, [])) == raster(qr.draw_svg(URL))


def test_an_svg_label_says_its_words_as_they_are_chinese_and_markup_too():
    lines = ['磁钢 <N52> & "co"', "净重 12.500 千克", *LINES]
    root = ElementTree.fromstring(qr.draw_label_svg(URL, lines))
    assert [text.text for text in root.iter(f"{SVG}text")] == lines
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    assert root.attrib["width"] == f"{width * qr.MODULE_MM:g}mm"
    assert all(float(text.attrib["y"]) < height for text in root.iter(f"{SVG}text"))
    symbol = raster(qr.draw_svg(URL))
    left = (int(width) - len(symbol)) // 2
    grid = raster(qr.draw_label_svg(URL, lines))
    assert [row[left : left + len(symbol)] for row in grid[: len(symbol)]] == symbol
    assert sum(map(sum, grid)) == sum(map(sum, symbol))


def test_a_png_says_how_large_a_module_is_on_paper():
    dots, _ = picture(qr.draw_png(URL, module_px=4)).info["dpi"]
    assert round(dots) == 203


WORDS_REFUSED = {
    "Chinese in a PNG": (qr.draw_label_png, ["magnet.example", "桶 D-001"], "label-not-ascii", "lines[1]"),
    "a line break": (qr.draw_label_svg, ["two\nlines"], "malformed", "lines[0]"),
    "a zero byte, which no XML may hold": (qr.draw_label_svg, ["ok", "bad\0"], "malformed", "lines[1]"),
    "a sign that turns the writing direction": (qr.draw_label_svg, ["\u202e1.5 kg"], "malformed", "lines[0]"),
    "half a surrogate pair": (qr.draw_label_svg, ["\ud800"], "malformed", "lines[0]"),
    "a tab in a PNG": (qr.draw_label_png, ["a\tb"], "malformed", "lines[0]"),
}


@pytest.mark.parametrize(("draw", "lines", "code", "field"), WORDS_REFUSED.values(), ids=WORDS_REFUSED)
def test_words_that_cannot_be_printed_are_refused(draw, lines, code, field):
    with pytest.raises(Malformed) as refused:
        draw(URL, lines)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("en")
    assert refused.value.text("zh")
