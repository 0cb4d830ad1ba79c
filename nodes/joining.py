"""Joining a federation: the request that a home makes, whom it goes to, and the trust policy to begin with.

A newcomer knows one thing: the key of a registry's log, which it was given in a way it trusts. Under that key it reads
what the registry recommends, a trust policy with witnesses, and from then on verifies all else by it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ledger.errors import Refusal, Unknown
from ledger.evidence import parse_evidence, verify
from ledger.joining import make_request
from ledger.log.trust import OURS, Policy
from ledger.matter.event_types import REGISTRY_TYPES
from ledger.registry import Registry
from nodes import config, identity
from nodes.clock import Clock, stamp, system_clock
from nodes.homes import open_store
from nodes.peers import ApiClient
from nodes.store import log


def request_of(
    home: Path,
    environ: Mapping[str, str],
    *,
    uscc: str | None = None,
    lei: str | None = None,
    eori: str | None = None,
    reached_at: str | None = None,
    clock: Clock = system_clock,
) -> bytes:
    """The request file of a home, from its settings and its entry 0."""
    settings = config.load(home, environ)
    keys = identity.load(home, settings.name, config.passphrase(environ), mldsa=settings.mldsa)
    with open_store(home) as store, store.read() as conn:
        first = log.entry(conn, 0)
    named = {
        "organisation": settings.organisation,
        "organisation_en": settings.organisation_en,
        "uscc": uscc,
        "lei": lei,
        "eori": eori,
        "roles": [settings.role],
        "country": settings.country or (settings.sites[0].country if settings.sites else None),
    }
    sites = [site.model_dump(exclude_none=True) for site in settings.sites]
    reach = {"url": reached_at or settings.url, "label_host": settings.label_url}
    if settings.deliver_via is not None:
        reach["deliver_via"] = settings.deliver_via
    member = {name: value for name, value in named.items() if value is not None}
    asked_at = stamp(clock())
    return make_request(first.note, first.disclosures.split("\n"), asked_at, member, sites, reach, keys.author)


def ask(home: Path, environ: Mapping[str, str], data: bytes) -> list[dict[str, Any]]:
    """Sends a request to each registry of the home's trust policy; their answers."""
    policy = Policy.parse(config.load(home, environ).policy.read_bytes())
    addresses = {origin: policy.logs[origin][1] for origin in sorted(policy.registries)}
    if not addresses:
        raise Unknown("no-registry-named", field="policy.txt", value=f"{OURS} registry")
    answers = []
    for origin, url in addresses.items():
        if url is None:
            raise Unknown("peer-without-address", field="policy.txt", value=origin)
        with ApiClient(url) as client:
            answers.append({"registry": origin, **client.post("/registry/requests", data).json()})
    return answers


def registry_alone(url: str, key: str) -> str:
    """A trust policy that names a registry, and nobody else."""
    return f"log {key} {url}\n{OURS} registry {key.partition('+')[0]}\nquorum none\n"


def first_policy(url: str, key: str, clock: Clock = system_clock) -> str:
    """The trust policy for a newcomer that was given a registry's address and the key of its log.

    What the registry recommends, if it does; else the registry alone, without witnesses. Unavailable if it does not
    answer: `registry_alone` will do until it does.
    """
    alone = registry_alone(url, key)
    policy = Policy.parse(alone)
    origin = key.partition("+")[0]
    with ApiClient(url, patience=0) as client:
        told = verify(parse_evidence(client.get("/registry/entries").body), policy, clock())
    registry = Registry()
    for (log_, index), one in sorted(told.entries.items()):
        if log_ == origin and one.event is not None and one.event.type in REGISTRY_TYPES:
            registry.take(index, one.entry.leaf, one.event)
    if registry.policy is None:
        return alone
    recommended = Policy.parse(registry.policy)
    if recommended.logs.get(origin, (None,))[0] != policy.logs[origin][0]:
        raise Refusal("policy-of-other-key", field="--registry-key", value=origin)
    return registry.policy
