"""The verifier where it is meant to run: in a browser, on the scan page and on the page /verify."""

import base64
import json
from pathlib import Path

import pytest

from ledger.evidence import format_evidence
from ledger.forks import format_fork
from ledger.log.canonical import dump
from tests.chain import MINE, MOTOR, PLANT, RIVAL
from tests.formats.forking import proven
from tests.serving import serving

TESTS = Path(__file__).parents[1]
VECTORS = TESTS / "vectors" / "lodetrace-v1.json"
STEPS = ["label", "form", "trust", "history", "entries", "disclosures", "custody", "subject", "members"]
NO_WEBCRYPTO = "Object.defineProperty(crypto, 'subtle', { value: undefined })"
NO_ED25519 = "SubtleCrypto.prototype.importKey = async () => { throw new DOMException('', 'NotSupportedError') }"
WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116 Mobile Safari/537.36 MicroMessenger/8.0.49"
CARD = "document.querySelector('[data-checked]')"


def state(page):
    """What the card says, once it is done: good, bad, open."""
    done = f"{CARD}.dataset.state && {CARD}.dataset.state !== 'busy'"
    page.value(f"new Promise(found => {{ const look = () => {done} ? found() : setTimeout(look, 20); look(); }})")
    return page.value(f"{CARD}.dataset.state")


def steps(page):
    """The lines that are shown: good, bad, open, with the code behind it; None where it did not come so far."""
    told = "[one.dataset.step, [one.dataset.state, one.querySelector('code')?.textContent].filter(Boolean).join(' ')]"
    shown = "[...document.querySelectorAll('[data-step]')].filter(one => !one.hidden)"
    return {name: found or None for name, found in page.value(f"{shown}.map(one => {told})")}


def words(page):
    return page.value(f"{CARD}.innerText")


def choose(page, tmp_path, data):
    """Chooses a file on the page /verify."""
    (tmp_path / "a.evidence.json").write_bytes(data)
    page.value(f"delete {CARD}.dataset.state; document.querySelector('[data-file]').value = ''")
    document = page.call("DOM.getDocument")["root"]["nodeId"]
    chosen = page.call("DOM.querySelector", nodeId=document, selector="[data-file]")["nodeId"]
    page.call("DOM.setFileInputFiles", nodeId=chosen, files=[str(tmp_path / "a.evidence.json")])


def without(browser, script, url):
    """A page of a browser that lacks something."""
    page = browser.open("about:blank", language="en")
    page.call("Page.addScriptToEvaluateOnNewDocument", source=script)
    page.go(url)
    return page


@pytest.fixture(scope="module")
def evidence(chain):
    with chain.node(MOTOR) as node, node.store.read() as conn:
        return format_evidence(node.proof_of(conn, unit=chain.unit("U-1", MOTOR)))


def test_the_scan_page_checks_label_and_evidence_by_itself(browser, served, chain, pictures):
    page = browser.open(f"{served['open']}/q/{chain.token('U-1')}", language="en")
    assert (state(page), steps(page)) == ("good", dict.fromkeys(STEPS, "good"))
    told = words(page)
    assert "Everything holds" in told
    assert f"{MOTOR}/log), key " in told
    assert "names it in the trust policy" in told
    assert page.complaints() == []
    page.picture(pictures / "checked.png")


def test_all_that_the_scan_page_loads_is_small(browser, served, chain):
    page = browser.open(f"{served['open']}/q/{chain.token('U-1')}", language="en")
    state(page)
    script = "[...performance.getEntriesByType('resource')].map(one => [one.name, one.encodedBodySize])"
    loaded = {name: size for name, size in page.value(script) if name.endswith((".js", ".css"))}
    html = page.value("performance.getEntriesByType('navigation')[0].encodedBodySize")
    assert html < 10_000
    assert len(loaded) > 15
    assert not any("noble-ed25519" in name for name in loaded)
    assert sum(loaded.values()) + html < 60_000


