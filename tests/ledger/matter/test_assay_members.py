"""Members of an assay: all that are known are taken, and any other is refused with the one that was probably meant."""

import pytest

from ledger.errors import LodetraceError
from ledger.matter.assay_members import MEMBERS, UNCERTAIN, refuse_unknown_members

MISSPELT = {
    "th_pct": "th_ppm",
    "other_pct": "others_pct",
    "moisture_pc": "moisture_pct",
    "total_reo": "total_reo_pct",
    "distribution": "distribution_pct",
    "certificate_nr": "certificate_no",
    "tot_reo_pct": "total_reo_pct",
    "remarks": "remark",
}


@pytest.mark.parametrize("name", MISSPELT)
def test_a_member_that_nobody_reads_is_refused_with_the_nearest_known_one(name):
    with pytest.raises(LodetraceError) as refused:
        refuse_unknown_members({name: "1"}, "outputs[0].assay")
    assert (refused.value.code, refused.value.field) == ("assay-member-unknown", f"outputs[0].assay.{name}")
    for language in ("en", "zh"):
        assert MISSPELT[name] in refused.value.text(language)


def test_so_is_an_uncertainty_of_nothing_that_is_read():
    refuse_unknown_members({"uncertainty_pct": dict.fromkeys(UNCERTAIN, "1")}, "assay")
    with pytest.raises(LodetraceError) as refused:
        refuse_unknown_members({"uncertainty_pct": {"others_pct": "1"}}, "assay")
    assert (refused.value.code, refused.value.field) == ("assay-member-unknown", "assay.uncertainty_pct.others_pct")


def test_anything_may_be_misspelt():
    for name in ("", "x", "水分", *(member[:-1] for member in MEMBERS)):
        with pytest.raises(LodetraceError) as refused:
            refuse_unknown_members({name: "1"}, "assay")
        assert refused.value.code == "assay-member-unknown"


def test_all_that_are_known_are_taken():
    refuse_unknown_members({**dict.fromkeys(MEMBERS, "1"), "uncertainty_pct": {}}, "assay")
    refuse_unknown_members({}, "assay")
    refuse_unknown_members({"uncertainty_pct": "of another form, which parse_assay refuses"}, "assay")
