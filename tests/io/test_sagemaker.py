"""Traps in the answers of SageMaker Ground Truth, one small job each."""

import json

import pytest

from sklabel.io import read_sagemaker_ground_truth as read
from tests.io import _writers
from tests.io._writers import write_lines

JUDGEMENTS = [("0", "a", "good"), ("2", "b", "bad"), ("10", "a", "bad")]


def rows(found):
    return found.judgements[["sample", "worker", "label"]].to_numpy().tolist()


def answer(worker, content, time="2026-03-02T10:00:00Z"):
    return {"workerId": worker, "answerContent": content, "submissionTime": time}


def write_answers(root, sample, *answers, iteration=1):
    folder = root / "worker-response" / f"iteration-{iteration}" / str(sample)
    folder.mkdir(parents=True, exist_ok=True)
    content = json.dumps({"answers": list(answers)})
    (folder / "answers.json").write_text(content, encoding="utf-8")
    return root / "worker-response"


def mood(worker, label, **more):
    return answer(worker, {"mood": {"label": label}}, **more)


def test_the_folder_is_the_sample_and_sorts_as_a_number(tmp_path):
    write_answers(tmp_path, 10, mood("a", "bad"))
    path = write_answers(tmp_path, 2, mood("b", "good"), iteration=2)
    found = read(path)
    assert sorted(rows(found)) == [["10", "a", "bad"], ["2", "b", "good"]]
    assert list(found.samples.index) == ["2", "10"]


def test_the_output_of_a_job_may_be_given_whole(tmp_path):
    write_answers(tmp_path / "annotations", 0, mood("a", "bad"))
    other = tmp_path / "annotations" / "consolidated" / "iteration-1"
    other.mkdir(parents=True)
    (other / "result.json").write_text('[{"datasetObjectId": "0"}]', encoding="utf-8")
    assert rows(read(tmp_path)) == [["0", "a", "bad"]]


@pytest.mark.parametrize("place", ["iteration-1", "iteration-1/2", "file"])
def test_a_part_of_the_folder_may_be_given(tmp_path, place):
    path = write_answers(tmp_path, 2, mood("a", "bad"))
    path /= "iteration-1/2/answers.json" if place == "file" else place
    assert rows(read(path)) == [["2", "a", "bad"]]


def test_folder_and_consolidation_request_say_the_same(tmp_path):
    folder = _writers.sagemaker(JUDGEMENTS, tmp_path)
    request = _writers.sagemaker_request(JUDGEMENTS, tmp_path)
    assert rows(read(folder)) == rows(read(request)) == [list(j) for j in JUDGEMENTS]
    assert read(request).samples["content"]["0"] == "text of 0"


@pytest.mark.parametrize(
    ("element", "want"),
    [
        ({"label": "bug"}, ["bug"]),
        ({"labels": ["bug"]}, ["bug"]),
        ({"bug": True, "bill": False}, ["bug"]),
        ("bug", ["bug"]),
        ({"labels": ["bug", "bill"]}, []),
        ({"labels": []}, []),
    ],
)
def test_elements_of_forms(tmp_path, element, want):
    path = write_answers(tmp_path, 0, answer("a", {"topic": element}))
    found = read(path)
    assert list(found.judgements["label"]) == want
    n_options = 2 if "bill" in str(element) else 0
    reason = "several_choices" if n_options else "empty"
    assert found.left_out == ({} if want else {reason: 1})


def test_several_options_as_list_or_one_option(tmp_path):
    both = answer("a", {"topic": {"labels": ["bug", "bill"]}})
    path = write_answers(
        tmp_path, 0, both, answer("b", {"topic": {"labels": ["bill"]}})
    )
    listed = read(path, several="list").judgements["label"]
    assert list(listed) == ['["bug", "bill"]', '["bill"]']
    assert list(read(path, option="bug").judgements["label"]) == ["bug", "not bug"]


def test_answers_that_are_no_votes_are_counted(tmp_path):
    path = write_answers(
        tmp_path, 0, mood("a", "good"), answer("b", {}), answer(None, {"mood": "x"})
    )
    found = read(path)
    assert rows(found) == [["0", "a", "good"]]
    assert found.left_out == {"empty": 1, "no_worker": 1}


def test_times_order_the_answers_of_a_pair(tmp_path):
    late = mood("a", "late", time="2026-03-02T11:00:00+01:00")
    last = mood("a", "last", time="2026-03-02T10:30:00Z")
    found = read(write_answers(tmp_path, 0, last, late))
    assert list(found.judgements["label"]) == ["late", "last"]
    assert found.left_out == {"repeated": 1}


def test_the_manifest_gives_samples_their_texts(tmp_path):
    lines = [{"source": "zero"}, {"source-ref": "s3://one"}, {"source": "two"}]
    manifest = write_lines(tmp_path / "input.manifest", lines)
    path = write_answers(tmp_path, 2, mood("a", "good"))
    samples = read(path, manifest=manifest).samples
    assert list(samples.index) == ["0", "1", "2"]
    assert list(samples["source"]) == ["zero", None, "two"]
    assert samples["source-ref"]["1"] == "s3://one"


