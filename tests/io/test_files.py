"""Opening files: JSON in chunks, encodings, packed files, tables."""

import bz2
import gzip
import json
import lzma
import zipfile

import pytest

from sklabel.io import _files, read_annotations, read_appen, read_prodigy, read_wide
from sklabel.io._files import as_paths, iter_json
from sklabel.io._tables import header_of, read_table

OBJECTS = [
    {"id": 1, "text": 'a, "b" [c] {d}', "list": [[1, [2, [3]]], []]},
    {"id": 2, "text": "é € \U0001f600 \\ \n", "none": None, "float": -1.5e-3},
    {"id": 3, "deep": {"a": {"b": {"c": {"d": [{"e": "]}"}]}}}}},
    {},
]


def values(path, encoding=None):
    return [place.value for place in iter_json(path, encoding)]


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture(params=[1, 7, 64, 1 << 20])
def chunk(request, monkeypatch):
    monkeypatch.setattr(_files, "_CHUNK", request.param)
    return request.param


@pytest.mark.usefixtures("chunk")
@pytest.mark.parametrize("ensure_ascii", [True, False])
@pytest.mark.parametrize("indent", [None, 0, 3])
def test_objects_across_chunks_are_those_of_json_load(tmp_path, indent, ensure_ascii):
    text = json.dumps(OBJECTS, indent=indent, ensure_ascii=ensure_ascii)
    path = write(tmp_path / "list.json", f"\n {text} \n\n")
    assert values(path) == json.loads(text)


@pytest.mark.usefixtures("chunk")
def test_lines_may_be_blank_and_end_in_any_way(tmp_path):
    lines = [json.dumps(one, ensure_ascii=False) for one in OBJECTS]
    for text in ("\n".join(lines), "\r\n\r\n".join(lines) + "\r\n", "\n\n".join(lines)):
        assert values(write(tmp_path / "a.jsonl", text)) == OBJECTS


@pytest.mark.usefixtures("chunk")
def test_numbers_and_texts_at_the_border_of_a_chunk_are_whole(tmp_path):
    found = [1234567, -12.5e10, 1234567890123, True, None, "1234567", [1], 7]
    assert values(write(tmp_path / "a.json", json.dumps(found))) == found
    text = "[1]\n1234567\n12345678901234"
    assert values(write(tmp_path / "b.json", "{}" + text)) == [
        {},
        [1],
        1234567,
        12345678901234,
    ]


@pytest.mark.usefixtures("chunk")
def test_one_object_and_an_empty_list(tmp_path):
    assert values(write(tmp_path / "one.json", '{"a": 1}')) == [{"a": 1}]
    assert values(write(tmp_path / "none.json", "[ ]\n")) == []
    assert values(write(tmp_path / "lists.json", "[[], [[1]]]")) == [[], [[1]]]


@pytest.mark.usefixtures("chunk")
@pytest.mark.parametrize("text", ["", " \n\t", "\ufeff"])
def test_an_empty_file_is_refused(tmp_path, text):
    path = write(tmp_path / "a.json", text)
    with pytest.raises(ValueError, match=r"is empty. Export it again"):
        values(path)
    with pytest.raises(ValueError, match=r"is empty"):
        read_annotations(path)


@pytest.mark.parametrize("size", [7, 1 << 20])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_that_is_cut_off_anywhere_is_refused(
    tmp_path, monkeypatch, size, encoding
):
    monkeypatch.setattr(_files, "_CHUNK", size)
    content = json.dumps(OBJECTS, ensure_ascii=False).encode(encoding)
    path = tmp_path / "cut.json"
    for n in range(len(content)):
        path.write_bytes(content[:n])
        with pytest.raises(ValueError, match=r"cut\.json|BOM"):
            values(path)


