"""The content of a file tells its tool, whatever it is called."""

import gzip
import json
import re
import zipfile

import pytest

from sklabel.io import read_annotations
from tests.io import _writers
from tests.io._writers import write_lines

JUDGEMENTS = [("0", "ann", "good"), ("0", "bob", "bad"), ("1", "ann", "bad")]
TOOLS = [
    ("label_studio", "Label Studio", {}),
    ("label_studio_csv", "Label Studio", {"question": "mood"}),
    ("label_studio_min", "Label Studio", {"question": "mood"}),
    ("argilla", "Argilla", {}),
    ("argilla_feedback", "Argilla", {}),
    ("prodigy", "Prodigy", {}),
    ("doccano", "doccano", {}),
    ("doccano_csv", "doccano", {}),
    ("doccano_older", "doccano", {}),
    ("mturk", "Amazon Mechanical Turk", {}),
    ("appen", "Appen", {}),
    ("toloka", "Toloka", {}),
    ("sagemaker", "SageMaker Ground Truth", {}),
    ("sagemaker_request", "SageMaker Ground Truth", {}),
    ("labelbox", "Labelbox", {}),
]


def plain(found):
    frame = found.judgements[["sample", "worker", "label"]]
    return sorted(map(tuple, frame.to_numpy()))


@pytest.mark.parametrize(("writer", "tool", "options"), TOOLS)
def test_the_name_of_the_file_does_not_matter(writer, tool, options, tmp_path):
    path = getattr(_writers, writer)(JUDGEMENTS, tmp_path)
    if path.is_file():
        path = path.rename(tmp_path / "export")
    found = read_annotations(path, **options)
    assert found.tool == tool
    assert plain(found) == JUDGEMENTS


