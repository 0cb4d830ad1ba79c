"""Words for stories: a few organisations, each with its own view, and short ways to say what happened to their goods.

Things have names that every organisation of a story shares ("ore", "D-1"); a node resolves them to ids as its own log
writes them. A node builds events; `World.do` applies one to the log it belongs to and asserts, every time, that

  - the event is well-formed,
  - `apply` sees only the states that `touches` names, and changes no others and no entries,
  - it leaves the view it was given alone.

Events are made directly, with ids from a counter: sealing is tested elsewhere.
Over 400 lines because every type of event is worded here, once.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from ledger.entries import id_in, id_text
from ledger.matter.custody import apply, touches
from ledger.matter.events import Event
from ledger.matter.stock import (
    POOL_PRODUCT,
    Arrival,
    Batch,
    Booked,
    Correction,
    Key,
    Locked,
    Pool,
    Shipment,
    State,
    Unit,
)

AT = "2026-11-22T08:15:00+08:00"
RECORDED_AT = "2026-11-22T00:20:00.000Z"
SITE = "plant-1"
KG = 10**6
HASH = b64encode(bytes(32)).decode()

Row = dict[str, Any]
_KEYS: Row = {"list": [{"use": "author", "alg": "ed25519", "key": HASH}]}
_AS_OF: Row = {"as_of": {"size": 5, "root": HASH}, "grounds": {"text": "licence expired"}, "documents": None}
ABOUT_MEMBER: Mapping[str, Callable[[str], Row]] = {
    "admitted": lambda name: {
        "member": {
            "organisation": "龙南磁材有限公司",
            "uscc": "91350100M000100Y43",
            "roles": ["magnet"],
            "country": "CN",
        },
        "keys": _KEYS,
        "log": {"origin": f"{name}/log", "leaf": HASH},
        "sites": {"list": [{"code": "plant-1", "country": "CN"}]},
        "reach": {"url": f"https://{name}/"},
        "documents": None,
    },
    "licensed": lambda _: {"licence": {"kind": "separation", "no": "L-7", "from": "2026-01-01"}, "documents": None},
    "rekeyed": lambda name: {"keys": _KEYS, "cited": {"log": f"{name}/log", "index": 3, "leaf": HASH}},
    "revoked": lambda _: {
        "revocation": {"use": "author", "key": HASH, "size": 5, "root": HASH, "reason": "stolen"},
        "successor": None,
        "documents": None,
    },
    "suspended": lambda _: _AS_OF,
    "restored": lambda _: _AS_OF,
}
"""What a registry says of a member, by type, without what it is about."""


def only(**fields: Any) -> Row:
    return {name.rstrip("_"): value for name, value in fields.items() if value is not None}


def part(
    batch: str,
    mg: int,
    *,
    count: int | None = None,
    units: Sequence[str] = (),
    site: str = SITE,
    owner: str | None = None,
    basis: str = "net",
    net_mg: Mapping[str, int] | None = None,
) -> Row:
    """A line or an input, by names. `net_mg` misstates what units hold."""
    return only(
        batch=batch, mg=mg, count=count, units=list(units), site=site, owner=owner, basis=basis, net_mg=net_mg or None
    )


def made(
    name: str,
    mg: int,
    *,
    count: int | None = None,
    product: str = "prnd_oxide",
    basis: str = "net",
    site: str = SITE,
    assay: Row | None = None,
) -> Row:
    """An output."""
    return only(name=name, mg=mg, count=count, product=product, basis=basis, site=site, assay=assay)


def unit(
    serial: str,
    net_mg: int,
    *,
    count: int | None = None,
    contains: Sequence[str] = (),
    kind: str = "drum",
    owner: str | None = None,
) -> Row:
    """A unit to pack or to assemble. Its serial is its name."""
    return only(serial=serial, net_mg=net_mg, count=count, contains=list(contains), kind=kind, owner=owner)


def answer(
    line: int = 0,
    *,
    accepted: int | None = None,
    rejected: int = 0,
    missing: int = 0,
    difference: int = 0,
    counts: Mapping[str, int] | None = None,
    units: Mapping[str, str] | None = None,
    site: str = SITE,
    **wrong: Any,
) -> Row:
    """The receiver's word on a line; all the rest is accepted where nothing is said. `wrong` misstates fields."""
    return {
        "line": line,
        "accepted": accepted,
        "rejected": rejected,
        "missing": missing,
        "difference": difference,
        "counts": dict(counts or {}),
        "units": dict(units or {}),
        "site": site,
        "wrong": wrong,
    }


def measured(
    batch: str,
    mg: int,
    *,
    unit: str | None = None,
    before: int | None = None,
    count: int | None = None,
    before_count: int | None = None,
    site: str = SITE,
    owner: str | None = None,
    basis: str = "net",
) -> Row:
    """A line of a new weighing or a stock-take. `before` misstates the books, or says them where they are not asked."""
    return {
        "batch": batch,
        "mg": mg,
        "unit": unit,
        "before": before,
        "count": count,
        "before_count": before_count,
        "site": site,
        "owner": owner,
        "basis": basis,
    }


