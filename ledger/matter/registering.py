"""Custody of what registries write: `admitted`, `licensed`, `rekeyed`, `revoked`, `suspended`, `restored`, `standing`,
`policy_set`. It moves no goods.

Each rule checks what its own fields can contradict. What they contradict in the registry so far (who is a member, under
which keys) is seen where a registry is replayed: ledger/registry.py.
"""

from ledger.errors import Malformed, Refusal
from ledger.identifiers import is_eori, is_lei, is_uscc
from ledger.matter.desk import Desk
from ledger.matter.events import Event, is_origin
from ledger.matter.statements import refuse_kind_unknown

KEY_USES = ("log", "author", "witness", "peer", "seal")
_IDENTIFIERS = (
    ("uscc", is_uscc, "GB 32100"),
    ("lei", is_lei, "ISO 17442"),
    ("eori", is_eori, "EORI"),
)


def admitted(_: Desk, event: Event) -> None:
    about, member, log = event.scalar("about"), event.scalar("member"), event.scalar("log")
    _refuse_half_a_place(event)
    if not member["roles"]:
        raise Refusal("nothing-named", field="member.roles", verb="admit")
    for field, fits, standard in _IDENTIFIERS:
        if member.get(field) is not None and not fits(member[field]):
            raise Refusal("identifier-wrong", field=f"member.{field}", value=member[field], standard=standard)
    if not is_origin(log["origin"]) or log["origin"].rpartition("/")[0] != about["name"]:
        raise Refusal("log-of-other", field="log.origin", value=log["origin"], name=about["name"])


def licensed(_: Desk, event: Event) -> None:
    _refuse_half_a_place(event)
    licence = event.scalar("licence")
    if licence.get("until") is not None and licence["until"] < licence["from"]:
        raise Refusal("until-before-from", field="licence.until", value=licence["until"], begins=licence["from"])


def rekeyed(_: Desk, event: Event) -> None:
    """In an organisation's own log nothing is cited; what signs it, and which keys fit, is seen where keys are."""
    _refuse_half_a_place(event)
    name, cited = event.scalar("about")["name"], event.scalar("cited")
    if cited and cited["log"].rpartition("/")[0] != name:
        raise Refusal("log-of-other", field="cited.log", value=cited["log"], name=name)
    if not cited and name != event.name:
        raise Refusal("nothing-cited", field="cited", value=name)


def revoked(_: Desk, event: Event) -> None:
    _refuse_half_a_place(event)
    name, use, successor = event.scalar("about")["name"], event.scalar("revocation")["use"], event.scalar("successor")
    refuse_kind_unknown(use, KEY_USES, "revocation.use")
    if successor and use != "log":
        raise Refusal("successor-of-no-log", field="successor", value=use)
    if successor and (not is_origin(successor["origin"]) or successor["origin"].rpartition("/")[0] != name):
        raise Refusal("log-of-other", field="successor.origin", value=successor["origin"], name=name)


def about_a_member(_: Desk, event: Event) -> None:
    """`suspended` and `restored`: the size and the reason are the registry's."""
    _refuse_half_a_place(event)


def standing(_: Desk, event: Event) -> None:
    """Its root follows from the entries before it, and is compared where those are."""


def policy_set(_: Desk, event: Event) -> None:
    """That its text is a policy is seen where policies are read."""


def _refuse_half_a_place(event: Event) -> None:
    about = event.scalar("about")
    if (about.get("index") is None) != (about.get("leaf") is None):
        raise Malformed("field-missing", field="about.leaf" if about.get("leaf") is None else "about.index")
