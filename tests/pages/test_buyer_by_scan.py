"""A buyer scans the code of a motor: one page tells where its Nd and Dy come from, and how far that is proven; the
evidence that it offers is checked again by hand, without a network, and a changed one is not believed.

On a phone and at a desk, in Chinese and in English. How many touches it takes is held to docs/pages.md.
"""

from types import SimpleNamespace

import pytest

from nodes.photos import code_in
from tests.pages.test_clerk_by_keyboard import promised
from tests.pages.visitor import LOOKS, sound, visiting
from tests.serving import serving
from tests.world import World, kg

PLANT, MOTOR = "plant.example", "motor.example"
SAYS = {
    "zh-CN": {
        "verdict": "真实标签",
        "Nd": ["62.5 % 中国外购", "37.5 % 中国消费后回收料"],
        "Dy": ["100 % 越南外购"],
        "proof": "全部成立",
    },
    "en": {
        "verdict": "Genuine label",
        "Nd": ["62.5 % China: bought", "37.5 % China: post-consumer"],
        "Dy": ["100 % Vietnam: bought"],
        "proof": "Everything holds",
    },
}


def metal(element):
    return {"basis": "as_received", "elements_pct": [[element, "99.5"]]}


def origin(country, **more):
    return {"class": "bought_outside", "country": country, **more}


@pytest.fixture(scope="module")
def motor(tmp_path_factory):
    """Where the motor maker's pages are, and the picture of the code on the motor: new and used Nd of China, Dy of
    Vietnam.
    """
    public = {"LODETRACE_EVIDENCE_PUBLIC": "true"}
    with World(tmp_path_factory.mktemp("buyer"), PLANT, MOTOR, environ=public) as world:
        plant, maker = world[PLANT], world[MOTOR]
        for lot, mass, element, comes in (
            ("N-1", "50", "Nd", origin("CN")),
            ("N-2", "30", "Nd", origin("CN", feed_class="post_consumer")),
            ("D-1", "10", "Dy", origin("VN")),
            ("F-1", "200", "", origin("CN")),
        ):
            more = {"assay": metal(element)} if element else {}
            product = f"{element.lower()}_metal" if element else "iron_boron"
            plant.register(lot, mass, product=product, origin=comes, documents=[{"kind": "invoice", "no": lot}], **more)
        taken = [{"batch": lot, "quantity": kg(mass)} for lot, mass in (("N-1", "50"), ("N-2", "30"), ("D-1", "10"))]
        taken.append({"batch": "F-1", "quantity": kg("200")})
        magnets = {"product": "ndfeb_magnet", "lot_no": "P-1", "quantity": kg("270", count=2700)}
        plant.record(
            "/api/v1/transformations",
            {
                "steps": [{"process": "sinter"}],
                "inputs": taken,
                "outputs": [magnets],
                "losses": [{"kind": "slag", "quantity": kg("20")}],
            },
        )
        plant.pack("P-1", "C-1", net="5", kind="carton", count=50)
        sent = plant.ship(MOTOR, {"batch": "P-1", "units": ["C-1"]})
        maker.await_arrival(sent)
        maker.receive(sent)
        plant.await_status(sent, "received")
        maker.record("/api/v1/unpackings", {"units": ["C-1"]})
        built = maker.record(
            "/api/v1/assemblies",
            {
                "product": "motor",
                "lot_no": "EV-1",
                "inputs": [{"batch": "P-1", "quantity": kg("1", count=10)}],
                "units": [{"serial": "M-1", "net": kg("20")}],
            },
        )
        for one in (plant, maker):
            one.await_checkpoint()
        label = maker.ask("GET", f"/api/v1/units/{built['units'][0]['unit']}/qr.png").body
        with serving(maker.node, maker.app) as url:
            yield SimpleNamespace(url=url, label=label)


@pytest.mark.parametrize("look", LOOKS)
def test_where_the_motors_nd_and_dy_come_from(motor, look, tmp_path, pictures):
    says = SAYS[LOOKS[look][1]]
    path = "/q/" + code_in(motor.label).rpartition("/q/")[2]
    with visiting(motor.url, look, accept_downloads=True) as page:
        page.goto(path)
        page.wait_for_selector("[data-checked][data-state=good]")
        page.screenshot(path=pictures / f"buyer-{look.replace(' ', '-')}.png", full_page=True)
        sound(page)
        assert page.inner_text("h1") == says["verdict"]
        for element in ("Nd", "Dy"):
            told = page.inner_text(f"dt:text-is('{element}') + dd")
            assert [share for share in says[element] if share not in told] == [], told
        touches = 1  # of the camera, upon the code
        with page.expect_download() as download:
            page.click('a[href$="/evidence"]')
        touches += 1
        evidence = tmp_path / "motor.evidence.json"
        download.value.save_as(evidence)
        assert (0, touches) == promised("a motor's origins seen, and its evidence in hand")
        _again_by_hand(page, evidence, says)


def _again_by_hand(page, evidence, says):
    """On the page /verify, with the network gone."""
    page.goto("/verify")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.context.set_offline(True)

    def choose():
        with page.expect_file_chooser() as chooser:
            page.click("[data-file]")
        chooser.value.set_files(evidence)

    for again in (False, True):
        if again:
            page.reload()
        choose()
        page.wait_for_selector("[data-checked][data-state=good]")
        assert says["proof"] in page.inner_text("[data-checked]")
        sound(page)
    data = evidence.read_bytes()
    evidence.write_bytes(data.replace(b'"serial":"M-1"', b'"serial":"M-2"'))
    assert evidence.read_bytes() != data
    choose()
    page.wait_for_selector("[data-checked][data-state=bad]")
    sound(page)
    with evidence.open("wb") as file:
        file.truncate(100 * 2**20)
    choose()
    page.wait_for_selector("[data-checked] [data-summary]:has-text('64 MiB')")
    sound(page)
