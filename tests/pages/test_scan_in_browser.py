"""The scan page as a phone and a desk show it, by day and by night, in Chinese and English."""

import io

import pytest
from PIL import Image

from ledger.verdict import WORDS
from nodes.homes import create_home
from nodes.node import Caller, Node
from nodes.store import lists
from tests.chain import MINE, MOTOR, NAMES, PLANT
from tests.serving import serving
from tests.world import kg

PHONE, DESK = (360, 740), (1280, 800)
SIZES = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
TONES = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
LANGUAGES = pytest.mark.parametrize("language", ["zh-CN", "en"])

CASES = {
    "all names": ("open", "/q/{U-1}", "good"),
    "no names": (MOTOR, "/q/{U-1}", "good"),
    "short form": (MOTOR, "/u/{u:U-2}", "good"),
    "emptied": (PLANT, "/q/{D-1}", "wait"),
    "label alone": (MINE, "/q/{C-3}", "wait"),
    "maker unknown": (MINE, "/q/{U-1}", "wait"),
    "forged": (MOTOR, "/q/{forged}", "bad"),
    "no label": (MOTOR, "/u/nothing", "bad"),
}

# WCAG 2.2, 1.4.3: text against what is behind it. Large text would need 3 only; all of ours has 4.5.
CONTRASTS = """
(() => {
  const light = c => c / 255 <= .04045 ? c / 255 / 12.92 : ((c / 255 + .055) / 1.055) ** 2.4;
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const lum = ([r, g, b]) => .2126 * light(r) + .7152 * light(g) + .0722 * light(b);
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const found = parse(getComputedStyle(one).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const low = [];
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility()) continue;
    const pair = [lum(parse(getComputedStyle(element).color)), lum(behind(element))].sort((a, b) => b - a);
    const ratio = (pair[0] + .05) / (pair[1] + .05);
    if (ratio < 4.5) low.push([walk.currentNode.data.trim().slice(0, 40), Math.round(ratio * 100) / 100]);
  }
  return low;
})()
"""
OVERHANGING = """
[...document.querySelectorAll('body *')]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > document.documentElement.clientWidth + .5)
  .map(one => one.tagName + '.' + one.className)
"""
VERDICT = """
(() => {
  const one = document.querySelector('.verdict'), box = one.getBoundingClientRect(), head = one.querySelector('h1');
  return {top: box.top, bottom: box.bottom, colour: getComputedStyle(one).backgroundColor,
          heading: head.innerText, size: parseFloat(getComputedStyle(head).fontSize),
          mark: one.querySelector('.mark').getBoundingClientRect().width};
})()
"""


def path_of(chain, text: str) -> str:
    token = chain.token("U-1")
    known = {f"{{{serial}}}": chain.token(serial) for serial in chain.units}
    known |= {
        "{u:U-2}": chain.unit("U-2", MOTOR),
        "{forged}": token[:-3] + ("A" if token[-3] != "A" else "B") + token[-2:],
    }
    for name, value in known.items():
        text = text.replace(name, value)
    return text


def look(browser, url, size, *, dark, language):
    width, height = size
    return browser.open(url, width=width, height=height, dark=dark, language=language)


@LANGUAGES
@TONES
@SIZES
@pytest.mark.parametrize("case", CASES)
def test_every_page_fits_and_can_be_read(browser, served, chain, pictures, case, size, dark, language):
    name, path, mood = CASES[case]
    page = look(browser, served[name] + path_of(chain, path), size, dark=dark, language=language)
    shown = "-".join((case.replace(" ", "_"), str(size[0]), "dark" if dark else "light", language))
    page.picture(pictures / f"{shown}.png")

    # Nothing sticks out to the right, and the phone has not zoomed out to hide that.
    assert page.value("[innerWidth, document.documentElement.scrollWidth]") == [size[0], size[0]]
    assert page.value(OVERHANGING) == []
    assert page.value(CONTRASTS) == []

    # The verdict is the first thing, large, in its colour, without scrolling.
    verdict = page.value(VERDICT)
    assert verdict["bottom"] < size[1] / 2
    assert verdict["top"] < 80
    assert verdict["size"] >= 24
    assert verdict["mark"] >= 60
    red, green, blue = (int(part) for part in verdict["colour"][4:-1].split(",")[:3])
    told = {"good": green > 1.4 * red, "bad": red > 2 * green, "wait": red > green > 2 * blue}
    assert [kind for kind, holds in told.items() if holds] == [mood], verdict["colour"]

    assert page.value("document.documentElement.lang") == ("en" if language == "en" else "zh-CN")
    assert [text for text in page.complaints() if "status of" not in text] == []  # 404 and 422 are what was asked for


@LANGUAGES
@SIZES
def test_the_three_words_are_there_and_used(browser, served, chain, language, size):
    page = look(browser, served["open"] + path_of(chain, "/q/{U-1}"), size, dark=False, language=language)
    words, place = page.words(), 0 if language == "en" else 1
    for word, names in WORDS.items():
        assert names[place] in words
        colours = page.value(f"getComputedStyle(document.querySelector('.{word}')).color")
        assert colours != page.value("getComputedStyle(document.body).color")


