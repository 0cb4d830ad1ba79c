"""Every form of a label, drawn with good and odd words, is read back: the code, its dots, its quiet zone, its words."""

import io
from dataclasses import replace

import pytest

from ledger.errors import Malformed, Refusal, Unavailable
from nodes.printing import layout, pdf, raster, typeface
from nodes.printing.calibration import PROBE, calibration
from nodes.printing.drawing import Text
from nodes.printing.svg import svg
from nodes.printing.tspl import tspl
from nodes.printing.zpl import zpl
from tests.nodes.printing import reading

URL = "https://q.longnan.example/q/" + "AdXfGh12_-" * 17 + "abcdefgh"
PLAIN = layout.LabelText(
    url=URL,
    serial="D-001",
    maker="赣州信丰稀土矿业有限公司",
    maker_en="Xinfeng Rare Earth Mining",
    product="氧化镨钕",
    product_en="Praseodymium-neodymium oxide",
    rows=(("净重", "Net", "50 kg"), ("件号", "No.", "D-001"), ("批号", "Lot", "PN-7"), ("封号", "Seal", "A771")),
    check="7W20207K",
    host="q.longnan.example",
)
ODD = {
    "a script": "<script>alert(1)</script>",
    "commands of ZPL": "^XZ^XA^FO0,0^FDx^FS~JA",
    "commands of TSPL": '"\r\nPRINT 99,1\r\nCLS "',
    "reading from right to left": "\u202e50 kg\u202c \u0645\u0631\u062d\u0628\u0627",
    "what has no width": "D\u200b-\u2060001\ufeff",
    "emoji": "😀👩\u200d🔬🇨🇳",
    "controls": "a\x00b\x1bc\x7f\u0085",
    "half of a pair": "\ud800",
    "a private sign": "\ue000\U000f0000",
    "nothing": "",
    "far too long": "离子型稀土混合氧化物" * 60,
}
SIZES = {**layout.SIZES, "a cell of 2x4": (105.0, 74.25), "a cell of 3x8": (70.0, 37.125), "of one's own": (80.0, 50.0)}


def odd(words: str) -> layout.LabelText:
    rows = tuple((zh, en, words) for zh, en, _ in PLAIN.rows)
    return replace(PLAIN, maker=words, maker_en=words, product=words, product_en=words, rows=rows, serial=words)


@pytest.mark.parametrize("words", ODD)
@pytest.mark.parametrize("size", SIZES)
def test_odd_words_are_drawn_harmlessly_in_every_form(size, words):
    text = odd(ODD[words])
    drawing = layout.label(text, SIZES[size], layout.DOTS_PER_MM["203"])
    image = raster.dots(drawing, 8.0)
    assert reading.codes(image) == [URL]
    reading.module_dots(image)
    [(again, copies)] = reading.zpl_labels(zpl(image, 2))
    assert (list(again.get_flattened_data()), copies) == (list(image.get_flattened_data()), 2)
    [(again, copies)] = reading.tspl_labels(tspl(image, SIZES[size], 3, 2))
    assert (reading.codes(again), copies) == ([URL], 2)
    for piece in drawing.pieces:
        if isinstance(piece, Text):
            assert piece.text == typeface.drawable(piece.text)
            wide = typeface.width(piece.text, piece.size)
            assert piece.x - (wide if piece.align == "right" else 0) >= 0
            assert piece.x + (0 if piece.align == "right" else wide) <= drawing.width
            assert 0 < piece.y < drawing.height
    assert b"<script" not in svg(drawing)


@pytest.mark.parametrize("dpi", ["203", "300"])
@pytest.mark.parametrize("size", SIZES)
def test_modules_are_whole_dots_and_large_enough(size, dpi):
    drawing = layout.label(PLAIN, SIZES[size], layout.DOTS_PER_MM[dpi])
    side, dots, _ = reading.module_dots(raster.dots(drawing, layout.DOTS_PER_MM[dpi]))
    assert side in (57, 69)
    assert dots / layout.DOTS_PER_MM[dpi] >= layout.MODULE_LEAST
    if size == "100x70":
        assert (side, dots) == (69, {"203": 4, "300": 6}[dpi]), "error correction Q, half a millimetre"


@pytest.mark.parametrize("size", SIZES)
def test_a_pdf_has_the_paper_s_size_the_code_and_the_words(size):
    file = io.BytesIO()
    pdf.pages(file, [layout.label(PLAIN, SIZES[size], layout.DOTS_PER_MM["600"])] * 2, "PN-7")
    pages = reading.pdf_pages(file.getvalue())
    assert len(pages) == 2
    for page in pages:
        assert [round(side / 300 * 25.4) for side in page.size] == [round(side) for side in SIZES[size]]
        assert reading.codes(page) == [URL]
    words = reading.pdf_text(file.getvalue())
    for shown in ("赣州信丰稀土矿业有限公司", "氧化镨钕", "50 kg", "D-001", "7W20207K"):
        assert shown in words