def change(
    entry: "Event | int",
    side: str,
    batch: str,
    mg: int,
    *,
    count: int | None = None,
    site: str = SITE,
    owner: str | None = None,
    basis: str = "net",
    leaf: str | None = None,
) -> Row:
    """A line of an adjustment. `leaf` misstates the entry's."""
    return {"entry": entry, "leaf": leaf} | only(
        side=side, batch=batch, delta_mg=mg, delta_count=count, site=site, owner=owner, basis=basis
    )


@dataclass
class World:
    """The organisations of one story, and the absolute ids behind the names that they share."""

    nodes: dict[str, "Node"] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    counter: int = 0

    def __getitem__(self, name: str) -> "Node":
        return self.nodes.setdefault(name, Node(self, f"{name}.example"))

    def new_id(self) -> str:
        self.counter += 1
        return id_text(sha256(str(self.counter).encode()).digest()[:16])

    def do(self, event: Event) -> Event:
        """Applies an event to its own log's view, or raises as custody does, with nothing changed."""
        node = self[event.name.removesuffix(".example")]
        event.check()
        keys = touches(event)
        entries = [node.booked(int(id_)) for kind, id_ in keys if kind == "entry" and int(id_) <= len(node.log)]
        keys |= touches(event, entries)
        shown = {key: node.view[key] for key in keys if key in node.view} | {entry.key: entry for entry in entries}
        before = deepcopy(shown)
        changes = apply(MappingProxyType(shown), event)
        assert shown == before
        assert changes.keys() <= keys, f"touches does not name {changes.keys() - keys}"
        assert "entry" not in {kind for kind, _ in changes}
        assert all(state.key == key for key, state in changes.items())
        node.view.update(changes)
        node.log.append(event)
        return event


