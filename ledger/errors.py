"""Everything that can be wrong, seen from the caller.

    LodetraceError
    ├── Malformed     bytes or values that are not of the form; sending them again will not help
    ├── Unverified    well-formed, but a signature, hash, proof or policy does not hold
    ├── Unknown       names something that is not here (a batch, a log, a key, a token)
    ├── Conflict      it is here already, with other content; or the head moved meanwhile
    ├── Refusal       a rule of custody, quantity or access says no; nothing was changed
    ├── Forked        two signed statements that cannot both be true; carries them as evidence
    └── Unavailable   this node cannot do it now (disk, lock, clock, peer); the same call may work later

Each error has a `code` (a row of ledger/messages.py, which holds the English and the Chinese sentence),
the `field` it is about, the offending `value`, and the facts that the sentence needs. Errors of this tree
are for callers; a mistake of our own programming is an AssertionError and is in no table.
"""

from typing import Any

from ledger.messages import MESSAGES


class LodetraceError(Exception):
    """`code` names a sentence in ledger/messages.py; `facts` fill its placeholders.

    `field` is a path into what the caller sent (`lines[2].weighed`), `value` what stood there.
    """

    def __init__(self, code: str, *, field: str | None = None, value: Any = None, **facts: Any) -> None:
        assert code in MESSAGES, f"no sentence for {code!r} in ledger/messages.py"
        self.code = code
        self.field = field
        self.value = value
        self.facts = facts
        super().__init__(code, field, value)

    def text(self, language: str = "en") -> str:
        """The sentence in `en` or `zh`: what is wrong, where, and the way out."""
        sentence = MESSAGES[self.code][0 if language == "en" else 1]
        return sentence.format(field=self.field, value=self.value, **self.facts)

    def __str__(self) -> str:
        return self.text()

    def __reduce__(self) -> tuple[Any, ...]:
        """So that an error comes out of another process as it went in."""
        return _made_again, (type(self), self.code, self._told())

    def _told(self) -> dict[str, Any]:
        return {**self.facts, "field": self.field, "value": self.value}


def _made_again(kind: type[LodetraceError], code: str, told: dict[str, Any]) -> LodetraceError:
    return kind(code, **told)


class Malformed(LodetraceError):
    """Not of the form. `Malformed("malformed", field="note", why="...")` is the usual call."""


class Unverified(LodetraceError):
    """A signature, hash, proof or policy does not hold."""


class Unknown(LodetraceError):
    """Names something that is not here."""


class Conflict(LodetraceError):
    """Here already with other content, or somebody else was first."""


class Refusal(LodetraceError):
    """A rule says no. Nothing was changed."""


class Forked(LodetraceError):
    """Two signed statements that cannot both be true."""

    def __init__(self, code: str, *, evidence: tuple[bytes, ...], **rest: Any) -> None:
        super().__init__(code, **rest)
        self.evidence = evidence

    def _told(self) -> dict[str, Any]:
        return {**super()._told(), "evidence": self.evidence}


class Unavailable(LodetraceError):
    """Cannot be done now; the same call may work later."""
