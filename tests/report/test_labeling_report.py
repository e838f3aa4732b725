"""The report is one safe page that says what needs attention, and sorts its tables."""

# SPDX-License-Identifier: BSD-3-Clause

import re
import sys
from html import escape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss
from sklearn.pipeline import FeatureUnion, make_pipeline

from sklabel import (
    CrowdLabels,
    LabelModel,
    MajorityVote,
    PolarityLFTransformer,
    WorkerLFTransformer,
)
from sklabel.datasets import load_weather_posts, make_crowd_labels, make_lf_votes
from sklabel.inspection._agreement import agreement_report
from sklabel.inspection._crowd import crowd_to_cast
from sklabel.inspection._lf_summary import lf_summary
from sklabel.inspection._workers import worker_report
from sklabel.relabeling._plan import relabel_plan
from sklabel.report._gold_tables import wilson_interval
from sklabel.report._labeling_report import labeling_report
from sklabel.votes import votes_to_sparse
from tests.report._browser import open_in_browser

pytest.importorskip("matplotlib")

EVIL = "<script>document.title = 'broken'</script>\"'&"


def _crowd(n_samples=60, n_workers=10, seed=0, **options):
    data = make_crowd_labels(n_samples, n_workers, random_state=seed, **options)
    return CrowdLabels.from_frame(data.crowd_labels), data.y


@pytest.fixture(scope="module")
def crowd():
    return _crowd()[0]


@pytest.fixture(scope="module")
def posts():
    data = load_weather_posts()
    return data, CrowdLabels.from_frame(
        data.crowd_labels, sample="tweet_id", worker="worker_id"
    )


