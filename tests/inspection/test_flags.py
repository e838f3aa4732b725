"""Flags are data: a kind, a level and a text, and the tables show the text."""

# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import pytest

from sklabel import CrowdLabels, LabelModel
from sklabel.datasets import make_crowd_labels
from sklabel.inspection import _workers, lf_summary, worker_report
from sklabel.inspection._flags import LEVELS, Flag, join_flags, percent
from sklabel.inspection._lf_summary import summarise_lfs
from sklabel.inspection._workers import describe_workers


def _crowd_of_all_kinds():
    """Return a crowd with a copy, a constant worker, a single and one "can't tell"."""
    data = make_crowd_labels(
        300,
        20,
        4,
        worker_types={"average": 0.6, "adversarial": 0.2, "spammer": 0.2},
        random_state=1,
    )
    judgements = data.crowd_labels
    copy = judgements[judgements["worker"] == 0].assign(worker=100)
    same = pd.DataFrame({"sample": range(60), "worker": 101, "label": 1})
    alone = pd.DataFrame({"sample": [900, 901], "worker": 102, "label": [0, 1]})
    unsure = pd.DataFrame({"sample": range(9), "worker": 103, "label": 9})
    frame = pd.concat([judgements, copy, same, alone, unsure])
    return CrowdLabels.from_frame(frame, classes=range(4), handle_unknown="count")


def test_the_text_of_a_flag_is_its_detail_and_it_cannot_be_changed():
    flag = Flag("guesses", "warning", "guesses: right in 50% of votes")
    assert str(flag) == flag.detail
    assert join_flags([flag, replace(flag, detail="more")]) == f"{flag}; more"
    assert join_flags([]) == ""
    with pytest.raises(FrozenInstanceError):
        flag.kind = "repeats"


def test_the_column_of_workers_is_the_text_of_their_flags():
    crowd = _crowd_of_all_kinds()
    report, flags = describe_workers(crowd)
    pd.testing.assert_frame_equal(worker_report(crowd), report)
    assert report["flag"].tolist() == [join_flags(of_worker) for of_worker in flags]
    assert {type(cell) for cell in report["flag"]} == {str}
    kinds = {
        worker: [flag.kind for flag in of_worker]
        for worker, of_worker in zip(report.index, flags, strict=True)
    }
    assert kinds[100][-1] == kinds[0][-1] == "repeats"
    assert "same_label" in kinds[101]
    assert kinds[102] == ["nobody_else", "few_judgements"]
    assert kinds[103] == ["no_class"]
    found = {kind for of_worker in kinds.values() for kind in of_worker}
    assert {"adversarial", "guesses"} <= found


def test_kinds_of_flags_have_one_level_each():
    _, flags = describe_workers(_crowd_of_all_kinds())
    levels = {(flag.kind, flag.level) for of_worker in flags for flag in of_worker}
    assert dict(levels) == {
        "adversarial": "severe",
        "guesses": "warning",
        "below_crowd": "warning",
        "repeats": "warning",
        "same_label": "warning",
        "nobody_else": "note",
        "few_judgements": "note",
        "no_class": "note",
    }
    assert len(levels) == 8


def test_the_column_of_lfs_is_the_text_of_their_flags():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 400)
    votes = np.where(rng.random((6, 400)) < 0.85, truth, 1 - truth).T
    silent, odd = np.full(400, -1), np.full(400, 2)
    votes = np.column_stack([votes, 1 - votes[:, 0], votes[:, 1], silent, odd])
    model = LabelModel(classes=[0, 1]).fit(votes)
    summary, flags = summarise_lfs(votes, label_model=model)
    pd.testing.assert_frame_equal(lf_summary(votes, label_model=model), summary)
    assert summary["flag"].tolist() == [join_flags(of_lf) for of_lf in flags]
    kinds = [[(flag.kind, flag.level) for flag in of_lf] for of_lf in flags]
    assert kinds[6] == [("adversarial", "severe")]
    assert kinds[7] == [("repeats", "warning")]
    assert kinds[8:] == [[("never_votes", "note")], [("no_class", "note")]]
    assert kinds[2:6] == [[]] * 4


def test_without_a_model_no_lf_has_a_flag():
    summary, flags = summarise_lfs([[0, 1], [1, 1]])
    assert "flag" not in summary
    assert flags == [[], []]


def test_the_level_and_not_the_text_decides_whom_to_act_upon(monkeypatch):
    crowd = _crowd_of_all_kinds()
    expected, _ = describe_workers(crowd)

    def few(*args):
        return [
            [replace(flag, detail=f"few: {flag.kind}") for flag in of_worker]
            for of_worker in plain_flags(*args)
        ]

    plain_flags = _workers._flags
    monkeypatch.setattr(_workers, "_flags", few)
    report, flags = describe_workers(crowd)
    assert report.index.tolist() == expected.index.tolist()
    act = [any(flag.level != "note" for flag in of_worker) for of_worker in flags]
    assert act == sorted(act, reverse=True)
    assert 0 < sum(act) < len(act)


def test_levels_go_from_bad_to_harmless():
    assert LEVELS == ("severe", "warning", "note")


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0%"), (0.004, "0.4%"), (0.5, "50%"), (0.9996, "100.0%"), (1, "100%")],
)
def test_only_a_whole_share_is_written_as_one(share, text):
    assert percent(share) == text
