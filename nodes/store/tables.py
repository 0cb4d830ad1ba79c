"""The tables of one node, described once: what the migrations must build, and what the documentation lists.

Nothing on the way of a request or an entry uses these classes: queries are texts in the modules beside this one, over
plain tuples. They exist so that the schema is typed and portable, and so that Alembic can say when a migration and this
description differ.

Words that recur. `no` is a small number given in log order, used for joins and never shown to anybody. `entry_no` names
an entry wherever one is referred to: 0 and above is the index in our own log, below 0 is minus the `no` of an upstream
entry. `log_no` 0 is our own log. Masses are whole milligrams below 2^53. Times are texts that sort as times do.

What is derivable from entries, disclosures and upstream evidence is listed in rebuild.py.

Over 400 lines because it is one description of all tables.
"""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, MetaData, Text, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

_BIG = BigInteger().with_variant(Integer(), "sqlite")  # only INTEGER becomes the row's own key in SQLite
_CLUSTERED = {"sqlite_with_rowid": False}  # the key is the table: one lookup instead of two
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def _big(**rest: Any) -> Any:
    return Field(sa_type=_BIG, **rest)


def _key(**rest: Any) -> Any:
    """Part of a primary key that we number ourselves."""
    return Field(primary_key=True, sa_type=_BIG, sa_column_kwargs={"autoincrement": False}, **rest)


def _text(**rest: Any) -> Any:
    return Field(sa_type=Text, **rest)


def _word(**rest: Any) -> Any:
    """Text that is part of a primary key."""
    return Field(primary_key=True, sa_type=Text, **rest)


def _where(column: str, condition: str, *more: str) -> Index:
    """An index over the rows that meet a condition."""
    only = text(condition)
    return Index(None, column, *more, sqlite_where=only, postgresql_where=only)


class Row(SQLModel):
    """What all tables share: one list of them, and how constraints are named."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=_NAMES)


# -- our own log --------------------------------------------------------------------------------------------------


class Entry(Row, table=True):
    """The log itself. The database refuses UPDATE and DELETE. `leaf` is the tree's level 0."""

    __tablename__ = "entries"
    __table_args__ = (Index(None, "type", "index"),)
    index: int = _key()
    leaf: bytes
    type: str = _text()
    recorded_at: str = _text()
    note: bytes


class Hash(Row, table=True):
    """Complete subtrees of level 1 and above. The database refuses UPDATE and DELETE."""

    __tablename__ = "hashes"
    __table_args__ = (_CLUSTERED,)
    level: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    position: int = _key()
    hash: bytes


class Disclosure(Row, table=True):
    """All disclosures of one of our entries, one a line, in slot order. With the entries, this is the truth."""

    __tablename__ = "disclosures"
    index: int = _key(foreign_key="entries.index")
    body: str = _text()


class Flow(Row, table=True):
    """What an entry moved by element (ledger/matter/flows.py), where something did and it is no registration.

    Of our own entries, and at an authority of those that are deposited with it.
    """

    __tablename__ = "flows"
    entry_no: int = _key()
    body: str = _text()


class Ruleset(Row, table=True):
    """The organisation's own reference data (`body`), by the name that entries recorded under it carry."""

    __tablename__ = "rulesets"
    name: str = _word()
    body: bytes


class Head(Row, table=True):
    """One row: how long the log is and what the next entry chains to. Changed only by compare-and-swap on `size`."""

    __tablename__ = "head"
    __table_args__ = (CheckConstraint("no = 1", name="one_row"),)
    no: int = _key()
    size: int = _big()
    text_hash: bytes
    recorded_at: str = _text()


class Checkpoint(Row, table=True):
    """Checkpoints that we signed, with the cosignatures they have gathered; `satisfied`: our trust policy by these."""

    __tablename__ = "checkpoints"
    __table_args__ = (_where("size", "satisfied"),)
    size: int = _key()
    note: bytes
    at: str = _text()
    satisfied: bool


# -- other logs ---------------------------------------------------------------------------------------------------


class Log(Row, table=True):
    """Origins, numbered as they are first heard of. Number 0 is our own."""

    __tablename__ = "logs"
    no: int = _key()
    origin: str = _text(unique=True)


class Upstream(Row, table=True):
    """An entry of another log, verified before it came here. `path` (32 bytes each) is its inclusion at `at_size`."""

    __tablename__ = "upstream"
    __table_args__ = (UniqueConstraint("log_no", "index"),)
    no: int = _key()
    log_no: int = _big(foreign_key="logs.no")
    index: int = _big()
    leaf: bytes = Field(unique=True)
    type: str = _text()
    note: bytes
    at_size: int = _big()
    path: bytes


