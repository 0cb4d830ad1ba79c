"""An old book of ten thousand rows with mistakes, brought on the page: what is wrong is seen, the rest is recorded."""

import pytest

from nodes.clock import system_clock
from nodes.homes import create_home
from nodes.node import Node
from nodes.people import hire
from nodes.store import lists
from tests.api.test_imports import book, good
from tests.pages.visitor import sign_in, visiting
from tests.serving import serving

SECRET = "a long enough sentence"
ROWS = 10_000
MILLISECONDS = 300_000
PLANTED = {
    (100, 3): ("5.4O", "D100"),
    (200, 0): ("3月7日", "A200"),
    (300, 2): ("氧化普钕", "C300"),
    (500, 6): ("BT-00499", "G500"),
    (600, 8): (None, "I600"),
    (9999, 3): ("-5", "D9999"),
}


@pytest.fixture
def clerk(tmp_path):
    """(page, node) of a clerk who is signed in."""
    home = tmp_path / "home"
    sites = [{"code": "main", "country": "CN"}]
    create_home(home, {}, name="mine.example", organisation="Mine", role="mine", country="CN", sites=sites)
    node = Node.open(home, {})
    node.start()
    hire(node.store, "Li", "clerk", system_clock, password=SECRET)
    try:
        with serving(node) as url, visiting(url, "a desk in Chinese") as page:
            page.set_default_timeout(MILLISECONDS)
            sign_in(page, "Li", SECRET)
            yield page, node
    finally:
        node.stop()


def test_a_dirty_book_of_ten_thousand_rows(clerk, tmp_path):
    page, node = clerk
    rows = [good(number) for number in range(2, ROWS + 2)]
    for (number, column), (value, _) in PLANTED.items():
        rows[number - 2][column] = value
    (tmp_path / "三月.xlsx").write_bytes(book(rows))
    page.click('nav details:has(a[href="/import"]) summary')
    page.click("nav a[href='/import']")
    page.set_input_files("[name=body]", tmp_path / "三月.xlsx")
    page.click("main button.main")
    page.wait_for_selector("progress")
    address = page.url
    page.goto("/goods")  # whoever looks at something else meanwhile loses nothing
    page.goto("/import")
    page.click("text=三月.xlsx")
    assert page.url == address
    page.wait_for_selector("text=下载标注文件")
    assert {cell.inner_text() for cell in page.query_selector_all("tbody td:first-child b")} == {
        cell for _, cell in PLANTED.values()
    }
    with page.expect_download() as file:
        page.click("text=下载标注文件")
    assert file.value.suggested_filename == "三月-marked.xlsx"
    page.click(f"text=记录 {ROWS - len(PLANTED)} 行正确的数据")
    page.wait_for_selector("text=本次记录")
    assert page.inner_text("dl").split("本次记录")[1].split()[0] == f"{ROWS - len(PLANTED):,}"
    with node.store.read() as conn:
        assert lists.batches(conn, limit=1)[0].batch.lot_no == f"XF-{ROWS + 1:05}"
    page.goto("/goods")
    assert page.inner_text("tbody tr:first-child").startswith(f"XF-{ROWS + 1:05}")
