import copy
import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.log.canonical import b64, b64url, dump
from ledger.log.disclosures import (
    MAX_ITEMS,
    ListCommitment,
    check_item,
    commit_list,
    digest,
    disclose,
    open_disclosure,
    open_disclosures,
    open_slots,
    padded,
    prove_item,
    prove_items,
)
from ledger.log.merkle import leaf_hash

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "disclosures.json").read_text(encoding="utf-8"))
SD = VECTORS["sd"]
ROAD, LINE, NOTHING = (vector["disclosure"] for vector in VECTORS["opened"])

VALUES = (
    st.none() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=9) | st.lists(st.text(max_size=3), max_size=3)
)
SALTS = st.binary(min_size=16, max_size=16).map(b64url)
PATHS = st.from_regex(r"[a-z][a-z0-9_.]{0,8}(/(0|[1-9][0-9]{0,3}))?", fullmatch=True)


def salt(number):
    return b64url(number.to_bytes(16, "big"))


def listed(count, slot="lines.chain"):
    """A committed list of `count` items, padded; its disclosures and its commitment."""
    items = [
        disclose(salt(number), f"{slot}/{number}", {"mg": number} if number < count else None)
        for number in range(padded(count))
    ]
    return items, commit_list([digest(item) for item in items])


def single(items, index):
    path = prove_item([digest(item) for item in items], index)
    return {"d": items[index], "path": [b64(one) for one in path]}


@pytest.mark.parametrize("vector", VECTORS["opened"], ids=lambda vector: vector["path"])
def test_vectors(vector):
    text = disclose(vector["salt"], vector["path"], vector["value"])
    assert text == vector["disclosure"] == b64url(vector["json"].encode())
    assert digest(text).hex() == vector["digest"]
    opened = open_disclosure(text)
    assert (opened.salt, opened.path, opened.value) == (vector["salt"], vector["path"], vector["value"])
    assert opened.disclosure == text


def test_the_digest_is_that_of_rfc9901():
    assert b64url(digest(VECTORS["rfc9901"]["disclosure"])) == VECTORS["rfc9901"]["digest"]


def test_list_vector():
    digests = [digest(LINE), digest(NOTHING)]
    assert [leaf_hash(one).hex() for one in digests] == VECTORS["leaves"]
    commitment = commit_list(digests)
    assert commitment.to_json() == SD["lines.chain"]
    n, root = commitment
    assert (n, b64url(root)) == (2, SD["lines.chain"]["root"])
    assert prove_item(digests, 0) == [leaf_hash(digests[1])]


def test_opens_the_vectors():
    opened = open_slots(SD, [ROAD, LINE, NOTHING])
    assert {path: one.value for path, one in opened.items()} == {
        "transport": "by road",
        "lines.chain/0": {"mg": 50000000000, "product": "氧化镨钕"},
        "lines.chain/1": None,
    }
    assert open_slots(SD, []) == {}
    assert set(open_slots(SD, [NOTHING, LINE])) == {"lines.chain/0", "lines.chain/1"}
    assert set(open_slots(SD, [{"d": NOTHING, "path": [b64(leaf_hash(digest(LINE)))]}])) == {"lines.chain/1"}


def test_the_other_alphabet_says_the_same_and_is_refused():
    text = disclose("A" * 22, "transport", "???")
    assert REFUSED["standard alphabet"] == text.replace("_", "/") != text


@settings(deadline=None)
@given(SALTS, PATHS, VALUES)
def test_round_trip(salt, path, value):
    text = disclose(salt, path, value)
    opened = open_disclosure(text)
    assert (opened.salt, opened.path, opened.value) == (salt, path, value)
    assert digest(text) == sha256(text.encode("ascii")).digest()


