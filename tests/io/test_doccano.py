"""Exports of doccano: who answered, and what is refused."""

import json
import zipfile

import pytest

from sklabel.io import read_annotations, read_doccano
from tests.io._writers import write_lines, write_table


def row(number, *labels, **more):
    return {
        "id": number,
        "text": f"text of {number}",
        "label": list(labels),
        "Comments": [],
        **more,
    }


def older(number, *annotations, **more):
    given = [
        {"label": label, "user": user, "created_at": time}
        for label, user, time in annotations
    ]
    return {"id": number, "text": "x", "meta": {}, "annotations": given, **more}


def folder_of(folder, **members):
    """Write a file for each member, named as given with '_' for '.'."""
    path = folder / "export"
    path.mkdir()
    for name, given in members.items():
        write_lines(path / f"{name.replace('_', '.')}.jsonl", given)
    return path


def rows(frame):
    return frame[["sample", "worker", "label"]].to_numpy().tolist()


@pytest.mark.parametrize("form", ["folder", "zip", "list"])
def test_each_file_is_a_member_whose_name_may_hold_dots(tmp_path, form):
    path = folder_of(
        tmp_path,
        ann_lee=[row(1, "good", ticket="T-1"), row(2)],
        bob=[row(1, "bad"), row(2, "good", "bad")],
    )
    files = sorted(path.iterdir())
    if form == "zip":
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for file in files:
                packed.write(file, file.name)
    found = read_doccano(files if form == "list" else path)
    assert rows(found.judgements) == [["1", "ann.lee", "good"], ["1", "bob", "bad"]]
    # A member's file holds all examples: those without a label are no answers.
    assert found.left_out == {"empty": 1, "several_choices": 1}
    assert found.samples.loc["1", "ticket"] == "T-1"
    assert "Comments" not in found.samples.columns


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_other_formats_tell_the_same(tmp_path, suffix):
    members = {"ann": [row(1, "good"), row(2)], "bob": [row(1, "good", "bad")]}
    for name, given in members.items():
        file = tmp_path / f"{name}.{suffix}"
        if suffix == "json":
            file.write_text(json.dumps(given), encoding="utf-8")
        else:
            cells = [(r["id"], r["text"], "#".join(r["label"]), "") for r in given]
            write_table(file, ["id", "text", "label", "Comments"], cells)
    found = read_doccano(tmp_path)
    assert rows(found.judgements) == [["1", "ann", "good"]]
    assert found.left_out == {"empty": 1, "several_choices": 1}
    labels = read_doccano(tmp_path, several="list").judgements["label"].tolist()
    assert labels == ['["good"]', '["good", "bad"]']


def test_one_option_of_several(tmp_path):
    path = folder_of(tmp_path, ann=[row(1, "a", "b")], bob=[row(1, "b")])
    labels = read_doccano(path, option="a").judgements["label"].tolist()
    assert labels == ["a", "not a"]
    with pytest.raises(
        ValueError, match=r"Nobody chose the option 'c' of 'label'.*'a'"
    ):
        read_doccano(path, option="c")


@pytest.mark.parametrize("name", ["all", "ann"])
def test_a_file_alone_does_not_say_who_answered(tmp_path, name):
    path = write_lines(tmp_path / f"{name}.jsonl", [row(1, "good")])
    with pytest.raises(
        ValueError, match=r"does not say who answered.*'Share annotatio"
    ):
        read_doccano(path)
    found = read_doccano(path, worker="ann")
    assert rows(found.judgements) == [["1", "ann", "good"]]


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_shared_export_is_refused_in_a_folder_too(tmp_path, form):
    path = folder_of(tmp_path, all=[row(1, "good")])
    if form == "zip":
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as packed:
            packed.write(path / "all.jsonl", "all.jsonl")
        path = tmp_path / "export.zip"
    with pytest.raises(
        ValueError, match=r"doccano exports one file, all.jsonl. Turn o"
    ):
        read_doccano(path)
    assert len(read_doccano(path, worker="ann")) == 1


def test_a_folder_of_one_member_says_who(tmp_path):
    found = read_doccano(folder_of(tmp_path, ann=[row(1, "good")]))
    assert rows(found.judgements) == [["1", "ann", "good"]]


def test_labels_may_stand_under_labels(tmp_path):
    given = {"id": 1, "text": "x", "labels": ["good"]}
    found = read_doccano(folder_of(tmp_path, ann=[given]))
    assert rows(found.judgements) == [["1", "ann", "good"]]
    assert found.samples.columns.tolist() == ["text"]


def test_worker_is_of_a_single_file(tmp_path):
    path = folder_of(tmp_path, ann=[row(1, "good")], bob=[row(1, "bad")])
    with pytest.raises(
        ValueError, match=r"wrote a single file, and there are 2. Leave"
    ):
        read_doccano(path, worker="ann")


