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
    shipping,
    sign_in,
    traces,
    waiting,
    webhooks,
)
from api.screens.frame import Link, Screens
from nodes.node import Node
from nodes.oidc import OwnSignIn

SCREENS = (
    *(sign_in, board, register, processing, pools, printing, measuring),
    *(goods, receiving, shipping, scanning, findings, waiting, traces, guest),
    *(flows, webhooks, entries, members, oversight),
    *(goods, receiving, shipping, scanning, findings, waiting, traces, guest, flows, importing),
    *(goods, receiving, shipping, scanning, findings, waiting, traces, guest, flows),
    *(members, requests, orders, inspections, entries, correcting, goods, receiving),
    *(shipping, scanning, findings, waiting, traces, guest, flows, webhooks),
    *(people, me, cases, oversight, months),
    *(goods, receiving, shipping, scanning, findings, waiting, traces, guest, flows, cases, oversight, accounts),
    *(
        goods,
        receiving,
        shipping,
        scanning,
        findings,
        waiting,
        traces,
        guest,
        flows,
        cases,
        oversight,
        accounts,
        outside,
    ),
)
NAV = (
    Link("viewer", "/", "Board"),
    Link("clerk", "/register", "Register", "register"),
    Link("clerk", "/process", "Process", "transform"),
    Link("clerk", "/pools", "Pools", "charge"),
    Link("viewer", "/goods", "Goods"),
    Link("viewer", "/arrivals", "Arriving"),
    Link("viewer", "/shipments", "Shipments"),
    Link("viewer", "/scan", "Scan"),
    Link("viewer", "/findings", "Findings"),
    Link("clerk", "/corrections", "Corrections"),
    Link("viewer", "/months", "Months"),
    Link("viewer", "/notices", "News"),
    Link("admin", "/webhooks", "Webhooks"),
    Link("clerk", "/import", "Import"),
    Link("viewer", "/flows", "Flows", for_role="authority"),
    Link("viewer", "/members", "Organisations", for_role="authority"),
    Link("viewer", "/oversight", "Oversight", for_role="authority"),
    Link("supervisor", "/requests", "Requests", for_role="authority"),
    Link("viewer", "/orders", "Orders", for_role="authority"),
    Link("viewer", "/inspections", "Inspections", for_role="authority"),
    Link("admin", "/people", "People"),
    Link("viewer", "/me", "My sign-in"),
    Link("viewer", "/cases", "Cases", for_role="authority"),
    Link("viewer", "/accounts", "Accounts", for_role="authority"),
    Link("viewer", "/outside", "Outside", for_role="authority"),
)
"""Names are messages: tests/api/test_words.py reads them here."""


def routes(node: Node, access: Access, own: OwnSignIn | None = None) -> APIRouter:
    screens = Screens(node, access, NAV, own)
    for one in SCREENS:
        one.routes(screens)
    return screens.router
