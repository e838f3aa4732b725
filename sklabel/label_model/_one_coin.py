"""One-coin Dawid-Skene model: one accuracy per labeling function."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from functools import partial
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from sklabel.label_model._coin import CoinMixin, own_class_matrix
from sklabel.label_model._dawid_skene import BaseDawidSkene, read_smoothing
from sklabel.sums._kernels import (
    coin_confusion,
    coin_weights,
    posterior_of_support,
    right_votes,
)
from sklabel.sums._sums import (
    Likelihood,
    Profile,
    Statistic,
    VoteChunk,
    VoteSource,
    cached,
    likelihood_of,
    profile_of,
    shares_of_counts,
)
from sklabel.utils._validation import Interval, StrOptions
from sklabel.votes._cast import CastVotes

_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")


class CoinChunk(VoteChunk):
    """Votes laid out for one coin per LF: each speaks for its own class only."""

    @cached
    def own(self) -> sparse.csr_matrix:
        """Votes with a row per (sample, class) and a column per LF."""
        votes, k = self.votes, self.n_classes
        named = self.class_of_value[votes.value]
        return own_class_matrix(votes, named, k, votes.lf, votes.n_lfs)

    @cached
    def own_transposed(self) -> sparse.csc_matrix:
        """Transposed `own`; both share the memory."""
        return self.own.T

    @cached
    def n_votes_of_lfs(self) -> np.ndarray:
        """Weighted number of votes of every LF, of those that name a class."""
        return self.own_transposed @ np.repeat(self.weight, self.n_classes)


def _coin_profile(chunk: CoinChunk) -> Profile:
    """Profile with the votes of every LF."""
    return profile_of(chunk, chunk.n_votes_of_lfs, _counts_of_coins(chunk))


def _counts_of_coins(chunk: CoinChunk) -> np.ndarray:
    ones = np.ones(chunk.own.shape[1])
    return (chunk.own @ ones).reshape(-1, chunk.n_classes)


class CoinSums(NamedTuple):
    """Statistics of a sweep.

    `counts` of shape (n_lfs, 2): expected right and wrong votes; `total` of shape
    (n_classes,): expected samples.
    """

    counts: np.ndarray
    total: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Expected right votes of every LF."""
        return self.counts[:, 0]

    def change(self, before: CoinSums) -> float:
        """Return by how much a vote became right or wrong, on average over votes."""
        n_votes = max(self.counts.sum(), 1e-300)
        return float(np.abs(self.right - before.right).sum() / n_votes)


def _coin_sums(chunk: CoinChunk, posterior: np.ndarray) -> CoinSums:
    right = right_votes(chunk.own_transposed, posterior, chunk.scale)
    wrong = np.maximum(chunk.n_votes_of_lfs - right, 0)
    return CoinSums(np.column_stack([right, wrong]), chunk.expected(posterior))


def _coin_start(chunk: CoinChunk, mean_share: np.ndarray) -> CoinSums:
    """Statistics under the vote shares, from which EM starts."""
    shares = shares_of_counts(_counts_of_coins(chunk), mean_share)
    return _coin_sums(chunk, chunk.clamp(shares))


def _coin_sweep(
    chunk: CoinChunk, log_odds: np.ndarray, log_prior: np.ndarray
) -> CoinSums:
    """Statistics under the posterior of the parameters: one sweep of EM."""
    posterior = posterior_of_support(chunk.own @ log_odds, log_prior)
    return _coin_sums(chunk, chunk.clamp(posterior))


def _coin_likelihood(
    chunk: CoinChunk,
    log_right: np.ndarray,
    log_wrong: np.ndarray,
    log_prior: np.ndarray,
) -> Likelihood:
    """Log likelihood of the votes, and of gold labels."""
    support = (chunk.own @ (log_right - log_wrong)).reshape(-1, chunk.n_classes)
    all_wrong = (chunk.own @ log_wrong).reshape(-1, chunk.n_classes).sum(axis=1)
    return likelihood_of(chunk, support + all_wrong[:, None] + log_prior)


COIN_PROFILE = Statistic("profile", _coin_profile, "count", "lf", ("n_votes",))
COIN_START = Statistic("start", _coin_start, "count", "lf", ("counts",))
COIN_SWEEP = Statistic("sweep", _coin_sweep, "expectation", "lf", ("counts",))
COIN_LIKELIHOOD = Statistic("likelihood", _coin_likelihood, "whole")


