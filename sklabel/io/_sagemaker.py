"""Answers of workers in Amazon SageMaker Ground Truth."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sklabel.io._annotations import Annotations
from sklabel.io._collector import Collector
from sklabel.io._files import as_paths, iter_json, shaped
from sklabel.io._recognise import refuse_other, refuse_table
from sklabel.io._values import form_values, parse_json
from sklabel.utils._validation import plural

TOOL = "SageMaker Ground Truth"
_WHERE = (
    "the folder annotations/worker-response of the job's output in S3 holds the "
    "answers of each worker"
)


def read_sagemaker_ground_truth(
    path: Any,
    question: str | None = None,
    *,
    manifest: Any = None,
    several: str = "leave_out",
    option: str | None = None,
    encoding: str | None = None,
) -> Annotations:
    """Read the answers of workers in a SageMaker Ground Truth job.

    Parameters
    ----------
    path : path-like or list of path-like
        The folder ``annotations/worker-response`` of the job's output (or one above
        it), the file that a consolidation Lambda receives, or the output manifest of a
        custom job that keeps ``annotationsFromAllWorkers``. The manifest of a built-in
        job has consolidated labels only and is refused.
    question : str, default=None
        Name of the form's element, for instance 'crowd-classifier'. None takes the
        only one.
    manifest : path-like, default=None
        Input manifest of the job, whose lines are the samples: the answers of workers
        have numbers of lines only.
    several : {'leave_out', 'list'}, default='leave_out'
        What to do with an answer of several options.
    option : str, default=None
        One option of a question with several: labels are this one and 'not ...'.
    encoding : str, default=None
        Encoding of the files; None is UTF-8, or UTF-16 where a file says so.

    Returns
    -------
    annotations : Annotations
        The sample is the number of the line in the manifest, from 0, as a text.

    Raises
    ------
    ValueError
        If there are no answers of single workers, the files are of another tool, cut
        off or empty, `manifest` has not all samples, a folder of answers is not the
        number of a sample, or there are several questions and none is named.
    FileNotFoundError
        If there is no such file.

    References
    ----------
    .. [1] Amazon SageMaker developer guide, "Output data" and "Annotation
       consolidation".

    Examples
    --------
    >>> import json, tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "iteration-1" / "0"
    >>> folder.mkdir(parents=True)
    >>> answer = {"workerId": "w1", "answerContent": {"mood": {"label": "good"}}}
    >>> _ = (folder / "a.json").write_text(json.dumps({"answers": [answer]}))
    >>> from sklabel.io import read_sagemaker_ground_truth
    >>> found = read_sagemaker_ground_truth(folder.parent.parent)
    >>> found.judgements[["sample", "worker", "label"]].values.tolist()
    [['0', 'w1', 'good']]
    """
    collect = Collector(TOOL, question, several, option, forms=False, own_ids=False)
    n_lines = 0
    if manifest is not None:
        for line in iter_json(as_paths(manifest)[0], encoding):
            collect.sample(n_lines, _shown(line.value))
            n_lines += 1
    jobs: dict[Any, Path] = {}
    for one in as_paths(path):
        for key, job, shown, answers, where in _objects(one, encoding):
            if job is not None and jobs.setdefault(key, job) != job:
                raise ValueError(
                    f"{where}: there is another sample {key!r} in '{jobs[key]}': "
                    "numbers of lines are not the same samples in two jobs. Read each "
                    "job apart."
                )
            with shaped(where, TOOL):
                if manifest is None:
                    collect.sample(key, shown)
                elif not collect.has(key):
                    raise ValueError(
                        f"{where}: the sample {key!r} is not a line of the manifest "
                        f"'{manifest}', which has {n_lines}, counted from 0. Give the "
                        "input manifest of this job."
                    )
                for answer in [] if answers is None else answers:
                    _read_answer(collect, key, answer, where)
    return collect.finish()


def _objects(
    path: Path, encoding: str | None
) -> Iterator[tuple[Any, Path | None, dict[str, Any], Any, str]]:
    """Yield id, job, columns and answers of every data object, and where they are."""
    if path.is_dir():
        files = sorted(path.glob("**/*.json"), key=_folder_number)
        # The output of a job holds other files of JSON beside the answers.
        below = [f for f in files if "worker-response" in f.relative_to(path).parts]
        files = below or files
        if not files:
            raise ValueError(f"'{path}' holds no JSON file; {_WHERE}.")
        for file in files:
            for place in iter_json(file, encoding):
                value = place.value
                if not isinstance(value, Mapping) or "answers" not in value:
                    refuse_other(
                        file, TOOL, value, place.where, "an object with answers"
                    )
                key = _number(file, place.where)
                yield key, _job(file), {}, value["answers"], place.where
        return
    refuse_table(path, TOOL, encoding, "JSON")
    n_lines = n_labelled = 0
    for number, place in enumerate(iter_json(path, encoding)):
        value = place.value
        if isinstance(value, Mapping) and "datasetObjectId" in value:
            if "annotations" not in value:
                raise ValueError(
                    f"{place.where}: there are consolidated labels and no annotations "
                    f"of workers; {_WHERE}."
                )
            shown = _shown(value.get("dataObject"))
            answers = value["annotations"]
            yield value["datasetObjectId"], None, shown, answers, place.where
        elif isinstance(value, Mapping) and {"source", "source-ref"} & value.keys():
            answers = _all_workers(value, place.where)
            n_lines += 1
            n_labelled += answers is not None
            yield str(number), path.resolve(), _shown(value), answers, place.where
        elif isinstance(value, Mapping) and "answers" in value:
            key = _number(path, place.where)
            yield key, _job(path), {}, value["answers"], place.where
        else:
            refuse_other(path, TOOL, value, place.where, "answers of workers")
    if n_lines and not n_labelled:
        raise ValueError(
            f"'{path}' is a manifest of {n_lines} {plural(n_lines, 'sample')} without "
            f"answers; {_WHERE}."
        )


def _job(file: Path) -> Path:
    """Return the folder of the job that a file of answers belongs to."""
    parents = file.resolve().parents
    return parents[min(2, len(parents) - 1)]


def _number(file: Path, where: str) -> str:
    """Return the sample of a file of answers: the name of its folder."""
    name = file.resolve().parent.name
    if not (name.isascii() and name.isdigit()):
        raise ValueError(
            f"{where}: answers stand in a folder that has the number of their sample, "
            f"iteration-1/0, iteration-1/1, ...; this one is {name!r}. Download "
            "annotations/worker-response with its folders."
        )
    return name


def _folder_number(path: Path) -> tuple[bool, int, str, str]:
    """Sort files by the number of the data object, then by name."""
    name = path.parent.name
    return (not name.isdigit(), int(name) if name.isdigit() else 0, name, path.name)


def _shown(value: Any) -> dict[str, Any]:
    """Return what a data object shows."""
    if not isinstance(value, Mapping):
        return {}
    names = ("source", "source-ref", "content", "s3Uri")
    return {name: value[name] for name in names if name in value}


def _all_workers(line: Mapping[str, Any], where: str) -> Any:
    """Return the answers of all workers in a line of a manifest, None if none are."""
    for value in line.values():
        if isinstance(value, Mapping) and "annotationsFromAllWorkers" in value:
            return value["annotationsFromAllWorkers"]
    if any(key.endswith("-metadata") for key in line):
        about = [v for k, v in line.items() if k.endswith("-metadata")]
        if any(isinstance(v, Mapping) and "failure-reason" in v for v in about):
            return []
        raise ValueError(
            f"{where}: this manifest holds consolidated labels and does not tell who "
            f"answered; {_WHERE}."
        )
    return None


def _read_answer(collect: Collector, key: Any, answer: Any, where: str) -> None:
    """Note the answer of a worker."""
    if not isinstance(answer, Mapping):
        raise ValueError(
            f"{where}: expected an answer, an object with workerId and answerContent; "
            f"got {answer!r:.60}. Download the answers again."
        )
    content = answer.get("answerContent")
    if content is None and answer.get("annotationData") is not None:
        content = answer["annotationData"].get("content")
    if isinstance(content, str):
        try:
            content = parse_json(content)
        except ValueError as error:
            raise ValueError(
                f"{where}: the content of an answer is not JSON ({error}): "
                f"{content!r:.60}. Download the answers again."
            ) from error
    if not isinstance(content, Mapping | None):
        raise ValueError(
            f"{where}: the content of an answer is an object with an entry for each "
            f"element of the form; got {content!r:.60}. Download the answers again."
        )
    if not content:
        collect.leave("empty")
    worker = answer.get("workerId")
    for question, element in (content or {}).items():
        collect.seen(question)
        options = form_values(element)
        if not options:
            collect.leave("empty", question)
        else:
            collect.vote(question, options, key, worker, answer.get("submissionTime"))
