"""Every page of docs/pages.md, as anybody must be able to use it: axe-core, a phone's width, day and night.

A new page is found by its row in that table. What stands in braces in its path is filled from what `places` holds; a
page that needs something else is refused here until `places` or `ELSEWHERE` has it.
"""

import asyncio
import json
import re
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from nodes import cases, imports, joining, outside, people, requests, seeking, tokens
from nodes.clock import system_clock
from nodes.following import stand_by
from nodes.homes import create_home
from nodes.jobs import LONG
from nodes.node import Caller, Node
from tests.nodes.test_oversight import AUTHORITY, NUMBER, ONE, TWO
from tests.overseen import overseen, worked_out
from tests.pages.visitor import AXE, DESK, OVERHANGING, PHONE, SERIOUS
from tests.serving import serving
from tests.world import World, kg

TESTS = Path(__file__).resolve().parents[1]
TABLE = (TESTS.parent / "docs" / "pages.md").read_text("utf-8")
MINE, PLANT = "xinfeng.example", "gannan.example"
OXIDE = {"basis": "ignited", "total_reo_pct": "99.0", "distribution_pct": [["Pr", "25.0"], ["Nd", "75.0"]]}
NO_PAGES = {"/sign-out", "/register/preview", "/process/preview", "/receive/{shipment}/preview"}
NO_PAGES |= {"/import/{book}/marked"}
"""They answer a form or are a file, and are no whole page."""
NO_PAGES |= {"/sign-in/elsewhere", "/sign-in/back"}
"""They answer a form or lead on, and are no whole page."""
STATES = {
    "a code of nobody": "/q/AQ",
    "nothing there": "/batches/none",
    "a link of nobody": "/g/none",
    "no page": "/c/AQ",
}
"""Pages that say why something cannot be shown."""
COLOURS = json.dumps({"runOnly": ["color-contrast"]})
LOOKS = {
    "by day in Chinese": (PHONE, "zh-CN", False, "{}"),
    "by night in English": (PHONE, "en", True, COLOURS),
    "on a desk": (DESK, "en", False, "{}"),
}
"""How large, in which language, whether dark, and what axe-core looks at: at night nothing but colours is different."""


def listed():
    return [path for path in re.findall(r"^\| `(/\S*)` \|", TABLE, re.MULTILINE) if path not in NO_PAGES]


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with opening(tmp_path_factory.mktemp("accessible")) as find:
        yield find


@contextmanager
def opening(folder):
    """path of the table -> (address, token): a mine that sold to a plant and to somebody outside, an authority that
    admits, and one that looks into what two importers deposited with it.
    """
    with ExitStack() as stack:
        world = stack.enter_context(World(folder, MINE, PLANT))
        places, elsewhere = _story(world[MINE], world[PLANT])
        home = folder / "authority"
        create_home(home, {}, name="authority.example", organisation="赣州", role="authority", country="CN", sites=[])
        authority = Node.open(home, {})
        stack.callback(authority.stop)
        _enrol(authority, world[MINE])
        places |= {"member": MINE, "request": MINE, "order": _freeze(authority)}
        overseer = stack.enter_context(overseen(folder / "overseen", lot="D-20"))[AUTHORITY]
        elsewhere |= {path: (3, there) for path, there in _looked_into(overseer).items()}
        stack.callback(_keep_busy(overseer.node).set)
        hosts = []
        for node in (world[MINE].node, world[PLANT].node, authority, overseer.node):
            token = tokens.mint(node.store, "Chen", "admin", system_clock)
            people.hire(node.store, "Li", "clerk", system_clock, subject="li", tasks=["weighing"])
            address = stack.enter_context(serving(node))
            hosts.append(SimpleNamespace(address=address, token=token, paths=_paths_of(node)))

        def find(path):
            host = hosts[elsewhere.get(path, (0, ""))[0]]
            if path in elsewhere:
                return host.address + elsewhere[path][1], host.token
            missing = set(re.findall(r"\{(\w+)\}", path)) - places.keys()
            assert not missing, f"{path}: say in `places` of this test what {missing} stands for"
            role = next((one for one in hosts if path in one.paths), host)
            return role.address + path.format_map(places), role.token

        yield find