def test_the_same_labels_are_the_same_bytes():
    made = []
    for _ in range(2):
        file = io.BytesIO()
        pdf.pages(file, [layout.label(PLAIN, (100, 70), 600 / 25.4)], "PN-7")
        made.append(file.getvalue())
    assert made[0] == made[1]
    assert len(made[0]) < 60_000, "only the signs that are used are embedded"


def test_sheets_begin_where_the_last_one_ended():
    grid = pdf.Grid(2, 4)
    urls = [f"{URL}{at}" for at in range(9)]
    drawings = [layout.label(replace(PLAIN, url=url), grid.cell, layout.DOTS_PER_MM["600"]) for url in urls]
    file = io.BytesIO()
    pdf.sheets(file, drawings, grid, 5, "x")
    first, second = reading.pdf_pages(file.getvalue())
    assert sorted(reading.codes(first)) == urls[:3]
    assert sorted(reading.codes(second)) == urls[3:]
    assert reading.codes(first.crop((0, 0, first.width, first.height // 2))) == []


def test_margins_and_gaps_of_a_sheet():
    grid = pdf.Grid(3, 7, (7.2, 15.1), (2.5, 0))
    assert [round(side, 2) for side in grid.cell] == [63.53, 38.11]
    assert [round(edge, 2) for edge in grid.place(4)] == [73.23, 53.21]
    with pytest.raises(Malformed, match="sheet"):
        _ = pdf.Grid(3, 7, (100, 15), (10, 0)).cell


def test_a_label_too_small_for_any_code_is_refused():
    with pytest.raises(Refusal) as refused:
        layout.label(PLAIN, (40, 20), 8.0)
    assert (refused.value.code, refused.value.value) == ("label-too-small", "40x20")


@pytest.mark.parametrize("words", ODD)
def test_an_invitation_is_read_with_any_words_below_it(words):
    drawing = layout.invitation(URL, ["扫码确认收货", ODD[words]])
    assert reading.codes(raster.dots(drawing, 8.0)) == [URL]
    for piece in drawing.pieces:
        if isinstance(piece, Text):
            assert typeface.width(piece.text, piece.size) <= drawing.width
            assert 0 < piece.y < drawing.height
    assert "扫码确认收货" in svg(drawing).decode()


def test_what_is_too_long_is_made_smaller_then_cut_visibly():
    assert typeface.fit("D-001", 4, 40, 2) == ("D-001", 4)
    shown, size = typeface.fit("D-001" * 4, 4, 30, 2)
    assert shown == "D-001" * 4
    assert 2 < size < 4
    assert typeface.width(shown, size) == pytest.approx(30)
    cut, size = typeface.fit("D-001" * 40, 4, 30, 2)
    assert (cut[-1], size) == ("…", 2)
    assert typeface.width(cut, size) <= 30
    assert "".join(typeface.wrap("氧化镨钕 oxide of praseodymium", 4, 30, 9)).replace(" ", "") == (
        "氧化镨钕oxideofpraseodymium"
    )


def test_nothing_is_left_out_and_nothing_hidden():
    assert typeface.drawable("A\u200bB") == "A□B" != typeface.drawable("AB")
    assert typeface.drawable("\u202e50\u202c😀") == "□50□□"
    assert typeface.drawable("氧化镨钕 Å") == "氧化镨钕 Å"


@pytest.mark.parametrize("dpi", ["203", "300"])
@pytest.mark.parametrize("size", layout.SIZES)
def test_the_calibration_label_has_a_ladder_that_is_read(size, dpi):
    dots = layout.DOTS_PER_MM[dpi]
    image = raster.dots(calibration(layout.SIZES[size], dots), dots)
    found = reading.codes(image)
    assert set(found) == {PROBE}
    assert len(found) >= 2
    black = [sum(not image.getpixel((x, y)) for x in range(12, 45)) for y in (round(3.5 * dots), round(2 * dots))]
    assert all(black), "the cross and the ruler stand in the corner"


def test_without_its_typeface_nothing_is_printed(monkeypatch, tmp_path):
    monkeypatch.setattr(typeface, "FILE", tmp_path / "gone.ttf")
    with pytest.raises(Unavailable) as missing:
        typeface.for_printer.__wrapped__(8)
    assert missing.value.code == "font-missing"
    with pytest.raises(Unavailable):
        typeface._embedded.__wrapped__()