@pytest.fixture(scope="module")
def hybrid(posts):
    """Votes of workers and heuristics on the posts of dev, and the posts."""
    pytest.importorskip("textblob")
    data, crowd = posts
    lfs = FeatureUnion(
        [
            ("polarity", PolarityLFTransformer("tweet_text")),
            ("worker", WorkerLFTransformer(crowd, id_column="tweet_id")),
        ],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    return lfs.fit_transform(data.dev), data.dev, crowd


class _Page(HTMLParser):
    """Checks that tags nest, and collects ids, references and tables."""

    VOID = {"meta", "br", "wbr", "img", "input", "link", "hr"}

    def __init__(self, html):
        super().__init__()
        self.open, self.ids, self.references, self.tags = [], [], [], []
        self.tables, self.text = [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if tag not in self.VOID:
            self.open.append(tag)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        for name in ("href", "xlink:href", "src"):
            if name in attrs:
                self.references.append(attrs[name])
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)
        if "td" in self.open or "th" in self.open:
            self.tables[-1][-1][-1] += data

    def table(self, heading):
        """Return the rows of the table whose first heading this is."""
        return next(t[1:] for t in self.tables if t[0][0] == heading)


# --- content ---------------------------------------------------------------------


def test_a_crowd_alone_is_enough(crowd):
    report = labeling_report(crowd, title="A crowd", random_state=0)
    assert sorted(report.tables) == ["agreement", "disputed", "relabel", "workers"]
    pd.testing.assert_frame_equal(report.tables["workers"], worker_report(crowd))
    pd.testing.assert_frame_equal(
        report.tables["agreement"], agreement_report(crowd, random_state=0)
    )
    page = _Page(report.html)
    shown = [row[0] for row in page.table("Worker")]
    assert shown == [str(worker) for worker in report.tables["workers"].index]
    text = " ".join(page.text)
    assert "A crowd" in text
    assert "LabelModel that was fitted on these votes for this page" in text
    assert "no gold labels were passed" in text


@pytest.mark.usefixtures("without_plots")
def test_warnings_stand_first():
    report = labeling_report(_crowd()[0])
    headings = re.findall(r'<section id="(\w+)">', report.html)
    assert headings[0] == "attention"


@pytest.mark.parametrize("form", ["frame", "array", "sparse"])
def test_votes_of_heuristics_alone_are_enough(form):
    data = make_lf_votes(120, 5, coverage=0.6, random_state=0)
    votes = {
        "frame": pd.DataFrame(data.votes).add_prefix("lf_"),
        "array": data.votes,
        "sparse": votes_to_sparse(data.votes),
    }[form]
    report = labeling_report(votes, y=data.y)
    expected = lf_summary(votes, data.y, label_model=LabelModel().fit(votes))
    pd.testing.assert_frame_equal(
        report.tables["lfs"], expected, check_index_type=False
    )
    rows = _Page(report.html).table("Labeling function")
    assert sorted(row[0] for row in rows) == sorted(map(str, expected.index))


@pytest.mark.usefixtures("without_plots")
def test_accuracy_and_log_loss_are_those_of_scikit_learn():
    data = make_lf_votes(150, 6, coverage=0.7, random_state=1)
    model = LabelModel().fit(data.votes)
    y = data.y.astype(float)
    y[::3] = np.nan
    report = labeling_report(data.votes, y, label_model=model)
    known = ~np.isnan(y)
    loss = log_loss(data.y[known], model.predict_proba(data.votes)[known])
    page = " ".join(_Page(report.html).text)
    assert f"{model.score(data.votes, y):.1%}" in page
    assert f"{loss:.3f}" in page
    assert "of 100 right" in page
    assert "Labels by the LabelModel that was passed." in page
    assert "figures on gold flatter it" in page


def people(votes):
    """Return the kind of the columns that are workers."""
    return {name: "worker" for name in votes if str(name).startswith("worker_")}


def test_a_hybrid_report_has_workers_and_heuristics(hybrid):
    votes, dev, crowd = hybrid
    report = labeling_report(
        votes,
        y=dev["sentiment"],
        crowd_labels=crowd,
        texts=dev["tweet_text"],
        sample_ids=dev["tweet_id"],
    )
    assert {"workers", "lfs", "agreement of workers"} <= set(report.tables)
    page = _Page(report.html)
    names = [row[0] for row in page.table("Labeling function")]
    assert sorted(names) == [
        "polarity_negative",
        "polarity_negative_2",
        "polarity_positive",
    ]
    model = LabelModel(classes=crowd.classes, lf_kind=people(votes)).fit(votes)
    gold = pd.Series(dev["sentiment"].to_numpy(), index=dev["tweet_id"])
    pd.testing.assert_frame_equal(
        report.tables["workers"],
        worker_report(crowd, gold, label_model=model),
        check_dtype=False,
    )
    assert dev["tweet_text"].iloc[0] in set(report.tables["disputed"]["text"]) | set(
        report.tables["relabel"]["text"]
    ) | set(dev["tweet_text"])
    ids = set(dev["tweet_id"])
    for key in ("relabel", "disputed", "against gold"):
        assert set(report.tables[key].index) <= ids
        at = dev.set_index("tweet_id").loc[report.tables[key].index]
        assert at["tweet_text"].tolist() == report.tables[key]["text"].tolist()
        assert at["sentiment"].tolist() == report.tables[key]["gold"].tolist()


@pytest.mark.usefixtures("without_plots")
def test_row_numbers_are_not_taken_for_sample_ids():
    crowd, y = _crowd()
    wide = WorkerLFTransformer(crowd, id_column="sample").set_output(transform="pandas")
    rows = pd.DataFrame({"sample": crowd.sample_ids[::-1]})
    votes = wide.fit_transform(rows)
    gold = y[crowd.sample_ids[::-1]]
    without = labeling_report(votes, y=gold, crowd_labels=crowd)
    assert "gold_accuracy" not in without.tables["workers"]
    with_ids = labeling_report(
        votes, y=gold, crowd_labels=crowd, sample_ids=rows["sample"]
    )
    expected = worker_report(crowd, y=y[crowd.sample_ids])
    found = with_ids.tables["workers"]["gold_accuracy"]
    pd.testing.assert_series_equal(
        found.sort_index(), expected["gold_accuracy"].sort_index()
    )


@pytest.mark.usefixtures("without_plots")
def test_heuristics_may_vote_for_a_class_that_no_worker_names(crowd):
    wide = WorkerLFTransformer(crowd).set_output(transform="pandas")
    votes = wide.fit_transform(pd.DataFrame({"sample": crowd.sample_ids}))
    votes["rule"] = np.where(np.arange(len(votes)) % 4 == 0, 2, -1)
    report = labeling_report(votes, crowd_labels=crowd)
    lengths = {len(row) for row in _Page(report.html).table("Worker")}
    assert len(lengths) == 1
    model = LabelModel(classes=[0, 1, 2], lf_kind=people(votes)).fit(votes)
    pd.testing.assert_frame_equal(
        report.tables["workers"], worker_report(crowd, label_model=model)
    )


def test_workers_are_people_whatever_they_vote(crowd):
    frame = crowd.to_frame()
    sample, worker, label = frame.columns
    frame[worker] = frame[worker].astype(str)
    lazy = pd.DataFrame({sample: crowd.sample_ids, worker: "lazy", label: 1})
    crowd = CrowdLabels.from_frame(
        pd.concat([frame, lazy]), sample=sample, worker=worker, label=label
    )
    model = LabelModel(lf_kind="worker").fit(crowd_to_cast(crowd))
    for table in (labeling_report(crowd).tables["workers"], worker_report(crowd)):
        accuracy = table["accuracy"].loc[crowd.worker_ids]
        np.testing.assert_allclose(accuracy, model.lf_accuracy_)


@pytest.mark.usefixtures("without_plots")
def test_gold_and_texts_of_a_crowd_are_looked_up_by_id(crowd):
    ids = crowd.sample_ids
    texts = pd.Series([f"text of {i}" for i in ids], index=ids)[::-1]
    y = pd.Series(crowd.classes[0], index=ids[5:15])
    report = labeling_report(crowd, y, texts=texts)
    disputed = report.tables["disputed"]
    assert disputed["text"].tolist() == [f"text of {i}" for i in disputed.index]
    assert set(disputed.index[disputed["gold"].notna()]) <= set(ids[5:15])
    # Samples with a gold label need no judgement.
    assert set(report.tables["relabel"].index).isdisjoint(ids[5:15])
    with pytest.raises(ValueError, match="None of the ids in the index of a Series"):
        labeling_report(crowd, pd.Series([0], index=["x"]))
    with pytest.raises(ValueError, match="these ids repeat"):
        labeling_report(crowd, texts=pd.Series(["a", "b"], index=[ids[0], ids[0]]))


@pytest.mark.usefixtures("without_plots")
def test_the_plan_is_that_of_relabel_plan():
    data = make_lf_votes(100, 5, coverage=0.7, random_state=0)
    model = LabelModel().fit(data.votes)
    plan = labeling_report(data.votes, label_model=model, budget=12).tables["relabel"]
    expected = relabel_plan(data.votes, label_model=model, budget=12)
    assert plan.index.tolist() == expected.index.tolist()
    assert plan["gain"].tolist() == expected["gain"].tolist()


@pytest.mark.usefixtures("without_plots")
def test_disputed_samples_have_most_votes_against_the_majority():
    votes = [[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 1, -1], [1, 1, 1, 1], [-1, -1, 0, 1]]
    disputed = labeling_report(votes).tables["disputed"]
    assert disputed.index.tolist() == [1, 4, 2]
    assert disputed["n_against"].tolist() == [2, 1, 1]
    times = "\N{MULTIPLICATION SIGN}"
    assert disputed["votes"].tolist() == [
        f"2 {times} 0, 2 {times} 1",
        f"1 {times} 0, 1 {times} 1",
        f"2 {times} 0, 1 {times} 1",
    ]


@pytest.mark.usefixtures("without_plots")
def test_samples_against_gold_are_listed_surest_first():
    votes = np.array([[0, 0, 0]] * 20 + [[1, 1, 1]] * 20 + [[0, 0, 1]])
    y = np.array([0] * 20 + [1] * 20 + [1])
    y[3] = 1
    table = labeling_report(votes, y=y).tables["against gold"]
    assert table.index.tolist() == [3, 40]
    assert table["gold"].tolist() == [1, 1]


def test_class_names_stand_for_votes():
    votes = [[0, 1, -1], [1, 1, 1], [0, 0, 0]] * 10
    report = labeling_report(votes, classes=["no", "yes"], y=["no", "yes", None] * 10)
    assert report.tables["disputed"]["votes"].iloc[0].endswith("yes")
    assert set(report.tables["disputed"]["top_class"]) <= {"no", "yes"}
    assert "class" in " ".join(_Page(report.html).text)


# --- findings --------------------------------------------------------------------


def _titles(report, level=None):
    return [f.title for f in report.findings if level in (None, f.level)]


@pytest.mark.usefixtures("without_plots")
def test_what_workers_are_flagged_for_is_said_first():
    crowd, _ = _crowd(
        300, 12, seed=1, worker_types={"reliable": 0.7, "adversarial": 0.3}
    )
    report = labeling_report(crowd)
    flags = report.tables["workers"]["flag"]
    n = int(flags.str.contains("adversarial").sum())
    assert n > 0
    first = report.findings[0]
    assert first.level == "severe"
    assert re.match(rf"{n} workers? (do|does) worse than a guess", first.title)
    named = flags.index[flags.str.contains("adversarial")]
    assert all(str(worker) in first.detail for worker in named)


@pytest.mark.usefixtures("without_plots")
def test_rows_without_votes_and_with_one_are_counted():
    votes = np.array([[0, 0, 0], [1, 1, 1]] * 10 + [[-1] * 3] * 5 + [[0, -1, -1]])
    report = labeling_report(votes)
    assert "5 samples have no vote" in _titles(report, "warning")
    assert "1 sample has a single vote" in _titles(report, "note")


@pytest.mark.usefixtures("without_plots")
def test_one_class_is_severe_and_there_is_no_plan():
    report = labeling_report([[0, 0], [0, -1]])
    assert "There is only one class" in _titles(report, "severe")
    assert "relabel" not in report.tables
    assert "There is no plan of further judgements" in report.html
    assert "Agreement cannot be measured" in _titles(report)


@pytest.mark.usefixtures("without_plots")
def test_a_class_that_no_sample_gets_is_named():
    model = LabelModel(classes=[0, 1, 2]).fit([[0, 0], [1, 1]] * 5)
    report = labeling_report([[0, 0], [1, 1]] * 5, label_model=model)
    assert "No sample is labelled 2" in _titles(report)


@pytest.mark.usefixtures("without_plots")
def test_agreement_by_chance_is_severe():
    rng = np.random.default_rng(0)
    report = labeling_report(rng.integers(0, 2, (60, 4)))
    assert "Agreement is no better than chance" in _titles(report, "severe")


@pytest.mark.filterwarnings("ignore:.*max_iter")
@pytest.mark.usefixtures("without_plots")
def test_a_model_that_has_not_converged_is_named():
    votes = make_lf_votes(100, 6, coverage=0.7, random_state=0).votes
    model = LabelModel(max_iter=1).fit(votes)
    report = labeling_report(votes, label_model=model)
    assert "LabelModel has not converged" in _titles(report, "warning")


@pytest.mark.usefixtures("without_plots")
def test_labels_worse_than_the_most_frequent_class_are_severe():
    votes = np.array([[0, 0, 0], [1, 1, 1]] * 20)
    report = labeling_report(votes, y=[0, 0] * 18 + [1, 1, 1, 1])
    assert "The most frequent class alone is better" in _titles(report, "severe")


@pytest.mark.usefixtures("without_plots")
def test_few_gold_labels_and_what_was_left_out_are_noted():
    frame = pd.DataFrame(
        {
            "sample": [1, 1, 1, 2, 2, 3],
            "worker": ["a", "b", "a", "a", "b", "c"],
            "label": [0, 0, 1, 1, 1, None],
        }
    )
    crowd = CrowdLabels.from_frame(frame)
    report = labeling_report(crowd, [0, None])
    assert "Only 1 gold label" in _titles(report, "note")
    (left_out,) = [f for f in report.findings if f.title == "Judgements were left out"]
    assert left_out.detail == (
        "1 repeated judgement of one sample by one worker; 1 row without a label."
    )


@pytest.mark.usefixtures("without_plots")
def test_judgements_that_are_not_votes_are_kept_and_noted():
    frame = pd.DataFrame({"sample": [1, 1, 2], "worker": ["a", "b", "a"]})
    frame["label"] = ["no", "yes", "<?>"]
    classes = ["no", "yes"]
    crowd = CrowdLabels.from_frame(frame, classes=classes, handle_unknown="count")
    report = labeling_report(crowd)
    titles = _titles(report, "note")
    title = "Some judgements are not votes"
    (finding,) = [f for f in report.findings if f.title == title]
    assert finding.detail == '1 judgement names none of the classes: "<?>" (1).'
    assert "<?>" not in report.html
    assert "Judgements were left out" not in titles


def test_a_clean_table_needs_no_attention():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (300, 1))
    votes = np.where(rng.random((300, 6)) < 0.96, truth, 1 - truth)
    report = labeling_report(votes)
    assert report.findings == []
    assert "Nothing was found that needs attention" in report.html
    assert repr(report).endswith("nothing needs attention)")


