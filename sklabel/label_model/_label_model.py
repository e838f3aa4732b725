"""One label model for crowd workers and heuristics."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.evidence._alike import AGREEMENT
from sklabel.evidence._evidence import (
    CLASS_MASS,
    CO_FIRING,
    LEFT_OUT,
    LIKELIHOOD,
    Evidence,
    Facts,
    Sources,
    Sums,
    expected_votes,
    pseudo_votes,
    redundancy,
    revise,
    with_newcomers,
)
from sklabel.evidence._fit import Settings, fit_evidence, is_searched, search_copies
from sklabel.evidence._gold import (
    GOLD_ROWS,
    Correction,
    LabelModelChunk,
    PosteriorChunk,
    fit_correction,
)
from sklabel.evidence._kinds import find_kinds
from sklabel.evidence._soft_labels import SOFT_COUNTS, TEMPERING, SoftLabels
from sklabel.label_model._base import BaseSumsLabelModel
from sklabel.label_model._copies import may_be_missed, warn_of_missed_copies
from sklabel.label_model._partial_fit import PartialFitMixin
from sklabel.sums._sums import (
    ATOM_PROFILE,
    Profile,
    VoteSource,
    accuracy_of,
    one_hot,
    right_and_judged,
    softmax,
)
from sklabel.utils._validation import Interval, StrOptions, first_few
from sklabel.votes._cast import CastVotes
from sklabel.votes._groups import by_lf_name, check_lf_names, group_of_each

# A given class prior may move the scores of a class by this much, in nats.
_LARGEST_SHIFT = 1.0
_MATCH_STEPS, _MATCH_TOL = 100, 1e-4
_MATCH_SAMPLES = 100.0
# A learned prior whose log moves by less than this is even.
_EVEN = 0.1


class LabelModel(PartialFitMixin, BaseSumsLabelModel):
    r"""Label model for crowd workers, language models, heuristics, and all together.

    Learns how good each labeling function (LF) is from the agreement between LFs,
    and returns class probabilities that are tempered to be believable. A *worker* is
    an LF whose choice between values says something (a person, a classifier); a
    *rule* fires for one class and otherwise abstains (a keyword). How much of a rule
    each LF is, is inferred. Some gold labels correct the result, and are worth more
    than any choice of parameters. Prefer :class:`MajorityVote` for a handful of LFs of
    known equal quality.

    Parameters
    ----------
    classes : array-like of shape (n_classes,), default=None
        The classes, in the order of the columns of `predict_proba`; scikit-learn's
        scorers of probabilities need them sorted, see :class:`~sklabel.GoldKFold`.
        Votes that know their classes are matched by label; with strings here, plain
        integers are positions in it. Vote values outside of it ("can't tell") are
        evidence. If None, the labels of `y` where every row has one, else those that
        the votes know or hold, and those of `y`.
    class_prior : {'auto', 'uniform'} or array-like of shape (n_classes,), \
            default='auto'
        Probabilities in the order of `classes_`, or a Series or dict by class. 'auto':
        learned as far as rows with votes of several workers tell it, and even where
        only rules vote: their firing rates do not tell it. Where the class shares are
        known, giving them is worth more than any other choice; give them only then,
        since the probabilities are shifted until they have these shares.
    lf_kind : {'auto', 'worker', 'rule'}, array-like of shape (n_lfs,) or dict, \
            default='auto'
        Kind of every LF, of each LF in order, or of LFs by name (others are 'auto'); a
        Series goes by its index if that holds LF names.
        'auto': inferred from the numbers of votes for each value; an LF may be partly
        a rule. Say 'worker' for people: those who always give the same answer then
        count next to nothing. :class:`~sklabel.WeakSupervisionClassifier`
        does so for the votes of :class:`~sklabel.WorkerLFTransformer`, and
        :func:`sklabel.dask.fit` for judgements.
    groups : array-like of shape (n_lfs,) or dict, default=None
        Name of the source of every LF, or of LFs by name (each other one is its own).
        LFs of one group count as one source: samples, prompts and checkpoints of one
        language model, or the repeated answers of one person. Each keeps its table,
        but in a row the votes of a group weigh as much as one vote. A Series goes by
        its index if that holds LF names. Where you know groups, always say so: without
        them near-copies are found only beside enough other LFs. Where equally good
        columns of a group often differ, as samples of one model do, their majority is
        better than each: only :class:`~sklabel.LFGroupTransformer` makes use of that.
        `fit` warns of copies that it sees and does not count as one source, unless each
        is named here, be it with a group of its own.
    use_gold : bool, default=True
        Whether gold labels in `y` correct the soft labels. False: they only help to
        name the classes, so that cross-validation may pass them for scoring.
    soft_gold : {'target', 'posterior'}, default='target'
        What soft gold is, rows of class probabilities in `y`. 'target': what the
        correction is to predict, as gold labels drawn from it would, on average.
        'posterior': the posterior of its row in EM, from a model that has seen more
        than the votes, for instance features; tables are learned from it, and a
        certain row counts as a gold label.
    tempering : 'auto' or float, default='auto'
        Design effect of each further vote on a sample: log scores are divided by
        ``1 + (n_votes - 1) * tempering``, since votes on one sample share errors. 0
        switches it off, which is right for independent votes. 'auto': 0.4 for the
        vote of a worker and 0.15 for that of a rule.
    mixing : float, default=0.15
        Share of the smoothed vote share in the probabilities, in [0, 1]; bounds the
        loss where the model is wrong. 0 switches it off.
    max_iter : int, default=1000
        Upper bound on EM sweeps. Each costs O(number of votes * n_classes).
    tol : float, default=1e-6
        EM stops when the expected classes of the votes of an LF move by less, on
        average over the votes. With the largest move of a posterior instead, a few
        undecided samples would keep large data going.
    verbose : int, default=0
        Above 0, write a line per sweep to the standard error stream.
    dtype : {'float64', 'float32'}, default='float64'
        In what votes and posteriors are held during EM. 'float32' saves a third of
        the memory, and results move by some 1e-6.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    class_prior_ : ndarray of shape (n_classes,)
        What a row without votes gets: the prior that is given or learned, and where it
        is learned and such rows have gold labels, drawn towards these. It is
        not the share of each class, least of all after gold labels: that is the mean of
        `predict_proba`, or :func:`~sklabel.inspection.class_shares` with an interval.
    vote_values_ : ndarray of shape (n_values,)
        The values that a vote can have.
    confusion_ : ndarray of shape (n_lfs, n_classes, n_values)
        P(vote value | class, the LF votes); each row sums to 1.
    lf_accuracy_ : ndarray of shape (n_lfs,)
        Expected share of right votes among the LF's votes for a class, by tempered
        soft labels that gold labels have corrected; the mean of all votes for an LF
        without votes.
    lf_kind_ : ndarray of shape (n_lfs,)
        'worker' or 'rule', whichever `rule_share_` is nearer to.
    rule_share_ : ndarray of shape (n_lfs,)
        How much of a rule each LF is, in [0, 1].
    lower_bound_ : float
        Mean log normaliser of the scores at the end of EM. What tables are shrunk to
        moves with the sweeps, so it is no bound: it may decrease.
    n_iter_ : int
        Number of sweeps.
    converged_ : bool
        False if EM stopped at `max_iter`.
    n_samples_seen_ : int or float
        Number of samples of all calls of `partial_fit`; their weights add up. Only
        after `partial_fit`.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        LF names; only if X had string column names.

    See Also
    --------
    MajorityVote : The baseline.
    sklabel.inspection.lf_summary : Coverage, overlaps and conflicts of LFs.

    Notes
    -----
    *Scores.* A vote a = (j, v) of LF j for value v adds a row :math:`W_{ac}` to the log
    scores of a sample. With u the `rule_share_` of j and :math:`\mu_c` the class
    shares, it is

    .. math:: W_{ac} = u \log (P(c | a) / \mu_c) + (1 - u) \log P(v | c).

    A worker has a confusion matrix, as in [1]_; given that it votes, a rule always
    votes the same, so it has the lift of its class instead. Both are estimated by EM,
    which starts from the vote shares: there is no seed, and permuting rows, LFs or
    classes permutes the result. Where rules cast all votes EM makes two sweeps, since
    their votes would confirm themselves; the more rows workers judge, the further it
    goes.

    *Kinds.* From numbers of votes only: a rule casts one value up to slips (a
    beta-binomial), the shares of a worker scatter about those of all workers (a Polya
    distribution).

    *What votes cannot tell is held.* The fewer LFs cast the votes, the more confusion
    matrices are shrunk to an LF that votes :math:`2.5 (K - 1)` times more readily in
    its own class; a rule's lift to 4 (K - 1) times, by 4 votes and one for each vote
    that no worker checks. A row moves the class prior as far as several workers judge
    it; the others hold it at their vote shares, and at even shares where only one
    worker or rules vote. Where LFs could have voted anywhere, half of each rule's
    weight, and with few LFs some of each worker's, is estimated with the vote itself
    left out; the silence of a rule speaks against its class, and so does that of a
    worker as far as it votes more often in some classes. In a crowd that is asked
    about some rows each, silence says nothing.

    *One source.* Two LFs may be copies if they vote on mostly the same rows and agree
    well beyond chance. They count as one source in two first fits; as far as they then
    agree more than their accuracies explain, they stay one source. The votes of a
    source are divided by their number in the row. This takes enough other LFs:
    beside two or three, copies often count as several sources. `fit` then warns of
    those that :func:`sklabel.inspection.panel_report` would suggest, if the other LFs
    clearly agree beyond what the copies say; they do not where two LFs agree because
    they are right. Three copies beside three other LFs mostly go unnoticed.

    *Output.* ``(1 - mixing) * softmax(score / d) + mixing * shares`` with the design
    effect d of `tempering`, which also counts rules that fire together more often than
    their classes explain. With a given `class_prior` the scores of each class are
    shifted, by at most one nat (a factor of e in the odds), until the probabilities of
    the fitted samples have these shares (samples without votes have them by
    definition, so the fewer are covered, the less those that are must have them).

    *Gold labels.* The model of the votes does not see them. On the gold rows a
    multinomial logistic regression learns how to scale its log probabilities, and
    what to add for each vote and class. Its penalties are averaged over, by how well
    each predicts a gold row that is left out, "no correction" among them. Rows without
    votes get ``(4 * prior + gold labels of such rows) / (4 + their number)``. With soft
    gold, the regression fits its probabilities, by cross-entropy. Draw gold rows at
    random: if they are chosen by their votes, the correction is biased.

    A row without votes gets `class_prior_`, which is even where a learned prior is
    within a tenth of it. An LF without votes in `fit` counts as the average LF if it
    votes later. Ties go to the class with the larger prior, then to the first. With
    one class all rows get it.

    When not to use it: where one LF votes on all rows and rules on some, who is right
    where they differ is not in the votes, and the result is that of a vote count; of
    some sources that copy each other in half of their votes, no model of the votes can
    tell that they do; in a sparse crowd in which nearly half of the workers always
    give the same class, that class looks true unless `lf_kind` says that they are
    people.
    ``benchmarks/scenarios.py`` prints all of this. Gold labels help in each case.

    References
    ----------
    .. [1] A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer
       error-rates using the EM algorithm", JRSS-C 28(1), 1979, 20-28.
       doi:10.2307/2346806

    Examples
    --------
    Two reliable workers and one who answers the opposite:

    >>> import numpy as np
    >>> from sklabel import LabelModel
    >>> truth = np.tile([0, 1], 20)
    >>> votes = np.column_stack([truth, truth, 1 - truth])
    >>> model = LabelModel().fit(votes)
    >>> model.lf_accuracy_.round(1)
    array([0.9, 0.9, 0.1])
    >>> model.predict([[0, -1, 1], [-1, -1, 1]])
    array([0, 0])
    """

    _parameter_constraints = {
        "classes": ["array-like", None],
        "class_prior": [StrOptions({"auto", "uniform"}), "array-like"],
        "lf_kind": [StrOptions({"auto", "worker", "rule"}), "array-like", dict],
        "groups": ["array-like", dict, None],
        "use_gold": ["boolean"],
        "soft_gold": [StrOptions({"target", "posterior"})],
        "tempering": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "mixing": [Interval(Real, 0, 1, closed="both")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "dtype": [StrOptions({"float64", "float32"})],
    }

    _correction: Correction | None
    # Whether all votes are judgements of people, as sklabel.dask.fit knows.
    _are_people = False
    # Whether some LFs may be copies that count as several sources.
    _may_miss: bool

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        class_prior: str | ArrayLike = "auto",
        lf_kind: str | ArrayLike | Mapping[str, str] = "auto",
        groups: ArrayLike | Mapping[str, Any] | None = None,
        use_gold: bool = True,
        soft_gold: str = "target",
        tempering: str | float = "auto",
        mixing: float = 0.15,
        max_iter: int = 1000,
        tol: float = 1e-6,
        verbose: int = 0,
        dtype: str = "float64",
    ) -> None:
        self.classes = classes
        self.class_prior = class_prior
        self.lf_kind = lf_kind
        self.groups = groups
        self.use_gold = use_gold
        self.soft_gold = soft_gold
        self.tempering = tempering
        self.mixing = mixing
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.dtype = dtype

    def _chunk_type(self) -> type[LabelModelChunk]:
        return LabelModelChunk if self.soft_gold == "target" else PosteriorChunk

    def _look_for_copies(self, votes: CastVotes, encoded: CastVotes) -> None:
        if not self._may_miss:
            return
        args = self._class_of_value, len(self.classes_), self._lf_names()
        named = self._is_named()
        warn_of_missed_copies(encoded, *args, self._alike, named, self._judge)

    def _is_named(self) -> np.ndarray:
        """Tell for each LF whether the user named its group."""
        named = group_of_each(self.groups, self._lf_names(), "groups")
        return np.array([given for given, _ in named])

    def _judge(self, votes: CastVotes) -> np.ndarray:
        """Return soft labels that tell errors: mixing would make LFs too weak."""
        soft_labels = self._soft_labels()
        if self._correction is None:
            soft_labels = soft_labels._replace(mixing=0)
        return soft_labels.of(one_hot(votes, len(self.vote_values_)))

    def _fit_source(self, data: VoteSource) -> None:
        self._correction, self._alike, self._trust = None, None, None
        self._may_miss = False
        given = self._given_prior()
        profile = data.total(ATOM_PROFILE)
        n_votes = profile.n_votes.reshape(data.n_lfs, len(self.vote_values_))
        if len(self.classes_) == 1 or not n_votes.any():
            self.rule_share_ = find_kinds(n_votes, 1.0, self._given_kinds()).rule
            self.lf_kind_ = np.where(self.rule_share_ > 0.5, "rule", "worker")
            self._fit_trivial(data.n_lfs, given)
            self._learn_from_gold(data, given)
            return
        kinds = find_kinds(n_votes, profile.weight, self._given_kinds())
        settings, agreement = self._settings(), None
        if is_searched(kinds.cover) and data.n_lfs > 1:
            agreement = data.total(AGREEMENT)
        copies = search_copies(data, profile, kinds, settings, agreement)
        facts, sources, result = fit_evidence(data, profile, kinds, copies, settings)
        self._keep_ending(result)
        self.rule_share_ = facts.kinds.rule
        self.lf_kind_ = np.where(self.rule_share_ > 0.5, "rule", "worker")
        self._alike, self._trust = sources.alike, sources.trust
        evidence: Evidence = result.parameters
        self.lower_bound_ = data.total(LIKELIHOOD, evidence, sources).of(1.0)
        if facts.open > 0 or facts.kinds.left_out > 0:
            left_out = data.total(LEFT_OUT, evidence, sources)
            evidence = revise(facts, evidence, left_out.counts)
        self._discount = self._discount_of(data, facts, result.led_to)
        self.class_prior_ = _bare_prior(evidence.log_prior, given)
        if given is not None:
            shift = self._match_prior(data, profile, evidence, sources)
            evidence = evidence._replace(log_prior=evidence.log_prior + shift)
        self._evidence = with_newcomers(facts, result.led_to, evidence)
        self._learn_from_gold(data, given)
        self._describe(data, facts, result.led_to)
        if agreement is not None:
            args = self._alike, self._is_named(), self.lf_accuracy_
            self._may_miss = may_be_missed(agreement, n_votes, *args)

    def _given_groups(self) -> np.ndarray | None:
        """Return the number of the source of each LF; None if each is its own."""
        if self.groups is None:
            return None
        named = group_of_each(self.groups, self._lf_names(), "groups")
        return pd.factorize(pd.Series(named, dtype=object))[0]

    def _settings(self) -> Settings:
        return Settings(
            self._class_of_value,
            len(self.classes_),
            self._given_kinds(),
            self._given_groups(),
            self._given_prior(),
            self.max_iter,
            self.tol,
            self._say,
        )

    def _check_lfs(self) -> None:
        names = list(self._lf_names())
        for parameter in ("lf_kind", "groups"):
            given = by_lf_name(getattr(self, parameter), names, parameter)
            if isinstance(given, Mapping):
                check_lf_names(given, names, parameter)

    def _given_kinds(self) -> np.ndarray:
        """Return 0 for known workers, 1 for known rules, NaN for 'auto'."""
        n_lfs, names = self.n_features_in_, self._lf_names()
        given_kind = by_lf_name(self.lf_kind, names, "lf_kind")
        if isinstance(given_kind, str):
            kinds = [given_kind] * n_lfs
        elif isinstance(given_kind, Mapping):
            kinds = [given_kind.get(name, "auto") for name in names]
        else:
            kinds = list(np.asarray(given_kind))
            if len(kinds) != n_lfs:
                raise ValueError(
                    f"lf_kind must name a kind for each of the {n_lfs} LFs; got "
                    f"{len(kinds)}. Pass a dict to name some of them only."
                )
        known = {"auto": np.nan, "worker": 0.0, "rule": 1.0}
        if self._are_people:
            known["auto"] = known["worker"]
        odd = set(kinds) - set(known)
        if odd:
            raise ValueError(
                "The kind of an LF must be 'auto', 'worker' or 'rule'; got "
                f"{first_few(sorted(map(str, odd)))}."
            )
        return np.array([known[kind] for kind in kinds])

    def _fit_trivial(self, n_lfs: int, given: np.ndarray | None) -> None:
        """One class, or no votes: the prior is all there is to say."""
        n_classes, n_values = len(self.classes_), len(self.vote_values_)
        even = np.full(n_classes, 1 / n_classes)
        self.class_prior_ = even if given is None else given
        none = np.zeros((n_lfs, n_values, n_classes))
        log_prior = np.log(self.class_prior_)
        self._evidence = Evidence(none, np.zeros(n_classes), log_prior)
        self._discount = np.ones(n_lfs)
        pseudo = none + pseudo_votes(self._class_of_value, n_classes)
        self.confusion_ = np.swapaxes(pseudo / pseudo.sum(axis=1, keepdims=True), 1, 2)
        self.lf_accuracy_ = accuracy_of(pseudo, self._class_of_value)
        self.lower_bound_, self.n_iter_, self.converged_ = 0.0, 1, True

    def _learn_from_gold(self, data: VoteSource, given: np.ndarray | None) -> None:
        """Correct the soft labels by gold labels, if there are any."""
        rows = data.total(GOLD_ROWS).rows
        self._gold_votes = np.zeros((data.n_lfs, 2))
        if len(rows.target) == 0:
            return
        if len(self._class_of_value):
            weighted = rows.target * rows.weight[:, None]
            counts = np.asarray(rows.indicator.T @ weighted)
            self._gold_votes = right_and_judged(counts, self._class_of_value)
        proba = self._soft_labels().of(rows.indicator)
        args = proba, self.class_prior_, self._class_of_value
        self._correction = fit_correction(rows, *args)
        if given is None:
            self.class_prior_ = self._correction.without_votes

    def _discount_of(self, data: VoteSource, facts: Facts, sums: Sums) -> np.ndarray:
        """Return by how much each LF counts beside others that repeat it."""
        rule = facts.kinds.rule
        if facts.open == 0 or not rule.any():
            return np.ones(data.n_lfs)
        firing = data.total(CO_FIRING, rule)
        alone = redundancy(firing, sums, self._class_of_value, data.n_lfs)
        return 1 - facts.open * rule * (1 - alone)

    def _describe(self, data: VoteSource, facts: Facts, sums: Sums) -> None:
        """Set `confusion_` and `lf_accuracy_`.

        Tempered soft labels tell best how often an LF is right. Mixing insures against
        a wrong model, and on average makes LFs too weak.
        """
        soft_labels = self._soft_labels()
        if self._correction is None:
            soft_labels = soft_labels._replace(mixing=0)
        counts = data.total(SOFT_COUNTS, soft_labels).counts
        if self._correction is not None:
            # Gold labels have a say in the tables, too.
            sums = sums._replace(counts=counts)
        elif self._trust is not None:
            # Votes that count for little still tell what their worker says.
            trust = np.repeat(self._trust, len(self.vote_values_))
            sums = sums._replace(counts=sums.counts / trust[:, None])
        joint = expected_votes(facts, sums)
        values = joint / joint.sum(axis=1, keepdims=True)
        self.confusion_ = np.swapaxes(values, 1, 2)
        counts = counts.reshape(joint.shape)
        accuracy = accuracy_of(counts, self._class_of_value)
        # An LF that has not voted yet is as good as all votes are on average.
        average = accuracy_of(counts.sum(axis=0)[None], self._class_of_value)
        self.lf_accuracy_ = np.where(np.isnan(accuracy), average, accuracy)

    def _match_prior(
        self, data: VoteSource, profile: Profile, evidence: Evidence, sources: Sources
    ) -> np.ndarray:
        """Return what to add to log scores so that soft labels have the given shares.

        Samples without vote have the prior. The fewer samples have votes, the more
        their own class shares are kept, since coverage may depend on the class.
        """
        prior, shift = np.exp(evidence.log_prior), np.zeros(len(self.classes_))
        now = data.total(CLASS_MASS, evidence, sources).mass
        total = now.sum()
        if total == 0:
            return shift
        covered = total / profile.n_all
        target = covered * prior + (1 - covered) * now / total
        target = (total * target + _MATCH_SAMPLES * now / total) / (
            total + _MATCH_SAMPLES
        )
        for _ in range(_MATCH_STEPS):
            step = np.log(target * total) - np.log(now)
            shift += step
            if np.abs(step).max() < _MATCH_TOL:
                break
            shifted = evidence._replace(log_prior=evidence.log_prior + shift)
            now = data.total(CLASS_MASS, shifted, sources).mass
        return np.clip(shift - shift.mean(), -_LARGEST_SHIFT, _LARGEST_SHIFT)

    def _posterior(self, votes: CastVotes) -> np.ndarray:
        return self._soft_labels().of(one_hot(votes, len(self.vote_values_)))

    def _log_evidence(self, votes: CastVotes) -> np.ndarray:
        atoms = one_hot(votes, len(self.vote_values_))
        return self._soft_labels().log_evidence(atoms)

    def _design_effect(self, votes: CastVotes) -> np.ndarray:
        atoms = one_hot(votes, len(self.vote_values_))
        return self._soft_labels().design_effect(atoms)

    def _soft_labels(self) -> SoftLabels:
        """Return what turns votes into soft labels."""
        effect = TEMPERING
        if not isinstance(self.tempering, str):
            effect = dict.fromkeys(TEMPERING, float(self.tempering))
        given, n_classes = self._given_prior(), len(self.classes_)
        return SoftLabels(
            self._evidence,
            self.rule_share_,
            self._alike,
            self._trust,
            self._discount,
            effect["worker"],
            effect["rule"],
            self.mixing,
            np.full(n_classes, 1 / n_classes) if given is None else given,
            self._class_of_value,
            self._correction,
        )


def _bare_prior(log_prior: np.ndarray, given: np.ndarray | None) -> np.ndarray:
    """Return the probabilities of rows without votes.

    A learned prior that is all but even is a tie: of many rows without votes, it
    would put all into one class for next to nothing.
    """
    if given is not None:
        return given
    centred = log_prior - log_prior.mean()
    centred *= np.clip(np.abs(centred).max() / _EVEN - 1, 0, 1)
    return softmax(centred[None])[0][0]