class Opening(Row, table=True):
    """All that was open to us of an upstream entry (a JSON list), each time that became more; the last row counts.

    `head_size` is how long our own log was then, so that a rebuild takes foreign and own events in the same order.
    """

    __tablename__ = "openings"
    no: int = _key()
    upstream_no: int = _big(foreign_key="upstream.no", index=True)
    head_size: int = _big()
    body: str = _text()


class UpstreamCheckpoint(Row, table=True):
    """Checkpoints of other logs that we verified, each with the cosignatures it came with."""

    __tablename__ = "upstream_checkpoints"
    log_no: int = _key(foreign_key="logs.no")
    size: int = _key()
    note: bytes


class Witnessed(Row, table=True):
    """Of each log the largest checkpoint that we cosigned, with our cosignatures. Replaced only by a larger one."""

    __tablename__ = "witnessed"
    origin: str = _word()
    size: int = _big()
    note: bytes
    at: str = _text()


class Followed(Row, table=True):
    """A log that we follow: `size` of its entries were checked, the last with `text_hash` and `recorded_at`.

    `note` is its newest checkpoint of which everything was checked, which was at `seen_at`; `target` is one that is
    being caught up with. `ahead_size` is a size that others hold a checkpoint of, and that the log does not show us
    since `ahead_since`.
    """

    __tablename__ = "followed"
    log_no: int = _key(foreign_key="logs.no")
    size: int = _big()
    text_hash: bytes
    recorded_at: str = _text()
    note: bytes | None = Field(nullable=True)
    target: bytes | None = Field(nullable=True)
    seen_at: str = _text()
    ahead_size: int | None = _big(nullable=True)
    ahead_since: str | None = _text(nullable=True)


class FollowedTile(Row, table=True):
    """The hashes of a followed log's tree, 32 bytes each, as tiles of up to 256 (ledger/log/tiles.py)."""

    __tablename__ = "followed_tiles"
    log_no: int = _key(foreign_key="logs.no")
    level: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    position: int = _key()
    hashes: bytes


class Heard(Row, table=True):
    """Roots of a followed log that entries of others name, beyond what was followed: compared when we get there."""

    __tablename__ = "heard"
    __table_args__ = (_CLUSTERED,)
    log_no: int = _key(foreign_key="logs.no")
    size: int = _key()
    root: bytes = Field(primary_key=True)
    told_by: str = _text()


class Alarm(Row, table=True):
    """What is wrong with a followed log now: a row for each kind (`code`), gone when it is over."""

    __tablename__ = "alarms"
    __table_args__ = (_CLUSTERED,)
    origin: str = _word()
    code: str = _word()
    en: str = _text()
    zh: str = _text()
    evidence: str = _text()
    since: str = _text()


class AlarmAcknowledged(Row, table=True):
    """That an operator has looked into an alarm, and why it may stay: of what it said then (`en`), gone with it."""

    __tablename__ = "alarms_acknowledged"
    __table_args__ = (_CLUSTERED,)
    origin: str = _word()
    code: str = _word()
    en: str = _text()
    by: str = _text()
    at: str = _text()
    reason: str = _text()


# -- matter -------------------------------------------------------------------------------------------------------


class Batch(Row, table=True):
    """A batch that is or was here (`basis` is set), or that an upstream entry only tells of (`basis` is null)."""

    __tablename__ = "batches"
    __table_args__ = (
        UniqueConstraint("log_no", "id"),
        Index(None, "product", "no"),
        Index("ix_batches_on_hand", "no", sqlite_where=text("on_hand"), postgresql_where=text("on_hand")),
        Index(
            "ix_batches_on_hand_product",
            "product",
            "no",
            sqlite_where=text("on_hand"),
            postgresql_where=text("on_hand"),
        ),
        _where("lot_no", "lot_no IS NOT NULL"),
        _where("external_ref", "external_ref IS NOT NULL"),
    )
    no: int = _key()
    log_no: int = _big(foreign_key="logs.no")
    id: bytes
    made_by: int | None = _big(nullable=True)
    product: str | None = _text(nullable=True)
    lot_no: str | None = _text(nullable=True)
    at: str | None = _text(nullable=True)
    country: str | None = _text(nullable=True)
    external_ref: str | None = _text(nullable=True)
    made_mg: int | None = _big(nullable=True)
    basis: str | None = _text(nullable=True)
    counted: bool
    packed_mg: int = _big()
    packed_count: int | None = _big(nullable=True)
    locks: str | None = _text(nullable=True)
    recalled: str | None = _text(nullable=True)
    on_hand: bool = Field(sa_column_kwargs={"server_default": false()})