def test_the_interval_of_the_accuracy_is_wilsons():
    # R: prop.test(81, 263, correct = FALSE)
    low, high = wilson_interval(81, 263)
    assert (low, high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson_interval(0, 5)[0] == 0
    assert wilson_interval(5, 5)[1] == 1


# --- the page --------------------------------------------------------------------


def _evil_report():
    frame = make_crowd_labels(40, 6, random_state=0).crowd_labels
    frame = frame.assign(
        worker=[f"{EVIL}{w}" for w in frame["worker"]],
        sample=[f"{EVIL}{s}" for s in frame["sample"]],
        label=[f"{EVIL}{c}" for c in frame["label"]],
    )
    crowd = CrowdLabels.from_frame(frame)
    return labeling_report(
        crowd,
        [crowd.classes[0]] * crowd.n_samples,
        texts=[EVIL] * crowd.n_samples,
        title=EVIL,
        subtitle=EVIL,
    )


def test_names_and_texts_of_strangers_are_escaped():
    report = _evil_report()
    page = _Page(report.html)
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert "broken" not in report.html.replace(escape(EVIL), "")
    votes = np.array([[0, 1], [1, 1], [0, 0]] * 10)
    frame = pd.DataFrame(votes, columns=[EVIL, f"{EVIL}$2"])
    page = _Page(labeling_report(frame).html)
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert page.table("Labeling function")[0][0].startswith("<script>")


def test_the_page_loads_nothing_and_ids_are_unique(hybrid):
    votes, dev, crowd = hybrid
    html = labeling_report(votes, y=dev["sentiment"], crowd_labels=crowd).html
    page = _Page(html)
    assert len(set(page.ids)) == len(page.ids)
    for reference in page.references:
        assert reference.startswith(("#", "data:image/png;base64,"))
    targets = {r[1:] for r in page.references if r.startswith("#")}
    targets |= set(re.findall(r"url\(#([^)]+)\)", html))
    assert targets <= set(page.ids)
    assert "default-src 'none'" in html
    without = html.replace("http://www.w3.org/", "")
    assert "http:" not in without
    assert "https:" not in without
    assert "@import" not in html


def test_the_same_input_gives_the_same_page(crowd):
    first, second = (labeling_report(crowd, random_state=0).html for _ in range(2))
    assert first == second
    assert not re.search(r"20\d\d-\d\d-\d\d", first)


def test_nothing_global_changes(crowd):
    import matplotlib

    before = dict(matplotlib.rcParams)
    labeling_report(crowd)
    assert dict(matplotlib.rcParams) == before
    plt = sys.modules.get("matplotlib.pyplot")
    assert plt is None or plt.get_fignums() == []


def test_a_dark_style_of_the_user_gives_a_page_for_both_modes(crowd):
    import matplotlib

    with matplotlib.rc_context({"text.color": "white", "axes.labelcolor": "white",
                                "xtick.color": "white", "axes.edgecolor": "white",
                                "ytick.color": "white"}):  # fmt: skip
        html = labeling_report(crowd).html
    assert "fill: #ffffff" not in html
    assert "stroke: #ffffff" not in html


def test_scripts_that_the_font_lacks_do_not_warn():
    data = make_lf_votes(60, 4, coverage=0.8, random_state=0)
    frame = pd.DataFrame(data.votes, columns=["天气", "good", "bad", "🌧"])
    assert "天气" in labeling_report(frame).html


@pytest.mark.usefixtures("without_plots")
def test_long_tables_are_cut_and_say_so():
    crowd, _ = _crowd(80, 40)
    report = labeling_report(crowd, max_rows=15)
    page = _Page(report.html)
    assert len(page.table("Worker")) == 15
    assert len(report.tables["workers"]) == 40
    assert "40 workers; the 15 to act upon first are shown." in " ".join(page.text)
    assert "report.tables[&#x27;workers&#x27;] holds all" in report.html


@pytest.mark.usefixtures("without_plots")
def test_long_texts_are_cut_and_say_so():
    votes = [[0, 1], [1, 1]] * 10
    report = labeling_report(votes, texts=["x" * 2000] * 20)
    assert "x" * 301 not in report.html
    assert "(2,000 characters)" in report.html


@pytest.mark.usefixtures("without_plots")
def test_many_vote_values_are_cut_and_counted():
    votes = np.arange(12).repeat(3)[:, None] * np.ones(3, dtype=int)
    head, *rows = _Page(labeling_report(votes).html).tables[1]
    assert rows[0][head.index("Votes for")] == "0, 1, 2, 3, ... (12)"


@pytest.mark.usefixtures("without_plots")
def test_missing_texts_and_gold_are_empty_cells():
    votes = [[0, 1, 1], [1, 1, 0]] * 10
    y = [None, 1] * 10
    report = labeling_report(votes, y=y, texts=["a", None] * 10)
    head, *rows = next(t for t in _Page(report.html).tables if "Against" in t[0])
    for name in ("Text", "Gold"):
        assert "" in {row[head.index(name)] for row in rows}
    assert not any(cell in ("None", "nan") for row in rows for cell in row)


@pytest.mark.slow
def test_a_large_crowd_gives_a_small_page():
    crowd, _ = _crowd(20_000, 3_000)
    report = labeling_report(crowd)
    assert len(report.html) < 1_500_000
    assert "3,000 workers; the 200 to act upon first are shown." in report.html


@pytest.mark.usefixtures("without_plots")
def test_the_report_saves_itself_and_shows_itself_in_a_frame(tmp_path, crowd):
    report = labeling_report(crowd, title="A & B")
    path = report.save(tmp_path / "report.html")
    assert path.read_text(encoding="utf-8") == report.html
    shown = report._repr_html_()
    assert shown.startswith("<iframe ")
    assert 'sandbox="allow-scripts"' in shown
    assert "<style" not in shown
    page = _Page(shown)
    (frame,) = page.tags
    assert frame[1]["srcdoc"] == report.html
    assert frame[1]["title"] == "A & B"
    assert repr(report).startswith("LabelingReport('A & B', 4 tables, ")


# --- errors ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"label_model": "x"}, TypeError, "label_model of labeling_report must be a"),
        ({"label_model": LabelModel()}, NotFittedError, "not fitted"),
        ({"y": LabelModel()}, TypeError, "Pass a fitted label model as label_model="),
        ({"y": [0, 1]}, ValueError, "1 rows and y has 2"),
        ({"y": [5]}, ValueError, "y has labels that are not in classes"),
        ({"votes": np.zeros((0, 2))}, ValueError, "nothing to report|no vote"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        labeling_report(**{"votes": [[0, 1]], **arguments})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"texts": ["a"]}, ValueError, "one text for each of the 2 samples; got 1"),
        ({"sample_ids": [1]}, ValueError, "each of the 2 rows of votes; got 1"),
        ({"budget": 0}, ValueError, "budget must be an integer >= 1; got 0"),
        ({"max_rows": True}, ValueError, "max_rows must be an integer >= 1; got True"),
        ({"crowd_labels": 3}, TypeError, "needs a CrowdLabels; got int"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        labeling_report([[0, 1], [1, 1]], **options)


def test_a_crowd_is_passed_once(crowd):
    with pytest.raises(ValueError, match="is a CrowdLabels already"):
        labeling_report(crowd, crowd_labels=crowd)


def test_a_pipeline_is_not_a_label_model(crowd):
    pipeline = make_pipeline(WorkerLFTransformer(crowd), LabelModel())
    with pytest.raises(TypeError, match="Pass the last step of the pipeline"):
        labeling_report(crowd, label_model=pipeline)


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'labeling_report .*"sklabel\[plot\]"'):
        labeling_report([[0, 1]])


