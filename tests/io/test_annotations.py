import json
import pickle

import numpy as np
import pandas as pd
import pytest

from sklabel import LabelModel, WorkerLFTransformer
from sklabel.io import Annotations, read_label_studio, read_prodigy


def answer(user, *chosen, when=None, name="mood", **more):
    value = {"choices": list(chosen)}
    result = {"from_name": name, "type": "choices", "to_name": "text", "value": value}
    given = {"completed_by": user, "result": [result] if chosen else [], **more}
    return given if when is None else {**given, "created_at": when}


def task(number, *annotations, predictions=()):
    return {
        "id": number,
        "data": {"text": f"text {number}"},
        "annotations": list(annotations),
        "predictions": list(predictions),
    }


@pytest.fixture
def export(tmp_path):
    def write(*tasks):
        path = tmp_path / "export.json"
        path.write_text(json.dumps(tasks), encoding="utf-8")
        return path

    return write


def prediction(model, chosen, score=None):
    return {**answer(None, chosen), "model_version": model, "score": score}


def test_the_latest_answer_counts_wherever_it_stands_in_the_file(export):
    path = export(
        task(
            1,
            answer("ann", "good", when="2026-03-05T10:00:00Z"),
            answer("ann", "bad", when="2026-03-02T10:00:00Z"),
            # Two hours east: the earliest of all.
            answer("bob", "bad", when="2026-03-02T11:00:00+02:00"),
        )
    )
    found = read_label_studio(path)
    assert found.judgements["worker"].tolist() == ["bob", "ann", "ann"]
    assert found.judgements["time"].is_monotonic_increasing
    assert found.left_out == {"repeated": 1}
    crowd = found.crowd_labels()
    assert crowd.to_frame()["label"].tolist() == ["good", "bad"]
    first = found.crowd_labels(duplicates="first").to_frame()
    assert first["label"].tolist() == ["bad", "bad"]


def test_equal_and_missing_times_keep_the_order_of_the_file(export):
    when = "2026-03-02T10:00:00Z"
    path = export(
        task(
            1,
            answer("ann", "good", when=when),
            answer("ann", "bad", when=when),
            answer("bob", "bad"),
        )
    )
    found = read_label_studio(path)
    assert found.judgements["label"].tolist() == ["bad", "good", "bad"]
    assert found.judgements["time"].isna().tolist() == [True, False, False]
    assert found.crowd_labels().to_wide().loc["1", "ann"] == "bad"


def test_times_that_cannot_be_read_have_a_note(export):
    path = export(
        task(1, answer("ann", "good", when="soon"), answer("bob", "bad", when=5))
    )
    found = read_label_studio(path)
    assert found.judgements["time"].isna().tolist() == [True, False]
    assert any("1 time could not be read" in note for note in found.notes)


@pytest.fixture
def several(export):
    return export(
        task(1, answer("ann", "a", "b"), answer("bob", "a")),
        task(2, answer("ann", "b"), answer("bob")),
    )


def test_an_answer_of_several_options_is_counted_and_left_out(several):
    found = read_label_studio(several)
    assert found.judgements["label"].tolist() == ["a", "b"]
    assert found.left_out == {"several_choices": 1, "empty": 1}


def test_lists_of_options_are_labels_if_asked_for(several):
    found = read_label_studio(several, several="list")
    assert found.judgements["label"].tolist() == ['["a", "b"]', '["a"]', '["b"]']


def test_one_option_is_a_question_of_its_own(several):
    found = read_label_studio(several, option="b")
    assert found.judgements["label"].tolist() == ["b", "not b", "b"]
    with pytest.raises(ValueError, match=r"Nobody chose the option 'c'.*'a', 'b'"):
        read_label_studio(several, option="c")


def test_many_answers_of_several_options_are_warned_of(export):
    tasks = [task(i, answer("ann", "a", "b"), answer("bob", "a")) for i in range(12)]
    with pytest.warns(UserWarning, match=r"12 answers.*several options.*option="):
        read_label_studio(export(*tasks))


def test_options_of_the_reader_are_checked(several):
    with pytest.raises(ValueError, match=r"several must be"):
        read_label_studio(several, several="first")
    with pytest.raises(TypeError, match=r"one question, a str.*\['mood'\]"):
        read_label_studio(several, ["mood"])


def test_gold_is_apart_and_is_y_of_a_label_model(export):
    path = export(
        task(1, answer("ann", "good"), answer("boss", "good", ground_truth=True)),
        task(2, answer("ann", "bad"), answer("bob", "bad")),
        task(
            3,
            answer("boss", "good", ground_truth=True),
            answer("chief", "bad", ground_truth=True),
        ),
    )
    found = read_label_studio(path)
    assert len(found) == 3
    assert found.gold[["sample", "label"]].to_numpy().tolist() == [
        ["1", "good"],
        ["3", "good"],
        ["3", "bad"],
    ]
    # Two experts who contradict each other know nothing for certain.
    assert found.gold_labels().tolist() == ["good", None, None]
    crowd = found.crowd_labels()
    y = found.gold_labels()[crowd.sample_ids]
    ids = crowd.sample_ids.to_frame()
    votes = WorkerLFTransformer(crowd, id_column="sample").fit_transform(ids)
    model = LabelModel(lf_kind="worker").fit(votes, y)
    assert model.predict(votes).tolist() == ["good", "bad"]
    assert found.crowd_labels().soft_labels().index.tolist() == ["1", "2"]


