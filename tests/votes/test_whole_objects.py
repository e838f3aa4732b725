"""An object that holds tables, passed in place of one, is named with the way out."""

# SPDX-License-Identifier: BSD-3-Clause

import io

import pandas as pd
import pytest
from sklearn.utils import Bunch

from sklabel import CrowdLabels, LabelModel, LFTransformer
from sklabel.inspection import (
    agreement_report,
    lf_summary,
    panel_report,
    worker_report,
)
from sklabel.io import Annotations, read_openai_batch
from sklabel.model_selection import compare_label_models
from sklabel.relabeling import relabel_plan, simulate_cost_curve

JUDGEMENTS = pd.DataFrame(
    {
        "sample": ["a", "a", "b", "b"],
        "worker": ["ann", "bob"] * 2,
        "label": ["x", "x", "y", "x"],
        "time": pd.NaT,
    }
)


def _annotations():
    none = JUDGEMENTS[:0]
    return Annotations(
        tool="a tool",
        question="which",
        judgements=JUDGEMENTS,
        samples=pd.DataFrame({"text": ["s", "t"]}, ["a", "b"]),
        gold=none[["sample", "label", "worker"]],
        gold_judgements=none,
        model_answers=pd.DataFrame(columns=["sample", "model", "label", "score"]),
        left_out={},
        questions={"which": 4},
        notes=[],
    )


def _batch():
    line = (
        '{"custom_id": "a", "response": {"status_code": 200, "body": {"model": "m", '
        '"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": '
        '"x"}}]}}, "error": null}'
    )
    return read_openai_batch(io.StringIO(line))


OBJECTS = {
    "annotations": (_annotations, r"got Annotations\. .*pass its \.crowd_labels\(\)"),
    "batch": (_batch, r"got BatchAnswers\. Pass AnswerLF\(classes=\[\.\.\.\]\)"),
    "bunch": (
        lambda: Bunch(votes=[[0, 1]], y=[0]),
        r"got Bunch\. It has the entries 'votes', 'y': pass the one that holds votes",
    ),
    "dict": (
        lambda: {"ann": ["x"], "bob": ["y"]},
        r"got dict\. It has the entries 'ann', 'bob'.* pd\.DataFrame\(\.\.\.\)",
    ),
}
READERS = {
    "LabelModel.fit": lambda X: LabelModel().fit(X),
    "LabelModel.partial_fit": lambda X: LabelModel().partial_fit(X),
    "LabelModel.predict": lambda X: LabelModel().fit([[0, 1], [1, 1]]).predict(X),
    "lf_summary": lf_summary,
    "agreement_report": agreement_report,
    "panel_report": panel_report,
    "compare_label_models": compare_label_models,
    "relabel_plan": lambda X: relabel_plan(X, budget=5),
    "worker_report": worker_report,
    "simulate_cost_curve": simulate_cost_curve,
    "LFTransformer": lambda X: LFTransformer([len]).fit(X),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_that_holds_tables_is_named(name, reader):
    make, message = OBJECTS[name]
    with pytest.raises(TypeError, match=message):
        READERS[reader](make())


@pytest.mark.parametrize("name", OBJECTS)
def test_the_report_names_it_too(name):
    pytest.importorskip("matplotlib")
    from sklabel.report import labeling_report

    make, message = OBJECTS[name]
    with pytest.raises(TypeError, match=message):
        labeling_report(make())


def test_what_the_messages_say_works():
    annotations = _annotations()
    crowd = annotations.crowd_labels()
    assert isinstance(crowd, CrowdLabels)
    LabelModel().fit(crowd.to_wide())
    LabelModel().fit(pd.DataFrame({"ann": ["x", "y"], "bob": ["y", "y"]}))


def test_a_frame_may_have_columns_of_any_name():
    votes = pd.DataFrame({"crowd_labels": [0, 1], "soft_votes": [0, 1]})
    assert LabelModel().fit(votes).predict(votes).tolist() == [0, 1]
