"""The scan page over HTTP: page or JSON, Chinese or English, and what a passer-by is not told.

Over 400 lines because every reader of the page is a case of its own.
"""

import json
import re
from html.parser import HTMLParser

import pytest

from api.app import create_app
from ledger.evidence import parse_evidence, verify
from ledger.verdict import WORDS
from nodes import tokens
from nodes.clock import system_clock
from nodes.scan import LIFE
from nodes.store.engine import Store
from tests.chain import MINE, MOTOR, NAMES, PLANT, RIVAL, SECRETS, TRADER

HTML = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ENGLISH = {**HTML, "accept-language": "en-GB,en;q=0.9"}
CHINESE = {**HTML, "accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}


class Page(HTMLParser):
    """A page's words by element, and everything that it would load or lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.headings: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.language = ""
        self.verdict = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], "every element that is opened is closed"

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag not in ("meta", "link", "br"):
            self._open.append(tag)
        if tag == "html":
            self.language = found["lang"]
        if "verdict" in found.get("class", "").split():
            self.verdict = found["class"].replace("card verdict", "").strip() or "bad"
        self.links += [found["href"]] if tag == "a" else []
        self.loads += [value for key, value in attributes if key in ("src", "srcset", "action", "data")]
        self.loads += [found["href"]] if tag == "link" else []
        assert tag not in ("iframe", "form", "object", "embed", "img")
        assert tag != "script" or found["type"] == "module"
        assert not any(key.startswith("on") for key in found)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        assert self._open[-1:] != ["script"], "a script in the page itself"
        if self._open and self._open[-1] == "style":
            assert "url(" not in data
            assert "@import" not in data
            return
        if self._open and self._open[-1] == "h1":
            self.headings.append(" ".join(data.split()))
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def heading(self) -> str:
        return " ".join(part for part in self.headings if part)


@pytest.fixture
def client_at(chain, client_of):
    """name -> Client of that node's application; settings as in the environment"""
    opened = []

    def client_at(name, home=None, **settings):
        made = chain.node(name, home, **settings)
        opened.append(made)
        return client_of(create_app(made.__enter__()))

    yield client_at
    for made in opened:
        made.__exit__(None, None, None)


def page_of(answer, status=200) -> Page:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Page(answer.text)


def forged(chain, serial: str) -> str:
    token = chain.token(serial)
    return token[:-3] + ("A" if token[-3] != "A" else "B") + token[-2:]


# -- which form ---------------------------------------------------------------------------------------------------

PAGES = [
    None,
    "*/*",
    "text/html",
    HTML["accept"],
    "text/html, application/json",
    "application/json;q=0.9, text/html",
    "application/json;q=0, */*",
    "image/png",
    "",
]
JSONS = [
    "application/json",
    "application/json, text/plain, */*",
    "application/json, text/html;q=0.9",
    "application/*",
    "text/html;q=0.3, application/json;q=0.4",
    "Application/JSON",
    "application/json; charset=utf-8",
]


@pytest.mark.parametrize("accept", PAGES)
def test_a_browser_and_whoever_does_not_say_gets_a_page(client_at, chain, accept):
    headers = {} if accept is None else {"accept": accept}
    page_of(client_at(MOTOR).get(f"/q/{chain.token('U-2')}", headers=headers))


@pytest.mark.parametrize("accept", JSONS)
def test_a_program_gets_json(client_at, chain, accept):
    answer = client_at(MOTOR).get(f"/q/{chain.token('U-2')}", headers={"accept": accept})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["genuine"] is True


# -- which language -----------------------------------------------------------------------------------------------

LANGUAGES = [
    ({}, "", "zh-CN"),
    ({"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}, "", "zh-CN"),
    ({"accept-language": "zh-TW"}, "", "zh-CN"),
    ({"accept-language": "en-GB,en;q=0.9,zh;q=0.8"}, "", "en"),
    ({"accept-language": "de-DE,de;q=0.9,en;q=0.5"}, "", "en"),
    ({"accept-language": "de-DE,de;q=0.9"}, "", "en"),
    ({"accept-language": "de,zh;q=0.5,en;q=0.4"}, "", "zh-CN"),
    ({"accept-language": "en;q=0,zh;q=0.1"}, "", "zh-CN"),
    ({"accept-language": "*"}, "", "zh-CN"),
    ({"accept-language": "zh"}, "?lang=en", "en"),
    ({"accept-language": "en"}, "?lang=zh", "zh-CN"),
    ({"accept-language": "en"}, "?lang=fr", "en"),
    ({"accept-language": ";;q=x,,en;q=9"}, "", "zh-CN"),
]


@pytest.mark.parametrize(("headers", "query", "language"), LANGUAGES)
def test_the_language_is_the_readers(client_at, chain, headers, query, language):
    page = page_of(client_at(MOTOR).get(f"/q/{chain.token('U-2')}{query}", headers=headers))
    assert page.language == language
    assert ("Genuine label" in page.text) == (language == "en")
    assert f"?lang={'zh' if language == 'en' else 'en'}" in page.links


def test_an_english_page_is_english(client_at, chain):
    for token in (chain.token("U-2"), forged(chain, "U-2"), "x"):
        answer = client_at(MOTOR).get(f"/q/{token}", headers=ENGLISH)
        text = Page(answer.text).text.replace("磁迹", "").replace("中文", "")
        assert not re.search("[\u4e00-\u9fff]", text), text


# -- the verdict --------------------------------------------------------------------------------------------------

VERDICTS = {
    "genuine": (MOTOR, "U-2", "good", "真实标签", "Genuine label"),
    "genuine, shipped on": (MOTOR, "U-1", "good", "真实标签", "Genuine label"),
    "genuine, of somebody else": (RIVAL, "C-3", "good", "真实标签", "Genuine label"),
    "emptied": (PLANT, "D-1", "wait", "标签真实，但须先核实", "Genuine label, but stop and ask"),
    "taken apart": (MOTOR, "U-3", "wait", "标签真实，但须先核实", "Genuine label, but stop and ask"),
    "missing": (TRADER, "D-2", "wait", "标签真实，但须先核实", "Genuine label, but stop and ask"),
    "only its maker is known": (MINE, "C-3", "wait", f"标签出自 {PLANT}", f"Label made by {PLANT}"),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_the_first_thing_said_is_the_verdict(client_at, chain, case):
    name, serial, mood, chinese, english = VERDICTS[case]
    client = client_at(name)
    for headers, heading in ((CHINESE, chinese), (ENGLISH, english)):
        page = page_of(client.get(f"/q/{chain.token(serial)}", headers=headers))
        assert (page.verdict, page.heading) == (mood, heading)


def test_a_label_that_should_be_gone_says_why(client_at, chain):
    for name, serial, state in ((PLANT, "D-1", "emptied"), (MOTOR, "U-3", "consumed"), (TRADER, "D-2", "missing")):
        answer = client_at(name).get(f"/q/{chain.token(serial)}", headers=ENGLISH)
        assert LIFE[state][0] in page_of(answer).text
        told = client_at(name).get(f"/q/{chain.token(serial)}", headers={"accept": "application/json"}).json()
        assert (told["genuine"], told["spent"], told["state"]) == (True, True, state)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda chain: forged(chain, "U-2"), "label-forged"),
        (lambda chain: chain.token("U-2")[:-1], "malformed"),
        (lambda chain: "AQ", "malformed"),
        (lambda chain: "AQ" + "x" * 3000, "malformed"),
    ],
)
def test_what_is_not_genuine_is_said_in_red(client_at, chain, make, code):
    client, token = client_at(MOTOR), make(chain)
    for headers, heading in ((CHINESE, "不是真实标签"), (ENGLISH, "Not a genuine label")):
        answer = client.get(f"/q/{token}", headers=headers)
        page = page_of(answer, 422)
        assert (page.verdict, page.heading) == ("bad", heading)
        assert "/evidence" not in str(page.links)
    told = client.get(f"/q/{token}", headers={"accept": "application/json"})
    assert (told.status_code, told.json()["code"]) == (422, code)
    assert told.headers["content-type"] == "application/problem+json"


def test_what_nobody_can_tell_here_is_not_called_forged(client_at, chain):
    page = page_of(client_at(MINE).get(f"/q/{chain.token('U-2')}", headers=ENGLISH), 422)
    assert (page.verdict, page.heading) == ("wait", "Cannot be checked here")
    assert "Do not accept" not in page.text


def test_a_node_that_is_too_busy_says_nothing_against_the_label(client_at, chain, tmp_path):
    home = chain.copy(MOTOR, tmp_path / "home")
    store = Store.open(home / "node.db")
    with store.write() as conn:
        conn.execute("DELETE FROM checkpoints")
    store.close()
    client = client_at(MOTOR, home)
    page = page_of(client.get(f"/q/{chain.token('U-2')}", headers=ENGLISH), 503)
    assert (page.verdict, page.heading) == ("wait", "Cannot be checked just now")
    assert client.get(f"/q/{chain.token('U-2')}", headers={"accept": "application/json"}).status_code == 503


def test_a_history_that_does_not_verify_is_no_green_page(client_at, chain, tmp_path):
    home = chain.copy(MOTOR, tmp_path / "home")
    store = Store.open(home / "node.db")
    with store.write() as conn:
        conn.execute("UPDATE upstream SET note = X'00' WHERE type = 'transformed'")
    store.close()
    client = client_at(MOTOR, home)
    page = page_of(client.get(f"/q/{chain.token('U-2')}", headers=ENGLISH))
    assert (page.verdict, page.heading) == ("bad", "Cannot be verified")
    told = client.get(f"/q/{chain.token('U-2')}", headers={"accept": "application/json"}).json()
    assert (told["genuine"], told["verdict"]) == (False, None)
    assert told["failure"]["code"]
    for name in set(NAMES) - {MOTOR}:
        assert name not in page.text
        assert name not in json.dumps(told)


# -- what is on it ------------------------------------------------------------------------------------------------


def test_what_to_compare_and_how_far_it_is_proven(client_at, chain):
    for headers, place in ((ENGLISH, 0), (CHINESE, 1)):
        page = page_of(client_at(RIVAL).get(f"/q/{chain.token('C-3')}", headers=headers))
        for word in WORDS.values():
            assert word[place] in page.text
        for fact in ("C-3", "5 kg", PLANT, ("China", "中国")[place]):
            assert fact in page.text
    english = page_of(client_at(RIVAL).get(f"/q/{chain.token('C-3')}", headers=ENGLISH)).text
    assert "A copied code looks the same: compare serial, seal and net mass." in english
    assert "Sintered NdFeB magnet" in english
    assert "No recall or correction known as of size" in english
    chinese = page_of(client_at(RIVAL).get(f"/q/{chain.token('C-3')}", headers=CHINESE)).text
    assert "复制的二维码看起来完全一样" in chinese
    assert "烧结钕铁硼磁体" in chinese
    assert "未知有召回或更正" in chinese


def test_the_seal_is_there_where_there_is_one(client_at, chain):
    sealed = page_of(client_at(MINE).get(f"/q/{chain.token('D-4')}", headers=ENGLISH)).text
    assert "Seal A771" in sealed
    assert "Seal" not in page_of(client_at(MOTOR).get(f"/q/{chain.token('U-2')}", headers=ENGLISH)).text


def test_what_was_weighed_last_is_shown_beside_what_was_printed(client_at, chain, tmp_path):
    home = chain.copy(MINE, tmp_path / "home")
    store = Store.open(home / "node.db")
    with store.write() as conn:
        conn.execute("UPDATE units SET net_mg = 9990000 WHERE serial = 'D-4'")
    store.close()
    text = page_of(client_at(MINE, home).get(f"/q/{chain.token('D-4')}", headers=ENGLISH)).text
    assert "10 kg last weighed 9.99 kg" in text


def test_a_serial_with_markup_in_it_stays_text(client, token_of, node):
    clerk = token_of("clerk")
    nasty = "<script>alert(1)</script>&\"'"
    body = {"product": "nd_oxide", "lot_no": "L", "quantity": {"value": "9", "unit": "kg"}}
    body["origin"] = {"class": "mined", "country": "CN", "region": nasty}
    client.post("/api/v1/batches", json=body, headers={**clerk, "idempotency-key": "a"})
    units = {"batch": "L", "units": [{"serial": nasty, "seal": nasty, "net": {"value": "1", "unit": "kg"}}]}
    packed = client.post("/api/v1/units", json=units, headers={**clerk, "idempotency-key": "b"}).json()
    node.sequencer.stop()  # publishes
    path = "/q/" + packed["units"][0]["label_url"].rpartition("/q/")[2]
    page = page_of(client.get(path, headers=ENGLISH))
    assert page.text.count(nasty) == 4  # beside the product, as serial, as seal, as region
    assert "<script>" not in client.get(path, headers=ENGLISH).text


# -- who is told what ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", [ENGLISH, CHINESE, {"accept": "application/json"}])
@pytest.mark.parametrize("serial", ["U-1", "U-2", "C-2"])
def test_a_passer_by_is_told_no_names_upstream(client_at, chain, accept, serial):
    answer = client_at(MOTOR).get(f"/q/{chain.token(serial)}", headers=accept)
    maker = chain.units[serial].partition("/log#")[0]
    assert maker in answer.text
    for name in set(NAMES) - {maker, MOTOR}:
        assert name not in answer.text
    for secret in SECRETS.values():
        assert secret not in answer.text


@pytest.mark.parametrize("accept", [ENGLISH, {"accept": "application/json"}])
def test_with_leave_he_is_told_names_and_still_no_secrets(client_at, chain, accept):
    answer = client_at(MOTOR, evidence_public="true").get(f"/q/{chain.token('U-1')}", headers=accept)
    for name in (MINE, TRADER, PLANT, MOTOR):
        assert name in answer.text
    for secret in (*SECRETS.values(), RIVAL):
        assert secret not in answer.text


def test_what_is_not_told_is_null_in_json(client_at, chain):
    told = client_at(MOTOR).get(f"/q/{chain.token('U-1')}", headers={"accept": "application/json"}).json()
    steps = told["verdict"]["steps"]
    hidden = [step for step in steps if step["log"] is None]
    assert 0 < len(hidden) < len(steps)
    assert {(step["organisation"], step["index"], *step["batches"]) for step in hidden} == {(None, None)}
    assert {step["organisation"] for step in steps if step["log"]} == {MOTOR}
    assert told["label"] == {
        "log": f"{MOTOR}/log",
        "index": told["label"]["index"],
        "unit": chain.unit("U-1", MOTOR),
        "net_mg": 20_000_000,
    }


def test_the_evidence_is_for_viewers_unless_anybody_may_have_it(client_at, chain, tmp_path, problem):
    path = f"/q/{chain.token('U-2')}/evidence"
    closed = client_at(MOTOR)
    problem(closed.get(path), 401, "token-missing")
    assert path not in page_of(closed.get(f"/q/{chain.token('U-2')}", headers=HTML)).links
    home = chain.copy(MOTOR, tmp_path / "home")
    with chain.node(MOTOR, home) as node:
        token = tokens.mint(node.store, "Wang", "viewer", system_clock)
    as_viewer = client_at(MOTOR, home).get(path, headers={"authorization": f"Bearer {token}"})
    as_anybody = client_at(MOTOR, evidence_public="true").get(path)
    for answer in (as_viewer, as_anybody):
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["content-disposition"] == (
            f'attachment; filename="{chain.unit("U-2", MOTOR)}.evidence.json"'
        )
        result = verify(parse_evidence(answer.content), chain.policy)
        assert (result.vouched, result.missing) == (True, ())


def test_the_page_leads_to_the_evidence_that_anybody_may_have(client_at, chain):
    client = client_at(MOTOR, evidence_public="true")
    token = chain.token("U-2")
    links = page_of(client.get(f"/q/{token}", headers=HTML)).links
    assert f"{token}/evidence" in links  # beside this page, wherever that is mounted
    assert "/evidence" not in str(page_of(client.get(f"/q/{chain.token('D-1')}", headers=HTML)).links)


# -- doors and headers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", [HTML["accept"], "application/json"])
@pytest.mark.parametrize("kind", ["genuine", "forged", "short"])
def test_what_a_page_may_do_in_a_browser(client_at, chain, accept, kind):
    path = {
        "genuine": f"/q/{chain.token('U-2')}",
        "forged": f"/q/{forged(chain, 'U-2')}",
        "short": f"/u/{chain.unit('U-2', MOTOR)}",
    }[kind]
    answer = client_at(MOTOR).get(path, headers={"accept": accept})
    assert answer.headers["cache-control"] == "no-store"
    if answer.headers.get("content-type") == "application/problem+json":
        return
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"].split() == ["'self'", "'wasm-unsafe-eval'"]
    assert policy["style-src"] == policy["form-action"] == policy["connect-src"] == "'self'"
    assert not any("unsafe-inline" in allowed or "http" in allowed for allowed in policy.values())
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["vary"] == "accept, accept-encoding, accept-language, cookie"


def test_a_page_loads_nothing_from_elsewhere(client_at, chain):
    for token in (chain.token("U-1"), forged(chain, "U-1")):
        page = Page(client_at(MOTOR, evidence_public="true").get(f"/q/{token}", headers=HTML).text)
        assert page.loads
        assert all(load.startswith("/static/") for load in page.loads)
        assert all(link.startswith("?lang=") or link.endswith("/evidence") or link == "/verify" for link in page.links)


# -- the short form -----------------------------------------------------------------------------------------------


def test_the_short_form_leads_to_the_page(client_at, chain):
    for name, serial in ((MOTOR, "U-1"), (MOTOR, "U-2"), (MINE, "D-1"), (PLANT, "C-1"), (PLANT, "T-1")):
        answer = client_at(name).get(f"/u/{chain.unit(serial, name)}", headers=HTML)
        assert (answer.status_code, answer.content) == (303, b"")
        assert answer.headers["location"] == f"/q/{chain.token(serial)}"
        assert client_at(name).get(answer.headers["location"], headers=HTML).status_code == 200


def test_the_short_form_keeps_the_language(client_at, chain):
    answer = client_at(MOTOR).get(f"/u/{chain.unit('U-2', MOTOR)}?lang=en", headers=CHINESE)
    assert answer.headers["location"] == f"/q/{chain.token('U-2')}?lang=en"
    assert page_of(client_at(MOTOR).get(answer.headers["location"], headers=CHINESE)).language == "en"


SHORT = {
    "nobody's": lambda chain: "0" * 26,
    "another organisation's": lambda chain: chain.units["C-2"].partition("#")[2],
    "a serial, which could be counted through": lambda chain: "U-2",
    "in small letters": lambda chain: chain.unit("U-2", MOTOR).lower(),
    "a batch": lambda chain: chain.batch("EV-1", MOTOR),
    "too short": lambda chain: chain.unit("U-2", MOTOR)[:-1],
    "nothing like an id": lambda chain: "%3Cb%3E",
}


@pytest.mark.parametrize("case", SHORT)
def test_a_short_form_that_leads_nowhere(client_at, chain, problem, case):
    client, path = client_at(MOTOR), f"/u/{SHORT[case](chain)}"
    page = page_of(client.get(path, headers=ENGLISH), 404)
    assert (page.verdict, page.heading) == ("bad", "Not a genuine label")
    problem(client.get(path, headers={"accept": "application/json"}), 404, "unit-unknown")


@pytest.mark.parametrize(("language", "title"), [("zh", "各元素的来历"), ("en", "Origin of each element")])
def test_a_buyer_sees_where_each_element_comes_from(client_at, chain, language, title):
    path = f"/q/{chain.token('U-1')}"
    told = client_at(MOTOR).get(path, headers={"accept": "application/json"}).json()["verdict"]["origins"]
    text = client_at(MOTOR).get(f"{path}?lang={language}", headers=HTML).text
    assert (title in text) == bool(told)
    for origin in told:
        assert origin["standing"] == "claimed"
        for one in origin["elements"]:
            assert f"<dt>{one['element']}</dt>" in text


def packed(client, clerk, node, **more):
    """The path of the page of a unit of 1 kg, of what the node blended of a batch of its own."""
    body = {"product": "nd_oxide", "lot_no": "L", "quantity": {"value": "9", "unit": "kg"}, **more}
    registered = client.post("/api/v1/batches", json=body, headers={**clerk, "idempotency-key": "a"})
    assert registered.status_code == 201, registered.text
    blended = {"steps": [{"process": "blend"}], "inputs": [{"batch": "L", "quantity": {"value": "9", "unit": "kg"}}]}
    blended["outputs"] = [{"product": "nd_oxide", "lot_no": "M", "quantity": {"value": "9", "unit": "kg"}}]
    made = client.post("/api/v1/transformations", json=blended, headers={**clerk, "idempotency-key": "c"})
    assert made.status_code == 201, made.text
    units = {"batch": "M", "units": [{"serial": "N-1", "net": {"value": "1", "unit": "kg"}}]}
    made = client.post("/api/v1/units", json=units, headers={**clerk, "idempotency-key": "b"}).json()
    node.sequencer.stop()  # publishes
    return "/q/" + made["units"][0]["label_url"].rpartition("/q/")[2]


@pytest.mark.parametrize(
    ("feed_class", "english", "chinese"),
    [
        ("post_consumer", "recycled : 100 % post-consumer waste", "再生料 : 100 % 消费后回收料"),
        ("pre_consumer_external", "recycled : 100 % pre-consumer waste", "再生料 : 100 % 外来工业废料"),
        ("internal_rework", None, None),
    ],
)
def test_how_much_of_an_element_is_recycled(client, token_of, node, feed_class, english, chinese):
    origin = {"class": "bought_outside", "country": "CN", "feed_class": feed_class}
    assay = {"basis": "ignited", "total_reo_pct": "99.0", "distribution_pct": [["Nd", "100"]]}
    papers = [{"kind": "invoice", "no": "I-1"}]
    path = packed(client, token_of("clerk"), node, origin=origin, assay=assay, documents=papers)
    for headers, said, word in ((ENGLISH, english, "recycled :"), (CHINESE, chinese, "再生料 :")):
        text = page_of(client.get(path, headers=headers)).text.replace(": ", " : ").replace("  ", " ")
        assert (word in text) == (said is not None)
        assert said is None or said in text


def test_a_label_whose_goods_are_gone_may_be_a_copy(client_at, chain):
    said = "the label is a copy or was used again"
    for name, serial, warned in (
        (PLANT, "D-1", True),
        (MOTOR, "U-3", True),
        (TRADER, "D-2", False),
        (MOTOR, "U-2", False),
    ):
        text = page_of(client_at(name).get(f"/q/{chain.token(serial)}", headers=ENGLISH)).text
        assert (said in text) == warned


def unscanned(chain, folder):
    """A home of the motor maker in which no label was scanned yet."""
    home = chain.copy(MOTOR, folder / "home")
    store = Store.open(home / "node.db")
    with store.write() as conn:
        conn.execute("DELETE FROM scans")
        conn.execute("DELETE FROM scan_readers")
    store.close()
    return home


def test_whoever_scans_is_told_how_often_that_was_done_before(client_at, chain, tmp_path):
    home = unscanned(chain, tmp_path)
    client, path = client_at(MOTOR, home), f"/q/{chain.token('U-2')}"
    as_program = {"accept": "application/json"}
    assert client.get(path, headers=as_program).json()["scans"] is None
    told = client.get(path, headers=as_program).json()["scans"]
    assert (told["times"], told["days"], told["readers"]) == (1, 1, 1)
    assert "2 before this one, days: 1" in page_of(client.get(path, headers=ENGLISH)).text
    assert "此前 3 次，共 1 天" in page_of(client.get(path, headers=CHINESE)).text
    assert client.get(f"/q/{chain.token('U-1')}", headers=as_program).json()["scans"] is None
    store = Store.open(home / "node.db")
    with store.read() as conn:
        kept = repr([tuple(row) for row in conn.execute("SELECT * FROM scan_readers, scans")])
    store.close()
    assert "127.0.0.1" not in kept
    assert chain.unit("U-2", MOTOR) not in kept


def test_only_what_is_genuine_is_counted(client_at, chain, tmp_path):
    home = unscanned(chain, tmp_path)
    client = client_at(MOTOR, home)
    for token in (forged(chain, "U-2"), "AQ"):
        client.get(f"/q/{token}", headers=HTML)
    store = Store.open(home / "node.db")
    with store.read() as conn:
        assert conn.execute("SELECT count(*) FROM scans").fetchone() == (0,)
    store.close()


@pytest.mark.parametrize("token", ["U-2", None], ids=["a label", "no label"])
def test_a_page_is_compressed_for_whoever_takes_that(client_at, chain, token):
    client, path = client_at(MOTOR), f"/q/{chain.token(token) if token else 'AQ'}"
    plain = client.get(path, headers={**ENGLISH, "accept-encoding": "identity"})
    small = client.get(path, headers={**ENGLISH, "accept-encoding": "gzip, br"})
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < int(plain.headers["content-length"])
    assert page_of(small, small.status_code).heading == page_of(plain, plain.status_code).heading