def test_lines_that_are_cut_off_hold_whole_objects_or_are_refused(tmp_path):
    lines = [json.dumps(one, ensure_ascii=False) for one in OBJECTS]
    content = "\n".join(lines).encode()
    ends = {len("\n".join(lines[:n]).encode()) + e for n in range(1, 5) for e in (0, 1)}
    path = tmp_path / "cut.jsonl"
    for n in range(len(content)):
        path.write_bytes(content[:n])
        if n in ends:
            assert values(path) == OBJECTS[: content[:n].count(b"\n{") + 1]
        else:
            with pytest.raises(ValueError, match=r"cut\.jsonl"):
                values(path)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('[{"a": 1}, {"a"', r"ends within an object \(line 1\), after 1 whole one"),
        ('[{"a": 1}', r"ends within its list, after 1 object: the file is cut off"),
        ('{"a": 1}\n{"a": }\n{}', r"not valid JSON at line 2: Expecting value"),
        ("{'a': 1}", r"not valid JSON at line 1"),
        ("<html>", r"is not JSON: line 1 begins with '<html>'.*read_annotations"),
        ("{}]", r"not valid JSON at line 1"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(tmp_path, text, match):
    with pytest.raises(ValueError, match=match):
        values(write(tmp_path / "a.json", text))


@pytest.mark.usefixtures("chunk")
@pytest.mark.parametrize("second", ['[{"a": 2}]', "\n\n\n\n\n\n\n\n\n\n\n{}", "x"])
def test_two_exports_pasted_together_are_refused(tmp_path, second):
    path = write(tmp_path / "a.json", '[{"a": 1}]\n' + second)
    with pytest.raises(ValueError, match=r"goes on after the end of its list \(line 1"):
        values(path)


def test_a_file_of_brackets_is_refused(tmp_path):
    path = write(tmp_path / "a.json", "[" * 100_000)
    with pytest.raises(ValueError, match=r"nested too deeply"):
        values(path)
    deep = "[" * 300 + "]" * 300
    assert json.dumps(values(write(path, f"[{deep}]"))[0]) == deep


def test_a_byte_of_another_encoding_is_named_with_its_place(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes('{"a": "é"}\n'.encode() + b'{"a": "d\xe9j\xe0"}\n')
    with pytest.raises(
        ValueError, match=r"line 2 holds the byte 0xe9 at position 8.*cp1252"
    ):
        values(path)
    path.write_bytes(b'{"a": "d\xe9j\xe0"}\n')
    assert values(path, "cp1252") == [{"a": "déjà"}]
    table = tmp_path / "a.csv"
    table.write_bytes(b"id,Ann\n1,d\xe9j\xe0\n")
    with pytest.raises(ValueError, match=r"line 2 holds the byte 0xe9"):
        read_table(table)
    assert read_table(table, "cp1252")["Ann"][0] == "déjà"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_mark_at_the_beginning_tells_the_encoding(tmp_path, encoding):
    path = write(tmp_path / "a.jsonl", '{"a": "é"}\n{"a": "€"}', encoding)
    assert values(path) == [{"a": "é"}, {"a": "€"}]
    table = write(tmp_path / "a.csv", "id,Ann\r\n007,é\r\n", encoding)
    assert header_of(table) == ["id", "Ann"]
    assert read_table(table).to_numpy().tolist() == [["007", "é"]]


def test_text_of_16_bits_without_a_mark_is_refused(tmp_path):
    path = write(tmp_path / "a.csv", "id,Ann\n1,good\n", "utf-16-le")
    with pytest.raises(ValueError, match=r"encoding='utf-16-le'"):
        read_table(path)
    assert read_table(path, "utf-16-le")["Ann"][0] == "good"


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)],
)
def test_packed_files_are_read_and_broken_ones_refused(tmp_path, suffix, pack):
    content = json.dumps(OBJECTS * 50).encode()
    path = tmp_path / f"a.json{suffix}"
    path.write_bytes(pack(content))
    assert values(path) == OBJECTS * 50
    path.write_bytes(pack(content)[:-20])
    with pytest.raises(ValueError, match=r"cannot be unpacked .* cut off"):
        values(path)