def test_what_is_not_read_in_a_folder_is_noted(tmp_path):
    path = folder_of(tmp_path, ann=[row(1, "good")])
    (path / "eve.jsonl").write_text("", encoding="utf-8")
    (path / "notes.txt").write_text("x", encoding="utf-8")
    (path / ".hidden").write_text("x", encoding="utf-8")
    found = read_doccano(path)
    assert rows(found.judgements) == [["1", "ann", "good"]]
    other, empty = found.notes
    assert "'notes.txt'" in other
    assert ".hidden" not in other
    assert empty == "the file of 'eve' is empty"


def test_a_folder_without_files_of_doccano_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(ValueError, match=r"no file of doccano \(.jsonl, .json or .csv"):
        read_doccano(tmp_path)


def test_a_broken_zip_is_refused(tmp_path):
    path = tmp_path / "export.zip"
    path.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(ValueError, match=r"cut off or no .zip file. Download it again"):
        read_doccano(path)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (row(1, [0, 4, "ORG"]), r"labels are texts here.*Spans and boxes are not labe"),
        ({"text": "x", "label": ["a"]}, r"expected an example with id and label"),
        (row(None, "a"), r"expected an example with id and label"),
        (row(1, label="good"), r"expected an example with id and label"),
        ({"_input_hash": 1, "answer": "accept"}, r"of Prodigy: use read_prodigy"),
        (7, r"expected an object"),
        (older(None, ("a", 3, None)), r"the example has no id. Export it again"),
        ({**older(1), "annotations": [4]}, r"objects with label and user; got 4"),
        (
            {**older(1), "annotations": [{"label": 1, "user": 3, "start_offset": 0}]},
            r"annotations are spans of the text",
        ),
    ],
)
def test_other_content_is_refused(tmp_path, given, match):
    path = folder_of(tmp_path, ann=[row(1, "good"), given])
    with pytest.raises(ValueError, match=match) as raised:
        read_doccano(path)
    assert "line 2" in str(raised.value)


def test_a_table_of_another_tool_is_refused(tmp_path):
    write_table(tmp_path / "ann.csv", ["HITId", "WorkerId"], [(1, 2)])
    with pytest.raises(ValueError, match=r"of Amazon Mechanical Turk: use read_mturk"):
        read_doccano(tmp_path)


def test_the_older_form_holds_users(tmp_path):
    new, old = "2020-02-02T00:00:00Z", "2020-01-01T00:00:00Z"
    path = write_lines(
        tmp_path / "all.jsonl",
        [
            older(1, ("good", 3, new), ("bad", 4, old), annotation_approver="eve"),
            older(2, ("good", 3, new), ("bad", 3, new), meta={"ticket": "T-2"}),
            older(3, ("good", None, new)),
            older(4),
        ],
    )
    found = read_doccano(path)
    assert rows(found.judgements) == [["1", "4", "bad"], ["1", "3", "good"]]
    assert found.left_out == {"several_choices": 1, "no_worker": 1}
    assert found.samples.loc["2"].to_dict() == {"text": "x", "ticket": "T-2"}


@pytest.mark.parametrize("form", ["mapping", "path", "text"])
def test_labels_of_the_older_form_are_named(tmp_path, form):
    path = write_lines(tmp_path / "older.jsonl", [older(1, (7, 3, None), (8, 4, None))])
    assert read_doccano(path).judgements["label"].tolist() == [7, 8]
    labels = {7: "good", 8: "bad"}
    if form != "mapping":
        content = [{"id": key, "text": text} for key, text in labels.items()]
        labels = tmp_path / "label_config.json"
        labels.write_text(json.dumps(content), encoding="utf-8")
        labels = str(labels) if form == "text" else labels
    found = read_doccano(path, labels=labels)
    assert found.judgements["label"].tolist() == ["good", "bad"]


def test_labels_are_the_classes_in_their_order(tmp_path):
    path = folder_of(tmp_path, ann=[row(1, "good")], bob=[row(1, "bad")])
    found = read_doccano(path, labels={7: "good", 8: "neutral", 9: "bad"})
    assert found.crowd_labels().classes.tolist() == ["good", "neutral", "bad"]
    assert found.notes == []
    found = read_doccano(path, labels={7: "good", 8: "neutral"})
    assert found.crowd_labels().classes.tolist() == ["good", "neutral", "bad"]
    assert found.notes[0].endswith("come after them: 'bad'")


@pytest.mark.parametrize("form", ["folder", "zip", "zip of one"])
def test_files_may_stand_in_a_folder_within(tmp_path, form):
    path = folder_of(tmp_path, ann=[row(1, "good")], bob=[row(1, "bad")])
    inner = tmp_path / "all" / "project"
    inner.mkdir(parents=True)
    path = path.rename(inner / "export")
    if form == "zip of one":
        (path / "bob.jsonl").unlink()
    given = tmp_path / "all"
    if form != "folder":
        given = tmp_path / "export.zip"
        with zipfile.ZipFile(given, "w") as packed:
            for file in path.iterdir():
                packed.write(file, f"project/export/{file.name}")
    want = [["1", "ann", "good"], ["1", "bob", "bad"]][: 1 + (form != "zip of one")]
    assert rows(read_doccano(given).judgements) == want
    assert rows(read_annotations(given).judgements) == want


