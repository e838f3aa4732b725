"""Judgements that are written as each tool does come back the same."""

import pytest

from sklabel.datasets import make_crowd_labels
from sklabel.io import read_annotations, read_wide
from tests._data import weather_sentiment
from tests.io import _writers

OPTIONS = {"label_studio_csv": {"question": "mood"}}
OPTIONS["label_studio_min"] = {"question": "mood"}
TOOLS = [
    *("label_studio", "label_studio_csv", "label_studio_min", "argilla"),
    *("argilla_feedback", "prodigy", "doccano", "doccano_csv", "doccano_older"),
    *("mturk", "appen", "toloka", "sagemaker", "sagemaker_request", "labelbox"),
]


def generated():
    frame = make_crowd_labels(
        60, 9, 3, judgements_per_sample=3, random_state=0
    ).crowd_labels
    labels = ["bad", "so, so", 'good "really"']
    return [
        (str(row.sample), f"w{row.worker:03}", labels[row.label])
        for row in frame.itertuples(index=False)
    ]


def plain(frame):
    return sorted(map(tuple, frame[["sample", "worker", "label"]].to_numpy()))


@pytest.fixture(params=["generated", "weather"])
def judgements(request):
    if request.param == "generated":
        return generated()
    frame = weather_sentiment().crowd_labels
    frame.columns = ["sample", "worker", "label"]
    last = frame.drop_duplicates(["sample", "worker"], keep="last")
    return [
        (str(s), str(w), f"class {label}")
        for s, w, label in last[["sample", "worker", "label"]].itertuples(index=False)
    ]


@pytest.mark.parametrize("tool", TOOLS)
def test_every_format_gives_back_what_was_written(tool, judgements, tmp_path):
    path = getattr(_writers, tool)(judgements, tmp_path)
    found = read_annotations(path, **OPTIONS.get(tool, {}))
    assert plain(found.judgements) == sorted(judgements)
    assert set(found.left_out) <= {"empty"}  # doccano: what others answered
    order = list(dict.fromkeys(s for s, _, _ in judgements))
    if tool == "sagemaker":  # folders are read in the order of their numbers
        order.sort(key=int)
    assert list(found.samples.index) == order
    assert found.crowd_labels().n_judgements == len(judgements)


def test_a_wide_sheet_gives_back_what_was_written(judgements, tmp_path):
    path = _writers.wide(judgements, tmp_path)
    workers = sorted({worker for _, worker, _ in judgements})
    found = read_wide(path, sample="id", workers=workers)
    assert plain(found.judgements) == sorted(judgements)
    assert found.left_out == {}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("part", [0.25, 0.5, 0.9])
def test_a_file_that_is_cut_off_never_yields_wrong_judgements(tool, part, tmp_path):
    judgements = generated()
    path = getattr(_writers, tool)(judgements, tmp_path)
    if path.is_dir():
        path = sorted(file for file in path.glob("**/*") if file.is_file())[0]
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    options = dict(OPTIONS.get(tool, {}))
    if tool.startswith("doccano") and tool != "doccano_older":
        options["worker"] = path.stem
    try:
        found = read_annotations(path, **options)
    except ValueError as error:
        message = str(error)
    else:
        message = f"'{path}'"
        # Only between two lines, or in the last cell of a table, may a cut be missed.
        assert path.suffix in {".csv", ".tsv", ".jsonl", ".ndjson"}
        wrong = set(plain(found.judgements)) - set(judgements)
        assert len(wrong) <= 1
    assert message.startswith(f"'{path}'")