def test_a_zip_holds_one_file(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("export.json", json.dumps(OBJECTS))
        packed.writestr("__MACOSX/._export.json", "x")
    assert values(path) == OBJECTS
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("other.json", "{}")
    with pytest.raises(ValueError, match=r"holds 2 files. Unpack it"):
        values(path)
    path.write_bytes(b"PK no zip")
    with pytest.raises(ValueError, match=r"cannot be unpacked"):
        values(path)


def test_paths_are_checked(tmp_path):
    path = write(tmp_path / "a.json", "{}")
    assert as_paths(path) == as_paths(str(path)) == as_paths([path]) == [path]
    with pytest.raises(FileNotFoundError, match=r"no file or folder '.*b.json'"):
        as_paths([path, tmp_path / "b.json"])
    with pytest.raises(ValueError, match=r"is given twice"):
        as_paths([path, str(path)])
    with pytest.raises(ValueError, match=r"list of paths is empty"):
        as_paths([])
    with pytest.raises(TypeError, match=r"path of a file or folder.*got int"):
        as_paths(3)
    with pytest.raises(TypeError, match=r"A path is a str or Path; got int"):
        as_paths([3])
    with pytest.raises(IsADirectoryError, match=r"is a folder"):
        read_prodigy(tmp_path)


def test_cells_hold_quotes_lines_and_other_delimiters(tmp_path):
    cells = ["007", 'say "no"', "two\nlines\r\nthree", "a;b\tc,d", " x "]
    for delimiter in ",;\t":
        quoted = [f'"{cell}"' for cell in [c.replace('"', '""') for c in cells]]
        text = f'id{delimiter}"b, c"{delimiter}c{delimiter}d{delimiter}e\n'
        path = write(tmp_path / "a.csv", "\n" + text + delimiter.join(quoted) + "\n\n")
        table = read_table(path)
        assert list(table.columns) == ["id", "b, c", "c", "d", "e"] == header_of(path)
        assert table.to_numpy().tolist() == [cells]


def test_nothing_is_missing_but_what_is_empty(tmp_path):
    path = write(tmp_path / "a.csv", "id,a\n1,NA\n2,\n3,nan\n")
    assert read_table(path)["a"].tolist() == ["NA", "", "nan"]


def test_ragged_rows(tmp_path):
    path = write(tmp_path / "a.csv", "id,a,b\n1,x\n2,x,y,,\n")
    assert read_table(path).to_numpy().tolist() == [["1", "x", ""], ["2", "x", "y"]]
    write(path, "id,a\n1,x\n2,x,y\n")
    with pytest.raises(
        ValueError, match=r"line 3: 3 cells where the first line names 2"
    ):
        read_table(path)


def test_a_table_that_is_cut_off_is_refused_where_it_shows(tmp_path):
    path = write(tmp_path / "a.csv", "id,a,b\n1,x,y\n2,x")
    with pytest.raises(ValueError, match=r"ends within a row: line 3 has 2 of 3 cells"):
        read_table(path)
    write(path, 'id,a,b\n1,x,"y\nz')
    with pytest.raises(ValueError, match=r"A quote is not closed.*cut off"):
        read_table(path)


def test_a_stray_quote_does_not_swallow_rows(tmp_path):
    path = write(tmp_path / "a.csv", 'id,text,a\n1,"so,x\n2,"fine",y\n3,z,y\n')
    with pytest.raises(ValueError, match=r"A quote is not closed"):
        read_table(path)


def test_names_of_columns_stand_once(tmp_path):
    path = write(tmp_path / "a.csv", "id, Ann ,,Ann\n1,x,y,z\n")
    with pytest.raises(ValueError, match=r"two columns that are called 'Ann'"):
        read_table(path)
    write(path, "id, Ann ,\n1,x,y\n")
    assert list(read_table(path).columns) == ["id", "Ann", "column 3"]


def test_a_json_file_given_as_a_table_names_its_reader(tmp_path):
    task = {"_input_hash": 1, "answer": "accept", "accept": ["a"], "text": "t"}
    path = write(tmp_path / "a.csv", json.dumps(task))
    with pytest.raises(ValueError, match=r"export of Prodigy: use read_prodigy"):
        read_appen(path)
    with pytest.raises(ValueError, match=r"use read_prodigy"):
        read_wide(path, sample="id", workers=["Ann"])
    with pytest.raises(ValueError, match=r"got \[\]"):
        read_appen(write(path, "[]"))


def test_workbooks_need_a_package_or_are_read(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["id", "Ann"], ["007", "NA"], ["8", None]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx")
    assert table.to_numpy().tolist() == [["007", "NA"], ["8", ""]]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files_are_known_by_their_content(tmp_path, pack):
    path = tmp_path / "a.json"
    path.write_bytes(pack(json.dumps(OBJECTS).encode()))
    assert values(path) == OBJECTS
    path.write_bytes(pack(json.dumps(OBJECTS * 50).encode())[:-20])
    with pytest.raises(ValueError, match=r"a.json' cannot be unpacked"):
        values(path)


def test_a_broken_bz2_file_is_named(tmp_path):
    path = tmp_path / "a.json.bz2"
    path.write_bytes(b"BZh9 no archive at all")
    with pytest.raises(ValueError, match=r"a.json.bz2' cannot be unpacked"):
        values(path)


def test_a_workbook_by_another_name_is_told(tmp_path):
    path = tmp_path / "a.csv"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("[Content_Types].xml", "x")
    with pytest.raises(ValueError, match=r"is a workbook by its content. Call it .xls"):
        read_table(path)


@pytest.mark.parametrize("begins", [b"PAR1\x15\x04\x15\xd8", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_text_is_refused(tmp_path, begins):
    path = tmp_path / "a.json"
    path.write_bytes(begins + bytes(range(256)))
    with pytest.raises(ValueError, match=r"is no text: it begins with b'.*Export it"):
        read_annotations(path)


def test_a_key_that_is_there_twice_is_refused(tmp_path):
    path = write(tmp_path / "a.json", '[{"a": 1}, {"b": {"a": 1, "a": 2}}]')
    with pytest.raises(ValueError, match=r"object 2: an object has the key 'a' twice"):
        values(path)


def test_what_python_writes_for_missing_numbers_is_none(tmp_path):
    path = write(tmp_path / "a.json", '[{"a": NaN, "b": [Infinity, -Infinity]}]')
    assert values(path) == [{"a": None, "b": [None, None]}]


def test_a_number_that_python_does_not_read_is_refused(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"a": 1}\n{"a": ' + "9" * 5000 + "}")
    with pytest.raises(ValueError, match=r"a.jsonl', line 2: .*4300 digits"):
        values(path)


@pytest.mark.parametrize("encoding", ["utf-32", "utf-16"])
def test_marked_text_that_is_cut_off_is_refused(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes("id,Ann\n1,é\n".encode(encoding))
    assert read_table(path).to_numpy().tolist() == [["1", "é"]]
    path.write_bytes("id,Ann\n1,é\n".encode(encoding)[:-1])
    with pytest.raises(ValueError, match=r"cut off or of another encoding"):
        read_table(path)


@pytest.mark.parametrize("read", [read_appen, read_prodigy])
@pytest.mark.parametrize("encoding", ["klingon", "hex"])
def test_an_encoding_that_is_not_known_is_refused(tmp_path, read, encoding):
    path = tmp_path / "export"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(
        ValueError, match=rf"encoding='{encoding}' is not known.*cp1252"
    ):
        read(path, encoding=encoding)
