"""Other nodes: where each is, and the keys that its own proven entry 0 publishes.

Does not check the proof: whoever saves a peer has, under the trust policy.
"""

from dataclasses import dataclass, field

from nodes.store.engine import Connection

_SAVE = (
    "INSERT INTO peers (name, origin, url, vkey, keys, proof, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET origin = excluded.origin, url = excluded.url, vkey = excluded.vkey,"
    " keys = excluded.keys, proof = excluded.proof, seen_at = excluded.seen_at"
)
_PEER = "SELECT name, origin, url, vkey, keys, proof, seen_at FROM peers"


@dataclass(frozen=True, slots=True)
class Peer:
    """`vkey` is the log's, from the policy; `keys` is the JSON list of entry 0, `proof` the evidence for it."""

    name: str
    origin: str
    url: str | None
    vkey: str
    keys: str
    proof: bytes = field(repr=False)
    seen_at: str


def save(conn: Connection, peer: Peer) -> None:
    """Keeps what was learned of a node, in place of what was known before."""
    row = (peer.name, peer.origin, peer.url, peer.vkey, peer.keys, peer.proof, peer.seen_at)
    conn.execute(_SAVE, row)


def peer(conn: Connection, name: str) -> Peer | None:
    row = conn.execute(f"{_PEER} WHERE name = ?", (name,)).fetchone()
    return None if row is None else Peer(*row)


def peers(conn: Connection) -> list[Peer]:
    return [Peer(*row) for row in conn.execute(f"{_PEER} ORDER BY name")]