@pytest.mark.parametrize("writer", ["prodigy", "toloka", "labelbox"])
def test_files_may_be_packed_or_have_a_mark_of_their_encoding(writer, tmp_path):
    path = getattr(_writers, writer)(JUDGEMENTS, tmp_path)
    packed = tmp_path / (path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert plain(read_annotations(packed)) == JUDGEMENTS
    text = path.read_text(encoding="utf-8")
    for encoding in ("utf-8-sig", "utf-16"):
        path.write_text(text, encoding=encoding)
        assert plain(read_annotations(path)) == JUDGEMENTS
    path.write_text(text, encoding="utf-16-le")
    assert plain(read_annotations(path, encoding="utf-16-le")) == JUDGEMENTS


def test_a_zip_of_a_file_per_member_is_of_doccano(tmp_path):
    folder = _writers.doccano(JUDGEMENTS, tmp_path)
    path = tmp_path / "members.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for one in folder.iterdir():
            packed.write(one, one.name)
    found = read_annotations(path)
    assert (found.tool, plain(found)) == ("doccano", JUDGEMENTS)


def test_several_files_of_one_tool_are_one_export(tmp_path):
    (tmp_path / "a").mkdir()
    first = _writers.mturk(JUDGEMENTS[:2], tmp_path)
    second = _writers.mturk(JUDGEMENTS[2:], tmp_path / "a")
    assert plain(read_annotations([first, second])) == JUDGEMENTS


def test_files_of_several_tools_are_refused(tmp_path):
    other = tmp_path / "notes.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    paths = [_writers.mturk(JUDGEMENTS, tmp_path), _writers.appen(JUDGEMENTS, tmp_path)]
    match = (
        r"several tools: .*\(Amazon Mechanical Turk\), .*\(Appen\)\. Read them apart"
    )
    with pytest.raises(ValueError, match=match):
        read_annotations(paths)
    with pytest.raises(ValueError, match=r"notes\.csv' \(not known\)"):
        read_annotations([paths[0], other])


def test_options_reach_the_reader_and_unknown_ones_name_the_known(tmp_path):
    path = _writers.mturk(JUDGEMENTS, tmp_path)
    assert (
        read_annotations(path, "mood", sample="id", rejected="keep").question == "mood"
    )
    with pytest.raises(ValueError, match=r"no question 'tone'"):
        read_annotations(path, "tone")
    match = (
        r"read_mturk, which reads .* has no option project, tainted; it has question"
    )
    with pytest.raises(TypeError, match=match):
        read_annotations(path, tainted="keep", project="x")


def test_a_project_of_one_question_takes_no_question(tmp_path):
    path = _writers.doccano(JUDGEMENTS, tmp_path)
    with pytest.raises(
        ValueError, match=r"one question a project; leave out quest.*'x'"
    ):
        read_annotations(path, "x")


@pytest.mark.parametrize(
    ("line", "reader"),
    [
        ({"custom_id": "1", "response": {}, "error": None}, "read_openai_batch"),
        ({"custom_id": "1", "result": {"type": "errored"}}, "read_anthropic_batch"),
    ],
)
def test_answers_of_language_models_have_readers_of_their_own(line, reader, tmp_path):
    path = write_lines(tmp_path / "batch.jsonl", [line])
    with pytest.raises(ValueError, match=rf"answers of a language model.*use {reader}"):
        read_annotations(path)


@pytest.mark.parametrize(
    ("line", "match"),
    [
        (
            {"ID": "1", "Created By": "ann", "Label": {}},
            r"Labelbox.*version 2 \(NDJSON",
        ),
        ({"source": "x", "j": 0, "j-metadata": {}}, r"annotations/worker-response"),
    ],
)
def test_exports_without_workers_or_of_old_versions_say_what_to_export(
    line, match, tmp_path
):
    with pytest.raises(ValueError, match=match):
        read_annotations(write_lines(tmp_path / "export", [line]))


@pytest.mark.parametrize(
    "text", ["id,Ann,Bob\n1,a,b\n", '{"text": "x", "label": "y"}', "[1, 2]"]
)
def test_what_is_not_recognised_is_refused_with_a_remedy(text, tmp_path):
    path = tmp_path / "table"
    path.write_text(text, encoding="utf-8")
    match = rf"'{re.escape(str(path))}' is not recognised.*Toloka.*from_csv.*read_wide"
    with pytest.raises(ValueError, match=match) as caught:
        read_annotations(path)
    assert "batch interface" not in str(caught.value)


def test_an_empty_list_is_empty_and_not_unknown(tmp_path):
    path = tmp_path / "export.json"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(ValueError, match=r"export.json' is empty: it holds no answer"):
        read_annotations(path)
    with pytest.raises(ValueError, match=r"' is empty: it holds no answer"):
        read_annotations(tmp_path)
    line = {"id": 1, "data": {}, "annotations": [], "drafts": []}
    more = write_lines(tmp_path / "more.json", [line])
    with pytest.raises(ValueError, match=r"Label Studio holds no answer to a question"):
        read_annotations([path, more])


def test_empty_files_folders_and_paths_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"is not recognised as an export"):
        read_annotations(tmp_path)
    path = tmp_path / "export.json"
    path.write_text(" \n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"is empty\. Export it again"):
        read_annotations(path)
    with pytest.raises(ValueError, match=r"list of paths is empty"):
        read_annotations([])
    with pytest.raises(ValueError, match=r"is given twice"):
        read_annotations([path, str(path)])
    with pytest.raises(TypeError, match=r"list of paths; got int"):
        read_annotations(3)
    with pytest.raises(FileNotFoundError, match=r"no file or folder"):
        read_annotations(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("data", "writer", "tool"),
    [
        # Columns of users must not be taken for the mark of another tool.
        ({"source": "mail", "answers": 3}, "prodigy", "Prodigy"),
        ({"source": "mail", "data": 1}, "argilla", "Argilla"),
        ({"source": "mail", "answers": 3}, "doccano_older", "doccano"),
    ],
)
def test_data_of_users_does_not_hide_the_tool(data, writer, tool, tmp_path):
    path = getattr(_writers, writer)(JUDGEMENTS, tmp_path)
    _add_columns(path, data)
    found = read_annotations(path)
    assert found.tool == tool
    assert plain(found) == JUDGEMENTS


def _add_columns(path, data):
    lines = path.read_text(encoding="utf-8").splitlines()
    write_lines(path, [data | json.loads(line) for line in lines])