class Holding(Row, table=True):
    """What stands loose, by site and owner ("" is this organisation). A holding of nothing has no row."""

    __tablename__ = "holdings"
    __table_args__ = (_CLUSTERED,)
    batch_no: int = _key(foreign_key="batches.no")
    site: str = _word()
    owner: str = _word()
    mg: int = _big()
    count: int | None = _big(nullable=True)


class Unit(Row, table=True):
    """`packed_by` and `item` say which own entry made its label, and where in that entry's list of units it stands."""

    __tablename__ = "units"
    __table_args__ = (UniqueConstraint("log_no", "id"),)
    no: int = _key()
    log_no: int = _big(foreign_key="logs.no")
    id: bytes
    batch_no: int = _big(foreign_key="batches.no", index=True)
    kind: str = _text()
    serial: str = _text(index=True)
    net_mg: int = _big()
    count: int | None = _big(nullable=True)
    seal: str | None = _text(nullable=True)
    site: str = _text()
    owner: str = _text()
    state: str = _text()
    inside: str | None = _text(nullable=True)
    contains: str | None = _text(nullable=True)
    shipment: str | None = _text(nullable=True)
    locks: str | None = _text(nullable=True)
    packed_by: int | None = _big(nullable=True)
    item: int | None = _big(nullable=True)


class Label(Row, table=True):
    """Which upstream entry labelled a unit of another log, and where in its list of units; known before the unit is."""

    __tablename__ = "labels"
    __table_args__ = (_CLUSTERED,)
    log_no: int = _key(foreign_key="logs.no")
    id: bytes = Field(primary_key=True)
    entry_no: int = _big()
    item: int = _big()


class Shipment(Row, table=True):
    """Goods that left. `state` is the whole of it, as ledger/matter/stock.py prints it; the rest is for lists."""

    __tablename__ = "shipments"
    __table_args__ = (_where("external_ref", "external_ref IS NOT NULL"),)
    no: int = _key()
    id: bytes = Field(unique=True)
    to_name: str = _text()
    purpose: str = _text()
    at: str = _text()
    made_by: int | None = _big(nullable=True)
    external_ref: str | None = _text(nullable=True)
    closed: bool
    state: str = _text()


class Going(Row, table=True):
    """Which batches each shipment of ours has, or had, lines of."""

    __tablename__ = "going"
    __table_args__ = (_CLUSTERED,)
    batch_no: int = _key(foreign_key="batches.no")
    shipment_no: int = _key(foreign_key="shipments.no")


class Arrival(Row, table=True):
    """A shipment that was offered to us (`offered_by`); `state` is null until our first receipt."""

    __tablename__ = "arrivals"
    no: int = _key()
    id: str = _text(unique=True)
    sender: str = _text()
    purpose: str = _text()
    at: str | None = _text(nullable=True)
    offered_by: int | None = _big(nullable=True)
    final: bool
    declined: bool
    state: str | None = _text(nullable=True)


class Answer(Row, table=True):
    """A receipt of one of our shipments that its receiver told us."""

    __tablename__ = "answers"
    __table_args__ = (_CLUSTERED,)
    shipment_no: int = _key(foreign_key="shipments.no")
    entry_no: int = _key()
    final: bool
    declined: bool


class State(Row, table=True):
    """What rules remember and nobody lists by column, as canonical JSON: compositions, pools, locks, corrections."""

    __tablename__ = "states"
    __table_args__ = (_CLUSTERED,)
    kind: str = _word()
    key: str = _word()
    body: str = _text()


# -- genealogy ----------------------------------------------------------------------------------------------------


class Edge(Row, table=True):
    """`child` was made from `parent` by an entry; `mg` is what went in, where that is known here."""

    __tablename__ = "edges"
    __table_args__ = (Index(None, "parent_no", "child_no"), _CLUSTERED)
    child_no: int = _key(foreign_key="batches.no")
    parent_no: int = _key(foreign_key="batches.no")
    entry_no: int = _key()
    mg: int | None = _big(nullable=True)


class Receipt(Row, table=True):
    """How a batch came to the log `log_no`, which did not make it: by the entry `received_by` there.

    `sender_no` and `shipped_index` name the shipped entry that it answers, which may come here later, or never.
    """

    __tablename__ = "receipts"
    __table_args__ = (_CLUSTERED,)
    batch_no: int = _key(foreign_key="batches.no")
    log_no: int = _key(foreign_key="logs.no")
    received_by: int = _key()
    sender_no: int = _big(foreign_key="logs.no")
    shipped_index: int = _big()


# -- between nodes ------------------------------------------------------------------------------------------------