def test_folders_of_two_projects_are_refused(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_lines(tmp_path / name / "ann.jsonl", [row(1, "good")])
    with pytest.raises(
        ValueError, match=r"the folders 'one', 'two': read each project"
    ):
        read_doccano(tmp_path)


def test_files_of_two_projects_share_ids_and_a_warning_says_what_to_do(tmp_path):
    path = folder_of(tmp_path, ann=[row(1, "good")], bob=[row(1, "bad", text="other")])
    message = r"1 row of doccano shares the id .* read each by a call of its own"
    with pytest.warns(UserWarning, match=message) as caught:
        read_doccano(path)
    assert "sample=" not in str(caught[0].message)


def test_labels_that_do_not_name_all_ids_are_refused(tmp_path):
    path = write_lines(tmp_path / "older.jsonl", [older(1, (7, 3, None))])
    with pytest.raises(ValueError, match=r"label 7 is not in labels, which has 8, 9"):
        read_doccano(path, labels={8: "good", 9: "bad"})
    config = write_lines(tmp_path / "config.jsonl", [{"id": 7}])
    with pytest.raises(ValueError, match=r"is not a label configuration of doccano"):
        read_doccano(path, labels=config)


def test_an_older_export_without_users_is_refused(tmp_path):
    path = write_lines(tmp_path / "older.jsonl", [older(1, (7, None, None))])
    with pytest.raises(
        ValueError, match=r"'label' says who gave it \(1 without a work"
    ):
        read_doccano(path)


@pytest.mark.parametrize("name", ["export.zip", "EXPORT.ZIP", "download"])
def test_a_zip_is_known_by_its_content_and_may_hold_a_folder(tmp_path, name):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as packed:
        for member, label in (("ann", "good"), ("bob", "bad")):
            packed.writestr(f"export/{member}.jsonl", json.dumps(row(1, label)))
        packed.writestr("__MACOSX/export/._ann.jsonl", "x")
    found = read_doccano(path)
    assert rows(found.judgements) == [["1", "ann", "good"], ["1", "bob", "bad"]]
    assert len(read_annotations(path)) == 2


def test_a_locked_zip_is_refused(tmp_path):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("ann.jsonl", json.dumps(row(1, "good")))
    content = bytearray(path.read_bytes())
    # The flag of a password, in both headers.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"locked with a password \('ann.jsonl' is"):
        read_doccano(path)


def test_categories_beside_spans_are_labels(tmp_path):
    example = {"id": 1, "text": "x", "cats": ["good"], "entities": [[0, 1, "ORG"]]}
    path = write_lines(tmp_path / "ann.jsonl", [example])
    found = read_doccano(path, worker="ann")
    assert rows(found.judgements) == [["1", "ann", "good"]]
    assert "entities" not in found.samples


def test_the_older_form_as_a_table_has_a_row_a_label(tmp_path):
    names = ["annotation_approver", "id", "label", "text", "user"]
    given = [("", 1, 4, "x", 7), ("", 1, 5, "x", 8), ("", 2, 4, "y", 7)]
    given += [("", 2, 5, "y", 7), ("", 3, 4, "z", "")]
    path = write_table(tmp_path / "export.csv", names, given)
    found = read_doccano(path, labels={4: "good", 5: "bad"})
    assert rows(found.judgements) == [["1", "7", "good"], ["1", "8", "bad"]]
    assert found.left_out == {"several_choices": 1, "no_worker": 1}
    assert found.samples["text"].tolist() == ["x", "y", "z"]
    assert len(read_annotations(path)) == 2


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"user": [1]}, r"an id is a text or a number, got \[1\]"),
        ({"user": True}, r"an id is a text or a number, got True"),
        ({"label": {"a": 1}}, r"an option is a text or a number"),
    ],
)
def test_a_part_that_is_not_what_the_tool_writes_is_named(tmp_path, change, match):
    example = older(1, ("good", 1, None))
    example["annotations"][0].update(change)
    path = write_lines(tmp_path / "older.jsonl", [older(2, ("bad", 1, None)), example])
    with pytest.raises(ValueError, match=rf"line 2: a part .*{match}"):
        read_doccano(path)


def test_an_annotation_of_the_older_form_has_a_label(tmp_path):
    example = {**older(1), "annotations": [{"user": 1, "text": "written"}]}
    path = write_lines(tmp_path / "older.jsonl", [example])
    with pytest.raises(ValueError, match=r"line 1: a part .* it lacks 'label'"):
        read_doccano(path)


def test_an_export_without_examples_is_refused(tmp_path):
    path = tmp_path / "ann.json"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(ValueError, match=r"ann.json' holds no example"):
        read_doccano(path, worker="ann")
    path = write_lines(tmp_path / "list.jsonl", [row([1], "good")])
    with pytest.raises(ValueError, match=r"line 1: a part .* got \[1\]"):
        read_doccano(path, worker="ann")
