"""Which form and language a reader asked for (https://www.rfc-editor.org/rfc/rfc9110#section-12.5).

Browsers get pages, programs JSON; whoever does not say gets a page, for whoever types an address is a person. Pages are
in Chinese and English: a reader of neither gets English, one who does not say gets Chinese.
"""

import re

from fastapi import Request

_weight = re.compile(r"(?:0|1)(?:\.[0-9]{0,3})?").fullmatch
LANGUAGES = ("zh", "en")


def wants_json(request: Request) -> bool:
    """JSON is preferred to HTML, or named where HTML is only among everything else."""
    weights = _weights(request.headers.get("accept", "*/*"))
    json, html = _of_type(weights, "application/json"), _of_type(weights, "text/html")
    return json > html or (json == html > 0 and "application/json" in weights and "text/html" not in weights)


def wants_svg(request: Request) -> bool:
    """A picture is named, and nothing else that is offered here is preferred to it."""
    weights = _weights(request.headers.get("accept", "*/*"))
    return weights.get("image/svg+xml", 0) > weights.get("application/json", 0)


def language(request: Request) -> str:
    """`zh` or `en`: by `?lang`, else by what the browser prefers."""
    asked = request.query_params.get("lang", "").lower()[:2]
    if asked in LANGUAGES:
        return asked
    weights = _weights(request.headers.get("accept-language", ""))
    ours = [(weight, name[:2]) for name, weight in weights.items() if name[:2] in LANGUAGES and weight > 0]
    if ours:
        return max(ours, key=lambda one: one[0])[1]
    return "en" if weights.keys() - {"*"} else "zh"


def in_chat(request: Request) -> bool:
    """Shown inside a chat program, which says so of itself: its browser may save no files and share no addresses."""
    return "micromessenger" in request.headers.get("user-agent", "").lower()


def _weights(header: str) -> dict[str, int]:
    """What is named → its weight in thousandths, in the order named. What has no such weight is left out."""
    found: dict[str, int] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((piece.removeprefix("q=") for piece in parameters if piece.startswith("q=")), "1")
        if name and _weight(weight):
            whole, _, fraction = weight.partition(".")
            found[name] = min(int(whole) * 1000 + int(fraction.ljust(3, "0") or 0), 1000)
    return found


def _of_type(weights: dict[str, int], kind: str) -> int:
    ranges = (kind, f"{kind.partition('/')[0]}/*", "*/*")
    return next((weights[one] for one in ranges if one in weights), 0)
