"""A report on votes and a label model: one HTML page that needs nothing else."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from sklabel.inspection._plotting import check_matplotlib
from sklabel.report._data import gather
from sklabel.report._features import finding_of_features
from sklabel.report._findings import Finding, findings
from sklabel.report._html import in_frame, page
from sklabel.report._sections import build_sections
from sklabel.report._tables import build_tables
from sklabel.utils._validation import check_integer


class LabelingReport:
    """A finished report; :func:`labeling_report` makes it.

    A notebook shows it in its own frame.

    Parameters
    ----------
    title : str
        Heading of the page.
    html : str
        The page.
    tables : dict of str to DataFrame
        The tables of the page, complete.
    findings : sequence of Finding
        What needs attention, each with `level`, `title` and `detail`.

    See Also
    --------
    labeling_report : Makes one.

    Examples
    --------
    >>> from sklabel.report import LabelingReport
    >>> LabelingReport("Weather", "<!DOCTYPE html> ...", {}, [])
    LabelingReport('Weather', 0 tables, nothing needs attention)
    """

    def __init__(
        self,
        title: str,
        html: str,
        tables: dict[str, pd.DataFrame],
        findings: Sequence[Finding],
    ) -> None:
        self.title = title
        self.html = html
        self.tables = tables
        self.findings = list(findings)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file.

        Parameters
        ----------
        path : str or path-like
            Name of the file, for instance ``"report.html"``; an old one is replaced.

        Returns
        -------
        path : Path
            The file.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        path = Path(path)
        path.write_text(self.html, encoding="utf-8", newline="\n")
        return path

    def _repr_html_(self) -> str:
        return in_frame(self.html, self.title)

    def __repr__(self) -> str:
        count = {
            level: sum(finding.level == level for finding in self.findings)
            for level in ("severe", "warning", "note")
        }
        found = ", ".join(f"{n} {level}" for level, n in count.items() if n)
        return (
            f"LabelingReport({self.title!r}, {len(self.tables)} tables, "
            f"{found or 'nothing needs attention'})"
        )


def labeling_report(
    votes: Any,
    y: Any = None,
    *,
    label_model: Any = None,
    crowd_labels: Any = None,
    texts: Any = None,
    sample_ids: Any = None,
    classes: ArrayLike | None = None,
    title: str = "Labeling report",
    subtitle: str = "",
    budget: int = 50,
    max_rows: int = 200,
    random_state: Any = None,
    joint_proba: Any = None,
    feature_proba: Any = None,
    class_names: Any = None,
) -> LabelingReport:
    """Report on crowd workers, labeling functions, labels and what to do next.

    One page that can be mailed: what needs attention, headline figures, workers and
    labeling functions in tables that can be sorted, plots, and the samples to look at
    or to ask about again.

    Parameters
    ----------
    votes : CrowdLabels or {DataFrame, array-like, sparse matrix} of shape \
            (n_samples, n_lfs)
        The judgements of a crowd, or votes in any form that a label model reads, for
        instance those of a FeatureUnion of workers and heuristics.
    y : array-like of shape (n_samples,) or Series, default=None
        Gold labels; -1, NaN, None or pd.NA mean unlabelled. With a CrowdLabels as
        votes, a Series is looked up by sample id. With other votes it is in the order
        of the rows, unless its index holds exactly their ids in another order: the
        index of a DataFrame, or `sample_ids`. Ids in part are an error where they stand
        in other rows.
    label_model : label model, default=None
        Fitted on these LFs. If None, a LabelModel is fitted on `votes`, without gold
        labels, and the page says so.
    crowd_labels : CrowdLabels, default=None
        The crowd whose workers are among the columns of `votes`, as WorkerLFTransformer
        names them; adds the table of workers.
    texts : array-like of shape (n_samples,) or Series, default=None
        Texts of the samples, in the order of `y`; shown beside samples to look at.
    sample_ids : array-like of shape (n_samples,), default=None
        Names of the rows of `votes`. With `crowd_labels`, its sample ids: they carry
        gold labels to the table of workers. If None, the index of a DataFrame, else
        row numbers.
    classes : array-like of shape (n_classes,), default=None
        Classes of the model that is fitted here. If None, those of the crowd, else
        those of the votes.
    title, subtitle : str, default='Labeling report', ''
        Heading, and a line below it. Put a date here if you want one.
    budget : int, default=50
        Judgements to plan for; fewer are planned if there are few samples.
    max_rows : int, default=200
        Rows of the tables of workers and LFs on the page; the others have at most 50.
        The page says what it leaves out, and `tables` of the report hold everything.
    random_state : int, RandomState instance or None, default=None
        Seed of the bootstrap behind the intervals of agreement. The same int gives
        the same page.
    joint_proba : array-like or DataFrame of shape (n_samples, n_classes), \
            default=None
        Class probabilities by votes and features, such as `label_proba_` of
        :class:`~sklabel.WeakSupervisionClassifier`, in the order of the rows; an array
        has its columns in the order of the model's `classes_`. Adds the section "What
        the features say", and the plan of further judgements goes by them.
    feature_proba : array-like or DataFrame of shape (n_samples, n_classes), \
            default=None
        What features alone say, such as its `oof_proba_`; for that section.
    class_names : dict or array-like of shape (n_classes,), default=None
        What the page and its tables call the classes, for instance
        ``{0: "negative", 1: "positive"}``, or names in the order of the classes. `y`
        and votes hold the classes themselves. If None, the classes are their names.

    Returns
    -------
    report : LabelingReport
        Has `save(path)`, `html`, `findings` and `tables`, a dict of DataFrames.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    NotFittedError
        If `label_model` is not fitted.
    TypeError
        If `label_model` is not a label model, `crowd_labels` is not a CrowdLabels, or
        `y` is a model.
    ValueError
        If lengths, LFs, classes or their names do not fit together, or there are no
        rows.

    See Also
    --------
    worker_report, lf_summary, agreement_report, relabel_plan : The tables alone.
    WorkerFunnelDisplay, LFConfusionDisplay, OverlapDisplay, PosteriorDisplay : The
        plots alone.
    sklearn.metrics.ConfusionMatrixDisplay : The matrix of labels against gold alone.

    Notes
    -----
    With an int as `random_state`, the same input gives the same characters. Names and
    texts of the input are escaped, and the page forbids itself to load anything, so it
    is safe to open even if they come from strangers. It takes O(number of votes)
    memory.

    Accuracy on gold is that of the labels as they are. It is too high if `label_model`
    was fitted with these gold labels. The page says so if the model is too sure of its
    labels, or not sure enough: if the number of right labels of the gold samples with
    votes differs from the sum of their probabilities by 2 points or more, and by more
    than chance explains (p < 0.01, Poisson binomial distribution).

    With gold labels, `tables` also has 'confusion' (gold classes by labels, counts) and
    'classes' (recall and precision of each class, with intervals after Wilson).

    Examples
    --------
    >>> from sklabel import CrowdLabels
    >>> from sklabel.datasets import load_weather_posts
    >>> from sklabel.report import labeling_report
    >>> data = load_weather_posts()
    >>> crowd = CrowdLabels.from_frame(
    ...     data.crowd_labels, sample="tweet_id", worker="worker_id"
    ... )
    >>> report = labeling_report(crowd, title="Weather posts")
    >>> sorted(report.tables)
    ['agreement', 'disputed', 'relabel', 'workers']
    """
    check_matplotlib("labeling_report")
    check_integer(budget, "budget")
    check_integer(max_rows, "max_rows")
    data = gather(
        votes,
        y,
        label_model=label_model,
        crowd_labels=crowd_labels,
        texts=texts,
        sample_ids=sample_ids,
        classes=classes,
        joint_proba=joint_proba,
        feature_proba=feature_proba,
        class_names=class_names,
    )
    tables = build_tables(data, budget=int(budget), random_state=random_state)
    found = findings(data, tables, finding_of_features(data))
    sections = build_sections(data, tables, found, max_rows=int(max_rows))
    name = type(data.model).__name__
    how = (
        f"Labels by a {name} that was fitted on these votes for this page, without "
        "gold labels, since no model was passed."
        if data.fitted_here
        else f"Labels by the {name} that was passed."
    )
    if (data.gold >= 0).any() and not data.fitted_here:
        how += " If it was fitted with these gold labels, figures on gold flatter it."
    lead = f"{subtitle} {how}".strip()
    return LabelingReport(title, page(title, lead, sections), tables.frames, found)