REFUSED = {
    "padded": ROAD + "=",
    "spare bits": NOTHING[:-1] + "1",
    "standard alphabet": "WyJBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIiwidHJhbnNwb3J0IiwiPz8/Il0",
    "blank after": ROAD + " ",
    "empty": "",
    "not ASCII": "é",
    "no array": b64url(b'{"a":1}'),
    "two items": b64url(dump([salt(1), "transport"])),
    "four items": b64url(dump([salt(1), "transport", 1, 2])),
    "blanks": b64url(b'["AAAAAAAAAAAAAAAAAAAAAA", "transport", 1]'),
    "float": b64url(b'["AAAAAAAAAAAAAAAAAAAAAA","transport",1.5]'),
    "salt too short": b64url(dump([salt(1)[1:], "transport", 1])),
    "salt too long": b64url(dump([salt(1) + "A", "transport", 1])),
    "salt with spare bits": b64url(dump(["A" * 21 + "B", "transport", 1])),
    "salt is a number": b64url(dump([1, "transport", 1])),
    "path with a leading zero": b64url(dump([salt(1), "lines/01", 1])),
    "path with a plus": b64url(dump([salt(1), "lines/+1", 1])),
    "path without number": b64url(dump([salt(1), "lines/", 1])),
    "path two deep": b64url(dump([salt(1), "lines/1/2", 1])),
    "path in capitals": b64url(dump([salt(1), "Lines", 1])),
    "path empty": b64url(dump([salt(1), "", 1])),
    "path with a line end": b64url(dump([salt(1), "lines\n", 1])),
    "path is null": b64url(dump([salt(1), None, 1])),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refuses(text):
    with pytest.raises(Malformed):
        open_disclosure(text)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refuses_it_among_others_for_the_same_reason(text):
    with pytest.raises(Malformed) as alone:
        open_disclosure(text)
    for others in ([ROAD, text], [text, ROAD, NOTHING], [NOTHING, text, LINE]):
        with pytest.raises(Malformed) as among:
            open_disclosures(others)
        assert str(among.value) == str(alone.value)


@pytest.mark.parametrize(
    "values",
    [
        ("[1", "2]"),
        ("1],[2", "3"),
        ("1", "2,3"),
        ('"a', 'b"'),
        ("", "1,2"),
        ('{"a":1', '"b":2}'),
        (" 1", "2"),
        ("1", "-0"),
    ],
)
def test_values_that_hold_only_together_are_refused(values):
    texts = [b64url(f'["{salt(at)}","transport",{value}]'.encode()) for at, value in enumerate(values)]
    with pytest.raises(Malformed):
        open_disclosures(texts)


@pytest.mark.parametrize(
    ("salt", "path", "value"),
    [("short", "a", 1), ("A" * 22 + "\n", "a", 1), (salt(1), "A", 1), (salt(1), "a/00", 1), (salt(1), "a", 0.5)],
)
def test_discloses_only_the_profile(salt, path, value):
    with pytest.raises(Malformed):
        disclose(salt, path, value)


def test_every_change_of_a_disclosure_is_refused():
    for text in (ROAD, LINE, NOTHING):
        others = [one for one in (ROAD, LINE, NOTHING) if one != text]
        for at in range(len(text)):
            for other in "AaZz09-_=+/ \n":
                if other != text[at]:
                    with pytest.raises(LodetraceError):
                        open_slots(SD, [text[:at] + other + text[at + 1 :], *others])
            with pytest.raises(LodetraceError):
                open_slots(SD, [text[:at] + text[at + 1 :], *others])


def test_every_change_of_a_single_item_is_refused():
    items, commitment = listed(5)
    sd = {"lines.chain": commitment.to_json()}
    one = single(items, 3)
    assert open_slots(sd, [one])["lines.chain/3"].value == {"mg": 3}
    for place in range(len(one["path"])):
        for at in range(len(one["path"][place])):
            wrong = copy.deepcopy(one)
            old = wrong["path"][place]
            wrong["path"][place] = old[:at] + ("A" if old[at] != "A" else "B") + old[at + 1 :]
            with pytest.raises(LodetraceError):
                open_slots(sd, [wrong])
    for path in (one["path"][:-1], [*one["path"], one["path"][0]], one["path"][::-1], []):
        with pytest.raises(Unverified) as caught:
            open_slots(sd, [{"d": items[3], "path": path}])
        assert caught.value.code == "disclosure-unproven"
    with pytest.raises(Unverified):
        open_slots(sd, [{"d": items[2], "path": one["path"]}])


def test_lists_of_all_small_lengths():
    for count in range(18):
        items, commitment = listed(count)
        sd = {"lines.chain": commitment.to_json()}
        assert commitment.n == padded(count) == len(items)
        assert set(open_slots(sd, items)) == {f"lines.chain/{number}" for number in range(len(items))}
        assert set(open_slots(sd, items[::-1])) == set(open_slots(sd, items))
        for number in range(len(items)):
            assert set(open_slots(sd, [single(items, number)])) == {f"lines.chain/{number}"}
        everything = open_slots(sd, [single(items, number) for number in range(len(items))])
        assert {path: one.value for path, one in everything.items()} == {
            path: one.value for path, one in open_slots(sd, items).items()
        }
        digests = [digest(item) for item in items]
        proofs = prove_items(digests, range(len(items)))
        for index, proof in enumerate(proofs):
            check_item(commitment, index, digests[index], proof)
            for wrong in {index - 1, index + 1, commitment.n}:
                with pytest.raises(Unverified):
                    check_item(commitment, wrong, digests[index], proof)


def test_padding():
    assert [padded(count) for count in (0, 1, 2, 3, 4, 5, 64, 65, MAX_ITEMS)] == [1, 1, 2, 4, 4, 8, 64, 128, MAX_ITEMS]
    with pytest.raises(Malformed):
        padded(MAX_ITEMS + 1)
    with pytest.raises(AssertionError):
        commit_list([bytes(32)] * 3)
    with pytest.raises(AssertionError):
        commit_list([])


ITEMS, COMMITMENT = listed(4)
TWO = {"lines.chain": COMMITMENT.to_json(), "transport": SD["transport"]}
OTHER = disclose(salt(9), "transport", "by rail")

CASES = {
    "unknown slot": ([disclose(salt(1), "price", 1)], "slot-unknown"),
    "scalar opened as a list": ([disclose(salt(1), "transport/0", 1)], "slot-unknown"),
    "list opened as a scalar": ([disclose(salt(1), "lines.chain", 1)], "slot-unknown"),
    "beyond the list": ([disclose(salt(1), "lines.chain/4", 1)], "slot-unknown"),
    "same opening twice": ([ROAD, ROAD], "slot-opened-twice"),
    "same item twice": ([*ITEMS, ITEMS[0]], "slot-opened-twice"),
    "item twice, with path": ([single(ITEMS, 1), single(ITEMS, 1)], "slot-opened-twice"),
    "item in both ways": ([*ITEMS, single(ITEMS, 1)], "slot-opened-twice"),
    "list in both ways": ([*ITEMS[:3], single(ITEMS, 3)], "list-incomplete"),
    "list in part": (ITEMS[:3], "list-incomplete"),
    "one item without its path": ([ITEMS[2]], "list-incomplete"),
    "another value": ([OTHER], "disclosure-unproven"),
    "scalar with a path": ([{"d": ROAD, "path": []}], "disclosure-unproven"),
    "another item in the list": ([*ITEMS[:3], disclose(salt(9), "lines.chain/3", 1)], "disclosure-unproven"),
    "another item with that path": (
        [single(ITEMS, 1) | {"d": disclose(salt(9), "lines.chain/1", 1)}],
        "disclosure-unproven",
    ),
}


@pytest.mark.parametrize(("disclosures", "code"), CASES.values(), ids=CASES)
def test_open_slots_refuses(disclosures, code):
    with pytest.raises(Unverified) as caught:
        open_slots(TWO, disclosures)
    assert caught.value.code == code
    assert caught.value.text("en")
    assert caught.value.text("zh")


def test_a_second_opening_is_refused_whichever_comes_first():
    assert open_slots(TWO, [ROAD])["transport"].value == "by road"
    for disclosures in ([ROAD, OTHER], [OTHER, ROAD]):
        with pytest.raises(Unverified):
            open_slots(TWO, disclosures)


@pytest.mark.parametrize(
    "given",
    [
        1,
        None,
        [ROAD],
        {},
        {"d": ROAD},
        {"path": []},
        {"d": ROAD, "path": [], "alg": "sha-256"},
        {"d": 1, "path": []},
        {"d": ROAD, "path": "x"},
        {"d": ROAD, "path": [1]},
        {"d": ROAD, "path": ["AA=="]},
        {"d": ROAD, "path": [b64(bytes(32))[:-1]]},
    ],
)
def test_open_slots_refuses_other_shapes(given):
    with pytest.raises(Malformed):
        open_slots(TWO, [given])


ROOT = SD["lines.chain"]["root"]


@pytest.mark.parametrize(
    "commitment",
    [
        None,
        1,
        "",
        SD["transport"][:-1],
        SD["transport"] + "=",
        b64(bytes(32)),
        [],
        {},
        {"n": 2},
        {"root": ROOT},
        {"n": 2, "root": ROOT, "alg": "sha-256"},
        {"n": 0, "root": ROOT},
        {"n": 3, "root": ROOT},
        {"n": -2, "root": ROOT},
        {"n": True, "root": ROOT},
        {"n": "2", "root": ROOT},
        {"n": 2 * MAX_ITEMS, "root": ROOT},
        {"n": 2, "root": 1},
        {"n": 2, "root": ROOT[:-1]},
    ],
)
def test_open_slots_refuses_other_commitments(commitment):
    with pytest.raises(Malformed):
        open_slots({"lines.chain": commitment}, [])


def test_a_list_of_ten_thousand():
    items, commitment = listed(10_000)
    assert commitment.n == 16_384
    opened = open_slots({"lines.chain": commitment.to_json()}, items)
    assert opened["lines.chain/9999"].value == {"mg": 9999}
    assert opened["lines.chain/10000"].value is None
    assert isinstance(commitment, ListCommitment)