def test_the_manifest_of_a_custom_job_keeps_all_workers(tmp_path):
    def of(worker, label):
        content = json.dumps({"mood": {"label": label}})
        return {"workerId": worker, "annotationData": {"content": content}}

    lines = [
        {"source": "x", "job": {"annotationsFromAllWorkers": [of("a", "good")]}},
        {"source": "y", "job-metadata": {"failure-reason": "expired"}},
        {"source": "z", "job": {"annotationsFromAllWorkers": [of("b", "bad")]}},
    ]
    found = read(write_lines(tmp_path / "output.manifest", lines))
    assert rows(found) == [["0", "a", "good"], ["2", "b", "bad"]]
    assert list(found.samples["source"]) == ["x", "y", "z"]


def test_numbers_of_lines_of_two_jobs_are_not_one_sample(tmp_path):
    paths = [write_answers(tmp_path / job, 0, mood("a", "x")) for job in "pq"]
    with pytest.raises(
        ValueError, match=r"another sample '0' in .*Read each job apart"
    ):
        read(paths)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (
            {"source": "x", "job": 0, "job-metadata": {"confidence": 0.9}},
            r"line 1: this manifest holds consolidated labels.*worker-response",
        ),
        ({"data_row": {}, "projects": {}}, r"export of Labelbox: use read_labelbox"),
        ({"a": 1}, r"expected answers of workers.*got an object with 'a'"),
        ({"answers": ["x"]}, r"expected an answer, an object with workerId.*got 'x'"),
        ({"answers": [mood({"a": 1}, "x")]}, r"line 1: a part.*got \{'a': 1\}"),
        ({"answers": [mood(True, "x")]}, r"an id is a text or a number, got True"),
        ({"answers": [answer("a", "[" * 100_000)]}, r"is nested too deeply"),
        ({"answers": [answer("a", '{"m": "\\ud83d"}')]}, r"holds half of a character"),
        ({"source": "text"}, r"a manifest of 1 sample without answers; the folder"),
        (
            {"datasetObjectId": "7", "consolidatedAnnotation": {"content": {}}},
            r"line 1: there are consolidated labels.*worker-response",
        ),
        ({"answers": [answer("a", "{")]}, r"content of an answer is not JSON.*'\{'"),
        ({"answers": [answer("a", [1])]}, r"an entry for each element.*got \[1\]"),
        ({"answers": None}, r"holds no answer to a question of choice"),
        ({"answers": []}, r"holds no answer to a question of choice"),
        ({"answers": [answer(None, {"m": "x"})]}, r"No answer to 'm' says who gave it"),
        ({"answers": [answer("a", {"m": "x", "n": "y"})]}, r"2 questions: 'm'.*'n'"),
    ],
)
def test_refuses(tmp_path, content, match):
    folder = tmp_path / "job" / "iteration-1" / "0"
    folder.mkdir(parents=True)
    with pytest.raises(ValueError, match=match):
        read(write_lines(folder / "x.json", [content]))


def test_workers_without_a_name_are_nobody(tmp_path):
    path = write_answers(tmp_path, 0, mood("a", "x"), mood("", "x"), mood(None, "x"))
    found = read(path)
    assert rows(found) == [["0", "a", "x"]]
    assert found.left_out == {"no_worker": 2}


def test_answers_stand_in_folders_of_their_samples(tmp_path):
    for name in ("0.json", "1.json"):
        write_lines(tmp_path / name, [{"answers": [mood("a", "x")]}])
    for path in (tmp_path, tmp_path / "0.json"):
        with pytest.raises(ValueError, match=r"number of their sample, iteration-1/0"):
            read(path)


def test_the_manifest_has_all_samples(tmp_path):
    path = write_answers(tmp_path, 2, mood("a", "x"))
    manifest = write_lines(tmp_path / "input.manifest", [{"source": "t"}] * 2)
    with pytest.raises(ValueError, match=r"'2' is not a line of the manifest.*has 2"):
        read(path, manifest=manifest)


def test_refuses_folders_without_answers(tmp_path):
    with pytest.raises(ValueError, match=r"holds no JSON file; the folder annot.*S3"):
        read(tmp_path)
    write_lines(tmp_path / "x.json", [{"a": 1}])
    with pytest.raises(ValueError, match=r"expected an object with answers"):
        read(tmp_path)


def test_refuses_a_table_an_unknown_question_and_a_file_that_is_not_there(tmp_path):
    table = _writers.mturk(JUDGEMENTS, tmp_path)
    with pytest.raises(ValueError, match=r"Amazon Mechanical Turk: use read_mturk"):
        read(table)
    path = write_answers(tmp_path, 0, mood("a", "x"))
    with pytest.raises(ValueError, match=r"no question 'tone'.*'mood' \(1 answer\)"):
        read(path, "tone")
    with pytest.raises(FileNotFoundError, match=r"input\.manifest"):
        read(path, manifest=tmp_path / "input.manifest")
