"""Signing in with a browser: cookies, forms that are ours, and the way back to where one wanted to go."""

import re

import pytest

from api.access import COOKIE
from nodes.clock import system_clock
from nodes.people import hire

SECRET = "a long enough sentence"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def li(node):
    hire(node.store, "Li", "clerk", system_clock, password=SECRET, tasks=["weighing"])


def cookie_of(client, **fields):
    answer = client.post("/sign-in?next=/", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
    return answer.cookies[COOKIE]


def as_browser(cookie, **more):
    return {"cookie": f"{COOKIE}={cookie}", "accept-language": "en", **more}


def csrf_of(page):
    return re.search(r'name="csrf" value="([^"]+)"', page)[1]


def test_whoever_is_not_signed_in_is_led_there_and_back(client, li):
    sent = client.get("/?a=b")
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=%2F%3Fa%3Db")
    answer = client.post("/sign-in?next=%2F%3Fa%3Db", data={"name": "Li", "password": SECRET})
    assert answer.headers["location"] == "/?a=b"
    given = answer.headers["set-cookie"].lower()
    assert "httponly" in given
    assert "samesite=lax" in given
    board = client.get("/", headers=as_browser(answer.cookies[COOKIE]))
    assert board.status_code == 200
    assert "/register" in board.text


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "x"])
def test_nobody_is_led_elsewhere(client, li, back):
    answer = client.post("/sign-in", params={"next": back}, data={"name": "Li", "password": SECRET})
    assert answer.headers["location"] == "/"


def test_any_page_of_ours_can_be_come_back_to(client, li):
    back = "/search?q=批次&a=%2F#here"
    answer = client.post("/sign-in", params={"next": back}, data={"name": "Li", "password": SECRET})
    assert answer.headers["location"] == "/search?q=%E6%89%B9%E6%AC%A1&a=%2F#here"


def test_what_was_typed_is_kept_except_the_password(client, li):
    page = client.post(
        "/sign-in", data={"name": "Li", "password": "not the right one"}, headers={"accept-language": "zh"}
    )
    assert page.status_code == 401
    assert 'value="Li"' in page.text
    assert "not the right one" not in page.text
    assert "姓名与口令不符" in page.text


def test_a_form_from_elsewhere_is_refused(client, li):
    for site in ("cross-site", "same-site"):
        answer = client.post("/sign-in", data={"name": "Li", "password": SECRET}, headers={"sec-fetch-site": site})
        assert (answer.status_code, COOKIE in answer.cookies) == (403, False)
    cookie = cookie_of(client, name="Li", password=SECRET)
    for fields in ({"csrf": ""}, {"csrf": "guess"}):
        assert client.post("/sign-out", data=fields, headers=as_browser(cookie)).status_code == 403
    assert client.get("/", headers=as_browser(cookie)).status_code == 200


def test_signing_out_ends_it(client, li):
    cookie = cookie_of(client, name="Li", password=SECRET)
    page = client.get("/", headers=as_browser(cookie)).text
    left = client.post("/sign-out", data={"csrf": csrf_of(page)}, headers=as_browser(cookie))
    assert left.headers["location"] == "/sign-in"
    assert client.get("/", headers=as_browser(cookie)).status_code == 303


def test_a_token_signs_in_too(client, node, token_of):
    token = token_of("viewer")["authorization"].removeprefix("Bearer ")
    page = client.get("/", headers=as_browser(cookie_of(client, token=token)))
    assert "/register" not in page.text
    assert "Scan a code" in page.text


def test_the_interface_takes_a_session_and_wants_its_csrf_for_changes(client, node, li, problem):
    cookie = cookie_of(client, name="Li", password=SECRET)
    assert client.get("/api/v1/batches", headers=as_browser(cookie)).status_code == 200
    body = {
        "product": "ion_clay_mixed_oxide",
        "quantity": {"value": "1", "unit": "t"},
        "origin": {"class": "mined", "country": "CN"},
    }
    keyed = {"idempotency-key": "one"}
    problem(client.post("/api/v1/batches", json=body, headers=as_browser(cookie, **keyed)), 403, "form-not-ours")
    csrf = csrf_of(client.get("/", headers=as_browser(cookie)).text)
    ours = as_browser(cookie, **keyed, **{"x-csrf-token": csrf})
    assert client.post("/api/v1/batches", json=body, headers=ours).status_code == 201
    ours["idempotency-key"] = "two"
    problem(client.post("/api/v1/periods", json={"month": "2026-11"}, headers=ours), 403, "role-too-low")
    problem(
        client.post(
            "/api/v1/shipments",
            json={"to": {"node": "x.example"}, "purpose": "sale", "lines": [{"batch": "A"}]},
            headers=ours,
        ),
        403,
        "task-of-others",
    )
    problem(client.get("/api/v1/batches", headers=as_browser("gone")), 401, "session-ended")


def test_bodies_that_are_no_form(client, li):
    assert client.post("/sign-in", content=b"{}", headers={"content-type": "application/json"}).status_code == 422
    assert (
        client.post(
            "/sign-in", content=b"--x\r\nrubbish", headers={"content-type": "multipart/form-data; boundary=y"}
        ).status_code
        == 422
    )
    assert client.post("/sign-in", content=b"a=" + b"b" * 70_000, headers=FORM).status_code == 413


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_language_that_was_chosen_stays(client, language):
    page = client.get(f"/sign-in?lang={language}")
    assert page.cookies["lodetrace_language"] == language
    other = {"cookie": f"lodetrace_language={language}", "accept-language": "en" if language == "zh" else "zh"}
    again = client.get("/sign-in", headers=other)
    assert ("登录" in again.text) == (language == "zh")


def test_static_files_change_their_address_with_their_content(client):
    page = client.get("/sign-in").text
    style = re.search(r'href="(/static/[0-9a-f]{12}/style\.css)"', page)[1]
    answer = client.get(style, headers={"accept-encoding": "gzip"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert client.get("/static/000000000000/style.css").headers["cache-control"] == "no-cache"
    assert client.get("/static/000000000000/../base.html").status_code == 404