def test_by_night_it_is_dark_and_by_day_it_is_not(browser, served, chain):
    url = served["open"] + path_of(chain, "/q/{U-1}")
    for dark in (False, True):
        page = look(browser, url, PHONE, dark=dark, language="en")
        colour = page.value("getComputedStyle(document.body).backgroundColor")
        assert (sum(int(part) for part in colour[4:-1].split(",")) < 3 * 60) == dark


def test_on_a_phone_one_column_on_a_desk_two(browser, served, chain):
    url = served["open"] + path_of(chain, "/q/{U-1}")
    lefts = (
        "new Set([...document.querySelectorAll('.columns > div')].map(one => one.getBoundingClientRect().left)).size"
    )
    assert look(browser, url, PHONE, dark=False, language="en").value(lefts) == 1
    assert look(browser, url, DESK, dark=False, language="en").value(lefts) == 2


def test_a_touch_changes_the_language_and_back(browser, served, chain):
    page = look(browser, served["open"] + path_of(chain, "/q/{U-1}"), PHONE, dark=False, language="zh-CN")
    assert "真实标签" in page.words()
    page.click("header a")
    assert "Genuine label" in page.words()
    page.click("header a")
    assert "真实标签" in page.words()
    box = page.value(
        "(({width, height}) => [width, height])(document.querySelector('header a').getBoundingClientRect())"
    )
    assert min(box) >= 24  # what a thumb can hit (WCAG 2.2, 2.5.8)


def test_what_is_folded_away_opens_without_any_script(browser, served, chain):
    page = look(browser, "about:blank", PHONE, dark=False, language="en")
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.go(served["open"] + path_of(chain, "/q/{U-1}"))
    assert "Your browser checked this itself" not in page.words()
    assert "No recall or correction known" not in page.words()
    page.value("void document.querySelector('details.card summary').click()")
    assert "No recall or correction known" in page.words()


def test_the_steps_stand_grouped_under_who_did_them(browser, served, chain):
    heads = "[...document.querySelectorAll('.stages > li > b')].map(one => one.innerText)"
    page = look(browser, served["open"] + path_of(chain, "/q/{U-1}"), PHONE, dark=False, language="en")
    named = page.value(heads)
    assert len(named) == len(set(named)) == len(NAMES)
    page = look(browser, served[MOTOR] + path_of(chain, "/q/{U-1}"), PHONE, dark=False, language="zh-CN")
    assert page.value(heads) == ["单位 1", "单位 2", "单位 3", MOTOR]


@TONES
@SIZES
def test_words_that_know_no_end_break(browser, tmp_path, size, dark, pictures):
    """Serials, seals and regions are the organisation's own: nothing keeps them short or gives them a blank."""
    home, long = tmp_path / "home", "W" * 500
    create_home(home, {}, name=MINE, organisation=long[:200], role="mine", sites=[{"code": "main", "country": "CN"}])
    node = Node.open(home, {"LODETRACE_EVIDENCE_PUBLIC": "true"})
    node.start()

    def record(verb, body):
        return node.sequencer.submit(node.command(verb, body, Caller("Li"), None)).result()

    origin = {"class": "mined", "country": "CN", "region": long}
    record("register", {"product": "nd_oxide", "lot_no": "L", "quantity": kg("9"), "origin": origin})
    record("pack", {"batch": "L", "units": [{"serial": long, "seal": long, "net": kg("1")}]})
    with serving(node) as url:
        node.sequencer.stop()
        with node.store.read() as conn:
            [unit] = lists.units(conn)
        page = look(browser, f"{url}/u/{unit.unit.id}", size, dark=dark, language="en")
        page.picture(pictures / f"long-{size[0]}-{dark}.png")
        assert page.value("[innerWidth, document.documentElement.scrollWidth]") == [size[0], size[0]]
        assert page.value(OVERHANGING) == []
        assert page.words().count(long) >= 3
        assert page.value(VERDICT)["bottom"] < size[1] / 2  # the whole of it stands further down
    node.stop()


def test_a_picture_shows_something(browser, served, chain, tmp_path):
    page = look(browser, served["open"] + path_of(chain, "/q/{U-1}"), PHONE, dark=False, language="zh-CN")
    page.picture(tmp_path / "first.png", whole=False)
    first = Image.open(io.BytesIO((tmp_path / "first.png").read_bytes())).convert("RGB")
    assert first.size == (2 * PHONE[0], 2 * PHONE[1])
    colours = first.getcolors(1 << 20)
    assert colours is not None
    assert len(colours) > 50
    green = sum(count for count, (red, greenish, _) in colours if greenish > 1.4 * red and greenish > 80)
    assert green > first.width * first.height / 20  # a twentieth of the first screen says genuine