class Delivery(Row, table=True):
    """Something another node must get. state: waiting, sent, refused. `answer` is its signed note, `error` a reason."""

    __tablename__ = "deliveries"
    __table_args__ = (_where("next_at", "state = 'waiting'", "no"), Index(None, "subject"))
    no: int = _key()
    kind: str = _text()
    to_name: str = _text()
    entry_no: int = _big()
    subject: str = _text()
    state: str = _text()
    attempts: int
    next_at: str = _text()
    answer: bytes | None = Field(nullable=True)
    error: str | None = _text(nullable=True)


class Parked(Row, table=True):
    """A message that refers to an entry which is not here yet."""

    __tablename__ = "parked"
    __table_args__ = (UniqueConstraint("leaf_needed", "body_hash"),)
    no: int = _key()
    leaf_needed: bytes
    body_hash: bytes
    sender: str = _text(index=True)
    body: bytes
    at: str = _text()


class Fork(Row, table=True):
    """Two signed statements of one log that cannot both be true; kept for good. `evidence` is the fork file."""

    __tablename__ = "forks"
    __table_args__ = (UniqueConstraint("origin", "index", "leaf_a", "leaf_b"),)
    no: int = _key()
    origin: str = _text()
    index: int = _big()
    leaf_a: bytes
    leaf_b: bytes
    evidence: bytes
    at: str = _text()


class ForkAcknowledged(Row, table=True):
    """That an operator has seen a fork, and lets deliveries to and from that organisation go on."""

    __tablename__ = "forks_acknowledged"
    fork_no: int = _key(foreign_key="forks.no")
    by: str = _text()
    at: str = _text()


# -- before sealing -----------------------------------------------------------------------------------------------


class Draft(Row, table=True):
    """What may become an entry. `verb` and `body` are those of the interface; state: open, or waiting for approval."""

    __tablename__ = "drafts"
    __table_args__ = (Index(None, "owner", "no"),)
    no: int = _key()
    id: str = _text(unique=True)
    owner: str = _text()
    verb: str = _text()
    body: str = _text()
    state: str = _text()
    updated_at: str = _text()


class Import(Row, table=True):
    """A file that somebody brought to be imported. `asked` and `report` are JSON; `hash` is of the whole file,
    `headings` of its headings; `content` is empty once it is no longer kept.
    """

    __tablename__ = "imports"
    __table_args__ = (Index(None, "owner", "no"), Index(None, "hash"), Index(None, "headings"))
    no: int = _key()
    id: str = _text(unique=True)
    owner: str = _text()
    name: str = _text()
    hash: bytes
    content: bytes
    asked: str = _text()
    headings: bytes
    job: str = _text()
    report: str = _text()
    at: str = _text()


# -- oversight ----------------------------------------------------------------------------------------------------


class CaseStep(Row, table=True):
    """What was done in a case of an authority; the first step opens it. The database refuses UPDATE and DELETE."""

    __tablename__ = "case_steps"
    __table_args__ = (Index(None, "case_id"), Index(None, "kind", "no"))
    no: int = _key()
    case_id: str = _text()
    at: str = _text()
    by: str = _text()
    kind: str = _text()
    body: str = _text()


class OutsideSet(Row, table=True):
    """A table of somebody else's, brought in by hand: tax invoices, customs declarations, power. `columns` says what
    its columns are (JSON), `sha256` is of the file.
    """

    __tablename__ = "outside_sets"
    no: int = _key()
    kind: str = _text()
    source: str = _text()
    file: str = _text()
    sha256: bytes = Field(unique=True)
    at: str = _text()
    by: str = _text()
    columns: str = _text()


class OutsideRow(Row, table=True):
    """A row of such a table as it came: its cells, a JSON list."""

    __tablename__ = "outside_rows"
    __table_args__ = (_CLUSTERED,)
    set_no: int = _key(foreign_key="outside_sets.no")
    row: int = _key()
    cells: str = _text()


# -- on paper -----------------------------------------------------------------------------------------------------


class Printing(Row, table=True):
    """One printing of a unit's label; every one but the first has a reason. The database refuses UPDATE and DELETE."""

    __tablename__ = "prints"
    __table_args__ = (Index(None, "unit"),)
    no: int = _key()
    unit: str = _text()
    at: str = _text()
    by: str = _text()
    form: str = _text()
    copies: int
    reason: str | None = _text(nullable=True)
    remark: str | None = _text(nullable=True)


