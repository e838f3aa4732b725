"""The section of the report on what features say."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from sklabel import CrowdLabels, LabelModel
from sklabel.datasets import make_crowd_labels
from sklabel.report import labeling_report

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def problem():
    """Return votes, a model, and what a good classifier would say."""
    data = make_crowd_labels(80, 8, judgements_per_sample=2, random_state=0)
    crowd = CrowdLabels.from_frame(data.crowd_labels)
    votes = crowd.to_wide()
    y = data.y[votes.index]
    model = LabelModel().fit(votes)
    feature = np.full((len(votes), 2), 0.1)
    feature[np.arange(len(votes)), y] = 0.9
    joint = feature * model.predict_proba(votes)
    joint /= joint.sum(axis=1, keepdims=True)
    return votes, model, joint, feature, crowd


def test_the_table_and_the_finding(problem):
    votes, model, joint, feature, _ = problem
    by_votes = model.predict_proba(votes)
    args = {"label_model": model, "texts": [f"text {i}" for i in range(len(votes))]}
    report = labeling_report(votes, joint_proba=joint, feature_proba=feature, **args)
    changed = by_votes.argmax(1) != joint.argmax(1)
    table = report.tables["features"]
    assert_array_equal(
        np.sort(table.index[table.label != table.suggested]),
        np.sort(votes.index[changed]),
    )
    assert table.p_joint.is_monotonic_increasing
    assert set(table.columns) >= {"p_votes", "p_features", "p_joint", "votes", "text"}
    first = votes.index.get_loc(table.index[0])
    label = by_votes[first].argmax()
    assert table.label.iloc[0] == model.classes_[label]
    assert table.p_features.iloc[0] == feature[first, label]
    titles = [finding.title for finding in report.findings]
    assert f"Features contradict {changed.sum()} labels" in titles
    assert "What the features say" in report.html
    assert 'id="features' in report.html
    assert report.html.count("<figcaption") == 1 + labeling_report(
        votes, joint_proba=joint, **args
    ).html.count("<figcaption")
    # The plan goes by both, too.
    plan = labeling_report(votes, **args).tables["relabel"]
    assert not plan.equals(report.tables["relabel"])


def test_frames_and_orders(problem):
    votes, model, joint, feature, crowd = problem
    plain = labeling_report(
        votes, label_model=model, joint_proba=joint, feature_proba=feature
    )
    frame = pd.DataFrame(joint[:, ::-1], columns=model.classes_[::-1])
    frame.index = votes.index
    other = labeling_report(
        votes,
        label_model=model,
        joint_proba=frame[::-1],
        feature_proba=feature,
    )
    pd.testing.assert_frame_equal(other.tables["features"], plain.tables["features"])
    by_id = frame.loc[np.random.default_rng(0).permutation(votes.index)]
    of_crowd = labeling_report(crowd, joint_proba=by_id)
    assert "p_features" not in of_crowd.tables["features"]
    assert 'id="features-' not in of_crowd.html


def test_without_them_nothing_changes(problem):
    votes, model, joint, *_ = problem
    page = labeling_report(votes, label_model=model, random_state=0).html
    assert "What the features say" not in page
    # Nothing to say is said.
    by_votes = model.predict_proba(votes)
    same = labeling_report(votes, label_model=model, joint_proba=by_votes)
    assert "Features contradict no label." in same.html
    assert "features" not in same.tables
    assert joint.shape == by_votes.shape


@pytest.mark.parametrize("name", ["joint_proba", "feature_proba"])
def test_bad_input(problem, name):
    votes, model, joint, *_ = problem
    with pytest.raises(ValueError, match=f"{name} must have a row for each of the 80"):
        labeling_report(votes, label_model=model, **{name: joint[:5]})
    with pytest.raises(ValueError, match=f"Probabilities in {name} must sum to 1"):
        labeling_report(votes, label_model=model, **{name: joint / 2})
