"""A book of rows from the command line: looked through, then recorded, then nothing is left to record."""

BOOK = """日期,批号,品名,净重,单位,来源,原产国,场所
2025年3月7日,OLD-1,离子型稀土混合氧化物,12.5,吨,自采,中国,pit-1
2025-03-08,OLD-2,离子型稀土混合氧化物,十二,吨,自采,中国,pit-1
"""


def test_a_book_is_looked_through_and_its_good_rows_recorded(mine, tmp_path):
    file = tmp_path / "old.csv"
    file.write_text(BOOK, "gb18030")
    tried = mine("import", str(file), "--dry-run", "--json")
    assert tried.code == 1
    assert [(one["cell"], one["code"]) for one in tried.json["troubles"]] == [("CSV!D3", "cell-no-number")]
    done = mine("import", str(file), "--good-only")
    assert done.code == 1
    assert "CSV!D3" in done.out
    assert "1 recorded" in done.out
    file.write_text(BOOK.replace("十二", "12"), "utf-8")
    assert mine("import", str(file), "--json").fine().json["recorded"] == 1
    assert mine("import", str(file), "--json").fine().json["recorded_before"] == 2


def test_an_empty_book_is_written_once_and_read_as_it_stands(mine, tmp_path):
    file = tmp_path / "products.csv"
    mine("import", str(file), "--template", "--lang", "en").fine()
    headings = file.read_bytes()
    assert b"product" in headings.lower()
    again = mine("import", str(file), "--template")
    assert (again.code, file.read_bytes()) == (1, headings)
    assert "it is there already" in again.err
    mine("import", str(tmp_path / "moves.xlsx"), "--kind", "moves", "--template").fine()
    assert (tmp_path / "moves.xlsx").read_bytes().startswith(b"PK")
    missing = mine("import", str(tmp_path / "none.xlsx"))
    assert (missing.code, "cannot be opened" in missing.err) == (1, True)
