"""Pages for people: a template, the facts that go into it, and headers that let nothing else in.

Everything a page loads comes from this node: its own files (pages/static) and libraries that the build fetched
(pages/vendor), each under an address that changes with its content, so that browsers may keep it for ever. No page
carries a script or a style in its own text, and none is kept by caches. What stands on a page, others decide.
"""

import gzip
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, select_autoescape

from api.words import LOCALES, catalogue
from ledger.errors import Unknown
from ledger.matter.quantities import show_ug
from nodes.countries import countries

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; media-src 'self' blob:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "permissions-policy": "camera=(self), geolocation=(), microphone=()",
    "referrer-policy": "same-origin",
    "vary": "accept, accept-encoding, accept-language, cookie",
    "x-content-type-options": "nosniff",
}
"""'wasm-unsafe-eval' lets a page start the reader of codes, which is WebAssembly; it lets no text become a script."""
FOLDERS = ("static", "vendor")
PREPARED = (
    "base.html",
    "frame.html",
    "parts.html",
    "scan.html",
    "chat.html",
    "checked.html",
    "unknown.html",
    "sign_in.html",
    "board.html",
)
TENTH = Decimal("0.1")
TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "mjs": "text/javascript",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "wasm": "application/wasm",
    "webmanifest": "application/manifest+json",
    "woff2": "font/woff2",
}


def page(
    template: str, facts: Mapping[str, Any], language: str, status: int = 200, request: Request | None = None
) -> Response:
    """The page in `language`. With `request`, its link to the other language keeps what else was asked."""
    asked = [] if request is None else [(name, text) for name, text in request.query_params.items() if name != "lang"]
    others = f"{urlencode(asked)}&" if asked else ""
    text = _templates(language).get_template(template).render(others=others, **facts)
    return Response(text, status, HEADERS, "text/html; charset=utf-8")


def prepare() -> None:
    """Makes what strangers see first, before anybody asks: else the first scan of a label waits for it. All other pages
    are made when they are first asked for, 7 ms each.
    """
    for language in LOCALES:
        for template in PREPARED:
            _templates(language).get_template(template)
        moment("2026-01-01T00:00:00Z", LOCALES[language])  # reads the names of months
    mark()


def pressed(response: Response, request: Request) -> Response:
    """Compressed where the client takes that. For pages without secrets alone: where a form's token stands beside what
    others may choose, lengths would tell of it.
    """
    if "gzip" in request.headers.get("accept-encoding", ""):
        response.body = gzip.compress(response.body, mtime=0)
        response.headers.update({"content-encoding": "gzip", "content-length": str(len(response.body))})
    return response


def file(path: str) -> tuple[bytes, str]:
    """(content, media type) of a static file, by its path without the mark of its content: `style.css`."""
    content = _files().get(path)
    if content is None:
        raise Unknown("route-unknown", field="path", value=f"/static/{path}")
    return content, TYPES.get(path.rpartition(".")[2], "text/plain; charset=utf-8")


def address(path: str) -> str:
    """Where a page finds a static file: `/static/0a1b2c3d4e5f/style.css`.

    One mark for all files: modules name one another by relative paths, which stay within one mark.
    """
    assert path in _files(), path
    return f"/static/{mark()}/{path}"


@lru_cache(maxsize=1)
def mark() -> str:
    """Changes whenever any static file does."""
    whole = sha256()
    for path, content in sorted(_files().items()):
        whole.update(f"{path}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()[:12]


@lru_cache(maxsize=1)
def _files() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for folder in FOLDERS:
        waiting = [("", files("api") / "pages" / folder)]
        while waiting:
            path, place = waiting.pop()
            if place.is_dir():
                waiting += [(f"{path}/{one.name}".removeprefix("/"), one) for one in place.iterdir()]
            elif place.is_file():
                found[path] = place.read_bytes()
    return found


@lru_cache(maxsize=len(LOCALES))
def _templates(language: str) -> Environment:
    made = Environment(
        loader=PackageLoader("api", "pages"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(zh=language == "zh", language=language, static=address, countries=countries(language))
    made.globals["t"] = lambda chinese, english: chinese if language == "zh" else english
    locale = LOCALES[language]
    made.filters["mass"] = lambda mg: mass(mg, locale)
    made.filters["computed"] = lambda mg: computed(mg, locale)
    made.filters["kg"] = lambda mg: format((Decimal(mg) / 1_000_000).normalize(), "f")
    made.filters["ppm"] = lambda ppm: f"{number((Decimal(ppm) / 10_000).quantize(TENTH), locale)} %"
    made.filters["number"] = lambda value: number(value, locale)
    made.filters["percent"] = lambda value: f"{number(value, locale)} %"
    made.filters["ug"] = lambda ug: show_ug(int(ug))
    made.filters["share"] = lambda row, of: share(row, int(of), locale)
    made.filters["day"] = lambda text: day(text, locale)
    made.filters["moment"] = lambda text: moment(text, locale)
    return made


# -- numbers and times in local form ------------------------------------------------------------------------------


def mass(mg: int, locale: Locale) -> str:
    """Whole milligrams as kilograms: 1,948.5 kg."""
    return f"{number(Decimal(mg) / 1_000_000, locale)} kg"


def computed(mg: int, locale: Locale) -> str:
    """A mass that was computed, of oxides say, to the gram: no scale has shown what is behind that. Tables have it."""
    return mass(int((Decimal(mg) / 1000).to_integral_value()) * 1000, locale)


def share(row: Mapping[str, str], of: int, locale: Locale) -> str:
    """What part of `of` µg a row of origins is: 75 % (60 – 90 %), the bounds where they are no single value."""
    mid, lo, hi = (
        f"{number((Decimal(int(row[name])) * 100 / of).quantize(TENTH), locale)}" for name in ("mid", "lo", "hi")
    )
    return f"{mid} %" if row["lo"] == row["hi"] else f"{mid} % ({lo} – {hi} %)"


def number(value: Decimal | int | str, locale: Locale) -> str:
    """As exact as it is, never rounded: 1,948.500 of a scale that shows grams stays so."""
    exact = Decimal(value)
    _, _, exponent = exact.as_tuple()
    places = max(0, -int(exponent))
    return format_decimal(exact, format=f"#,##0.{'0' * places}" if places else "#,##0", locale=locale)


def day(text: str, locale: Locale) -> str:
    """The day of a time, where it happened; of a time in UTC, where this node stands."""
    return format_date(local(text).date(), format="medium", locale=locale)


def moment(text: str, locale: Locale) -> str:
    form = "d MMM y, HH:mm" if locale.language == "en" else "y年M月d日 HH:mm"
    return format_datetime(local(text), format=form, locale=locale)


def local(text: str) -> datetime:
    """A time where it happened; one in UTC, where this node stands."""
    found = datetime.fromisoformat(text)
    return found.astimezone() if text.endswith("Z") else found
