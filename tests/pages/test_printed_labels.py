"""From paper to page: a label is fetched as a picture, met with damaged, read by another library, and scanned."""

import io
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from nodes import tokens
from nodes.clock import system_clock
from tests.chain import MINE, MOTOR
from tests.serving import serving

LABELS = {"a drum": (MINE, "D-4"), "a motor": (MOTOR, "U-2")}


def photographed(label: Image.Image) -> Image.Image:
    """A phone sees each dot of the printer as several of its own."""
    return label.resize((label.width * 2, label.height * 2), Image.Resampling.NEAREST)


def turned(degrees: float):
    return lambda image: image.rotate(degrees, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)


def halved(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.BILINEAR)


def out_of_focus(image: Image.Image, radius: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(radius))


MET = {
    "as printed": lambda image: image,
    "turned by 30 degrees": turned(30),
    "upside down": turned(180),
    "out of focus": lambda image: out_of_focus(image, 3),
    "at half size": halved,
    "at half size, turned and out of focus": lambda image: turned(-12)(halved(image)).filter(
        ImageFilter.GaussianBlur(1.2)
    ),
}


@pytest.fixture(scope="module")
def printers(chain, tmp_path_factory):
    """name -> (where it is served, the headers of a viewer)"""
    folder = tmp_path_factory.mktemp("printers")
    with ExitStack() as stack:
        found = {}
        for name in (MINE, MOTOR):
            node = stack.enter_context(chain.node(name, chain.copy(name, folder / name)))
            token = tokens.mint(node.store, "Wang", "viewer", system_clock)
            found[name] = (stack.enter_context(serving(node)), {"authorization": f"Bearer {token}"})
        yield found


@pytest.mark.parametrize("damage", MET)
@pytest.mark.parametrize("thing", LABELS)
def test_a_printed_label_is_read_and_found_genuine(chain, printers, thing, damage):
    name, serial = LABELS[thing]
    url, viewer = printers[name]
    with httpx.Client(base_url=url, trust_env=False) as phone:
        answer = phone.get(f"/api/v1/units/{serial}/qr.png", headers=viewer)
        assert answer.headers["content-type"] == "image/png"
        seen = MET[damage](photographed(Image.open(io.BytesIO(answer.content)).convert("L")))
        [code] = zxingcpp.read_barcodes(seen, formats=zxingcpp.BarcodeFormat.QRCode)
        assert code.text == chain.labels[serial]
        # Whoever scans has no token; the printed host is not this test's server, the path is.
        found = phone.get(urlsplit(code.text).path, headers={"accept": "application/json"}).json()
        assert found["genuine"] is True
        assert (found["maker"], found["serial"]) == (name, serial)
        page = phone.get(urlsplit(code.text).path, headers={"accept": "text/html", "accept-language": "en"})
        assert "Genuine label" in page.text


@pytest.mark.parametrize("thing", LABELS)
def test_the_vector_label_says_the_same_as_the_picture(chain, printers, thing):
    name, serial = LABELS[thing]
    url, viewer = printers[name]
    with httpx.Client(base_url=url, headers=viewer, trust_env=False) as clerk:
        svg = clerk.get(f"/api/v1/units/{serial}/qr.svg")
        assert svg.headers["content-type"] == "image/svg+xml"
        shown = clerk.get(f"/api/v1/units/{serial}").json()
    assert shown["label_url"] == chain.labels[serial]
    for words in (serial, "净重 Net", "校验码 Check"):
        assert words in svg.text