@pytest.mark.parametrize(
    "votes",
    [
        [[0]],
        [[0], [1]],
        [[0, 1]],
        [["a", "b"], ["b", None]],
        [[-1, 0], [-1, 1], [-1, -1]],
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_degenerate_votes_give_a_page(votes):
    _Page(labeling_report(votes).html)


@pytest.mark.parametrize("model", [MajorityVote(), LabelModel()])
def test_a_model_of_named_workers_reports_its_crowd(crowd, model):
    wide = WorkerLFTransformer(crowd).set_output(transform="pandas")
    votes = wide.fit_transform(pd.DataFrame({"sample": crowd.sample_ids}))
    model = model.fit(votes)
    report = labeling_report(crowd, label_model=model)
    pd.testing.assert_frame_equal(
        report.tables["workers"], worker_report(crowd, label_model=model)
    )


def test_a_report_of_a_crowd_with_one_worker_and_one_judgement():
    frame = pd.DataFrame({"sample": [1], "worker": ["a"], "label": ["yes"]})
    crowd = CrowdLabels.from_frame(frame, classes=["no", "yes"])
    _Page(labeling_report(crowd).html)


# --- in a browser ----------------------------------------------------------------

PROBE = """
<script>
(function () {
  var out = { errors: window.probeErrors, sorted: {}, width: 0 };
  function column(table, i) {
    return Array.prototype.map.call(table.tBodies[0].rows, function (row) {
      return row.cells[i].textContent.trim();
    });
  }
  document.querySelectorAll("table.sortable").forEach(function (table, t) {
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, i) {
      var name = t + " " + head.textContent;
      var button = head.querySelector("button");
      button.focus();
      var focused = document.activeElement === button;
      button.click();
      var first = [head.getAttribute("aria-sort"), column(table, i)];
      button.click();
      out.sorted[name] = {
        focused: focused, kind: head.getAttribute("data-kind"),
        first: first, second: [head.getAttribute("aria-sort"), column(table, i)],
        others: table.querySelectorAll("th:not([aria-sort=none])").length
      };
    });
  });
  out.width = document.documentElement.scrollWidth;
  out.inner = window.innerWidth;
  out.title = document.title;
  parent.postMessage(JSON.stringify(out), "*");
})();
</script>
"""


def _as_number(cell):
    if cell == "\N{EN DASH}":
        return np.nan
    return float(cell.replace(",", "").rstrip("%"))


@pytest.mark.parametrize("width", [1280, 400])
def test_in_a_browser_headers_sort_and_nothing_overflows(tmp_path, width, hybrid):
    votes, dev, crowd = hybrid
    y = dev["sentiment"].to_numpy(dtype=float, copy=True)
    y[:10] = np.nan
    html = labeling_report(
        votes,
        y=y,
        crowd_labels=crowd,
        texts=dev["tweet_text"],
        sample_ids=dev["tweet_id"],
    ).html
    found = open_in_browser(html, tmp_path, width, PROBE)
    assert found["errors"] == []
    assert found["inner"] == width
    assert found["width"] <= width
    assert len(found["sorted"]) > 30
    seen_empty = False
    for name, sort in found["sorted"].items():
        assert sort["focused"], name
        assert sort["others"] == 1, name
        orders = ["descending", "ascending"]
        if sort["kind"] == "text":
            orders.reverse()
        assert [sort["first"][0], sort["second"][0]] == orders, name
        if sort["kind"] != "number":
            continue
        first, second = (
            np.array([_as_number(cell) for cell in sort[key][1]])
            for key in ("first", "second")
        )
        n_empty = int(np.isnan(first).sum())
        seen_empty |= 0 < n_empty < len(first)
        kept = len(first) - n_empty
        for values in (first, second):
            assert np.isnan(values[kept:]).all(), name
        assert (np.diff(first[:kept]) <= 0).all(), name
        assert (np.diff(second[:kept]) >= 0).all(), name
    assert seen_empty


def test_in_a_browser_scripts_in_names_do_not_run(tmp_path):
    report = _evil_report()
    found = open_in_browser(report.html, tmp_path, 400, PROBE)
    assert found["title"] == EVIL
    assert found["errors"] == []
    assert found["width"] <= 400


def test_series_with_the_ids_of_the_rows_are_brought_into_order():
    votes = pd.DataFrame(
        np.repeat([[0], [1]], 10, axis=0) * np.ones(3, dtype=int),
        index=[f"id {i}" for i in range(20)],
        columns=list("abc"),
    )
    y = pd.Series(votes["a"], index=votes.index).iloc[::-1]
    texts = pd.Series([f"text of {i}" for i in votes.index], index=votes.index)
    report = labeling_report(votes, y=y, texts=texts.iloc[::-1])
    assert "against gold" not in report.tables, "no label is wrong"
    with pytest.raises(ValueError, match="Leave out classes or label_model"):
        labeling_report(votes, label_model=LabelModel().fit(votes), classes=[0, 1])