class OneCoinDawidSkene(CoinMixin, BaseDawidSkene):
    r"""One-coin Dawid-Skene model: one accuracy per labeling function.

    A labeling function (LF) is right with a probability of its own, whatever the
    class, and a wrong vote is each of the other classes alike. It has K times fewer
    parameters than :class:`DawidSkene`: prefer it where workers judge less than 20
    samples, with many classes, or as a check on the larger model. Do not use it where
    workers favour a class, or confuse one pair of classes more than others.

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
        Probabilities in the order of `classes_`, or a Series or dict by class. 'auto':
        those of the gold labels, and uniform without any. 'learned': EM learns them.
        With few classes, workers who favour one of them can pull a learned prior, and
        with it all labels, to that class; where a class is rare and workers are honest,
        learning helps.
    use_gold : bool, default=True
        Whether gold labels in `y` supervise the fit. False: they only help to name
        the classes, so that cross-validation may pass them for scoring.
    smoothing : float or tuple (right, wrong), default=(4.0, 1.0)
        Pseudo-votes of every LF that are right, and wrong in all; one number stands
        for both. 0 is maximum likelihood.
    prior_smoothing : float, default=1.0
        Pseudo-samples of each class in the learned prior; 0 is maximum likelihood.
    table_groups : array-like of shape (n_lfs,), default=None
        Name or number of the worker behind each LF. LFs with the same one share a
        coin, so that several columns can hold the repeated judgements of one worker.
        If None, each LF has its own. A Series goes by its index if that holds LF names.
    max_iter : int, default=1000
        Upper bound on EM sweeps. Each costs O(number of votes) and a softmax over
        the classes of each sample.
    tol : float, default=1e-6
        EM stops when the expected right votes of an LF move by less, as a share of
        its votes and on average over the votes.
    verbose : int, default=0
        Above 0, write a line per sweep to the standard error stream.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    class_prior_ : ndarray of shape (n_classes,)
        Prior probability of each class.
    vote_values_ : ndarray of shape (n_values,)
        The values that a vote can have.
    confusion_ : ndarray of shape (n_lfs, n_classes, n_values)
        P(vote value | class, the LF votes for a class); each row sums to 1.
    lf_accuracy_ : ndarray of shape (n_lfs,)
        P(the vote is right) of each LF.
    lower_bound_ : float
        Log posterior of the parameters per unit of sample weight, up to a constant;
        it never decreases from sweep to sweep.
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
    DawidSkene : A confusion matrix per LF.
    GLAD : One ability per LF and one difficulty per sample.

    Notes
    -----
    The model of [1]_, section 2, "one-coin". With posterior T, sample weights w and
    vote :math:`x_{ij}` of LF j on sample i,

    .. math::

        s_j &= \frac{\alpha_1 + \sum_i w_i T_{i x_{ij}}}
               {\alpha_1 + \alpha_2 + \sum_i w_i [j \text{ votes on } i]}, \\
        \pi_c &\propto a + \sum_i w_i T_{ic}, \\
        T_{ic} &\propto \pi_c \prod_{j:\, x_{ij} = c} \frac{(K - 1) s_j}{1 - s_j}.

    The line of the prior applies with ``class_prior='learned'`` only. An LF with
    :math:`s_j < 1/K` counts against what it votes for. Probabilities are
    kept within [1e-10, 1 - 1e-10]. Rows with gold stay at their class. EM starts
    from the vote shares: there is no seed.

    A row without votes gets `class_prior_`. An LF without votes in `fit` counts as
    the average worker if it votes later. Ties go to the class with the larger prior,
    then to the first. With one class all rows get it.

    References
    ----------
    .. [1] Y. Zhang, X. Chen, D. Zhou and M. I. Jordan, "Spectral methods meet EM: a
       provably optimal algorithm for crowdsourcing", JMLR 17, 2016, 1-44.

    Examples
    --------
    >>> import numpy as np
    >>> from sklabel.label_model import OneCoinDawidSkene
    >>> truth = np.tile([0, 1], 20)
    >>> votes = np.column_stack([truth, truth, 1 - truth])
    >>> model = OneCoinDawidSkene().fit(votes)
    >>> model.lf_accuracy_.round(1)
    array([1. , 1. , 0.1])
    >>> model.predict([[0, -1, 1], [-1, -1, 1]])
    array([0, 0])
    """

    _parameter_constraints = {
        "classes": ["array-like", None],
        "class_prior": [StrOptions({"auto", "learned", "uniform"}), "array-like"],
        "use_gold": ["boolean"],
        "smoothing": [_NOT_NEGATIVE, "array-like"],
        "prior_smoothing": [_NOT_NEGATIVE],
        "table_groups": ["array-like", None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [_NOT_NEGATIVE],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        class_prior: str | ArrayLike = "auto",
        use_gold: bool = True,
        smoothing: float | tuple[float, float] = (4.0, 1.0),
        prior_smoothing: float = 1.0,
        table_groups: ArrayLike | None = None,
        max_iter: int = 1000,
        tol: float = 1e-6,
        verbose: int = 0,
    ) -> None:
        self.classes = classes
        self.class_prior = class_prior
        self.use_gold = use_gold
        self.smoothing = smoothing
        self.prior_smoothing = prior_smoothing
        self.table_groups = table_groups
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose

    def _chunk_type(self) -> type[VoteChunk]:
        return CoinChunk

    def _profile(self, data: VoteSource) -> Profile:
        return data.total(COIN_PROFILE)

    def _fit_em(self, data: VoteSource, profile: Profile) -> None:
        n_votes, pseudo = profile.n_votes, read_smoothing(self.smoothing)
        start = data.start(COIN_SWEEP, COIN_START, profile.mean_share)
        steps = partial(self._m_step, n_votes), partial(self._e_step, data)
        result = data.run_em(self._run_em, start, *steps)
        self._keep_ending(result)
        sums = result.sums
        log_right, log_wrong = self._coins(n_votes, sums)
        log_prior = result.parameters[1]
        self.class_prior_ = np.exp(log_prior)
        voted = n_votes > 0
        likelihood = data.total(COIN_LIKELIHOOD, log_right, log_wrong, log_prior)
        total = likelihood.of(profile.weight)
        total += (pseudo[0] * log_right + pseudo[1] * log_wrong)[voted].sum()
        total += self._prior_penalty(self.class_prior_)
        self.lower_bound_ = float(total / profile.weight)
        # A worker who comes later is the average worker.
        accuracy = np.exp(log_right)
        if voted.any():
            seen = np.minimum(sums.right, n_votes) + pseudo[0]
            average = seen[voted].sum() / (n_votes + sum(pseudo))[voted].sum()
            accuracy[~voted] = average
        self._describe(accuracy[self._group])

    def _e_step(
        self, data: VoteSource, parameters: tuple[np.ndarray, np.ndarray]
    ) -> CoinSums:
        """Return the expected right votes under log odds of LFs and log prior."""
        return data.total(COIN_SWEEP, *parameters)

    def _m_step(
        self, n_votes: np.ndarray, sums: CoinSums
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the log odds of a right vote of each LF, and the log prior."""
        log_right, log_wrong = self._coins(n_votes, sums)
        return log_right - log_wrong, np.log(self._prior_of(sums.total))

    def _coins(
        self, n_votes: np.ndarray, sums: CoinSums
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return log P(right vote) and log P(one wrong vote) of each LF."""
        right = np.minimum(sums.right, n_votes)
        pseudo = read_smoothing(self.smoothing)
        return coin_weights(right, n_votes, pseudo, len(self.classes_))

    def _fit_trivial(self) -> None:
        right, wrong = read_smoothing(self.smoothing)
        known = right + wrong > 0
        accuracy = right / (right + wrong) if known else 0.5
        self._describe(np.full(len(self._group), accuracy))

    def _describe(self, accuracy: np.ndarray) -> None:
        """Set what is known of LFs from their accuracies."""
        self.lf_accuracy_ = accuracy
        self.confusion_ = coin_confusion(
            accuracy, self._class_of_value, len(self.classes_)
        )

    def _posterior(self, votes: CastVotes) -> np.ndarray:
        n_classes = len(self.classes_)
        log_right, log_wrong = coin_weights(
            self.lf_accuracy_, np.ones(self.n_features_in_), (0.0, 0.0), n_classes
        )
        own = self._own_votes(self._named_votes(votes))
        support = own @ (log_right - log_wrong)
        return posterior_of_support(support, np.log(self.class_prior_))
