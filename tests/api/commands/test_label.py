"""`lodetrace label` and `lodetrace prints` against a served node; what is printed is read again by a scanner."""

import pytest

from nodes.printed import file_names
from tests.nodes.printing import reading


@pytest.fixture
def packed(mine, lot):
    def packed(*serials, **options):
        more = [part for name, value in options.items() for part in (f"--{name}", value)]
        named = [part for serial in serials for part in ("--serial", f"{lot}-{serial}")]
        done = mine("unit", "pack", lot, *named, "--net", "50 kg", *more, "--json").fine().json
        return {unit["serial"]: unit["label_url"] for unit in done["units"]}

    return packed


def test_a_label_as_png_is_read_and_answers(mine, lot, packed, tmp_path):
    urls = packed("1")
    done = mine("label", f"{lot}-1", "--out", tmp_path / "label.png", "--dpi", "300").fine()
    assert done.out == f"✓ {tmp_path / 'label.png'}\n"
    assert reading.codes(reading.png((tmp_path / "label.png").read_bytes())) == [urls[f"{lot}-1"]]


def test_a_label_as_svg_shows_serial_and_seal(mine, lot, packed, tmp_path):
    packed("1", seal="SEAL-7")
    mine("label", f"{lot}-1", "--out", tmp_path / "label.svg", "--standard", "GB/T 20892-2020").fine()
    drawn = (tmp_path / "label.svg").read_text()
    assert drawn.startswith("<svg")
    for told in (f"{lot}-1", "SEAL-7", "GB/T 20892-2020"):
        assert told in drawn


def test_all_labels_of_a_batch_in_one_file_or_in_a_folder(mine, lot, packed, tmp_path):
    urls = packed(*(f"{at:02d}" for at in range(1, 13)))
    done = mine("label", lot, "--out", tmp_path / "labels", "--format", "png", "--json").fine().json
    assert sorted(done["files"]) == [str(tmp_path / "labels" / f"{lot}-{at:02d}.png") for at in range(1, 13)]
    assert len(list((tmp_path / "labels").iterdir())) == 12
    assert mine("label", lot, "--out", tmp_path / "labels.pdf").code == 1
    again = ("--reason", "damaged")
    mine("label", lot, "--out", tmp_path / "labels.pdf", "--sheet", "2x4", "--start", "8", *again).fine()
    pages = reading.pdf_pages((tmp_path / "labels.pdf").read_bytes())
    assert [len(reading.codes(page)) for page in pages] == [1, 8, 3]
    mine("label", lot, "--out", tmp_path / "labels.zpl", *again).fine()
    read = reading.zpl_labels((tmp_path / "labels.zpl").read_bytes())
    assert [reading.codes(image) for image, _ in read] == [[urls[serial]] for serial in sorted(urls)]
    assert "12 labels" in mine("label", lot, "--out", tmp_path / "more", *again).fine().out
    assert {path.suffix for path in (tmp_path / "more").iterdir()} == {".svg"}


def test_one_unit_into_a_folder(mine, lot, packed, tmp_path):
    packed("1")
    mine("label", f"{lot}-1", "--out", tmp_path / "labels").fine()
    assert [path.name for path in (tmp_path / "labels").iterdir()] == [f"{lot}-1.svg"]


def test_what_was_printed_is_listed_with_its_reason(mine, lot, packed, tmp_path):
    packed("1")
    mine("label", f"{lot}-1", "--out", tmp_path / "x.pdf").fine()
    refused = mine("label", f"{lot}-1", "--out", tmp_path / "x.pdf", "--json")
    assert (refused.code, refused.json["code"]) == (1, "node-said-no")
    assert "damaged" in refused.json["text"]
    mine("label", f"{lot}-1", "--out", tmp_path / "x.pdf", "--reason", "lost", "--remark", "wind").fine()
    rows = mine("prints", "--unit", f"{lot}-1", "--json").fine().json["prints"]
    assert [(one["reason"], one["remark"]) for one in rows] == [("lost", "wind"), (None, None)]
    assert "lost" in mine("prints", "--again", "--limit", "1").fine().out
    assert "reason: lost" in mine("unit", "show", f"{lot}-1").fine().out


def test_the_calibration_label(mine, tmp_path):
    mine("label", "--calibration", "--out", tmp_path / "set.tspl", "--dpi", "300").fine()
    [(image, _)] = reading.tspl_labels((tmp_path / "set.tspl").read_bytes())
    assert len(reading.codes(image)) >= 2


def test_a_serial_never_leaves_the_folder():
    serials = ["../../etc/x", "a/b", "a b", "..", "桶", "a_b", "D-1", "d-1"]
    names = file_names([(serial, f"mine.example/log#{at:026d}") for at, serial in enumerate(serials)])
    assert len({name.lower() for name in names}) == len(serials)
    assert not [name for name in names if "/" in name or name.startswith(".") or not name.isascii()]


def test_what_is_no_place_for_a_label_is_misuse(mine, lot, packed, tmp_path):
    packed("1")
    for options in (
        (f"{lot}-1", "--out", tmp_path / "label.doc"),
        (f"{lot}-1", "--out", tmp_path / "label.pdf", "--format", "zpl"),
        (lot, "--out", tmp_path / "labels.svg"),
        (f"{lot}-1",),
        (f"{lot}-1", "--out", tmp_path / "x.pdf", "--printer", "line-1"),
        ("--out", tmp_path / "x.pdf"),
    ):
        assert mine("label", *options).code == 2, options
    done = mine("label", f"{lot}-1", "--out", tmp_path / "no" / "such" / "x.svg")
    assert (tmp_path / "no" / "such" / "x.svg").read_text().startswith("<svg"), done.err
    (tmp_path / "file").write_text("")
    refused = mine("label", f"{lot}-1", "--out", tmp_path / "file" / "x.svg", "--reason", "other")
    assert (refused.code, "cannot be written" in refused.err) == (1, True)


def test_a_code_of_nothing_and_a_code_of_two_things(mine, lot, packed, tmp_path):
    nothing = mine("label", "NOTHING-7", "--out", tmp_path / "x.svg", "--json")
    assert (nothing.code, nothing.json["code"]) == (1, "code-unknown")
    mine("unit", "pack", lot, "--serial", lot, "--net", "10 kg").fine()
    two = mine("label", lot, "--out", tmp_path / "x.svg", "--json")
    assert (two.code, two.json["code"]) == (1, "ambiguous-code")
    assert "unit " in two.json["text"]
    assert "batch " in two.json["text"]
