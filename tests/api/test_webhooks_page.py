"""Webhooks on their page: set up, seen, sent again, removed; and by the command line."""

import re
from dataclasses import replace

from nodes import webhooks
from nodes.clock import stamp, system_clock
from nodes.store import webhooks as rows
from tests.hands import Hands, location
from tests.world import World

MINE = "mine.example"
INSIDE = "http://127.0.0.1:9/told"
ODD = "https://example.com/?<script>alert(1)</script>"


def test_a_webhook_on_its_page(tmp_path):
    with World(tmp_path, MINE) as world:
        mine = world[MINE]
        assert mine.ask("GET", "/webhooks", role="supervisor").status == 403
        admin = Hands(mine, role="admin")
        assert "/webhooks" in admin.get("/")

        refused = admin.post("/webhooks", {"do": "add", "url": INSIDE, "for": "recalls"})
        page = refused.body.decode()
        assert refused.status == 422
        assert "network of your own" in page
        assert f'value="{INSIDE}"' in page
        assert [bool(one) for one in re.findall(r'name="for" value="\w+"( checked)?', page)] == [0, 0, 0, 0, 1]

        done = admin.post("/webhooks", {"do": "add", "url": INSIDE, "for": "recalls", "internal": "true"}).body.decode()
        secret = re.search(r"<code>(whsec_[A-Za-z0-9+/=]{44})</code>", done)[1]
        assert secret not in admin.get("/webhooks")
        assert "Nothing was told yet" in admin.get("/webhooks")
        again = admin.post("/webhooks", {"do": "add", "url": INSIDE, "internal": "true"}).body.decode()
        assert "is called already" in again
        wrong = admin.post("/webhooks", {"do": "add", "url": "javascript:<b>"}).body.decode()
        assert "javascript:&lt;b&gt;" in wrong
        assert "<b>" not in wrong.replace("<b>磁迹</b>", "")

        hook = webhooks.listed(mine.node.store)[0]
        now = stamp(system_clock())
        with mine.node.store.write() as conn:
            told = [("recalled", "x#1", '{"id":"1"}'), ("arrived", "x#2", '{"id":"2"}'), ("no-rule", "x", '{"id":"3"}')]
            rows.tell(conn, replace(hook, begun=True), told, now)
            for no in (1, 2, 3):
                rows.tried(conn, no, rows.GIVEN_UP, "", "<i>no</i>")
        page = admin.get("/webhooks")
        assert "given up: goods recalled" in page
        assert "given up: a finding" in page
        assert "&lt;i&gt;no&lt;/i&gt;" in page
        assert location(admin.post("/webhooks", {"do": "again", "webhook": "1"})) == "/webhooks"
        assert "given up" not in admin.get("/webhooks")
        assert "There is no webhook 7" in admin.post("/webhooks", {"do": "remove", "webhook": "7"}).body.decode()
        assert "There is no webhook x" in admin.post("/webhooks", {"do": "remove", "webhook": "x"}).body.decode()
        assert location(admin.post("/webhooks", {"do": "remove", "webhook": "1"})) == "/webhooks"
        assert webhooks.listed(mine.node.store) == []
        odd = admin.post("/webhooks", {"do": "add", "url": ODD}).body.decode()
        assert "<script>alert" not in odd
        assert "&lt;script&gt;" in odd
