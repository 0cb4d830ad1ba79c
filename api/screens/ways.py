"""All screens of a node, and the ways between them."""

from fastapi import APIRouter

from api.access import Access
from api.screens import (
    accounts,
    board,
    cases,
    correcting,
    entries,
    findings,
    flows,
    goods,
    guest,
    importing,
    inspections,
    me,
    measuring,
    members,
    months,
    orders,
    outside,
    oversight,
    people,
    pools,
    printing,
    processing,
    receiving,
    register,
    requests,
    scanning,
    seeking,
    shipping,
    sign_in,
    traces,
    waiting,
    webhooks,
)
from api.screens.frame import Link, Nav, Screens
from nodes.node import Node
from nodes.oidc import OwnSignIn

SCREENS = (
    *(sign_in, me, people, board, register, importing, processing, pools, printing, measuring),
    *(goods, receiving, shipping, scanning, seeking, traces, guest),
    *(findings, waiting, entries, correcting, months, webhooks),
    *(members, requests, orders, inspections, oversight, cases, accounts, outside, flows),
)
NAV: Nav = {
    "": (
        Link("viewer", "/", "Board"),
        Link("viewer", "/members", "Organisations", at="authority"),
        Link("viewer", "/oversight", "Oversight", at="authority"),
        Link("viewer", "/cases", "Cases", at="authority"),
        Link("viewer", "/seek", "Find goods", at="authority"),
        Link("clerk", "/register", "Register", "register", not_at="authority"),
        Link("clerk", "/process", "Process", "transform", not_at="authority"),
        Link("clerk", "/pools", "Pools", "charge", not_at="authority"),
        Link("viewer", "/goods", "Goods", not_at="authority"),
        Link("viewer", "/arrivals", "Arriving", not_at="authority"),
        Link("viewer", "/shipments", "Shipments", not_at="authority"),
        Link("viewer", "/scan", "Scan"),
    ),
    "Supervision": (
        Link("supervisor", "/requests", "Requests", at="authority"),
        Link("viewer", "/orders", "Orders", at="authority"),
        Link("viewer", "/holds", "Holds", at="authority"),
        Link("viewer", "/inspections", "Inspections", at="authority"),
        Link("viewer", "/accounts", "Accounts", at="authority"),
        Link("viewer", "/outside", "Outside", at="authority"),
        Link("viewer", "/flows", "Flows", at="authority"),
    ),
    "Books": (
        Link("viewer", "/findings", "Findings"),
        Link("clerk", "/corrections", "Corrections"),
        Link("viewer", "/months", "Months"),
        Link("viewer", "/quota", "Quota", not_at="authority"),
        Link("viewer", "/notices", "News"),
        Link("clerk", "/import", "Import"),
    ),
    "This node": (
        Link("admin", "/people", "People"),
        Link("admin", "/webhooks", "Webhooks"),
    ),
}
"""Names are messages: tests/api/test_words.py reads them here."""


def routes(node: Node, access: Access, own: OwnSignIn | None = None) -> APIRouter:
    screens = Screens(node, access, NAV, own)
    for one in SCREENS:
        one.routes(screens)
    return screens.router
