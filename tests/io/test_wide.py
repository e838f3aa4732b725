"""Traps in spreadsheets with one column per person, one small sheet each."""

import pytest

from sklabel.io import read_wide


def sheet(folder, text, name="sheet.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def read(path, **options):
    return read_wide(path, **({"sample": "id", "workers": ["Ann", "Bob"]} | options))


def rows(found):
    return found.judgements[["sample", "worker", "label"]].to_numpy().tolist()


def test_classes_are_found_in_any_case_and_with_blanks_around(tmp_path):
    path = sheet(tmp_path, "id,Ann, Bob \n007, BUG ,bug\n008,Bill\u00a0,\n")
    found = read(path, classes=["bug", "Bill"])
    assert rows(found) == [
        ["007", "Ann", "bug"],
        ["007", "Bob", "bug"],
        ["008", "Ann", "Bill"],
    ]
    assert found.left_out == {}


def test_without_classes_cells_are_labels_as_they_stand(tmp_path):
    found = read(sheet(tmp_path, "id,Ann,Bob\n1,Bug,bug\n2,NA,n/a\n"))
    assert list(found.judgements["label"]) == ["Bug", "bug", "NA", "n/a"]


def test_classes_are_those_of_the_crowd_in_their_order(tmp_path):
    path = sheet(tmp_path, "id,Ann,Bob\n1,-1,1\n2,1,0\n3,-1,?\n")
    crowd = read(path, classes=[1, 0, -1, 2]).crowd_labels()
    assert crowd.classes.tolist() == [1, 0, -1, 2]
    assert crowd.n_judgements == 5
    texts = read(path, classes=["1", "0", "-1", "?"]).crowd_labels()
    assert texts.classes.tolist() == ["1", "0", "-1", "?"]


TEXTS = "".join(
    f"{i},a{i % 2},b{i % 3},No {i} is a sentence,2024-01-0{i % 9 + 1},{'x' * i}\n"
    for i in range(30)
)


@pytest.mark.parametrize("name", ["Text", "when", "note"])
@pytest.mark.parametrize("classes", [None, ["a0", "a1", "b0", "b1", "b2"]])
def test_a_column_of_texts_or_dates_is_no_person(tmp_path, name, classes):
    path = sheet(tmp_path, f"id,Ann,Bob,Text,when,note\n{TEXTS}")
    message = (
        rf"Column '{name}' .* texts, ids or dates .* Leave '{name}' out of workers="
    )
    with pytest.raises(ValueError, match=message):
        read(path, workers=["Ann", "Bob", name], classes=classes)
    assert len(read(path)) == 60
    message = r"By their cells these are no people: 'id', 'Text', 'when', 'note'\.$"
    with pytest.raises(ValueError, match=message):
        read(path, workers=None)


def test_many_classes_that_are_named_or_shared_are_labels(tmp_path):
    names = [f"class number {i} of the whole scheme" for i in range(30)]
    lines = "".join(f"{i},{name},{name}\n" for i, name in enumerate(names))
    path = sheet(tmp_path, f"id,Ann,Bob\n{lines}")
    assert len(read(path)) == 60
    assert len(read(path, workers=["Ann"], classes=names)) == 30


def test_a_column_of_another_case_is_asked_for(tmp_path):
    with pytest.raises(ValueError, match=r"no column 'ann'.*Did you mean 'Ann'\?"):
        read(sheet(tmp_path, "id,Ann,Bob\n1,a,b\n"), workers=["ann", "Bob"])


def test_what_is_not_a_class_is_counted_and_listed(tmp_path):
    path = sheet(tmp_path, "id,Ann,Bob\n1,bug,?\n2,bug,?\n3,NA,\n")
    found = read(path, classes=["bug"])
    assert found.left_out == {"not_a_class": 3}
    assert found.notes == ["cells that are not one of the classes: '?' 2, 'NA' 1"]
    assert list(found.samples.index) == ["1", "2", "3"]


def test_of_a_row_that_was_pasted_twice_the_later_cell_counts(tmp_path):
    path = sheet(tmp_path, "id,Ann,Bob,text\n1,bug,bug,x\n2,bug,,y\n1,bill,,x\n")
    found = read(path)
    assert found.left_out == {"repeated": 1}
    assert list(found.samples["text"]) == ["x", "y"]
    frame = found.crowd_labels().to_frame()
    last = frame.set_index(["sample", "worker"])["label"].to_dict()
    assert last == {("1", "Ann"): "bill", ("1", "Bob"): "bug", ("2", "Ann"): "bug"}


def test_rows_of_one_id_that_differ_are_noted(tmp_path):
    found = read(sheet(tmp_path, "id,Ann,Bob,text\n1,a,,x\n1,,b,y\n"))
    assert list(found.samples["text"]) == ["x"]
    assert "rows of one sample differ in 'text'" in found.notes[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", "\t", ","])
def test_what_spreadsheets_write_is_read(tmp_path, encoding, delimiter):
    text = '\nid|Ann|Bob|"a,b;c"\r\n01|süß|"x,y;z"|1\r\n\r\n|||\r\n'.replace(
        "|", delimiter
    )
    found = read(sheet(tmp_path, text, encoding=encoding))
    assert rows(found) == [["01", "Ann", "süß"], ["01", "Bob", "x,y;z"]]
    assert found.left_out == {"empty_rows": 1}
    assert found.samples["a,b;c"].to_dict() == {"01": "1"}


def test_the_delimiter_and_the_encoding_may_be_named(tmp_path):
    path = sheet(tmp_path, "id|Ann|Bob\n1|süß|x\n", encoding="cp1252")
    with pytest.raises(ValueError, match=r"line 2 holds the byte 0xfc.*'cp1252'"):
        read(path, delimiter="|")
    found = read(path, delimiter="|", encoding="cp1252")
    assert list(found.judgements["label"]) == ["süß", "x"]


def test_whole_numbers_are_numbers_and_classes_keep_their_type(tmp_path):
    path = sheet(tmp_path, "id,Ann,Bob\n1,1,-1\n2,0,\n")
    assert list(read(path).judgements["label"]) == [1, -1, 0]
    assert list(read(path, classes=[0, 1]).judgements["label"]) == [1, 0]
    assert list(read(path, classes=["0", "1"]).judgements["label"]) == ["1", "0"]
    # Leading zeros are a code, and a word makes all of them texts.
    for cell in ("01", "x", "1.5"):
        found = read(sheet(tmp_path, f"id,Ann,Bob\n1,1,{cell}\n"))
        assert list(found.judgements["label"]) == ["1", cell]


def test_truth_values_are_classes_in_lower_case(tmp_path):
    path = sheet(tmp_path, "id,Ann,Bob\n1,TRUE,False\n")
    found = read(path, classes=[False, True])
    assert list(found.judgements["label"]) == ["true", "false"]


def test_a_column_of_gold_is_gold(tmp_path):
    path = sheet(tmp_path, "id,Ann,Bob,final\n1,bug,bill,BUG\n2,bug,,\n3,bug,,?\n")
    found = read(path, gold="final", classes=["bill", "bug"])
    assert found.gold[["sample", "label"]].to_numpy().tolist() == [["1", "bug"]]
    assert list(found.gold_labels()) == ["bug", None, None]
    assert found.notes == ["cells that are not one of the classes: '?' 1"]
    assert "final" not in found.samples
    assert found.left_out == {}


def test_columns_that_are_called_by_numbers_may_be_given_as_numbers(tmp_path):
    path = sheet(tmp_path, "0,1,2\nx,a,b\n")
    found = read_wide(path, sample=0, workers=[1], gold=2)
    assert rows(found) == [["x", "1", "a"]]
    assert list(found.gold["label"]) == ["b"]


def test_several_sheets_are_one(tmp_path):
    paths = [
        sheet(tmp_path, "id,Ann,Bob\n1,a,b\n", "one.csv"),
        sheet(tmp_path, "Bob,id,Ann\nb,2,\n", "two.csv"),
    ]
    assert rows(read(paths)) == [
        ["1", "Ann", "a"],
        ["1", "Bob", "b"],
        ["2", "Bob", "b"],
    ]


@pytest.mark.parametrize(
    ("text", "options", "match"),
    [
        ("id,Ann,Bob\n1,a,b\n", {"sample": None}, r"Say which.*'id', 'Ann', 'Bob'"),
        ("id,Ann,Bob\n1,a,b\n", {"workers": None}, r"which ones are people"),
        ("id,Ann,Bob\n1,a,b\n", {"workers": "Ann"}, r"workers=\['\.\.\.', \.\.\.\]"),
        ("id,Ann,Bob\n1,a,b\n", {"workers": []}, r"Say which.*which ones are people"),
        ("id,Ann\n1,a\n", {}, r"no column 'Bob'\. Columns: 'id', 'Ann'"),
        ("key,Ann\n1,a\n", {}, r"no column 'id', 'Bob'"),
        ("id,Ann,Bob\n1,a,b\n", {"gold": "final"}, r"no column 'final'"),
        ("id,Ann,Bob\n1,a,b\n", {"gold": "Ann"}, r"A column is named twice"),
        ("id,Ann,Ann\n1,a,b\n", {}, r"two columns that are called 'Ann'"),
        (
            "id,Ann,Bob\n1,a,b\n,a,\n",
            {},
            r"row 3: there are labels and no id in .*'id'",
        ),
        ("id,Ann,Bob\n1,a,b,c\n", {}, r"line 2: 4 cells where .* names 3 columns"),
        ("id,Ann,Bob\n1,a,b\n2,a", {}, r"ends within a row: line 3 has 2 of 3"),
        ('id,Ann,Bob\n1,"a,b\n', {}, r"A quote is not closed"),
        ("id,Ann,Bob\n1,,\n", {}, r"All cells of the workers are empty"),
        ("id,Ann,Bob\n", {}, r"All cells of the workers are empty"),
        (
            "id,Ann,Bob\n1,x,x\n",
            {"classes": ["a"]},
            r"No cell is one of the classes 'a'; cells are 'x' 2\. Check classes=",
        ),
        ("id,Ann,Bob\n1,a,b\n", {"classes": ["a", "A "]}, r"differ by case or blanks"),
        ("", {}, r"is empty\. Export it again"),
        ('[{"a": 1}]', {}, r"expected a table with a column a person.*object with 'a'"),
        ("id,Ann,Bob\n1,a,b\n", {"delimiter": "||"}, r"delimiter is one character"),
        ("id,Ann,Bob\n1,a,b\n", {"encoding": "utf-99"}, r"'utf-99' is not known"),
        ("id,Ann,Bob\n1,a,b\n", {"encoding": "hex"}, r"'hex' is not known"),
    ],
)
def test_refuses(tmp_path, text, options, match):
    with pytest.raises(ValueError, match=match):
        read(sheet(tmp_path, text), **options)


def test_a_workbook_is_a_sheet(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for line in (["id", "Ann", "Bob"], ["007", "bug", None], ["008", 1, "NA"]):
        book.active.append(line)
    path = tmp_path / "sheet.xlsx"
    book.save(path)
    assert rows(read(path)) == [
        ["007", "Ann", "bug"],
        ["008", "Ann", "1"],
        ["008", "Bob", "NA"],
    ]


def workbook(folder, **sheets):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        tab = book.create_sheet(name)
        for line in lines:
            tab.append(line)
    path = folder / "sheet.XLSX"
    book.save(path)
    return path


def test_only_the_first_sheet_is_read_and_the_others_are_named(tmp_path):
    lines = [["id", "Ann", "Bob"], [1, "a", "b"]]
    path = workbook(tmp_path, Cover=[], June=lines, July=lines, Empty=[])
    with pytest.warns(UserWarning, match=r"more sheets .*: 'July'\. Only the first"):
        assert rows(read(path)) == [["1", "Ann", "a"], ["1", "Bob", "b"]]
    path = workbook(tmp_path, Empty=[])
    with pytest.raises(ValueError, match=r"is empty"):
        read(path)


def test_a_name_that_stands_twice_in_a_workbook_is_refused(tmp_path):
    path = workbook(tmp_path, June=[["id", "Ann", "Bob", "Ann"], [1, "a", "b", "c"]])
    with pytest.raises(ValueError, match=r"two columns that are called 'Ann'"):
        read(path)


def test_a_broken_workbook_is_refused(tmp_path):
    pytest.importorskip("openpyxl")
    path = tmp_path / "sheet.xlsx"
    path.write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(ValueError, match=r"sheet.xlsx' cannot be read as a workbook"):
        read(path)


def test_the_delimiter_may_stand_in_the_first_line(tmp_path):
    path = sheet(tmp_path, "\ufeffsep=;\r\nid;Ann;Bob\r\n1;a,b;c\r\n")
    assert rows(read(path)) == [["1", "Ann", "a,b"], ["1", "Bob", "c"]]


def test_a_long_name_does_not_flood_the_message(tmp_path):
    path = sheet(tmp_path, "x" * 300_000 + ",id\n")
    with pytest.raises(ValueError, match=r"no column 'Ann', 'Bob'.*xxx\.\.\.") as error:
        read(path)
    assert len(str(error.value)) < 1000


def test_the_package_for_workbooks_is_named(tmp_path, monkeypatch):
    def lacking(*args, **options):
        raise ImportError("Missing optional dependency 'openpyxl'.")

    monkeypatch.setattr("pandas.read_excel", lacking)
    with pytest.raises(ImportError, match=r"sheet.xlsx' needs .*'openpyxl'. Inst"):
        read(sheet(tmp_path, "", name="sheet.xlsx"))