def test_where_evidence_is_not_for_everybody_the_label_is_checked_and_the_page_says_so(browser, served, chain):
    page = browser.open(f"{served[MOTOR]}/q/{chain.token('U-1')}", language="zh-CN")
    assert (state(page), steps(page)) == ("good", {"label": "good"})
    assert "本节点不对所有人提供证据包" in page.value(f"{CARD}.textContent")
    assert PLANT not in words(page)


@pytest.mark.parametrize("lack", [NO_WEBCRYPTO, NO_ED25519], ids=["no WebCrypto", "no Ed25519"])
def test_a_browser_that_cannot_check_signatures_is_given_a_program_that_can(browser, served, chain, lack):
    page = without(browser, lack, f"{served['open']}/q/{chain.token('U-1')}")
    assert (state(page), steps(page)) == ("good", dict.fromkeys(STEPS, "good"))
    loaded = page.value("performance.getEntriesByType('resource').map(one => one.name).join()")
    assert "noble-ed25519" in loaded


def test_any_nodes_page_takes_anybodys_label(browser, served, chain):
    page = browser.open(f"{served[PLANT]}/verify#{chain.token('D-1')}", language="en")
    assert (state(page), steps(page)) == ("good", {"label": "good"})
    assert f"the operator of {PLANT} names it" in words(page)


def test_of_whom_nobody_knows_nothing_is_decided(browser, served, chain):
    page = browser.open(f"{served[MINE]}/verify#{chain.token('U-1')}", language="en")
    assert (state(page), steps(page)) == ("open", {"label": "open label-maker-unknown"})


def test_a_forged_label_does_not_pass(browser, served, chain):
    token = chain.token("U-1")
    forged = token[:-2] + ("AA" if token[-2:] != "AA" else "AB")
    data = bytearray(base64.urlsafe_b64decode(token + "=="))
    data[68] ^= 1
    heavier = base64.urlsafe_b64encode(bytes(data)).decode().rstrip("=")
    page = browser.open(f"{served[MOTOR]}/verify#{heavier}", language="en")
    assert (state(page), steps(page)) == ("bad", {"label": "bad label-forged"})
    page = browser.open(f"{served[MOTOR]}/verify#{forged[:-4]}", language="en")
    assert state(page) == "bad"
    assert "no label of Lodetrace" in words(page)


def test_evidence_is_checked_from_a_file(browser, served, evidence, tmp_path, pictures):
    page = browser.open(f"{served['open']}/verify", language="en")
    choose(page, tmp_path, evidence)
    assert (state(page), steps(page)) == ("good", dict.fromkeys(STEPS[1:], "good"))
    page.picture(pictures / "verify.png")


@pytest.mark.parametrize(
    ("change", "step", "code"),
    [
        (lambda file: file["entries"][3].update(path=[]), "entries", "entry-not-included"),
        (lambda file: file["checkpoints"].pop(0), "form", "malformed"),
        (lambda file: file["disclosures"][1]["opens"].append(file["disclosures"][1]["opens"][0]), None, None),
        (lambda file: file["subject"].update(net_mg="1"), "subject", "subject-differs"),
    ],
    ids=["a path cut off", "a checkpoint left out", "opened twice", "another mass"],
)
def test_evidence_that_was_changed_does_not_pass(browser, served, evidence, tmp_path, change, step, code):
    file = json.loads(evidence)
    change(file)
    page = browser.open(f"{served['open']}/verify", language="en")
    choose(page, tmp_path, dump(file))
    assert state(page) == "bad"
    bad = {name: found for name, found in steps(page).items() if found and found.startswith("bad")}
    assert len(bad) == 1
    if step:
        assert bad == {step: f"bad {code}"}


def test_a_fork_is_shown_and_who_vouches_for_its_key(browser, served, tmp_path):
    fork = format_fork(next(iter(proven().values())))  # by a log that is called as one of the chain
    page = browser.open(f"{served[MOTOR]}/verify", language="en")
    choose(page, tmp_path, fork)
    assert state(page) == "open"
    assert "signed two statements that cannot both be true" in words(page)
    assert "nobody named here vouches" in words(page)
    page = browser.open(f"{served[MINE]}/verify", language="en")
    choose(page, tmp_path, fork)
    assert state(page) == "bad"
    assert "proves no fork. (signature-missing)" in words(page)


