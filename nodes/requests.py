"""Requests for admission that wait at a registry: a folder HOME/requests of small files, one for each name.

Anybody may ask, so what is kept is bounded in size and number; the same name asking again takes the place of what it
asked before. Whoever admits opens a request anew: nothing in the folder is believed.
"""

from pathlib import Path
from urllib.parse import quote, unquote

from ledger.errors import Unavailable, Unknown
from ledger.joining import Request, open_request
from ledger.matter.events import is_name
from nodes.posix import PRIVATE_FOLDER, replace_private

FOLDER = "requests"
WAITING_MAX = 1000


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


def settled(home: Path, name: str) -> None:
    """It was admitted: nothing waits any more."""
    _file(home, name).unlink(missing_ok=True)


def _file(home: Path, name: str) -> Path:
    """Names may hold slashes, files may not."""
    return home / FOLDER / f"{quote(name, safe='')}.json"
