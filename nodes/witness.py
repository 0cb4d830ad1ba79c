"""The witness: cosigns checkpoints of the logs that this node's trust policy names, each only if it continues the last.

What was cosigned last is read, compared and replaced in one transaction of the store, which is on disk before anybody
sees the signature; so two requests at once, in this process or another, cannot both be answered from one state.
Never cosigned are logs of this node's own organisation (that would add nothing), logs of which a fork is known here,
and histories other than the one that this node follows. Two histories under one key are kept as evidence; the way out
of that is not the witness's to find.

Does not bound how many ask (api/witness.py), nor decide anything: ledger/log/witnessing.py does.
"""

from ledger.errors import Forked, Unverified
from ledger.forks import fork_of_checkpoints, format_fork
from ledger.keys import LAST
from ledger.log.checkpoints import add_signatures, claimed, cosign, open_checkpoint
from ledger.log.notes import Verifier
from ledger.log.trust import Policy, organisation
from ledger.log.witnessing import Asked, Held, decide, open_request
from nodes import forks, gossip
from nodes.clock import stamp
from nodes.identity import Identity
from nodes.node import Node
from nodes.store import forks as kept
from nodes.store import witnessed
from nodes.store.engine import Connection


def key_of(policy: Policy, identity: Identity, origin: str, size: int = LAST) -> Verifier | None:
    """The key of a log that is witnessed here, as it signs a checkpoint of `size`."""
    own = organisation(origin) == identity.name
    return None if origin not in policy.logs or own else policy.log_key(origin, size)


def add_checkpoint(node: Node, body: bytes) -> bytes:
    """Our cosignature lines for what `body` asks, once that is on disk; else what the ledger's witnessing raises."""
    node.sequencer.check_recording()  # a database that was put back has forgotten what it cosigned
    asked = open_request(body, lambda origin: key_of(node.policy, node.identity, origin))
    try:
        with node.store.write() as conn:
            return _cosign(conn, node, asked)
    except Forked as fork:
        _keep(node, fork)
        raise


def cosigned(node: Node, origin: str) -> bytes | None:
    """The largest checkpoint of a log that was cosigned here, with our cosignatures."""
    with node.store.read() as conn:
        found = witnessed.largest(conn, origin)
    return None if found is None else found[1]


def _cosign(conn: Connection, node: Node, asked: Asked) -> bytes:
    origin, now = asked.checkpoint.origin, node.clock()
    if any(fork.origin == origin for fork in kept.everything(conn)):
        raise Unverified("witness-finds-fork", field="checkpoint", value=origin)
    found = witnessed.largest(conn, origin)
    decide(asked, None if found is None else _held(found[1], node, origin))
    gossip.compare(conn, node.policy, asked.note)
    lines = [cosign(asked.note, signer, int(now.timestamp())) for signer in node.identity.cosigners]
    witnessed.save(conn, origin, asked.checkpoint.size, add_signatures(asked.note, lines), stamp(now))
    return "".join(map(str, lines)).encode()


def _held(note: bytes, node: Node, origin: str) -> Held:
    """Opened again: what is on the disk may have been changed there."""
    log = key_of(node.policy, node.identity, origin, claimed(note).size)
    assert log is not None, "asked for is only what the policy names"
    return Held(open_checkpoint(note, log, origin), note)


def _keep(node: Node, fork: Forked) -> None:
    """In a transaction of its own: the one that found it has changed nothing."""
    if fork.code == "log-forked":
        forks.keep(node, fork.evidence[0])
        return
    held, asked, prefix, *path = fork.evidence
    key = key_of(node.policy, node.identity, str(fork.facts["log"]))
    assert key is not None, "asked for is only what the policy names"
    forks.keep(node, format_fork(fork_of_checkpoints(key, held, asked, prefix, path)))
