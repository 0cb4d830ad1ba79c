"""Two verifiers, one from the code's author and one from the document, on files that nobody thought of beforehand.

Files are changed anywhere after they were made, and stories are told in which the writer himself puts something else
into an event before he seals it. Both must say the same, and neither may fall over.
"""

import copy
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.audit import Replay, authors_of, check_entries
from ledger.errors import LodetraceError, Unknown
from ledger.evidence import evidence_json, format_evidence, parse_evidence, verify
from ledger.log.canonical import dump
from ledger.log.trust import Policy
from ledger.matter.stock import Booked
from ledger.verdict import judge
from tests.formats import second_verifier as second
from tests.formats.lies import BASES, policy_of
from tests.formats.story import tell

STORY = tell()
FILES = {name: evidence_json(make(STORY)) for name, make in BASES.items()}
SEEDS = st.integers(0, 2**32)
WRITERS = ("magnet", "motor", "plant", "alloy", "authority", "reclaim", "registry")
WRITTEN = [(who, at) for who in WRITERS for at in range(len(getattr(STORY, who).written))]


def places(value, path=()):
    """Where all values are, the outermost left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def change(value, dice):
    """One change somewhere, in place."""
    everywhere = list(places(value))
    *path, last = dice.choice(everywhere)
    spot = at(value, path)
    item = spot[last]
    match dice.randrange(7):
        case 0:
            del spot[last]
        case 1:
            spot[last] = dice.choice([None, True, 0, 1, -1, "", [], {}, "x"])
        case 2:
            spot[last] = copy.deepcopy(at(value, dice.choice(everywhere)))
        case 3 if isinstance(spot, list):
            spot.insert(last, copy.deepcopy(item))
        case 4 if isinstance(spot, list):
            other = dice.randrange(len(spot))
            spot[last], spot[other] = spot[other], spot[last]
        case _ if isinstance(item, str) and item:
            middle = dice.randrange(len(item))
            put = dice.choice(["", "0", "A", "=", "#", "é", "\n", item[-1]])
            spot[last] = item[:middle] + put + item[middle + 1 :]
        case _ if type(item) is int:
            spot[last] = item + dice.choice([-1, 1, 2, 1000])


def first_says(data, policy):
    try:
        result = verify(parse_evidence(data), None if policy is None else Policy.parse(policy))
        found = judge(result)
    except LodetraceError as error:
        return type(error).__name__
    origins = [(one.batch, one.log, one.index, one.standing, one.model, list(one.elements)) for one in found.origins]
    attested = [one.by for one in result.attested]
    return found.vouched, found.complete, sorted(found.missing), found.not_shown, dict(found.subject), origins, attested


def second_says(data, policy):
    try:
        found, _ = second.verify(data, None if policy is None else second.Policy(policy))
    except (second.Malformed, second.Unverified, second.Refusal) as error:
        return type(error).__name__
    origins = [
        (*(one[key] for key in ("batch", "log", "index", "standing", "model")), [row[0] for row in one["shares"]])
        for one in found["origins"]
    ]
    attested = [one["by"] for one in found["attested"]]
    told = (found[key] for key in ("vouched", "complete", "missing", "not_shown", "subject"))
    return *told, origins, attested


@settings(max_examples=300)
@given(SEEDS, st.sampled_from(list(FILES)), st.booleans())
def test_of_a_changed_file_both_say_the_same(seed, base, policy):
    value = copy.deepcopy(FILES[base])
    change(value, random.Random(seed))
    data, text = dump(value), policy_of(base) if policy else None
    assert first_says(data, text) == second_says(data, text)


def told(seed, who, index):
    """The story, in which `who` wrote something else at `index`; None where there is no such story to tell."""

    def alter(slots):
        value = copy.deepcopy(slots)
        change(value, random.Random(seed))
        slots.clear()
        slots.update(value)

    try:
        return tell(**{who: {"changes": {index: alter}}})
    except (LodetraceError, KeyError, IndexError, TypeError, ValueError, AttributeError, AssertionError):
        return None


@settings(max_examples=300)
@given(
    SEEDS,
    st.sampled_from(WRITTEN),
    st.sampled_from(list(BASES)),
)
def test_of_an_honest_seal_on_a_strange_event_both_say_the_same(seed, place, base):
    story = told(seed, *place)
    if story is None:
        return
    try:
        data = format_evidence(BASES[base](story))
    except (LodetraceError, KeyError, IndexError, TypeError, ValueError, AssertionError):
        return
    assert first_says(data, policy_of(base)) == second_says(data, policy_of(base))


def booked(run, index):
    """An entry that another one corrects, which may be one that never was."""
    if index >= len(run.leaves):
        raise Unknown("entry-not-found", field="entry", value=index, size=len(run.leaves))
    return Booked(index, run.leaves[index], run.events[index])


@settings(max_examples=300)
@given(SEEDS, st.sampled_from(WRITTEN))
def test_an_audit_answers_or_refuses_and_does_not_fall_over(seed, place):
    story = told(seed, *place)
    if story is None:
        return
    scribe = getattr(story, place[0])
    refused = ""
    try:
        origin, authors, _ = authors_of(scribe.written[0].record())
        run = check_entries([one.record() for one in scribe.written], 0, origin, authors)
        replay = Replay(origin, read=lambda index: booked(run, index))
        replay.take(run)
    except LodetraceError as error:
        refused = error.text("en") + error.text("zh")
    assert refused or replay.finish([scribe.head(3)]) == scribe.tree().root()
