"""MACE: labeling functions that know the answer or spam."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.special import digamma, expit, gammaln
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed

from sklabel.label_model._base import BaseRowsLabelModel, EMResult
from sklabel.label_model._coin import CoinMixin
from sklabel.sums._gold import clamp, has_gold
from sklabel.sums._kernels import (
    mean_change,
    posterior_of_support,
    right_votes,
    unit_weight,
    vote_shares,
)
from sklabel.sums._sums import log_likelihood
from sklabel.utils._validation import Interval, StrOptions
from sklabel.votes._cast import CastVotes

# Priors of the paper: Beta on competence, symmetric Dirichlet on strategies.
_COMPETENCE = 0.5
_STRATEGY = 10.0
# Counts that its plain EM adds to every cell, divided by the number of classes.
_SMOOTHING = 0.01


class MACE(CoinMixin, BaseRowsLabelModel):
    r"""MACE: labeling functions that know the answer or spam.

    On each sample a labeling function (LF) either knows, and votes for the true
    class, or spams, and draws its vote from a favourite distribution of its own.
    Prefer it where some workers click through: their votes for their favourite class
    then count little, the others in full. Do not use it for adversaries, who vote
    against the truth (:class:`DawidSkene`); here they are spammers at worst.

    Parameters
    ----------
    classes : array-like of shape (n_classes,), default=None
        The classes, in the order of the columns of `predict_proba`; scikit-learn's
        scorers of probabilities need them sorted, see :class:`~sklabel.GoldKFold`.
        Votes that know their classes are matched by label; with strings here, plain
        integers are positions in it. Votes outside of it ("can't tell") are ignored. If
        None, the labels of `y` where every row has one, else those that the votes know
        or hold, and those of `y`.
    class_prior : {'auto', 'learned', 'uniform'} or array-like of shape (n_classes,), \
            default='auto'
        Probabilities in the order of `classes_`, or a Series or dict by class. 'auto'
        and 'learned': EM learns them; the paper's are uniform.
    use_gold : bool, default=True
        Whether gold labels in `y` supervise the fit. False: they only help to name
        the classes, so that cross-validation may pass them for scoring.
    method : {'vb', 'em'}, default='vb'
        'vb': variational Bayes with the priors of [1]_, which it recommends. 'em':
        maximum likelihood, with 0.01 / n_classes added to every expected count.
    n_init : int, default=1
        Number of starts; the one with the largest `lower_bound_` is kept. The first
        is that of the vote shares, without a seed; the others are random as in [1]_,
        which uses 10. Time grows with it.
    max_iter : int, default=1000
        Upper bound on sweeps per start. Each costs O(number of votes) and a softmax
        over the classes of each sample.
    tol : float, default=1e-4
        EM stops when the posterior of a sample moves by less on average.
    verbose : int, default=0
        Above 0, write a line per sweep to the standard error stream.
    random_state : int, RandomState instance or None, default=None
        Seed of the random starts; without effect if `n_init` is 1.
    n_jobs : int, default=None
        Number of starts that run at the same time; None is 1, -1 all cores. It does
        not change the result.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    class_prior_ : ndarray of shape (n_classes,)
        Prior probability of each class.
    vote_values_ : ndarray of shape (n_values,)
        The values that a vote can have.
    competence_ : ndarray of shape (n_lfs,)
        P(the LF knows), 1 - P(it spams); for 'vb' the posterior mean.
    spamming_ : ndarray of shape (n_lfs, n_classes)
        What each LF votes for when it spams; for 'vb' the posterior mean.
    confusion_ : ndarray of shape (n_lfs, n_classes, n_values)
        P(vote value | class, the LF votes for a class); each row sums to 1.
    lf_accuracy_ : ndarray of shape (n_lfs,)
        Expected share of right votes of each LF in `fit`.
    lower_bound_ : float
        Per unit of sample weight, up to a constant: the variational lower bound on
        the log likelihood ('vb'), or the penalised log likelihood ('em'). It never
        decreases from sweep to sweep.
    n_iter_ : int
        Number of sweeps of the best start.
    converged_ : bool
        False if the best start stopped at `max_iter`.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        LF names; only if X had string column names.

    See Also
    --------
    OneCoinDawidSkene : LFs whose wrong votes are spread evenly.
    DawidSkene : A confusion matrix per LF.

    Notes
    -----
    LF j knows with probability :math:`\theta_j`, and else votes by :math:`\xi_j`:

    .. math::

        P(x_{ij} = v \mid y_i = c) = \theta_j [v = c] + (1 - \theta_j) \xi_{jv}.

    The E-step is :math:`T_{ic} \propto \pi_c \prod_{j:\, x_{ij} = c}
    (1 + \theta_j / ((1 - \theta_j) \xi_{jc}))`, and a vote v was known with
    probability :math:`T_{iv}\, \theta_j / (\theta_j + (1 - \theta_j) \xi_{jv})`. The
    M-step counts known and spammed votes. For 'vb' the priors are
    :math:`\theta_j \sim` Beta(0.5, 0.5) and :math:`\xi_j \sim` Dirichlet(10), and
    :math:`\exp E[\log \cdot]` under the posterior replaces each parameter. Sums of
    logs replace the product.

    A row without votes gets `class_prior_`. An LF without votes in `fit` counts as
    the average worker if it votes later. Ties go to the class with the larger prior,
    then to the first. With one class all rows get it. With `n_init` above 1,
    permuting LFs permutes the random starts.

    References
    ----------
    .. [1] D. Hovy, T. Berg-Kirkpatrick, A. Vaswani and E. Hovy, "Learning whom to
       trust with MACE", NAACL-HLT 2013, 1120-1130. https://aclanthology.org/N13-1132

    Examples
    --------
    The third worker always answers 1:

    >>> import numpy as np
    >>> from sklabel.label_model import MACE
    >>> truth = np.tile([0, 1], 20)
    >>> votes = np.column_stack([truth, truth, np.ones(40, dtype=int)])
    >>> model = MACE().fit(votes)
    >>> bool(model.competence_[0] > 0.9 > 0.1 > model.competence_[2])
    True
    >>> model.predict([[0, -1, 1]])
    array([0])
    """

    # Unlike that of coins, its class_prior='auto' is learned.
    _learns_prior = True

    _parameter_constraints = {
        "classes": ["array-like", None],
        "class_prior": [StrOptions({"auto", "learned", "uniform"}), "array-like"],
        "use_gold": ["boolean"],
        "method": [StrOptions({"vb", "em"})],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        class_prior: str | ArrayLike = "auto",
        use_gold: bool = True,
        method: str = "vb",
        n_init: int = 1,
        max_iter: int = 1000,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: int | RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.classes = classes
        self.class_prior = class_prior
        self.use_gold = use_gold
        self.method = method
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _fit_em(
        self,
        votes: CastVotes,
        gold: np.ndarray,
        weight: np.ndarray,
        active: np.ndarray,
    ) -> None:
        problem = _Problem(
            own=self._own_votes(votes, by_class=True),
            gold=gold,
            weight=weight,
            shape=(votes.n_lfs, len(self.classes_)),
        )
        rng = check_random_state(self.random_state)
        starts: list[_Weights | None] = [None]
        for _ in range(self.n_init - 1):
            starts.append(_random_weights(problem.shape, rng))  # noqa: PERF401
        runs = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(self._run)(problem, start) for start in starts
        )
        # The first of equals.
        best = int(np.argmax([bound for _, bound in runs]))
        result, self.lower_bound_ = runs[best]
        self._keep_ending(result)
        counts, self.class_prior_ = result.parameters
        posterior = self._e_step(problem, result.parameters)
        right = right_votes(problem.own.T, posterior, unit_weight(weight))
        self._describe(counts, right.reshape(problem.shape).sum(axis=1))

    def _run(self, problem: _Problem, start: _Weights | None) -> tuple[EMResult, float]:
        """Run EM from vote shares, or from given weights."""
        n_lfs, n_classes = problem.shape
        transposed = problem.own.T
        n_votes = (problem.own.T @ np.repeat(problem.weight, n_classes)).reshape(
            problem.shape
        )
        scale = unit_weight(problem.weight)
        counts_of_class = (problem.own @ np.ones(n_lfs * n_classes)).reshape(
            -1, n_classes
        )
        shares = vote_shares(counts_of_class, problem.weight)
        posterior = clamp(shares, problem.gold)
        weights = start
        if weights is None:
            even = np.full(n_lfs, np.log(0.5))
            weights = _Weights(even, even, np.full(problem.shape, -np.log(n_classes)))
        else:
            prior = self._prior_of(problem.weight @ posterior)
            posterior = _posterior_of(problem, weights, prior)

        def m_step(posterior: np.ndarray) -> tuple[_Counts, np.ndarray]:
            nonlocal weights
            assert weights is not None
            right = right_votes(transposed, posterior, scale).reshape(problem.shape)
            share = knowing_share(weights.know[:, None], weights.spam_for_class)
            knew = np.minimum(right, n_votes) * share
            counts = _Counts(knew.sum(axis=1), n_votes - knew)
            weights = self._weights_of(counts)
            return counts, self._prior_of(problem.weight @ posterior)

        def e_step(parameters: tuple[_Counts, np.ndarray]) -> np.ndarray:
            return self._e_step(problem, parameters)

        def move(new: np.ndarray, old: np.ndarray) -> float:
            return mean_change(new, old, problem.weight)

        result = self._run_em(posterior, m_step, e_step, move=move)
        return result, self._lower_bound(problem, n_votes, result)

    def _e_step(
        self, problem: _Problem, parameters: tuple[_Counts, np.ndarray]
    ) -> np.ndarray:
        counts, prior = parameters
        return _posterior_of(problem, self._weights_of(counts), prior)

    def _weights_of(self, counts: _Counts) -> _Weights:
        """M-step: log weights of expected counts."""
        competence = np.stack([counts.know, counts.spam.sum(axis=1)], axis=1)
        if self.method == "vb":
            theta = variational_log(competence, np.full(2, _COMPETENCE))
            xi = variational_log(counts.spam, np.full(counts.spam.shape[1], _STRATEGY))
        else:
            smoothing = _SMOOTHING / counts.spam.shape[1]
            theta, xi = (
                np.log(smoothed / smoothed.sum(axis=1, keepdims=True))
                for smoothed in (competence + smoothing, counts.spam + smoothing)
            )
        return _Weights(theta[:, 0], theta[:, 1], xi)

    def _lower_bound(
        self, problem: _Problem, n_votes: np.ndarray, result: EMResult
    ) -> float:
        """Return what EM maximises, per unit of weight."""
        counts, prior = result.parameters
        weights = self._weights_of(counts)
        n_classes = len(prior)
        support = (problem.own @ weights.support.ravel()).reshape(-1, n_classes)
        spam = problem.own @ weights.spam_for_class.ravel()
        spam = spam.reshape(-1, n_classes).sum(axis=1)
        scores = support + spam[:, None] + np.log(prior)
        known = np.flatnonzero(has_gold(problem.gold))
        log_norm = log_likelihood(scores, known, problem.gold[known])
        voted = n_votes.sum(axis=1) > 0
        competence = np.stack([counts.know, counts.spam.sum(axis=1)], axis=1)
        if self.method == "vb":
            penalty = -dirichlet_divergence(
                competence[voted], np.full(2, _COMPETENCE)
            ).sum()
            penalty -= dirichlet_divergence(
                counts.spam[voted], np.full(n_classes, _STRATEGY)
            ).sum()
        else:
            smoothing = _SMOOTHING / n_classes
            theta = weights.know + weights.spam
            penalty = smoothing * (theta[voted].sum() + weights.xi[voted].sum())
        total = problem.weight @ log_norm + penalty + self._prior_penalty(prior)
        return float(total / problem.weight.sum())

    def _fit_trivial(self, votes: CastVotes) -> None:
        none = np.zeros((votes.n_lfs, len(self.classes_)))
        self._describe(_Counts(none[:, 0], none), none[:, 0])

    def _describe(self, counts: _Counts, right: np.ndarray) -> None:
        """Set what is known of LFs from expected counts."""
        total = counts.know + counts.spam.sum(axis=1)
        voted = total > 0
        know, spam = counts.know.copy(), counts.spam.copy()
        accuracy = np.full(len(total), np.nan)
        if voted.any():
            # A worker who comes later is the average worker.
            know[~voted] = know[voted].mean()
            spam[~voted] = spam[voted].mean(axis=0)
            accuracy[:] = right[voted].sum() / total[voted].sum()
            accuracy[voted] = right[voted] / total[voted]
        self._log_weights = self._weights_of(_Counts(know, spam))
        if self.method == "vb":
            n_classes = spam.shape[1]
            spammed = spam.sum(axis=1)
            self.competence_ = (know + _COMPETENCE) / (know + spammed + 2 * _COMPETENCE)
            self.spamming_ = (spam + _STRATEGY) / (spammed + n_classes * _STRATEGY)[
                :, None
            ]
        else:
            self.competence_ = np.exp(self._log_weights.know)
            self.spamming_ = np.exp(self._log_weights.xi)
        spamming = (1 - self.competence_)[:, None] * self.spamming_
        named = np.flatnonzero(self._class_of_value >= 0)
        of_class = self._class_of_value[named]
        self.confusion_ = np.zeros(
            (len(know), len(self.classes_), len(self.vote_values_))
        )
        self.confusion_[:, :, named] = spamming[:, None, of_class]
        self.confusion_[:, of_class, named] += self.competence_[:, None]
        prior_guess = (self.confusion_[:, of_class, named] * self.class_prior_).sum(
            axis=1
        )
        self.lf_accuracy_ = np.where(np.isnan(accuracy), prior_guess, accuracy)

    def _posterior(self, votes: CastVotes) -> np.ndarray:
        own = self._own_votes(self._usable(votes), by_class=True)
        support = own @ self._log_weights.support.ravel()
        return posterior_of_support(support, np.log(self.class_prior_))


class _Problem(NamedTuple):
    """Votes, gold labels and weights of a fit."""

    own: sparse.csr_matrix
    gold: np.ndarray
    weight: np.ndarray
    shape: tuple[int, int]


class _Counts(NamedTuple):
    """Expected votes that were known, (n_lfs,), and spammed, (n_lfs, n_classes)."""

    know: np.ndarray
    spam: np.ndarray


class _Weights(NamedTuple):
    """Logs of the weights of knowing, of spamming, and of the spammed class."""

    know: np.ndarray
    spam: np.ndarray
    xi: np.ndarray

    @property
    def spam_for_class(self) -> np.ndarray:
        """Log weight of spamming a class, shape (n_lfs, n_classes)."""
        return self.spam[:, None] + self.xi

    @property
    def support(self) -> np.ndarray:
        """Log of how much more probable a vote is under its own class."""
        return np.logaddexp(0, self.know[:, None] - self.spam_for_class)


def _posterior_of(
    problem: _Problem, weights: _Weights, prior: np.ndarray
) -> np.ndarray:
    """E-step."""
    support = problem.own @ weights.support.ravel()
    posterior = posterior_of_support(support, np.log(prior))
    return clamp(posterior, problem.gold)


def _random_weights(shape: tuple[int, int], rng: RandomState) -> _Weights:
    """Draw a start as in the paper's program: near even, with noise of 0.5."""
    theta = rng.uniform(1, 1.5, size=(shape[0], 2))
    xi = rng.uniform(1, 1.5, size=shape)
    theta, xi = (np.log(draw / draw.sum(axis=1, keepdims=True)) for draw in (theta, xi))
    return _Weights(theta[:, 0], theta[:, 1], xi)


def knowing_share(log_know: np.ndarray, log_spam: np.ndarray) -> np.ndarray:
    """Return P(the LF knew | its vote is right) of every atom."""
    return expit(log_know - log_spam)


def variational_log(counts: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return E[log p] under Dirichlet(counts + prior), along the last axis."""
    posterior = counts + prior
    return digamma(posterior) - digamma(posterior.sum(axis=-1, keepdims=True))


def dirichlet_divergence(counts: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return KL(Dirichlet(counts + prior) || Dirichlet(prior)), along the last axis."""
    posterior = counts + prior
    total, prior_total = posterior.sum(axis=-1), prior.sum(axis=-1)
    expected = digamma(posterior) - digamma(total)[..., None]
    return (
        gammaln(total)
        - gammaln(prior_total)
        + (gammaln(prior) - gammaln(posterior) + counts * expected).sum(axis=-1)
    )