def test_answers_of_models_are_votes_of_their_own(export):
    path = export(
        task(1, answer("ann", "good"), predictions=[prediction("m", "bad", 0.5)]),
        task(2, predictions=[prediction("m", "good"), prediction("m", "bad", 1)]),
        task(3, answer("ann", "good"), predictions=[prediction(None, "good", True)]),
    )
    found = read_label_studio(path)
    assert len(found) == 2
    votes = found.model_votes()
    assert votes.index.tolist() == ["1", "2", "3"]
    assert votes["m"].tolist() == ["bad", "bad", None]
    assert votes["model"].tolist() == [None, None, "good"]
    assert found.rename_workers(str.upper).model_votes().equals(votes)
    assert found.model_answers["score"].tolist() == [0.5, None, 1, None]


def test_samples_without_a_judgement_are_kept(export):
    found = read_label_studio(export(task(2), task(1, answer("ann", "good"))))
    assert found.samples["text"].to_dict() == {"2": "text 2", "1": "text 1"}
    assert found.left_out == {"tasks_without_votes": 1}


def test_workers_get_other_names(export):
    path = export(
        task(1, answer(3, "good"), answer(5, "bad")),
        task(2, answer(5, "bad", ground_truth=True)),
    )
    found = read_label_studio(path)
    named = found.rename_workers({"3": "ann"})
    assert named.judgements["worker"].tolist() == ["ann", "5"]
    hidden = found.rename_workers(lambda worker: f"w{worker}")
    assert hidden.gold["worker"].tolist() == ["w5"]
    assert found.judgements["worker"].tolist() == ["3", "5"]
    with pytest.raises(ValueError, match=r"several workers one: 'ann'"):
        found.rename_workers({"3": "ann", "5": "ann"})


def test_labels_that_are_not_classes_are_refused_or_counted(export):
    path = export(task(1, answer("ann", "good"), answer("bob", "?")))
    found = read_label_studio(path)
    with pytest.raises(ValueError, match=r"'\?'"):
        found.crowd_labels(["bad", "good"])
    crowd = found.crowd_labels(["bad", "good"], handle_unknown="count")
    assert (crowd.n_judgements, crowd.n_unknown) == (1, 1)


def test_no_judgement_at_all_says_what_was_left_out(export):
    found = read_label_studio(export(task(1, answer("ann", "a", "b"))))
    with pytest.raises(ValueError, match=r"no judgement; left out: several_choices 1"):
        found.crowd_labels()


def test_the_repr_says_it_all(export):
    path = export(
        task(
            1,
            answer("ann", "good"),
            answer("bob", "bad", was_cancelled=True),
            answer("boss", "good", ground_truth=True),
            predictions=[prediction("m", "bad", 0.5)],
        )
    )
    shown = repr(read_label_studio(path))
    for part in (
        "Label Studio, question 'mood'",
        "1 judgement: 1 sample, 1 worker",
        "good 1",
        "1 sample with gold",
        "1 answer of models: 'm'",
        "cancelled 1, ground_truth 1",
    ):
        assert part in shown


def test_judgements_that_repeat_are_counted_and_not_left_out_in_the_repr(export):
    found = read_label_studio(
        export(
            task(
                1,
                answer("ann", "good"),
                answer("ann", "bad"),
                answer("bob", "bad", was_cancelled=True),
            )
        )
    )
    assert found.left_out == {"cancelled": 1, "repeated": 1}
    lines = repr(found).splitlines()
    assert lines[1] == "  2 judgements: 1 sample, 1 worker"
    assert lines[2].startswith("  1 of them repeats a judgement of the same sample by")
    assert "  left out: cancelled 1" in lines


def test_messages_on_labels_name_the_question(export):
    found = read_label_studio(export(task(1, answer("ann", "good", when=None))))
    message = r"1 of 1 labels in the answers to 'mood' is not in classes=.*Spell such"
    with pytest.raises(ValueError, match=message):
        found.crowd_labels(["Good", "bad"])


def test_a_question_of_another_case_is_asked_for(export):
    path = export(task(1, answer("ann", "good")))
    with pytest.raises(ValueError, match=r"'Mood'.*Did you mean 'mood'\?"):
        read_label_studio(path, "Mood")
    with pytest.raises(ValueError, match=r"option 'Good'.*Did you mean 'good'\?"):
        read_label_studio(path, option="Good")


def test_renamed_annotations_keep_classes_and_control(export):
    found = read_label_studio(export(task(1, answer("ann", "good"))))
    found.classes = ["bad", "good"]
    renamed = found.rename_workers({"ann": "Ann"})
    assert renamed.control == {"type": "choices", "to_name": "text"}
    assert renamed.crowd_labels().classes.tolist() == ["bad", "good"]
    assert renamed.crowd_labels(["good"]).classes.tolist() == ["good"]


def test_a_pickle_is_the_same(export):
    found = read_label_studio(export(task(1, answer("ann", "good"))))
    again = pickle.loads(pickle.dumps(found))
    assert isinstance(again, Annotations)
    pd.testing.assert_frame_equal(again.judgements, found.judgements)
    assert repr(again) == repr(found)


def test_ids_and_whole_numbers_keep_their_kind(tmp_path):
    shared = {"text": "x", "_view_id": "choice", "answer": "accept"}
    lines = [
        {**shared, "_input_hash": 7, "accept": [n], "_annotator_id": who}
        for n, who in ((2, "007"), (10, "7"))
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = read_prodigy(path)
    assert found.judgements["worker"].tolist() == ["007", "7"]
    crowd = found.crowd_labels()
    np.testing.assert_array_equal(crowd.classes, [2, 10])
    assert crowd.sample_ids.tolist() == ["7"]
