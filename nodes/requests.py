"""Requests for admission that wait at a registry: a folder HOME/requests of small files, one for each name.

Anybody may ask, so what is kept is bounded in size and number; the same name asking again takes the place of what it
asked before. Whoever admits opens a request anew: nothing in the folder is believed. Beside it, in HOME/refusals, lies
why a name was refused the last time: for those who decide, and of no weight anywhere else.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from ledger.errors import Unavailable, Unknown
from ledger.joining import Request, open_request
from ledger.matter.events import is_name
from nodes.posix import PRIVATE_FOLDER, replace_private

FOLDER, REFUSALS = "requests", "refusals"
WAITING_MAX = 1000


@dataclass(frozen=True, slots=True)
class Refused:
    """`asked`: what the request said of itself. `by` whom, when and why it was refused."""

    name: str
    asked: Mapping[str, Any]
    by: str
    at: str
    reason: str


def keep(home: Path, data: bytes) -> Request:
    """Opens a request and keeps it. Malformed or Unverified if it is none, Unavailable if too many wait."""
    request = open_request(data)
    folder = home / FOLDER
    folder.mkdir(PRIVATE_FOLDER, exist_ok=True)
    file = _file(home, request.name)
    if not file.exists() and len(waiting(home)) >= WAITING_MAX:
        raise Unavailable("too-many-requests", value=WAITING_MAX)
    replace_private(file, data)
    return request


def waiting(home: Path) -> list[str]:
    """The names that have asked, sorted."""
    return sorted(unquote(file.stem) for file in files(home))


def files(home: Path) -> list[Path]:
    return sorted((home / FOLDER).glob("*.json"))


def opened(home: Path, name: str) -> Request:
    file = _file(home, name)
    if not is_name(name) or not file.is_file():
        raise Unknown("request-unknown", field="name", value=name)
    return open_request(file.read_bytes())


def refuse(home: Path, name: str, by: str, at: str, reason: str) -> Refused:
    """Nobody says it to a log: whoever is refused was never anybody here. It may ask again."""
    asked = opened(home, name)
    refused = Refused(name, asked.member, by, at, reason)
    (home / REFUSALS).mkdir(PRIVATE_FOLDER, exist_ok=True)
    told = json.dumps(asdict(refused), ensure_ascii=False).encode()
    replace_private(_file(home, name, REFUSALS), told)
    settled(home, name)
    return refused


def refused(home: Path) -> list[Refused]:
    """Newest first, of each name the last time."""
    found = [Refused(**json.loads(file.read_bytes())) for file in (home / REFUSALS).glob("*.json")]
    return sorted(found, key=lambda one: (one.at, one.name), reverse=True)


def settled(home: Path, name: str) -> None:
    """It was admitted or refused: nothing waits any more."""
    _file(home, name).unlink(missing_ok=True)


def _file(home: Path, name: str, folder: str = FOLDER) -> Path:
    """Names may hold slashes, files may not."""
    return home / folder / f"{quote(name, safe='')}.json"
