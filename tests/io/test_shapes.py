"""Parts of an export that are of another type than the tool writes."""

import json
import warnings

import pytest

from sklabel.io import read_annotations, read_argilla
from tests.io import _writers

JUDGEMENTS = [("1", "7", "good"), ("1", "9", "bad"), ("2", "7", "bad")]
OTHERS = [None, [], {}, "x", 5, [None], [5], {"a": 1}, True]
FORMATS = [
    *("label_studio", "label_studio_min", "argilla", "argilla_feedback", "prodigy"),
    *("doccano_older", "sagemaker_request", "labelbox"),
]
OPTIONS = {"label_studio_min": {"question": "mood"}}


def places(value, at=()):
    """Yield the path of every part, one of the items of a list."""
    if at:
        yield at
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*at, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*at, 0))


def with_other(value, at, other):
    """Return a copy with another value at a place."""
    value = json.loads(json.dumps(value))
    part = value
    for key in at[:-1]:
        part = part[key]
    part[at[-1]] = other
    return value


@pytest.mark.parametrize("tool", FORMATS)
def test_a_part_of_another_type_is_read_or_refused_in_words(tool, tmp_path):
    path = getattr(_writers, tool)(JUDGEMENTS, tmp_path)
    text = path.read_text(encoding="utf-8")
    is_list = text.lstrip().startswith("[")
    objects = json.loads(text) if is_list else list(map(json.loads, text.splitlines()))
    n_refused = 0
    for at in places(objects):
        for other in OTHERS:
            changed = with_other(objects, at, other)
            lines = "\n".join(map(json.dumps, changed))
            content = json.dumps(changed) if is_list else lines
            path.write_text(content, encoding="utf-8")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                try:
                    found = read_annotations(path, **OPTIONS.get(tool, {}))
                except ValueError:
                    n_refused += 1
                else:
                    assert len(found) <= len(JUDGEMENTS) + 1
                    assert repr(found)
    assert n_refused > 0


def test_the_message_names_the_place(tmp_path):
    path = tmp_path / "records.jsonl"
    good = {"id": "a", "q.responses": ["x"], "q.responses.users": ["u"]}
    good["q.responses.status"] = ["submitted"]
    bad = {**good, "id": "b", "q.responses": 5}
    path.write_text("\n".join(map(json.dumps, [good, bad])), encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 2: a part .* not what Argilla writes"):
        read_argilla(path)


def answers_of(tool, objects):
    """Count the answers that people gave, however odd they are."""
    if tool == "label_studio":
        return sum(len(task["annotations"]) for task in objects)
    if tool == "prodigy":
        return len(objects)
    name = "mood.responses" if tool == "argilla" else "mood"
    held = (record.get(name) for record in objects)
    return sum(len(answers) for answers in held if isinstance(answers, list))


@pytest.mark.parametrize("tool", ["label_studio", "argilla", "argilla_feedback"])
@pytest.mark.parametrize("drop", [True, False])
def test_no_answer_is_lost_where_a_part_is_gone_or_odd(tool, drop, tmp_path):
    path = getattr(_writers, tool)(JUDGEMENTS, tmp_path)
    text = path.read_text(encoding="utf-8")
    is_list = text.lstrip().startswith("[")
    objects = json.loads(text) if is_list else list(map(json.loads, text.splitlines()))
    kinds = {"answer", "refused"}
    for at in places(objects):
        for other in [None] if drop else [None, "", "x", 5.0, {"a": 1}, [["a"]]]:
            changed = with_other(objects, at, other)
            if drop:
                part = changed
                for key in at[:-1]:
                    part = part[key]
                del part[at[-1]]
            lines = "\n".join(map(json.dumps, changed))
            content = json.dumps(changed) if is_list else lines
            path.write_text(content, encoding="utf-8")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                try:
                    found = read_annotations(path, "mood")
                except ValueError:
                    kinds.discard("refused")
                    continue
            kinds.discard("answer")
            left = {k: n for k, n in found.left_out.items() if "without_votes" not in k}
            left.pop("repeated", None)
            assert len(found) + sum(left.values()) == answers_of(tool, changed)
            texts = [*found.judgements["worker"], *found.judgements["sample"]]
            assert not {"", "None", "nan", "True", "5.0"} & set(texts)
            assert not any(text.startswith(("[", "{")) for text in texts)
    assert not kinds
