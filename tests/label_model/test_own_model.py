"""A label model that a user writes is at home wherever those of the package are."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklabel import CrowdLabels, WeakSupervisionClassifier, WorkerLFTransformer
from sklabel.datasets import make_crowd_labels
from sklabel.inspection import (
    LFConfusionDisplay,
    lf_summary,
    soft_label_table,
    worker_report,
)
from sklabel.label_model import BaseLabelModel
from sklabel.model_selection import compare_label_models
from sklabel.relabeling import relabel_plan, simulate_cost_curve
from sklabel.report import labeling_report
from sklabel.testing import check_label_model


class VoteShare(BaseLabelModel):
    """Without parameters of its own."""

    _needs_class_votes = True

    def _fit_votes(self, votes, gold, sample_weight):
        n_classes, prior = len(self.classes_), self._given_prior()
        self.class_prior_ = (
            np.full(n_classes, 1 / n_classes) if prior is None else prior
        )

    def _posterior(self, votes):
        named = self._class_of_value[votes.value]
        total = np.full((votes.n_samples, len(self.classes_)), 1e-6)
        np.add.at(total, (votes.rows[named >= 0], named[named >= 0]), 1)
        return total / total.sum(axis=1, keepdims=True)


class GoldWeightedVote(VoteShare):
    """With a parameter, and with gold labels."""

    def __init__(self, *, classes=None, class_prior="auto", expected=0.7):
        self.classes = classes
        self.class_prior = class_prior
        self.expected = expected

    def _fit_votes(self, votes, gold, sample_weight):
        super()._fit_votes(votes, gold, sample_weight)
        n_classes = len(self.classes_)
        if gold.ndim == 1:
            gold = np.where(gold[:, None] >= 0, np.eye(n_classes)[gold], np.nan)
        named = self._class_of_value[votes.value]
        right = gold[votes.rows, named]
        weight = sample_weight[votes.rows] * (~np.isnan(right) & (named >= 0))
        n_right = np.bincount(votes.lf, weight * np.nan_to_num(right), votes.n_lfs)
        n_asked = np.bincount(votes.lf, weight, votes.n_lfs)
        self.lf_accuracy_ = (n_right + 5 * self.expected) / (n_asked + 5)

    def _posterior(self, votes):
        named = self._class_of_value[votes.value]
        at = votes.rows[named >= 0], named[named >= 0]
        said = np.log(self.lf_accuracy_ / (1 - self.lf_accuracy_))
        scores = np.tile(np.log(self.class_prior_), (votes.n_samples, 1))
        np.add.at(scores, at, said[votes.lf[named >= 0]])
        return softmax(scores, axis=1)


class WithoutPosterior(BaseLabelModel):
    def _fit_votes(self, votes, gold, sample_weight):
        self.class_prior_ = np.full(len(self.classes_), 1 / len(self.classes_))


class WithoutPrior(VoteShare):
    def _fit_votes(self, votes, gold, sample_weight):
        self.said_ = votes.value


class PlainClassifier(ClassifierMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


OWN = [VoteShare(), GoldWeightedVote(expected=0.8)]


@pytest.fixture(scope="module")
def crowd_and_gold():
    data = make_crowd_labels(60, 8, judgements_per_sample=4, random_state=0)
    crowd = CrowdLabels.from_frame(data.crowd_labels, sample="sample", worker="worker")
    return crowd, pd.Series(data.y).rename_axis("sample")


@pytest.mark.parametrize("model", OWN)
def test_own_label_model_keeps_the_promises_of_the_family(model):
    check_label_model(model)


def test_gold_labels_of_all_kinds_reach_an_own_model():
    votes = np.array([["a", "b"], ["b", "a"], ["a", "b"], ["b", None], ["a", "a"]])
    hard = ["a", "b", "a", None, None]
    soft = pd.DataFrame({"a": [1, 0, 1, np.nan, np.nan]}).assign(b=lambda d: 1 - d.a)
    model = GoldWeightedVote().fit(votes, hard)
    assert_allclose(model.lf_accuracy_, [(3 + 3.5) / 8, 3.5 / 8])
    assert model.predict([["b", "a"]]) == "b"
    assert_allclose(clone(model).fit(votes, soft).lf_accuracy_, model.lf_accuracy_)
    weighted = clone(model).fit(votes, hard, sample_weight=[2, 1, 1, 1, 1])
    assert_allclose(weighted.lf_accuracy_, [(4 + 3.5) / 9, 3.5 / 9])


def test_class_prior_of_an_own_model_is_checked():
    model = VoteShare(class_prior={0: 0.2, 1: 0.8}).fit([[0, 1], [1, -1]])
    assert_allclose(model.predict_proba([[-1, -1]]), [[0.2, 0.8]])
    with pytest.raises(ValueError, match=r"'class_prior' parameter of VoteShare must"):
        VoteShare(class_prior="even").fit([[0, 1]])


@pytest.mark.parametrize("model", OWN)
def test_own_label_model_goes_where_those_of_the_package_go(model, crowd_and_gold):
    crowd, gold = crowd_and_gold
    votes = crowd.to_wide()
    y = gold.loc[votes.index].to_numpy()
    fitted = clone(model).fit(votes)
    expected = fitted.predict_proba(votes)
    labels = crowd.soft_labels(model)
    assert_allclose(labels[["proba_0", "proba_1"]], expected)
    assert_allclose(soft_label_table(model, votes)["proba_1"], expected[:, 1])
    compared = compare_label_models(votes, y, models=[model])
    assert_allclose(compared["accuracy"], fitted.score(votes, y))
    assert len(lf_summary(votes, label_model=fitted)) == votes.shape[1]
    assert len(worker_report(crowd, label_model=fitted)) == votes.shape[1]
    assert len(relabel_plan(votes, label_model=fitted, budget=3)) == 3
    options = {"policy": "uniform", "step": 0.5, "n_repeats": 1, "random_state": 0}
    curve = simulate_cost_curve(crowd, gold, label_model=model, **options)
    assert curve.frame["accuracy"].between(0.5, 1).all()


def test_report_of_an_own_label_model(crowd_and_gold, tmp_path):
    pytest.importorskip("matplotlib")
    crowd, _ = crowd_and_gold
    fitted = GoldWeightedVote().fit(crowd.to_wide())
    labeling_report(crowd, label_model=fitted).save(tmp_path / "report.html")
    assert "GoldWeightedVote" in (tmp_path / "report.html").read_text()


class WithTables(VoteShare):
    """Sets what tables and figures show, if told to."""

    def __init__(self, *, classes=None, class_prior="auto", sets=()):
        self.classes = classes
        self.class_prior = class_prior
        self.sets = sets

    def _fit_votes(self, votes, gold, sample_weight):
        super()._fit_votes(votes, gold, sample_weight)
        right = np.linspace(0.6, 0.9, votes.n_lfs)
        table = np.array([[right, 1 - right], [1 - right, right]])
        known = {
            "lf_accuracy_": right,
            "confusion_": np.moveaxis(table, -1, 0),
            "converged_": False,
        }
        for name in self.sets:
            setattr(self, name, known[name])


def test_attributes_that_tables_show(crowd_and_gold):
    crowd, _ = crowd_and_gold
    votes = crowd.to_wide()

    def fitted(*sets):
        return WithTables(sets=sets).fit(votes)

    right = np.linspace(0.6, 0.9, votes.shape[1])
    for table in (
        lf_summary(votes, label_model=fitted("lf_accuracy_")),
        worker_report(crowd, label_model=fitted("lf_accuracy_")).sort_index(),
    ):
        assert_allclose(table["accuracy"], right)
    informed = worker_report(crowd, label_model=fitted("confusion_")).sort_index()
    assert_allclose(informed["spammer_score"], 1 - (2 * right - 1) ** 2)
    plain = relabel_plan(votes, label_model=fitted(), budget=3)["gain"]
    with_tables = relabel_plan(votes, label_model=fitted("confusion_"), budget=3)
    assert with_tables["gain"].iloc[0] != pytest.approx(plain.iloc[0])


def test_figures_of_an_own_model_need_both_attributes(crowd_and_gold, tmp_path):
    plt = pytest.importorskip("matplotlib.pyplot")
    crowd, _ = crowd_and_gold
    votes, pages = crowd.to_wide(), {}
    for sets in (("confusion_",), ("confusion_", "lf_accuracy_"), ("converged_",)):
        model = WithTables(sets=sets).fit(votes)
        labeling_report(crowd, label_model=model).save(tmp_path / "report.html")
        pages[sets] = (tmp_path / "report.html").read_text()
        if len(sets) == 2:
            LFConfusionDisplay.from_estimator(model)
            plt.close("all")
        else:
            with pytest.raises(TypeError, match=r"confusion_ and lf_accuracy_"):
                LFConfusionDisplay.from_estimator(model)
    plain, both, unfinished = pages.values()
    assert len(both) > len(plain)
    assert "WithTables has not converged" in unfinished
    assert "has not converged" not in both


@pytest.mark.parametrize("model", OWN)
def test_own_label_model_learns_with_features(model, crowd_and_gold):
    crowd, gold = crowd_and_gold
    y = gold.loc[crowd.sample_ids].to_numpy()
    noise = np.random.default_rng(0).normal(size=len(y))
    X = pd.DataFrame({"id": crowd.sample_ids, "x": 2 * y + noise})
    lfs = WorkerLFTransformer(crowd, id_column="id")
    labeler = make_pipeline(lfs, model).fit(X)
    clf = WeakSupervisionClassifier(lfs, model, LogisticRegression()).fit(X)
    assert clf.n_rounds_ == 3
    assert_allclose(clf.votes_proba_, labeler.predict_proba(X))
    # Soft gold of the rounds has reached the model.
    assert isinstance(clf.label_model_, type(model))
    assert clf.score(X, y) > 0.7


def test_what_a_subclass_lacks_is_said():
    with pytest.raises(TypeError, match=r"abstract class BaseLabelModel .*_fit_votes"):
        BaseLabelModel()
    with pytest.raises(
        TypeError, match=r"abstract class WithoutPosterior .*_posterior"
    ):
        WithoutPosterior()
    with pytest.raises(AttributeError, match=r"_fit_votes must set class_prior_"):
        WithoutPrior().fit([[0, 1], [1, 1]])


def test_a_classifier_that_is_not_a_label_model_learns_what_to_do(crowd_and_gold):
    crowd, gold = crowd_and_gold
    votes, plain = crowd.to_wide(), PlainClassifier()
    how = r"is a subclass of sklabel\.label_model\.BaseLabelModel"
    with pytest.raises(TypeError, match=how):
        crowd.soft_labels(plain)
    with pytest.raises(TypeError, match=how):
        compare_label_models(votes, models=[plain])
    with pytest.raises(TypeError, match=how):
        lf_summary(votes, label_model=plain.fit(votes))
    with pytest.raises(TypeError, match=how):
        simulate_cost_curve(crowd, gold, label_model=plain)
