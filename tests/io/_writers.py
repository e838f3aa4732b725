"""Small writers of the formats that sklabel.io reads, for round trips.

Each takes judgements (sample, worker, label as texts; at most one of a pair) and a
folder, and returns the path it wrote.
"""

import csv
import json


def samples_of(judgements):
    """Return (sample, [(worker, label), ...]) in the order of first appearance."""
    found = {}
    for sample, worker, label in judgements:
        found.setdefault(sample, []).append((worker, label))
    return list(found.items())


def write_lines(path, objects):
    lines = [json.dumps(one, ensure_ascii=False) for one in objects]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_table(path, names, rows, delimiter=","):
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(names)
        writer.writerows(rows)
    return path


def label_studio(judgements, folder):
    def annotation(worker, label):
        item = {"from_name": "mood", "to_name": "text", "type": "choices"}
        item["value"] = {"choices": [label]}
        return {"completed_by": {"id": worker}, "result": [item]}

    tasks = [
        {
            "id": sample,
            "data": {"text": f"text of {sample}"},
            "annotations": [annotation(*one) for one in answers],
        }
        for sample, answers in samples_of(judgements)
    ]
    path = folder / "label_studio.json"
    path.write_text(json.dumps(tasks, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def label_studio_csv(judgements, folder):
    rows = [
        (number, worker, label, sample, f"text of {sample}")
        for number, (sample, worker, label) in enumerate(judgements)
    ]
    names = ["annotation_id", "annotator", "mood", "id", "text"]
    return write_table(folder / "label_studio.csv", names, rows)


def label_studio_min(judgements, folder):
    names = ("annotation_id", "id", "annotator", "mood")
    rows = [
        dict(zip(names, (number, *one), strict=True))
        for number, one in enumerate(judgements)
    ]
    path = folder / "min.json"
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return path


def argilla(judgements, folder):
    records = [
        {
            "id": sample,
            "text": f"text of {sample}",
            "mood.responses": [label for _, label in answers],
            "mood.responses.users": [worker for worker, _ in answers],
            "mood.responses.status": ["submitted"] * len(answers),
        }
        for sample, answers in samples_of(judgements)
    ]
    return write_lines(folder / "argilla.jsonl", records)


def argilla_feedback(judgements, folder):
    records = [
        {
            "external_id": sample,
            "metadata": "{}",
            "mood": [
                {"value": label, "user_id": worker, "status": "submitted"}
                for worker, label in answers
            ],
            "mood-suggestion": None,
            "mood-suggestion-metadata": None,
        }
        for sample, answers in samples_of(judgements)
    ]
    return write_lines(folder / "feedback.jsonl", records)


def prodigy(judgements, folder):
    tasks = [
        {
            "text": f"text of {sample}",
            "_input_hash": sample,
            "_view_id": "choice",
            "options": [{"id": label, "text": label}],
            "accept": [label],
            "answer": "accept",
            "_annotator_id": worker,
            "_timestamp": 1_700_000_000 + number,
        }
        for number, (sample, worker, label) in enumerate(judgements)
    ]
    return write_lines(folder / "prodigy.jsonl", tasks)


def _per_member(judgements):
    """Return every member's labels; each file holds all examples."""
    order = [sample for sample, _ in samples_of(judgements)]
    members = {}
    for sample, worker, label in judgements:
        members.setdefault(worker, {})[sample] = label
    for worker, labels in members.items():
        rows = [
            {
                "id": sample,
                "text": f"text of {sample}",
                "label": [labels[sample]] if sample in labels else [],
                "Comments": [],
            }
            for sample in order
        ]
        yield worker, rows


def doccano(judgements, folder):
    path = folder / "doccano"
    path.mkdir()
    for worker, rows in _per_member(judgements):
        write_lines(path / f"{worker}.jsonl", rows)
    return path


def doccano_csv(judgements, folder):
    path = folder / "doccano_csv"
    path.mkdir()
    for worker, rows in _per_member(judgements):
        cells = [(r["id"], r["text"], "#".join(r["label"]), "") for r in rows]
        names = ["id", "text", "label", "Comments"]
        write_table(path / f"{worker}.csv", names, cells)
    return path


def doccano_older(judgements, folder):
    rows = [
        {
            "id": sample,
            "text": f"text of {sample}",
            "annotations": [{"label": label, "user": worker} for worker, label in own],
            "meta": {},
            "annotation_approver": None,
        }
        for sample, own in samples_of(judgements)
    ]
    return write_lines(folder / "older.jsonl", rows)


def mturk(judgements, folder):
    rows = [
        (f"H{number}", worker, "Approved", sample, f"text of {sample}", label)
        for number, (sample, worker, label) in enumerate(judgements)
    ]
    names = ["HITId", "WorkerId", "AssignmentStatus", "Input.id", "Input.text"]
    return write_table(folder / "mturk.csv", [*names, "Answer.mood.label"], rows)


def appen(judgements, folder):
    names = ["_unit_id", "_golden", "_tainted", "_worker_id", "mood", "mood_gold"]
    rows = [(s, "false", "false", w, label, "") for s, w, label in judgements]
    return write_table(folder / "appen.csv", names, rows)


def toloka(judgements, folder):
    names = ["INPUT:id", "OUTPUT:mood", "ASSIGNMENT:worker_id", "ASSIGNMENT:status"]
    rows = [(s, label, w, "APPROVED") for s, w, label in judgements]
    return write_table(folder / "toloka.tsv", names, rows, delimiter="\t")


def sagemaker(judgements, folder):
    """Write answers by worker-response; samples must be numbers of lines."""
    root = folder / "worker-response"
    for sample, answers in samples_of(judgements):
        place = root / "iteration-1" / sample
        place.mkdir(parents=True)
        content = {
            "answers": [
                {"workerId": worker, "answerContent": {"mood": {"label": label}}}
                for worker, label in answers
            ]
        }
        (place / "answers.json").write_text(json.dumps(content), encoding="utf-8")
    return root


def sagemaker_request(judgements, folder):
    def annotation(worker, label):
        content = json.dumps({"mood": {"label": label}})
        return {"workerId": worker, "annotationData": {"content": content}}

    objects = [
        {
            "datasetObjectId": sample,
            "dataObject": {"content": f"text of {sample}"},
            "annotations": [annotation(*one) for one in answers],
        }
        for sample, answers in samples_of(judgements)
    ]
    path = folder / "request.json"
    path.write_text(json.dumps(objects), encoding="utf-8")
    return path


def labelbox(judgements, folder):
    def label(worker, answer):
        one = {"name": "mood", "radio_answer": {"name": answer}}
        return {
            "label_details": {"created_by": worker},
            "annotations": {"classifications": [one]},
        }

    rows = [
        {
            "data_row": {"id": sample, "row_data": f"text of {sample}"},
            "projects": {"p": {"name": "P", "labels": [label(*one) for one in own]}},
        }
        for sample, own in samples_of(judgements)
    ]
    return write_lines(folder / "labelbox.ndjson", rows)


def wide(judgements, folder):
    workers = list(dict.fromkeys(worker for _, worker, _ in judgements))
    rows = [
        [sample, *(dict(own).get(worker, "") for worker in workers)]
        for sample, own in samples_of(judgements)
    ]
    return write_table(folder / "wide.csv", ["id", *workers], rows)
