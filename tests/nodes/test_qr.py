"""A symbol: its size, its quiet zone, and that another library reads it with the correction that was asked for."""

import pytest
import zxingcpp
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q

from nodes.qr import QUIET_ZONE, Matrix, matrix_of

# As long as a real one: 133 bytes in base64url.
TOKEN = "AQIDBAWxk-dQZ0123456789_" + "h3Kz-Tq9Lw_Vb2Nf" * 9 + "Xy7_Rm4-Pq"
URL = f"https://magnet.example/q/{TOKEN}"
URLS = [URL, "https://magnet.example/u/7K3M2P9QX2T1C5ABCDEFGHJKMN", f"https://a.example/q/{'0' * 900}"]


def picture(matrix: Matrix) -> Image.Image:
    small = Image.new("L", (len(matrix), len(matrix)))
    small.putdata([0 if black else 255 for row in matrix for black in row])
    return small.resize((4 * len(matrix), 4 * len(matrix)), Image.Resampling.NEAREST)


def test_a_label_s_symbol_has_57_modules_a_side():
    assert len(TOKEN) == 178
    assert len(matrix_of(URL)) == 57 + 2 * QUIET_ZONE


def test_nothing_but_white_in_the_quiet_zone_and_black_at_its_inner_edges():
    rows = matrix_of(URL)
    border = [*rows[:4], *rows[-4:], *(row[:4] for row in rows), *(row[-4:] for row in rows)]
    assert not any(module for line in border for module in line)
    assert all(rows[4][4:11])
    assert all(row[4] for row in rows[4:11])
    assert all(rows[4][-11:-4])
    assert all(row[4] for row in rows[-11:-4])


@pytest.mark.parametrize("mask", [None, 2])
@pytest.mark.parametrize(("correction", "level"), [(ERROR_CORRECT_M, "M"), (ERROR_CORRECT_Q, "Q")])
@pytest.mark.parametrize("url", URLS, ids=["label", "short form", "long"])
def test_it_is_read_back(url, correction, level, mask):
    [found] = zxingcpp.read_barcodes(picture(matrix_of(url, correction, mask)))
    assert (found.text, found.ec_level) == (url, level)