@dataclass
class Node:
    """One organisation: what it holds, what it recorded, and how it words events."""

    world: World
    name: str
    view: dict[Key, State] = field(default_factory=dict)
    log: list[Event] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"{self.name}/log"

    # -- names ------------------------------------------------------------------------------------------------

    def call(self, name: str) -> str:
        """A new id of this log, known to all by `name` from now on."""
        id_ = self.world.new_id()
        self.world.names[name] = f"{self.origin}#{id_}"
        return id_

    def id(self, name: str) -> str:
        """The id behind a name, as this log writes it. What has no name stands for itself."""
        absolute = self.world.names.get(name)
        return name if absolute is None else id_in(absolute, self.origin, self.origin)

    def batch(self, name: str) -> Batch:
        found = self.view["batch", self.id(name)]
        assert isinstance(found, Batch)
        return found

    def unit(self, name: str) -> Unit:
        found = self.view["unit", self.id(name)]
        assert isinstance(found, Unit)
        return found

    def shipment(self, name: str) -> Shipment:
        found = self.view["shipment", self.id(name)]
        assert isinstance(found, Shipment)
        return found

    def arrival(self, name: str) -> Arrival:
        found = self.view["arrival", self.id(name)]
        assert isinstance(found, Arrival)
        return found

    def booked(self, index: int) -> Booked:
        """An entry of this log. The first one stands for the log's opening, which no story tells."""
        event = self.log[index - 1] if index else Event("log_opened", self.origin, {})
        return Booked(index, sha256(f"{self.origin} {index}".encode()).digest(), event)

    def index(self, event: Event) -> int:
        """Where an event stands in this log."""
        return next(number for number, one in enumerate(self.log, 1) if one is event)

    def correction(self, event: Event) -> Correction:
        found = self.view["correction", str(self.index(event))]
        assert isinstance(found, Correction)
        return found

    def pool(self, code: str) -> Pool:
        found = self.view["pool", code]
        assert isinstance(found, Pool)
        return found

    def mg(self, name: str) -> int:
        """All that is here of a batch; nothing of one that never came."""
        found = self.view.get(("batch", self.id(name)))
        return found.mg if isinstance(found, Batch) else 0

    # -- events -----------------------------------------------------------------------------------------------

    def event(self, type_: str, slots: Row, ids: Row | None = None, *, recorded_at: str = RECORDED_AT) -> Event:
        return Event(type_, self.origin, {**slots, "recorded": {"by": "li"}}, ids or {}, recorded_at)

    def registered(
        self,
        name: str,
        mg: int,
        *,
        count: int | None = None,
        product: str = "ion_clay_mixed_oxide",
        basis: str = "net",
        site: str = SITE,
        at: str = AT,
        recorded_at: str = RECORDED_AT,
        assay: Row | None = None,
        country: str = "CN",
        feed_class: str | None = None,
    ) -> Event:
        slots = {
            "batch": {"product": product, "lot_no": name, "at": at, "site": site},
            "origin": only(class_="mined", country=country, feed_class=feed_class),
            "quantity": only(mg=mg, basis=basis, count=count, typed={"value": "as typed"}),
            "assay": assay,
            "documents": None,
        }
        return self.event("registered", slots, {"batch": self.call(name)}, recorded_at=recorded_at)

    def transformed(
        self,
        inputs: Sequence[Row],
        outputs: Sequence[Row],
        *,
        process: str = "separation",
        losses: Sequence[Row] = (),
    ) -> Event:
        slots = {
            "transformation": {"at": AT, "steps": [{"process": process, "site": SITE, "country": "CN"}]},
            **self._parts("inputs", inputs, typed={}),
            "outputs.chain": [{"product": row["product"], "lot_no": row["name"]} for row in outputs],
            "outputs.authority": [self._output(row) for row in outputs],
            "losses": {"list": [dict(loss) for loss in losses]} if losses else None,
            "documents": None,
        }
        return self.event("transformed", slots, {"outputs.chain": tuple(self.call(row["name"]) for row in outputs)})

    def packed(self, batch: str, units: Sequence[Row], *, site: str = SITE) -> Event:
        slots = {
            "packing": {"batch": self.id(batch), "at": AT, "site": site},
            "units.public": [self._public(row) for row in units],
            "units.chain": [
                {"contains": [self.id(inner) for inner in row["contains"]]} if row["contains"] else {} for row in units
            ],
            "units.authority": [only(typed={}, owner=row.get("owner")) for row in units],
        }
        return self.event("packed", slots, {"units.public": tuple(self.call(row["serial"]) for row in units)})

    def unpacked(self, *units: str, contains: Sequence[str] | None = None) -> Event:
        """`contains` misstates what is in each."""
        rows = []
        for name in units:
            found = self.view.get(("unit", self.id(name)))
            inner = found.contains if isinstance(found, Unit) else ()
            told = inner if contains is None else [self.id(one) for one in contains]
            rows.append(only(unit=self.id(name), batch=self._batch_of(name), contains=list(told) or None))
        return self.event("unpacked", {"unpacking": {"at": AT}, "units.chain": rows})

    def moved(self, start: str, end: str, *lines: Row) -> Event:
        slots = {"move": {"at": AT, "from": start, "to": end}, **self._parts("lines", lines)}
        slots["lines.authority"] = [
            {name: value for name, value in row.items() if name != "site"} for row in slots["lines.authority"]
        ]
        return self.event("moved", slots)

    def shipped(
        self,
        name: str,
        to: str | None,
        *lines: Row,
        purpose: str = "sale",
        outside: Row | None = None,
        original: str | None = None,
    ) -> Event:
        slots = {
            "shipment": only(
                at=AT, purpose=purpose, to=to and f"{to}.example", original=original and self.id(original)
            ),
            "party": {"outside": outside} if outside else None,
            "lines.chain": [{"batch": self.id(row["batch"])} for row in lines],
            "lines.partner": [self._offered(row) for row in lines],
            "lines.authority": [{"site": row["site"]} for row in lines],
            "transport": None,
            "documents": None,
        }
        return self.event("shipped", slots, {"shipment": self.call(name)})

    def received(
        self,
        offer: Event,
        *answers: Row,
        final: bool = True,
        declined: bool = False,
        reason: str | None = None,
        purpose: str | None = None,
    ) -> Event:
        """The receipt of an offer that is another log's `shipped` event."""
        offered = list(offer.rows("lines.chain", "lines.partner"))
        receipt = only(
            at=AT,
            shipment=f"{offer.origin}#{offer.ids['shipment']}",
            from_=offer.name,
            purpose=purpose or offer.scalar("shipment")["purpose"],
            final=final,
            declined=declined,
            reason=reason,
        )
        rows = [self._received_line(offer, offered, row) for row in answers]
        slots = {
            "receipt": receipt,
            "offer": {"log": offer.origin, "index": 1, "leaf": HASH, "size": 2, "root": HASH},
            "lines.chain": [{"line": row["line"], "batch": row.pop("batch")} for row in rows],
            "lines.partner": [
                {key: value for key, value in row.items() if key not in ("line", "site", "assay")} for row in rows
            ],
            "lines.authority": [only(site=row["site"], assay=row.get("assay")) for row in rows],
            "documents": None,
        }
        told = list(offer.items("lines.provenance"))
        if told:
            slots["lines.provenance"] = [told[row["line"]] for row in rows]
        return self.event("received", slots)

    def acknowledged(
        self, name: str, *lines: Row, agreed: bool = True, declined: bool = False, reason: str | None = None
    ) -> Event:
        """`lines`: what is weighed back, as parts with their `line` number added."""
        slots = {
            "acknowledgement": only(at=AT, shipment=self.id(name), agreed=agreed, declined=declined, reason=reason),
            "answer": None,
            "lines.partner": [
                only(
                    line=row["line"],
                    batch=self.id(row["batch"]),
                    mg=row["mg"],
                    count=row.get("count"),
                    units=[self.id(one) for one in row["units"]] or None,
                )
                for row in lines
            ],
            "lines.authority": [{"site": row["site"]} for row in lines],
        }
        return self.event("acknowledged", slots)

    def confirmed(self, name: str, *lines: Row, complete: bool | None = None, remark: str | None = None) -> Event:
        """What a guest says; `lines` are parts with their `line` number and the `states` of units added."""
        slots = {
            "confirmation": {
                "at": AT,
                "shipment": self.id(name),
                "complete": not (lines or remark) if complete is None else complete,
            },
            "guest": only(name="Muster", remark=remark),
            "lines.authority": [
                only(
                    line=row["line"],
                    batch=self.id(row["batch"]),
                    weighed_mg=row["mg"] or None,
                    units=[{"unit": self.id(unit), "state": state} for unit, state in row.get("states", ())],
                )
                for row in lines
            ],
        }
        return self.event("confirmed", slots)

    def assembled(
        self,
        name: str,
        inputs: Sequence[Row],
        units: Sequence[Row],
        *,
        mg: int | None = None,
        count: int | None = None,
    ) -> Event:
        """`mg` and `count` misstate the sum over the units."""
        slots = {
            "assembly": {"at": AT, "product": "motor", "lot_no": name, "steps": [{"process": "assemble"}]},
            "quantity": {
                "mg": sum(row["net_mg"] for row in units) if mg is None else mg,
                "basis": "net",
                "count": sum(row["count"] for row in units) if count is None else count,
                "site": SITE,
            },
            **self._parts("inputs", inputs, typed={}),
            "units.public": [self._public(row) for row in units],
            "units.chain": [{} for _ in units],
            "documents": None,
        }
        ids = {"assembly": self.call(name), "units.public": tuple(self.call(row["serial"]) for row in units)}
        return self.event("assembled", slots, ids)

    def dismantled(self, units: Sequence[str], outputs: Sequence[Row], *, losses: Sequence[Row] = ()) -> Event:
        slots = {
            "dismantling": {"at": AT, "steps": [{"process": "dismantle"}]},
            "units.chain": [{"unit": self.id(name), "batch": self._batch_of(name)} for name in units],
            "units.authority": [{"mg": self._net_of(name)} for name in units],
            "outputs.chain": [{"product": row["product"], "lot_no": row["name"]} for row in outputs],
            "outputs.authority": [self._output(row) for row in outputs],
            "losses": {"list": [dict(loss) for loss in losses]} if losses else None,
            "documents": None,
        }
        return self.event("dismantled", slots, {"outputs.chain": tuple(self.call(row["name"]) for row in outputs)})

    def removed(self, *lines: Row, kind: str = "disposed") -> Event:
        slots = {
            "removal": {"at": AT, "kind": kind},
            **self._parts("lines", lines),
            "reason": {"text": "slag to the licensed store"},
            "documents": None,
        }
        return self.event("removed", slots)

    # -- events: pools ------------------------------------------------------------------------------------------

    def period(self, pool: str) -> str | None:
        """The period of a pool that is open."""
        found = self.view.get(("pool", pool))
        return found.period or None if isinstance(found, Pool) else None

    def charged(
        self,
        pool: str,
        *inputs: Row,
        period: str | None = None,
        opens: str | None = None,
        product: str = POOL_PRODUCT,
        process: str = "leach",
    ) -> Event:
        """Into the open period, or with `opens`, the name of a new one. `period` names another, or names none: ""."""
        named = self.period(pool) if period is None and opens is None else period and self.id(period)
        slots = {
            "charge": only(at=AT, pool=pool, period=named or None, steps=[{"process": process, "site": SITE}]),
            "opens": {"product": product, "lot_no": opens} if opens else None,
            **self._parts("inputs", inputs, typed={}),
            "documents": None,
        }
        return self.event("charged", slots, {"opens": self.call(opens)} if opens else {})

    def drawn(
        self,
        pool: str,
        *outputs: Row,
        period: str | None = None,
        process: str = "separation",
        losses: Sequence[Row] = (),
    ) -> Event:
        """Out of the open period, or another that `period` names."""
        slots = {
            "draw": {
                "at": AT,
                "pool": pool,
                "period": self.id(period) if period else self.period(pool) or self.world.new_id(),
                "steps": [{"process": process, "site": SITE}],
            },
            "outputs.chain": [{"product": row["product"], "lot_no": row["name"]} for row in outputs],
            "outputs.authority": [self._output(row) for row in outputs],
            "losses": {"list": [dict(loss) for loss in losses]} if losses else None,
            "documents": None,
        }
        return self.event("drawn", slots, {"outputs.chain": tuple(self.call(row["name"]) for row in outputs)})

    def closed(
        self,
        pool: str,
        *,
        period: str | None = None,
        opens: str | None = None,
        product: str = POOL_PRODUCT,
        wip: Sequence[Any] | None = None,
        losses: Sequence[Row] = (),
    ) -> Event:
        """`opens` names the period that goes on with what is left, `wip` is what was measured of it."""
        named = self.id(period) if period else self.period(pool) or self.world.new_id()
        slots = {
            "closing": {"at": AT, "pool": pool, "period": named},
            "opens": {"product": product, "lot_no": opens} if opens else None,
            "wip": None if wip is None else {"method": "level", "contents": list(wip)},
            "losses": {"list": [dict(loss) for loss in losses]} if losses else None,
            "reason": None,
            "documents": None,
        }
        return self.event("closed", slots, {"opens": self.call(opens)} if opens else {})

    # -- events: measuring again --------------------------------------------------------------------------------

    def sampled(
        self,
        inputs: Sequence[Row],
        outputs: Sequence[Row],
        *,
        use: str = "assay",
        site: str = SITE,
        nets: Mapping[str, int] | None = None,
    ) -> Event:
        """`nets` misstates what the labels of opened units are told."""
        slots = {
            "sampling": {"at": AT, "site": site},
            **self._parts("inputs", inputs, typed={}),
            "outputs.chain": [{"product": row["product"], "lot_no": row["name"]} for row in outputs],
            "outputs.authority": [self._output(row) for row in outputs],
            "outputs.sample": [{"use": use, "seal": "S-1"} for _ in outputs],
            "nets.public": self._nets(
                [
                    (row["units"][0], -row["mg"], -(row.get("count") or 0))
                    for row in inputs
                    if len(row["units"]) == 1 and row["mg"] < self._net_of(row["units"][0])
                ],
                nets,
            ),
            "documents": None,
        }
        return self.event("sampled", slots, {"outputs.chain": tuple(self.call(row["name"]) for row in outputs)})

    def remeasured(
        self,
        *rows: Row,
        kind: str = "reweighed",
        reason: str | None = None,
        nets: Mapping[str, int] | None = None,
    ) -> Event:
        """`nets` misstates what the labels of weighed units are told."""
        lines = [self._measured(row) for row in rows]
        changes = [
            (row["unit"], line["mg"] - line["before_mg"], line.get("count", 0) - line.get("before_count", 0))
            for row, line in zip(rows, lines, strict=True)
            if row["unit"]
        ]
        slots = {
            "measuring": {"at": AT, "kind": kind},
            "lines.chain": [{"batch": self.id(row["batch"])} for row in rows],
            "lines.authority": lines,
            "nets.public": self._nets([one for one in changes if one[1] or one[2]], nets),
            "reason": {"text": reason} if reason else None,
            "documents": None,
        }
        return self.event("remeasured", slots)

    def counted(self, *rows: Row, pools: Sequence[str] = (), reason: str | None = "stock-take of November") -> Event:
        slots = {
            "stocktake": {"at": AT},
            "lines.chain": [{"batch": self.id(row["batch"])} for row in rows],
            "lines.authority": [self._measured(row) for row in rows],
            "pools.authority": [{"pool": pool, "method": "level", "contents": []} for pool in pools],
            "reason": {"text": reason} if reason else None,
            "documents": None,
        }
        return self.event("counted", slots)

    # -- events: ownership and status ---------------------------------------------------------------------------

    def title_transferred(self, to: str, *lines: Row, **told: Any) -> Event:
        transfer = {"at": AT, "to": f"{to}.example", **told}
        slots = {"transfer": transfer, **self._parts("lines", lines), "documents": None}
        return self.event("title_transferred", slots)

    def pledged(self, name: str, *lines: Row) -> Event:
        slots = {
            "pledge": {"at": AT, "to": "Bank of Ganzhou", "receipt_no": name},
            **self._parts("lines", lines),
            "documents": None,
        }
        return self.event("pledged", slots, {"pledge": self.call(name)})

    def held(
        self, name: str, *lines: Row, kind: str = "quality", reason: str | None = "wet", order: str | None = None
    ) -> Event:
        slots = {
            "hold": {"at": AT, "kind": kind},
            **self._parts("lines", lines),
            "reason": only(text=reason, order=order) if reason else None,
            "documents": None,
        }
        return self.event("held", slots, {"hold": self.call(name)})

    def recalled(self, name: str, *things: str, kind: str = "quality", batch: str | None = None) -> Event:
        """`things` are batches, or units of this log. `batch` misstates what the units hold."""
        rows = []
        for thing in things:
            found = self.view.get(("unit", self.id(thing)))
            if isinstance(found, Unit):
                rows.append({"batch": self.id(batch) if batch else found.batch, "unit": found.id})
            else:
                rows.append({"batch": self.id(thing)})
        slots = {
            "recall": {"at": AT, "kind": kind, "text": "magnets may crack"},
            "lines.public": rows,
            "reason": None,
            "documents": None,
        }
        return self.event("recalled", slots, {"recall": self.call(name)})

    def released(self, name: str, *, reason: str | None = "dry again", units: Sequence[str] | None = None) -> Event:
        """`units` misstates what the lock covers."""
        return self._ended("released", "releasing", name, reason, units)

    def unpledged(self, name: str, *, units: Sequence[str] | None = None) -> Event:
        return self._ended("unpledged", "unpledging", name, None, units)

    def _ended(self, type_: str, slot: str, name: str, reason: str | None, units: Sequence[str] | None) -> Event:
        found = self.view.get(("lock", self.id(name)))
        lock = found if isinstance(found, Locked) else Locked(self.id(name), "held", (), ())
        rows: dict[str, list[str]] = {batch: [] for batch in lock.batches}
        for one in lock.units if units is None else [self.id(unit) for unit in units]:
            unit = self.view["unit", one]
            assert isinstance(unit, Unit)
            rows.setdefault(unit.batch, []).append(one)
        slots = {
            slot: {"at": AT, "lock": self.id(name)},
            "lines.chain": [{"batch": batch} for batch in rows],
            "lines.authority": [{"units": listed} if listed else {} for listed in rows.values()],
            "reason": {"text": reason} if reason else None,
            "documents": None,
        }
        return self.event(type_, slots)

    # -- events: what moves nothing -----------------------------------------------------------------------------

    def assayed(self, batch: str, *, assay: Row | None = None) -> Event:
        slots = {
            "assaying": {"at": AT, "batch": self.id(batch)},
            "assay": {"basis": "as_received"} if assay is None else assay or None,
            "report": {"lab": "Lab of the mine", "certificate": HASH},
            "documents": None,
        }
        return self.event("assayed", slots)

    def assay_agreed(self, batch: str, rule: str = "own", *, assay: Row | None = None, **results: Row) -> Event:
        slots = {
            "agreement": {"at": AT, "batch": self.id(batch)},
            "assay": {"basis": "as_received"} if assay is None else assay or None,
            "results": {"rule": rule, **results},
            "documents": None,
        }
        return self.event("assay_agreed", slots)

    def reported(self, month: str = "2026-10") -> Event:
        slots = {"report": {"at": AT, "month": month, "kind": "flows", "sha256": HASH}, "documents": None}
        return self.event("reported", slots)

    def answered(self, text: str = "the scale was repaired, ticket attached") -> Event:
        slots = {"reply": {"at": AT, "finding": "balance/2026-10", "text": text}, "documents": None}
        return self.event("answered", slots)

    def quota_granted(self, to: str, mg: int, *, kind: str = "separation", year: int = 2026) -> Event:
        grant = {
            "at": AT,
            "to": f"{to}.example",
            "kind": kind,
            "year": year,
            "batch": 1,
            "feed_class": "ion_mid_y",
            "reo_mg": mg,
        }
        return self.event("quota_granted", {"grant": grant, "documents": None})

    def attested(self, log: str, *checks: str) -> Event:
        attestation = {"at": AT, "log": log, "size": 7, "root": HASH, "checks": list(checks), "ruleset": "2026.1"}
        return self.event("attested", {"attestation": attestation, "documents": None})

    def ordered(
        self, name: str, *rows: Row, to: str = "mine", kind: str = "freeze", ends: str = "", reason: str | None = "case"
    ) -> Event:
        """`ends` is the name of the order that a release ends."""
        order = {"at": AT, "kind": kind, "to": f"{to}.example", **({"ends": self.id(ends)} if ends else {})}
        why = {"text": reason} if reason else None
        slots = {"order": order, "lines.partner": list(rows), "reason": why, "documents": None}
        return self.event("ordered", slots, {"order": self.call(name)})

    def inspected(
        self,
        to: str = "smelter",
        *,
        result: str = "in_order",
        method: str = "looked",
        reason: str | None = "yearly",
        **said: str,
    ) -> Event:
        goods = {"batch": f"{to}.example/log#{'0' * 26}"}
        slots = {
            "inspection": {"at": AT, "to": f"{to}.example", "result": result},
            "goods.chain": [goods],
            "goods.partner": [{"method": method}],
            "reason": {"text": reason, **said} if reason else None,
            "documents": None,
        }
        return self.event("inspected", slots)

    def device_set(self, device: str, key: str | None = HASH) -> Event:
        return self.event("device_set", {"device": only(at=AT, device=device, key=key)})

    def withdrawal_asked(self, shipment: str, to: str = "smelter", *, reason: str | None = "wrong address") -> Event:
        withdrawal = {"at": AT, "shipment": self.id(shipment), "to": f"{to}.example"}
        return self.event(
            "withdrawal_asked", {"withdrawal": withdrawal, "reason": {"text": reason} if reason else None}
        )

    def voided(
        self, sender: str = "mine", to: str = "smelter", *, log: str = "smelter", reason: str | None = "nobody there"
    ) -> Event:
        """`log` is whose log was looked at."""
        origin = f"{sender}.example/log"
        voiding = {"at": AT, "shipment": f"{origin}#{'0' * 26}", "to": f"{to}.example"}
        slots = {
            "voiding": {**voiding, "log": origin, "index": 2, "leaf": HASH},
            "unreceived": {"log": f"{log}.example/log", "size": 1, "root": HASH},
            "reason": {"text": reason} if reason else None,
            "documents": None,
        }
        return self.event("voided", slots)

    # -- registries -------------------------------------------------------------------------------------------

    def about(self, type_: str, name: str, **slots: Any) -> Event:
        """What a registry says of a member `name`; `at` and the place of the entry before are not looked at here."""
        told = dict(ABOUT_MEMBER[type_](name))
        for slot, fields in slots.items():
            told[slot] = None if fields is None else {**(told.get(slot) or {}), **fields}
        about = {"at": AT, "name": name, **(slots.get("about") or {})}
        return self.event(type_, {**told, "about": about})

    def standing(self) -> Event:
        return self.event("standing", {"standing": {"at": AT, "n": 0, "root": HASH}})

    def policy_set(self, text: str = "quorum none\n") -> Event:
        return self.event("policy_set", {"policy": {"at": AT, "text": text}})

    # -- corrections ------------------------------------------------------------------------------------------

    def amended(self, entry: Event | int, *words: tuple[str, str | None, str | None], **told: Any) -> Event:
        """`words`: path, was, is."""
        rows = [only(path=path, was=was, is_=text) for path, was, text in words]
        return self._correction("amended", {"amendment": self._named(entry, told)}, {"words": {"list": rows}}, told)

    def reversed(self, entry: Event | int, **told: Any) -> Event:
        return self._correction("reversed", {"reversal": self._named(entry, told)}, {}, told)

    def adjusted(self, *lines: Row, consent: Row | None = None, **told: Any) -> Event:
        """`lines` about entries of one's own and shared ones, apart by their sides, `partner` where one shares them."""
        own = [row for row in lines if row["side"] not in ("shipped", "received")]
        shared = [row for row in lines if row not in own]
        placed = [only(site=row["site"], owner=row.get("owner")) for row in lines]
        told_of = [{**self._named(row["entry"], row), "batch": self.id(row["batch"])} for row in lines]
        deltas = [
            only(
                side=row["side"],
                basis=row["basis"],
                delta_mg=row["delta_mg"],
                delta_count=row.get("delta_count"),
            )
            for row in lines
        ]
        rows = list(zip(lines, told_of, deltas, placed, strict=True))
        slots = {
            "lines.chain": [named for row, named, _, _ in rows if row in own],
            "lines.authority": [{**delta, **place} for row, _, delta, place in rows if row in own],
            "shared.chain": [named for row, named, _, _ in rows if row in shared],
            "shared.partner": [delta for row, _, delta, _ in rows if row in shared],
            "shared.authority": [place for row, _, _, place in rows if row in shared],
            "consent": consent,
            "documents": None,
        }
        return self._correction("adjusted", {"adjustment": only(with_=told.get("partner"))}, slots, told)

    def consent(self, event: Event) -> Row:
        """The ref by which a partner refers to an event of this log."""
        index = self.index(event)
        return {"log": self.origin, "index": index, "leaf": self._named(index, {})["leaf"], "size": 99, "root": HASH}

    def period_closed(self, month: str, *, at: str = AT, recorded_at: str = RECORDED_AT) -> Event:
        books = [{"site": SITE, "rows": []}]
        slots = {"period": {"at": at, "month": month}, "books.authority": books, "documents": None}
        return self.event("period_closed", slots, recorded_at=recorded_at)

    def _named(self, entry: Event | int, told: Row) -> Row:
        index = entry if isinstance(entry, int) else self.index(entry)
        leaf = self.booked(index).leaf if index <= len(self.log) else bytes(32)
        return {"index": index, "leaf": told.get("leaf") or b64encode(leaf).decode()}

    def _correction(self, type_: str, head: Row, slots: Row, told: Row) -> Event:
        """`at`, `reason`, `approved_by`, `recorded_at` as usual, or as the story tells; None leaves them out."""
        said = {"at": AT, "reason": "entered wrongly", "approved_by": "wang", "recorded_at": RECORDED_AT, **told}
        ((name, value),) = head.items()
        event = self.event(type_, {name: {"at": said["at"], **value}, **slots}, recorded_at=said["recorded_at"])
        event.slots["recorded"].update(only(approved_by=said["approved_by"]))
        reason = {"text": said["reason"]} if said["reason"] else None
        return replace(event, slots={**event.slots, "reason": reason})

    # -- rows -------------------------------------------------------------------------------------------------

    def _net_of(self, name: str) -> int:
        found = self.view.get(("unit", self.id(name)))
        return found.net_mg if isinstance(found, Unit) and not found.contains else 0

    def _nets(self, changes: Sequence[tuple[str, int, int]], wrong: Mapping[str, int] | None) -> list[Row]:
        """What the labels of changed units, and of the units that those stand in, are told."""
        now: dict[str, tuple[int, int]] = {}
        for name, mg, pieces in changes:
            one = self.view.get(("unit", self.id(name)))
            while isinstance(one, Unit):
                before = now.get(one.id, (one.net_mg, one.count or 0))
                now[one.id] = before[0] + mg, before[1] + pieces
                one = self.view.get(("unit", one.inside or ""))
        told = [
            {"unit": id_, **only(net_mg=mg, count=count if count > 0 else None)} for id_, (mg, count) in now.items()
        ]
        if wrong is not None:
            told = [{"unit": self.id(name), "net_mg": mg} for name, mg in wrong.items()]
        return told

    def _measured(self, row: Row) -> Row:
        """The line, with what the books say before where the story does not."""
        mg, count = 0, None
        found = self.view.get(("batch", self.id(row["batch"])))
        if isinstance(found, Batch):
            here = found.holding(row["site"], row["owner"] or "")
            mg, count = here.mg, here.count
        if row["unit"]:
            one = self.view.get(("unit", self.id(row["unit"])))
            there = isinstance(one, Unit) and one.state == "here"
            mg, count = (one.net_mg, one.count) if isinstance(one, Unit) and there else (0, 0)
        before_count = row["before_count"]
        if before_count is None and row["count"] is not None:
            before_count = count or 0
        return only(
            unit=row["unit"] and self.id(row["unit"]),
            site=row["site"],
            owner=row["owner"],
            basis=row["basis"],
            before_mg=mg if row["before"] is None else row["before"],
            mg=row["mg"],
            before_count=before_count,
            count=row["count"],
            typed={},
        )

    def _product_of(self, name: str) -> str:
        found = self.view.get(("batch", self.id(name)))
        return found.product if isinstance(found, Batch) else "prnd_oxide"

    def _batch_of(self, name: str) -> str:
        found = self.view.get(("unit", self.id(name)))
        return found.batch if isinstance(found, Unit) else self.id("ore")

    def _parts(self, slot: str, rows: Sequence[Row], **extra: Any) -> Row:
        return {
            f"{slot}.chain": [{"batch": self.id(row["batch"])} for row in rows],
            f"{slot}.authority": [
                only(
                    mg=row["mg"],
                    basis=row["basis"],
                    count=row.get("count"),
                    units=[self.id(one) for one in row["units"]] or None,
                    owner=row.get("owner"),
                    site=row["site"],
                    **extra,
                )
                for row in rows
            ],
        }

    def _output(self, row: Row) -> Row:
        return only(
            mg=row["mg"],
            basis=row["basis"],
            count=row.get("count"),
            site=row["site"],
            typed={},
            assay=row.get("assay"),
        )

    def _public(self, row: Row) -> Row:
        return only(serial=row["serial"], kind=row["kind"], net_mg=row["net_mg"], count=row.get("count"))

    def _offered(self, row: Row) -> Row:
        units = []
        for name in row["units"]:
            found = self.view.get(("unit", self.id(name)))
            known = found if isinstance(found, Unit) else Unit(self.id(name), "", "drum", name, KG, None, None, SITE)
            net_mg = (row.get("net_mg") or {}).get(name, known.net_mg)
            units.append(
                only(
                    unit=known.id,
                    serial=known.serial,
                    kind=known.kind,
                    net_mg=net_mg,
                    count=known.count,
                    inside=known.inside,
                )
            )
        return only(
            mg=row["mg"],
            basis=row["basis"],
            count=row.get("count"),
            units=units,
            owner=row.get("owner"),
            product=self._product_of(row["batch"]),
            lot_no=row["batch"] if len(row["batch"]) < 20 else None,
        )

    def _received_line(self, offer: Event, offered: Sequence[Row], row: Row) -> Row:
        line = offered[row["line"]]
        sent = {one["unit"]: one for one in line["units"]}
        units = []
        for name, told in row["units"].items():
            state, _, reason = told.partition(": ")
            absolute = self.world.names[name]
            one = sent.get(id_in(absolute, offer.origin, offer.origin)) or {"serial": name, "kind": "drum", "net_mg": 0}
            inside = one.get("inside")
            units.append(
                {
                    **one,
                    **only(
                        unit=self.id(name),
                        inside=inside and id_in(inside, offer.origin, self.origin),
                        state=state,
                        reason=reason or None,
                    ),
                }
            )
        stacks = {one.get("inside") for one in units}
        waiting = [one for one in units if one["state"] == "quarantined" and one["unit"] not in stacks]
        rest = line["mg"] - row["rejected"] - row["missing"] - sum(one["net_mg"] for one in waiting)
        counts = {f"{outcome}_count": number for outcome, number in row["counts"].items()}
        if line.get("count") is not None and not counts:
            counts["accepted_count"] = line["count"] - sum(one.get("count", 0) for one in waiting)
        return {
            **only(
                batch=id_in(line["batch"], offer.origin, self.origin),
                line=row["line"],
                basis=line["basis"],
                offered_mg=line["mg"],
                offered_count=line.get("count"),
                accepted_mg=rest if row["accepted"] is None else row["accepted"],
                rejected_mg=row["rejected"],
                missing_mg=row["missing"],
                difference_mg=row["difference"],
                units=units,
                owner=line.get("owner"),
                product=line["product"],
                lot_no=line.get("lot_no"),
                site=row["site"],
            ),
            **counts,
            **row["wrong"],
        }
