"""Shares in words: what is sure, what is likely, and what the books alone leave open."""

import pytest

from api.screens.shares import percent, told_shares

PERCENT = 10**7


def row(*figures):
    return tuple(round(one * PERCENT) for one in figures)


@pytest.mark.parametrize(
    ("rows", "english", "chinese"),
    [
        ([("China", row(100, 100, 100))], "100 % China", "100 % China"),
        (
            [("China", row(75, 0, 100)), ("Vietnam", row(25, 0, 100))],
            "about 75 % China; about 25 % Vietnam — by the books alone, any share is possible",
            "约 75 % China；约 25 % Vietnam——仅凭账面不能确定各占多少",
        ),
        (
            [("China", row(75, 70.2, 80))],
            "about 75 % China (at least 70.2 %, at most 80 %)",
            "约 75 % China（至少 70.2 %，至多 80 %）",
        ),
        ([], "", ""),
    ],
)
def test_it_says_how_sure_it_is(rows, english, chinese):
    assert (told_shares(rows, "en"), told_shares(rows, "zh")) == (english, chinese)


def test_percentages():
    assert [percent(ppb) for ppb in (0, 10**9, 123_400_000, 750_200_000)] == ["0 %", "100 %", "12.3 %", "75 %"]