def test_opened_once_the_page_works_when_its_node_is_gone(browser, chain, evidence, tmp_path):
    with chain.node(RIVAL, evidence_public="true") as node, serving(node) as url:
        page = browser.open(f"{url}/verify", language="en")
        page.value("navigator.serviceWorker.ready.then(() => true)")
    page.go(f"{url}/verify")
    choose(page, tmp_path, evidence)
    assert (state(page), steps(page)) == ("good", dict.fromkeys(STEPS[1:], "good"))


def test_inside_a_chat_program_the_way_out_is_shown(browser, served, chain):
    page = browser.open("about:blank", language="zh-CN")
    page.call("Emulation.setUserAgentOverride", userAgent=WECHAT)
    page.go(f"{served[MOTOR]}/q/{chain.token('U-1')}")
    assert "在浏览器打开" in page.words()
    assert "复制链接" in page.words()


def test_every_vector_in_this_browser(browser, served):
    vectors = json.loads(VECTORS.read_text("utf-8"))
    script = base64.b64encode((TESTS / "formats" / "every_vector.mjs").read_bytes()).decode()
    modules = "canonical crypto disclosures entries evidence forks labels merkle names notes policy".split()
    page = browser.open("about:blank")
    page.call("Page.setBypassCSP", enabled=True)
    page.go(f"{served['open']}/verify")
    page.value(f"globalThis.vectors = {json.dumps(vectors, ensure_ascii=True)}, 0")
    held = page.value(
        f"""(async () => {{
          const folder = document.querySelector('script[src*=verifier]').src.replace(/[^/]*$/, "");
          const all = {json.dumps(modules)}.map(async name => [name, await import(folder + name + ".js")]);
          const {{ run }} = await import("data:text/javascript;base64,{script}");
          return run(Object.fromEntries(await Promise.all(all)), vectors);
        }})()"""
    )
    assert held["wrong"] == []
    assert held["counts"]["lies"] == len(vectors["lies"])
    assert held["checker"] == "WebCrypto"


@pytest.mark.parametrize("path", ["/verify#{token}", "/q/{token}"])
def test_nothing_serious_stands_in_the_way_of_anybody(browser, served, chain, path):
    axe = (TESTS / "pages" / "vendor" / "axe-core" / "axe.min.js").read_text("utf-8")
    page = browser.open(served["open"] + path.format(token=chain.token("U-1")), language="zh-CN")
    state(page)
    page.value(f"{axe}; 0")
    found = page.value(
        "axe.run().then(({ violations }) => violations.map(one => [one.impact, one.id, one.nodes[0].html]))"
    )
    assert [one for one in found if one[0] in ("serious", "critical")] == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "This file is empty"),
        (b"\x89PNG\r\n\x1a\n", "This is no evidence file"),
        (b'{"format":"lodetrace evi', "damaged or not whole"),
        (b"{}", "damaged or not whole"),
    ],
)
def test_a_file_that_is_no_evidence_is_told_as_what_it_is(browser, served, tmp_path, data, said):
    page = browser.open(f"{served['open']}/verify", language="en")
    choose(page, tmp_path, data)
    assert state(page) == "bad"
    assert said in words(page)


def test_a_line_in_red_does_not_say_that_it_held(browser, served, chain, evidence, tmp_path):
    """And after good evidence it says again what it said before."""
    page = browser.open(f"{served['open']}/verify", language="en")
    broken = json.loads(evidence)
    broken["checkpoints"] = broken["checkpoints"][1:]
    good = page.value("[...document.querySelectorAll('[data-step]')].map(one => one.textContent)")
    choose(page, tmp_path, dump(broken))
    assert state(page) == "bad"
    red = page.value("[...document.querySelectorAll('[data-state=bad]')].map(one => one.textContent)")
    assert red
    assert not [line for line in red for one in good if line.startswith(one)]
    choose(page, tmp_path, evidence)
    assert state(page) == "good"
    assert page.value("[...document.querySelectorAll('[data-step]')].map(one => one.textContent)") == good