def _enrol(authority, member):
    """The mine is admitted, and its request waits again."""
    authority.start()
    home = authority.settings.home
    requests.keep(home, joining.request_of(member.home, {}))
    body = {"name": member.name, "request": requests.opened(home, member.name).fields()}
    asyncio.run(authority.do("admit", body, Caller("Chen"), None))
    asyncio.run(stand_by(authority))


def _freeze(authority):
    """The order, as a path names it."""
    body = {"to": MINE, "lines": [{"batch": f"{MINE}/log#{'0' * 26}"}], "reason": "case 2026-17"}
    made = asyncio.run(authority.do("freeze", body, Caller("Chen"), None))
    return quote(json.loads(made.body)["order"], safe="")


def _looked_into(authority):
    """Path of the table -> where it is at an authority that has a finding, a case of it and a table of the customs."""
    found = next(one.finding for one in worked_out(authority).findings if one.finding.rule == "document-overdrawn")
    node, chen = authority.node, Caller("Chen")
    body = {"title": "一份报关单，两家使用 One paper, two users", "findings": [found.id]}
    case = json.loads(cases.opened(node, chen, "opened", body).body)["case"]
    for body in (
        {"kind": "asked", "organisation": TWO, "text": "报关单是谁的？ Whose is the declaration?"},
        {"kind": "answered", "organisation": TWO, "text": "号码抄错了。 A number copied wrongly."},
    ):
        cases.step(node, chen, body["kind"], case, body)
    rows = f"报关单号,申报日期,净重（千克）,收发货人\n{NUMBER},2026-11-01,100,甲\n9999-0000,2026-11-02,1050,乙\n"
    table = outside.bring(node, chen, "customs_declaration", "赣州海关", "2026.csv", rows.encode())
    lists = ("/flows", "/oversight", "/cases", "/outside", "/seek")
    (goods,) = seeking.seek(node, "I-1")
    return {path: path for path in lists} | {
        "/oversight/{finding}": f"/oversight/{found.id}",
        "/cases/new": f"/cases/new?finding={found.id}",
        "/cases/{case}": f"/cases/{case}",
        "/cases/{case}/evidence-pack": f"/cases/{case}/evidence-pack",
        "/outside/{table}": f"/outside/{table}",
        "/seek/{batch}": f"/seek/{quote(goods.batch, safe='')}",
        "/deposited/{member}/{index}": f"/deposited/{ONE}/{goods.index}",
    }


def _keep_busy(node):
    """Until what it answers is set, no pack is done: the page that says how far it is would be the file at once."""
    done = Event()
    node.jobs.start(
        lambda job, file: done.wait(), total=1, name="before", media_type="text/plain", owner="Chen", lane=LONG
    )
    return done


def _paths_of(node):
    """Some pages are there only at nodes of one kind of organisation."""
    from api.app import create_app

    return {getattr(route, "path", "").replace(":path}", "}") for route in create_app(node).routes}


