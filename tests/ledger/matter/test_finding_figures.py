"""Each number of a finding stands under its name, with its unit and its limit, and none is left out."""

import pytest

from ledger.matter.finding_figures import Figure, figures
from ledger.matter.findings import Finding


def finding(facts, **tolerance):
    return Finding("element-gain", "grave", facts, tolerance=tolerance)


@pytest.mark.parametrize(
    ("facts", "tolerance", "expected"),
    [
        (
            {"rows": [["Nd", "2100000000"]]},
            {"limits": [["Nd", "1100000000", "300000000"]], "k_milli": 3640},
            [Figure("rows", "Nd", "+2.1 kg", "±300 g", "±1.1 kg"), Figure("k_milli", "", "3.64")],
        ),
        (
            {"masses": [["a#B", -5_000_000]]},
            {"mass_limits": [["a#B", 60_000]]},
            [Figure("masses", "a#B", "-5 kg", "", "±60 g")],
        ),
        (
            {"shares": [["Nd", 250_000, 200_000]]},
            {"share_limits": [["Nd", 10_000]]},
            [Figure("shares", "Nd", "25 %", "", "20 % ± 1 %")],
        ),
        ({"seals": [["D-1", "A1", ""]]}, {}, [Figure("seals", "D-1", "A1 → -")]),
        (
            {"contents": [["Nd", "magnet", "1000000000", "3000000000"]]},
            {"content_limits": [["Nd", "100000000"]]},
            [Figure("contents", "Nd (magnet)", "3 kg − 1 kg", "", "±100 g")],
        ),
        ({"pattern": [["PrNd", 10_000, 20_000]]}, {}, [Figure("pattern", "PrNd", "1 %", "", "2 %")]),
        (
            {"hidden": [["ion_mid_y", "5000000000"]], "alike": []},
            {},
            [Figure("hidden", "ion_mid_y", "5 kg")],
        ),
        (
            {"used_mg": 1_500_000, "kinds": ["invoice"], "reached_ppm": 900_000},
            {},
            [Figure("used_mg", "", "1.5 kg"), Figure("kinds", "", "invoice"), Figure("reached_ppm", "", "90 %")],
        ),
    ],
)
def test_figures(facts, tolerance, expected):
    assert figures(finding(facts, **tolerance)) == expected
