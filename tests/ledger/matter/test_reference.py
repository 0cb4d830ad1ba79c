"""The shipped tables say where each number is from; an organisation's own lie over them, or are refused by path."""

import json
import re
from decimal import Decimal
from hashlib import sha256
from itertools import product as pairs
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Malformed
from ledger.matter.assays import parse_assay
from ledger.matter.elements import ELEMENTS
from ledger.matter.event_types import ORIGIN_CLASSES
from ledger.matter.reference import CONSERVING, Reference
from ledger.matter.reference_rows import CONFIDENCES, FEED_GROUPS, ORIGINS, TABLES
from ledger.matter.reference_rows import ROLES as KNOWN_ROLES
from nodes.config import ROLES

SHIPPED = Reference.parse()
OWN = {"source": "our own books 2025", "confidence": "fact"}
CRATED = {"form": "magnet", "zh": "自制磁体", "en": "Our magnet", **OWN}


def laid(**tables):
    return Reference.parse(json.dumps(tables).encode())


# -- what is shipped ------------------------------------------------------------------------------------------------


def numbers_without_source(value, sourced, path):
    """Paths of numbers, and of texts that are numbers, with no source and confidence beside them or above."""
    if isinstance(value, dict):
        sourced = sourced or ({"source", "confidence"} <= value.keys() and value["confidence"] in CONFIDENCES)
        for key, inner in value.items():
            yield from numbers_without_source(inner, sourced, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from numbers_without_source(inner, sourced, path)
    elif not sourced and not isinstance(value, bool):
        yield path


def test_every_number_has_a_source_and_a_confidence():
    assert list(TABLES) == list(SHIPPED.tables)
    found = [
        path
        for table, rows in SHIPPED.tables.items()
        for key, row in rows.items()
        for path in numbers_without_source(row, sourced=False, path=f"{table}.{key}")
    ]
    assert found == []
    assert list(numbers_without_source({"a": {"b": "1"}, **OWN}, sourced=False, path="x")) == []
    assert list(numbers_without_source({"a": {"b": "1"}}, sourced=False, path="x")) == ["x.a.b"]


def test_nothing_shipped_is_a_float():
    def floats(value):
        if isinstance(value, (dict, list)):
            return any(floats(inner) for inner in (value.values() if isinstance(value, dict) else value))
        return isinstance(value, float)

    assert not any(floats(row) for rows in SHIPPED.tables.values() for row in rows.values())


def test_the_words_are_those_used_elsewhere():
    assert set(SHIPPED.tables["elements"]) == set(ELEMENTS)
    assert tuple(ORIGINS) == tuple(ORIGIN_CLASSES)
    assert set(KNOWN_ROLES) == set(ROLES)
    assert {key for key, row in SHIPPED.processes.items() if row["conserving"]} == CONSERVING


def test_the_matrix_has_a_row_for_each_role_and_class():
    matrix = SHIPPED.tables["origins"]
    assert set(matrix) == {f"{role}:{class_}" for role, class_ in pairs(KNOWN_ROLES, ORIGINS)}
    for key, row in matrix.items():
        assert key == f"{row['role']}:{row['class']}"
        assert (row["may"] == "no") == (not row["feed_groups"])
    assert {row["role"] for row in matrix.values() if row["class"] == "mined" and row["may"] != "no"} == {"mine"}


def test_imports_and_scrap_need_their_paper():
    for role in KNOWN_ROLES:
        for class_, kind in (("imported", "customs_declaration"), ("recycled", "special_invoice")):
            row = SHIPPED.origin_rule(role, class_)
            if row["may"] != "no":
                assert any(kind in asked["kinds"] and asked["severity"] == "hard" for asked in row["documents"])


def test_a_recycler_takes_no_ore_from_anywhere():
    for class_ in ("mined", "imported", "recycled", "bought_outside"):
        assert set(SHIPPED.origin_rule("recycler", class_)["feed_groups"]) <= {"recycled"}


def test_lookups_answer_for_what_they_know():
    assert SHIPPED.yield_ppm("machine") == (600_000, 750_000, 900_000)
    assert SHIPPED.yield_ppm("coat") is None
    assert SHIPPED.adds_ppm("gbd") == (1000, 8000, ("Dy", "Tb"))
    assert SHIPPED.adds_ppm("machine") == SHIPPED.adds_ppm("unheard of") == (0, 0, ())
    assert SHIPPED.keeps_elements("sinter")
    assert not SHIPPED.keeps_elements("separation")
    assert not SHIPPED.keeps_elements("unheard of")
    assert SHIPPED.tolerance("handover") == (2, 3)
    assert SHIPPED.holds_water("mixed_carbonate")
    assert SHIPPED.holds_water("unheard of")
    assert not SHIPPED.holds_water("ndfeb_magnet")
    assert SHIPPED.origin_rule("mine", "unheard of") is None
    assert SHIPPED.row("feed_classes", "post_consumer")["recycled_content"]
    assert not SHIPPED.row("feed_classes", "internal_rework")["recycled_content"]


def test_the_typical_yields_make_the_overall_one():
    overall = Decimal(1)
    for process in ("strip_cast", "jet_mill", "sinter", "machine"):
        overall *= Decimal(SHIPPED.yield_ppm(process)[1]) / 10**6
    assert f"{overall * 100:.1f}" == SHIPPED.tables["figures"]["charge_to_part"]["typ"]


@pytest.mark.parametrize("profile", SHIPPED.tables["ore_profiles"])
def test_profiles_are_nearly_whole(profile):
    row = SHIPPED.tables["ore_profiles"][profile]
    named = [element for element, *_ in row.get("distribution_pct", row.get("ranges_pct"))]
    assert len(named) == len(set(named))
    assert not set(named) & set(row["traces"])
    if "distribution_pct" in row:
        assert Decimal("98.5") <= sum(Decimal(text) for _, text in row["distribution_pct"]) <= Decimal("100.5")


@pytest.mark.parametrize(
    ("profile", "prnd", "ce_per_la", "pr_share"),
    [
        ("bayan_obo", "24.7", "2.2", ".25"),
        ("mianning", "19.6", "1.6", ".22"),
        ("mountain_pass", "16.3", "1.5", ".26"),
        ("mt_weld_cld", "23.8", "1.8", ".22"),
        ("longnan", "3.7", "0.2", ".19"),
        ("xunwu", "37.6", "0.2", ".20"),
        ("xinfeng", "23.2", "0.1", ".24"),
        ("monazite_au", "22.4", "1.9", ".22"),
    ],
)
def test_what_tells_ores_apart(profile, prnd, ce_per_la, pr_share):
    share = {e: Decimal(text) for e, text in SHIPPED.tables["ore_profiles"][profile]["distribution_pct"]}
    assert share["Pr"] + share["Nd"] == Decimal(prnd)
    assert f"{share['Ce'] / share['La']:.1f}" == ce_per_la
    assert f"{share['Pr'] / (share['Pr'] + share['Nd']):.2f}".lstrip("0") == pr_share


# -- what is laid over it -------------------------------------------------------------------------------------------


def test_without_an_own_file_the_ruleset_is_the_version():
    assert SHIPPED.ruleset == SHIPPED.version == laid().ruleset
    assert laid().tables == SHIPPED.tables


def test_a_row_replaces_the_fields_that_it_names():
    own = laid(processes={"machine": {"yield": {"min_ppm": 1, "typ_ppm": 2, "max_ppm": 3, **OWN}, **OWN}})
    assert own.yield_ppm("machine") == (1, 2, 3)
    assert own.process_name("machine", "zh") == SHIPPED.process_name("machine", "zh")
    assert own.processes["machine"]["source"] == OWN["source"]
    assert own.processes.keys() == SHIPPED.processes.keys()
    assert SHIPPED.yield_ppm("machine") == (600_000, 750_000, 900_000)


def test_a_new_key_is_a_new_row():
    own = laid(
        products={"our_magnet": CRATED}, packages={"crate": {"capacity_mg": 10**9, "zh": "木箱", "en": "crate", **OWN}}
    )
    assert (own.form("our_magnet"), own.product_name("our_magnet", "zh")) == ("magnet", "自制磁体")
    assert own.capacity_mg("crate") == 10**9
    assert own.form("prnd_oxide") == "oxide"


def test_an_own_factor_is_computed_with():
    own = laid(elements={"Pr": {"oxide": "Pr2O3", "metal_per_oxide": "0.8545", **OWN}})
    assert own.factors["Pr"].numerator * 10_000 == own.factors["Pr"].denominator * 8545
    assert own.factors["Nd"] == SHIPPED.factors["Nd"]


def test_the_ruleset_names_the_content_and_not_its_writing():
    text = '{"version":"ours 3","scales":{"yard":{"zh":"场秤","u_ppm":900,"source":"s","confidence":"fact"}}}'
    other = json.dumps(dict(reversed(json.loads(text).items())), indent=3).encode()
    own = Reference.parse(text.encode())
    digest = sha256(
        json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()
    assert own.ruleset == Reference.parse(other).ruleset == f"{SHIPPED.version}+{digest[:16]}"
    assert Reference.parse(text.replace("ours 3", "ours 4").encode()).ruleset != own.ruleset


@given(capacity=st.integers(min_value=1, max_value=2**53 - 1), kind=st.from_regex(r"[a-z_]{1,20}", fullmatch=True))
@settings(max_examples=50)
def test_what_is_laid_over_comes_out_and_the_rest_stays(capacity, kind):
    row = {"capacity_mg": capacity, "zh": "箱", "en": kind, **OWN}
    own = laid(packages={kind: row})
    assert own.capacity_mg(kind) == capacity
    assert {key: value for key, value in own.packages.items() if key != kind} == {
        key: value for key, value in SHIPPED.packages.items() if key != kind
    }
    assert own.ruleset.startswith(f"{SHIPPED.version}+")


WRONG = {
    "an unknown table": ({"prodcts": {}}, "prodcts"),
    "a table that is no object": ({"products": []}, "products"),
    "a row that is no object": ({"products": {"our_magnet": 3}}, "products.our_magnet"),
    "a key with spaces": ({"products": {"our magnet": CRATED}}, "products"),
    "an unknown field": ({"products": {"prnd_oxide": {"colour": "blue", **OWN}}}, "products.prnd_oxide.colour"),
    "no source": ({"scales": {"bench": {"u_ppm": 5, "confidence": "fact"}}}, "scales.bench.source"),
    "no confidence": ({"scales": {"bench": {"u_ppm": 5, "source": "x"}}}, "scales.bench.confidence"),
    "a confidence of its own": (
        {"scales": {"bench": {"source": "x", "confidence": "sure"}}},
        "scales.bench.confidence",
    ),
    "a float": ({"scales": {"bench": {"u_ppm": 5.5, **OWN}}}, "scales.bench.u_ppm"),
    "a truth for a number": ({"scales": {"bench": {"u_ppm": True, **OWN}}}, "scales.bench.u_ppm"),
    "a percentage above 100": (
        {"tolerances": {"assay_sum": {"abs_pct": "101", **OWN}}},
        "tolerances.assay_sum.abs_pct",
    ),
    "a new row that lacks fields": (
        {"packages": {"crate": {"zh": "箱", "en": "crate", **OWN}}},
        "packages.crate.capacity_mg",
    ),
    "a new element": ({"elements": {"Xx": {"oxide": "XxO", "metal_per_oxide": "0.9", **OWN}}}, "elements.Xx"),
    "a version that is no text": ({"version": 3}, "version"),
    "a group without its source": (
        {"processes": {"machine": {"yield": {"min_ppm": 1, "typ_ppm": 2, "max_ppm": 3}, **OWN}}},
        "processes.machine.yield.source",
    ),
    "yields that fall": (
        {"processes": {"machine": {"yield": {"min_ppm": 3, "typ_ppm": 2, "max_ppm": 1, **OWN}, **OWN}}},
        "processes.machine.yield",
    ),
    "a process that conserves by decree": (
        {"processes": {"sinter": {"conserving": True, **OWN}}},
        "processes.sinter.conserving",
    ),
    "an ore without its profile": (
        {"feed_classes": {"ion_mid_y": {"profile": "moon", **OWN}}},
        "feed_classes.ion_mid_y.profile",
    ),
    "magnets of less than nothing": ({"magnet_mass": {"servo": {"min_mg": 10**12, **OWN}}}, "magnet_mass.servo.min_mg"),
    "a split that is no whole": (
        {
            "products": {
                "dy_oxide": {
                    "composition": {
                        "of": "reo",
                        "total_pct": "99",
                        "u_pct": "1",
                        "split_pct": [["Dy", "50", "1"]],
                        **OWN,
                    },
                    **OWN,
                }
            }
        },
        "products.dy_oxide.composition.split_pct",
    ),
    "a document of unknown weight": (
        {"origins": {"mine:mined": {"documents": [{"kinds": ["x"], "severity": "soft"}], **OWN}}},
        "origins.mine:mined.documents",
    ),
}


@pytest.mark.parametrize(("tables", "path"), WRONG.values(), ids=WRONG)
def test_an_own_file_is_refused_by_path(tables, path):
    with pytest.raises(Malformed) as refused:
        laid(**tables)
    assert (refused.value.code, refused.value.field) == ("reference-wrong", path)
    for language in ("en", "zh"):
        assert path in refused.value.text(language)


def test_everything_wrong_is_told_at_once():
    with pytest.raises(Malformed) as refused:
        laid(prodcts={}, scales={"bench": {"u_ppm": 5}}, packages={"crate": OWN})
    for path in ("prodcts", "scales.bench.source", "scales.bench.confidence", "packages.crate.capacity_mg"):
        assert path in refused.value.text("en")
        assert path in refused.value.text("zh")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"scales": {}, "scales": {}}',
        b'{"version": NaN}',
        b'{"version": "\\ud800"}',
        b"[" * 10**6,
    ],
)
def test_what_is_no_json_object_is_malformed(data):
    with pytest.raises(Malformed) as refused:
        Reference.parse(data)
    assert refused.value.field == "reference data"


def test_feed_groups_are_all_in_use():
    assert {row["group"] for row in SHIPPED.tables["feed_classes"].values()} == set(FEED_GROUPS)


# -- the page about it ----------------------------------------------------------------------------------------------

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "reference-data.md").read_text("utf-8")


def test_the_page_names_every_table_and_every_confidence():
    named = {
        name for row in re.findall(r"^\| (`.+?) \|", PAGE, re.MULTILINE) for name in re.findall(r"`([\w.]+)`", row)
    }
    assert named == {*TABLES, *CONFIDENCES, "set.json"}


def test_the_page_shows_an_own_file_and_assays_that_are_accepted():
    own, *assays = (json.loads(block) for block in re.findall(r"```json\n(.+?)```", PAGE, re.DOTALL))
    assert laid(**own).yield_ppm("machine") == (680_000, 720_000, 760_000)
    for value, name in zip(assays, ("mixed_carbonate", "ndfeb_magnet"), strict=True):
        assert parse_assay(value, name, SHIPPED, "assay").content(10**9, "net")