def _story(mine, plant):
    """What stands for the braces of paths at the mine; (number of the host, path) of pages that need more."""
    mine.register("PN-7", "2000", product="prnd_oxide", assay=OXIDE)
    units = mine.pack("PN-7", "D-001", "D-002", "D-003", net="50", seal="A771")
    sold = mine.ship(plant.name, {"batch": "PN-7", "units": ["D-001"], "quantity": kg("600")})
    plant.await_arrival(sold)
    plant.receive(sold, {"line": 0, "site": "main", "weighed": kg("600.4")})
    mine.await_status(sold, "received")
    outside = {"outside": {"name": "Muster Magnete GmbH", "country": "DE"}}
    body = {"to": outside, "purpose": "sale", "lines": [{"batch": "PN-7", "units": ["D-002"]}]}
    away = mine.record("/api/v1/shipments", body)["shipment"]
    link = mine.record(f"/api/v1/shipments/{away}/link", {})["url"].rpartition("/")[2]
    certificate = mine.record("/api/v1/certificates", {"batch": "PN-7", "number": "QC-1"})["url"].rpartition("/")[2]
    recall = {"kind": "quality", "text": "氯根超标 Chloride", "lines": [{"batch": "PN-7", "units": ["D-003"]}]}
    reply = mine.ask("POST", "/api/v1/recalls", recall, role="supervisor", headers={"idempotency-key": "recall"})
    assert reply.status == 201, reply.body
    coming = mine.ship(plant.name, {"batch": "PN-7", "quantity": kg("5")})
    plant.await_arrival(coming)
    step, taken = {"process": "blend", "site": "main"}, {"batch": "PN-7", "quantity": kg("100")}
    mine.record("/api/v1/pools/tank-1/charges", {"steps": [step], "period_lot_no": "P1", "inputs": [taken]})
    body = {"steps": [step], "inputs": [taken], "outputs": [{"product": "prnd_oxide", "quantity": kg("100")}]}
    made = mine.record("/api/v1/transformations", body)["entry"]["index"]
    job = mine.post("/api/v1/labels", {"units": ["D-002"]}).json()["job"]
    finding = mine.get("/api/v1/findings")["findings"][0]["id"]
    mine.await_checkpoint()
    places = {"batch": "PN-7", "secret": link, "token": units[0]["label_url"].rpartition("/")[2]}
    places |= {"lock": reply.json()["lock"], "shipment": away, "unit": units[0]["unit"]}
    places |= {"pool": "tank-1", "entry": made, "job": job, "finding": finding}
    places |= {"index": made}
    rows = "日期,批号,产品,净重（kg）,来源,国家\n2025-3-7,O-1,氧化镨钕,5斤,期初库存,中国\n"
    places["book"] = imports.bring(mine.node, "Chen", "期初.csv", "registrations", rows.encode())
    places |= {"person": 1, "pool": "tank-1", "entry": made, "job": job, "finding": finding}
    places |= {"index": made, "month": mine.get("/api/v1/periods")["open"][-1]}
    there = quote(plant.get("/api/v1/batches")["batches"][0]["batch"], safe="")
    sheet = f"/api/v1/batches/{there}/settlement?shipment={quote(sold, safe='')}&format=html"
    return places, {
        "/correct/{entry}": (0, "/correct/1?kind=adjust"),
        "/receive/{shipment}": (1, f"/receive/{quote(coming, safe='')}"),
        "/c/{token}": (0, f"/c/{certificate}"),
        "/api/v1/recalls/{lock}": (0, f"/api/v1/recalls/{places['lock']}?format=html"),
        "/api/v1/batches/{batch}/settlement": (1, sheet),
    }


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("path", [*listed(), *STATES.values()], ids=[*listed(), *STATES])
def test_anybody_can_use_it(browser, opened, path, look):
    size, language, dark, rules = LOOKS[look]
    url, token = opened(path)
    page = browser.open("about:blank", width=size[0], height=size[1], dark=dark)
    headers = {"accept-language": language}
    if path not in ("/sign-in", *STATES.values()) or path == STATES["nothing there"]:
        headers["authorization"] = f"Bearer {token}"
    page.call("Network.setExtraHTTPHeaders", headers=headers)
    page.go(url)
    assert page.value("document.querySelector('h1') !== null && document.body.innerText.length > 40"), page.words()
    assert page.value("document.documentElement.lang") == ("en" if language == "en" else "zh-CN")
    assert page.value("document.documentElement.scrollWidth") == size[0]
    assert page.value(OVERHANGING) == []
    assert [said for said in page.complaints() if path not in STATES.values() or "status of" not in said] == []
    page.value(f"{AXE}; 0")
    assert page.value(SERIOUS % rules) == []


@pytest.mark.parametrize(
    "path", ["/", "/batches/{batch}", "/trace/{batch}", "/shipments/{shipment}", "/months/{month}"]
)
def test_paper_is_white_and_bears_nothing_to_press(browser, opened, pictures, path):
    """Also where the screen is dark: ink is dear, and a button on paper is noise."""
    url, token = opened(path)
    page = browser.open("about:blank", width=1280, height=800, dark=True)
    page.call("Network.setExtraHTTPHeaders", headers={"authorization": f"Bearer {token}"})
    page.go(url)
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    page.call("Emulation.setEmulatedMedia", media="print", features=[dark])
    page.picture(pictures / f"paper-{re.sub(r'[^a-z]+', '-', path)}.png")
    assert page.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.value("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    pressed = "[...document.querySelectorAll('button, .act, nav a')].filter(one => one.checkVisibility()).length"
    assert page.value(pressed) == 0
