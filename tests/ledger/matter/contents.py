"""Contents for the tests of provenance: random ones as the algebra makes them, and what must hold of every one."""

from hypothesis import settings
from hypothesis import strategies as st

from ledger.matter.provenance import MODELS, Content, entered, mix, take

SHORT = settings(max_examples=60, deadline=None)
ELEMENTS = ("Nd", "Dy", "Tb")
ORIGINS = ("CN/ion_mid_y", "CN/post_consumer", "DE/post_consumer", "MM/import_ion", "XX/unknown_opening", "ZZ/other")
SOURCES = tuple("abcdefg")

MG = st.integers(1, 10**12)
UG = st.one_of(st.integers(0, 20), st.integers(0, 10**15))
U_PPM = st.integers(0, 300_000)
TOTALS = st.dictionaries(st.sampled_from(ELEMENTS), st.tuples(UG, U_PPM))


@st.composite
def pure(draw) -> Content:
    """Goods as they enter: one origin, one source."""
    return entered(
        draw(MG),
        draw(TOTALS),
        origin=draw(st.sampled_from(ORIGINS)),
        source=draw(st.sampled_from(SOURCES)),
        model=draw(st.sampled_from(MODELS)),
    )


@st.composite
def contents(draw) -> Content:
    """What is left of some goods after parts of them were mixed, twice over, and some was taken."""
    parts = [take(content, draw(st.integers(0, content.mg)))[0] for content in draw(st.lists(pure(), min_size=1))]
    mixed = mix([*parts, draw(pure())])
    first, rest = take(mixed, draw(st.integers(0, mixed.mg)))
    second, _ = take(rest, draw(st.integers(0, mixed.mg)))
    made = mix([first, second, draw(pure())])
    return take(made, draw(st.integers(0, made.mg)))[1]


def goods(ug: int, origin: str = "CN/ion_mid_y", source: str = "a", u_ppm: int = 0, model: str = MODELS[0]) -> Content:
    return entered(1000, {"Nd": (ug, u_ppm)}, origin=origin, source=source, model=model)


def rows_of(content: Content, element: str = "Nd") -> dict[str, tuple[int, int, int]]:
    return dict(content.elements[element].sources)


def check(content: Content) -> None:
    """The promises of the algebra about one content."""
    assert 0 <= content.taken_mg <= content.mg
    assert content.model in MODELS
    for share in content.elements.values():
        assert share.ug > 0
        assert share.u_ppm >= 0
        for rows in (share.origins, share.sources):
            assert sum(mid for mid, _, _ in rows.values()) == share.ug
            for mid, lo, hi in rows.values():
                assert 0 <= lo <= mid <= hi <= share.ug
                assert hi > 0
                assert {type(mid), type(lo), type(hi)} == {int}


def mids(content: Content) -> dict[tuple[str, str], int]:
    """Every mid by element and row, origins and sources alike; rows of nothing left out."""
    found = {}
    for element, share in content.elements.items():
        for key, (mid, _, _) in (*share.origins.items(), *share.sources.items()):
            if mid:
                found[element, key] = mid
    return found


def added(*contents: Content) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for content in contents:
        for key, mid in mids(content).items():
            found[key] = found.get(key, 0) + mid
    return found
