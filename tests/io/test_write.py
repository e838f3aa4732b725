import json

import numpy as np
import pandas as pd
import pytest

from sklabel import CrowdLabels
from sklabel.io import read_argilla, read_label_studio, to_argilla, to_label_studio

TABLE = pd.DataFrame(
    {"bad": [0.25, 0.9], "good": [0.75, 0.1]}, index=pd.Index(["a", "b"], name="id")
)
SAMPLES = pd.DataFrame(
    {"text": ["Sunny à midi", "Rain"], "likes": [3, np.nan]}, index=["b", "a"]
)


def crowd():
    frame = pd.DataFrame(
        {
            "sample": ["a", "a", "b"],
            "worker": ["ann", "bob", "ann"],
            "label": ["good", "good", "bad"],
        }
    )
    return CrowdLabels.from_frame(frame)


def test_new_tasks_are_read_again(tmp_path):
    path = tmp_path / "tasks.json"
    tasks = to_label_studio(TABLE, path, question="mood", samples=SAMPLES)
    assert json.loads(path.read_text(encoding="utf-8")) == tasks
    assert tasks[0]["data"] == {"sample": "a", "text": "Rain"}
    found = read_label_studio(path, "mood", sample="sample")
    assert found.model_answers.to_numpy().tolist() == [
        ["a", "sklabel", "good", 0.75],
        ["b", "sklabel", "bad", 0.9],
    ]
    assert found.samples.loc["b", "text"] == "Sunny à midi"


def test_predictions_for_tasks_that_exist():
    table = TABLE.set_axis(["101", "102"])
    first, second = to_label_studio(
        table, question="mood", to_name="post", model_version="v1"
    )
    assert first["task"] == 101
    assert second["result"] == [
        {
            "from_name": "mood",
            "to_name": "post",
            "type": "choices",
            "value": {"choices": ["bad"]},
        }
    ]
    assert second["model_version"] == "v1"
    with pytest.raises(ValueError, match=r"whole numbers; got 'a'.*samples="):
        to_label_studio(TABLE, question="mood")


def test_records_are_read_again(tmp_path):
    path = tmp_path / "records.json"
    records = to_argilla(TABLE, path, question="mood", samples=SAMPLES, fields=["text"])
    assert records[1]["fields"] == {"text": "Sunny à midi"}
    assert records[1]["metadata"] == {"likes": 3.0}
    found = read_argilla(path, "mood")
    assert found.model_answers.to_numpy().tolist() == [
        ["a", "sklabel", "good", 0.75],
        ["b", "sklabel", "bad", 0.9],
    ]


@pytest.mark.parametrize("write", [to_label_studio, to_argilla])
def test_a_table_of_soft_labels_will_do(write):
    table = crowd().soft_labels()
    given = write(table, question="mood", samples=SAMPLES)
    as_text = json.dumps(given)
    assert "good" in as_text
    best = table[["proba_bad", "proba_good"]].max(axis=1)
    scores = [
        one["predictions"][0]["score"]
        if "predictions" in one
        else one["suggestions"]["mood"]["score"]
        for one in given
    ]
    np.testing.assert_allclose(scores, best)


@pytest.mark.parametrize("write", [to_label_studio, to_argilla])
def test_bad_input_is_refused(write):
    with pytest.raises(ValueError, match=r"several rows of the sample 'a'"):
        write(TABLE.set_axis(["a", "a"]), question="mood")
    with pytest.raises(ValueError, match=r"lacks 1 of the samples.*'b'"):
        write(TABLE, question="mood", samples=SAMPLES.iloc[1:])
    with pytest.raises(TypeError, match=r"soft_labels\(\) makes one"):
        write([0.5, 0.5], question="mood")
    with pytest.raises(TypeError, match=r"samples of .* must be a pandas DataFrame"):
        write(TABLE, question="mood", samples=["x", "y"])
    with pytest.raises(ValueError, match=r"sum"):
        write(TABLE * 2, question="mood")
    with pytest.raises(ValueError, match=r"numbers of its rows.*set_index"):
        write(crowd().soft_labels().reset_index(), question="mood")
    with pytest.raises(ValueError, match=r"colour"):
        to_argilla(TABLE, question="mood", samples=SAMPLES, fields=["colour"])