class Certificate(Row, table=True):
    """A quality certificate as issued: `body` is what it says, `digest` its SHA-256. Never changed, never deleted."""

    __tablename__ = "certificates"
    __table_args__ = (Index(None, "batch"),)
    no: int = _key()
    digest: bytes = Field(unique=True)
    batch: str = _text()
    at: str = _text()
    by: str = _text()
    body: str = _text()
    token: str = _text()


class Scans(Row, table=True):
    """How often a label was scanned here, by a hash of what it is about; `readers` of each day, added up."""

    __tablename__ = "scans"
    __table_args__ = (_CLUSTERED,)
    label: bytes = Field(primary_key=True)
    first_at: str = _text()
    last_at: str = _text()
    times: int = _big()
    days: int
    readers: int = _big()


class ScanReader(Row, table=True):
    """Who scanned a label today, as a hash under a salt that is kept nowhere. Forgotten when the day is over."""

    __tablename__ = "scan_readers"
    __table_args__ = (_CLUSTERED,)
    label: bytes = Field(primary_key=True)
    reader: bytes = Field(primary_key=True)
    day: str = _text()


class Relayed(Row, table=True):
    """What a node has left here for one that nobody can reach, and the answer, until the sender has it; both sealed.
    `key` is the sender's own name for it.
    """

    __tablename__ = "relayed"
    __table_args__ = (UniqueConstraint("recipient", "sender", "key"),)
    no: int = _key()
    recipient: str = _text()
    sender: str = _text()
    key: str = _text()
    at: str = _text()
    sealed: bytes
    answer: bytes | None


class RelayedIntroduction(Row, table=True):
    """Who a node that fetches its messages here says it is: what it would serve, could it be reached."""

    __tablename__ = "relayed_introductions"
    __table_args__ = (_CLUSTERED,)
    name: str = _word()
    told: bytes


# -- who may ask --------------------------------------------------------------------------------------------------


class Idempotency(Row, table=True):
    """What a command was answered. `key_hash` covers the token's owner and the key; `body_hash` the command."""

    __tablename__ = "idempotency"
    no: int = _key()
    key_hash: bytes = Field(unique=True)
    body_hash: bytes
    status: int
    answer: bytes
    at: str = _text()


class Token(Row, table=True):
    """Bearer tokens, as hashes: what is stolen from here opens nothing."""

    __tablename__ = "tokens"
    no: int = _key()
    hash: bytes = Field(unique=True)
    owner: str = _text()
    role: str = _text()
    created_at: str = _text()
    revoked_at: str | None = _text(nullable=True)


class GuestLink(Row, table=True):
    """The newest link of a shipment (`id`) by which somebody outside may confirm it. `hash` is of its secret."""

    __tablename__ = "guest_links"
    __table_args__ = (_CLUSTERED,)
    shipment: str = _word()
    hash: bytes = Field(unique=True)
    made_by: str = _text()
    ends_at: str = _text()


class Person(Row, table=True):
    """Who may sign in on the pages. Without a password, only through the organisation's own sign-in (`subject`)."""

    __tablename__ = "people"
    no: int = _key()
    name: str = _text(unique=True)
    password: str | None = _text(nullable=True)
    subject: str | None = _text(nullable=True, unique=True)
    role: str = _text()
    tasks: str = _text()
    sites: str = _text()
    created_at: str = _text()
    left_at: str | None = _text(nullable=True)


class Session(Row, table=True):
    """Who is signed in: a person, or whoever holds a token. `csrf` proves that a form came from one of our pages."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "ends_at"),)
    no: int = _key()
    hash: bytes = Field(unique=True)
    person_no: int | None = _big(nullable=True, foreign_key="people.no")
    token_no: int | None = _big(nullable=True, foreign_key="tokens.no")
    csrf: str = _text()
    ends_at: str = _text()


# -- telling programs ---------------------------------------------------------------------------------------------


class Webhook(Row, table=True):
    """A program that is told what waits for a person. `secret` signs calls to it: it cannot be kept as a hash."""

    __tablename__ = "webhooks"
    no: int = _key()
    url: str = _text(unique=True)
    kinds: str = _text()
    secret: bytes
    internal: bool
    made_at: str = _text()
    begun: bool


class Call(Row, table=True):
    """One thing told to one webhook, once. state: waiting, sent, given up; known: it waited before the webhook was."""

    __tablename__ = "calls"
    __table_args__ = (UniqueConstraint("webhook_no", "what", "subject"), _where("next_at", "state = 'waiting'", "no"))
    no: int = _key()
    webhook_no: int = _big(foreign_key="webhooks.no")
    what: str = _text()
    subject: str = _text()
    body: str = _text()
    at: str = _text()
    state: str = _text()
    attempts: int
    next_at: str = _text()
    error: str | None = _text(nullable=True)
