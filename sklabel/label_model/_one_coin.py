"""One-coin Dawid-Skene model: one accuracy per labeling function."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike

from sklabel.label_model._chunks import (
    CoinSums,
    Profile,
    coin_likelihood,
    coin_profile,
    coin_start,
    coin_sweep,
)
from sklabel.label_model._dawid_skene import BaseDawidSkene, read_alpha
from sklabel.label_model._em import CoinMixin, run_sweeps
from sklabel.label_model._em_kernels import (
    coin_confusion,
    coin_weights,
    posterior_of_support,
)
from sklabel.label_model._growing_sums import GrowingSums
from sklabel.utils._validation import Interval
from sklabel.votes._cast import CastVotes

_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")


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
        The classes, in the order of the columns of `predict_proba`. With strings
        here, integer votes are indices into it. Votes outside of it ("can't tell")
        are ignored. If None, the labels of `y` where every row has one, else the
        labels of votes and `y` together.
    class_prior : array-like of shape (n_classes,), default=None
        Probabilities in the order of `classes_`. If None, see `learn_prior`.
    learn_prior : bool, default=False
        Whether EM learns the class prior. False: it is that of the gold labels, and
        uniform without any. With few classes, workers who favour one of them can pull
        a learned prior, and with it all labels, to that class; where a class is rare
        and workers are honest, learning helps.
    use_gold : bool, default=True
        Whether gold labels in `y` supervise the fit. False: they only help to name
        the classes, so that cross-validation may pass them for scoring.
    alpha : float or tuple (right, wrong), default=(4.0, 1.0)
        Pseudo-votes of every LF that are right, and wrong in all; one number stands
        for both. 0 is maximum likelihood.
    class_alpha : float, default=1.0
        Pseudo-samples of each class in the learned prior; 0 is maximum likelihood.
    lf_groups : array-like of shape (n_lfs,), default=None
        Name or number of the worker behind each LF. LFs with the same one share a
        coin, so that several columns can hold the repeated judgements of one worker.
        If None, each LF has its own.
    max_iter : int, default=1000
        Upper bound on EM sweeps. Each costs O(number of votes) and a softmax over
        the classes of each sample.
    tol : float, default=1e-6
        EM stops when the expected right votes of an LF move by less, as a share of
        its votes and on average over the votes.

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
        Number of samples, also those of `partial_fit`; their weights add up.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (n_features_in_,)
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

    The line of the prior applies with `learn_prior` only. An LF with
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
        "class_prior": ["array-like", None],
        "learn_prior": ["boolean"],
        "use_gold": ["boolean"],
        "alpha": [_NOT_NEGATIVE, "array-like"],
        "class_alpha": [_NOT_NEGATIVE],
        "lf_groups": ["array-like", None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [_NOT_NEGATIVE],
    }

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        class_prior: ArrayLike | None = None,
        learn_prior: bool = False,
        use_gold: bool = True,
        alpha: float | tuple[float, float] = (4.0, 1.0),
        class_alpha: float = 1.0,
        lf_groups: ArrayLike | None = None,
        max_iter: int = 1000,
        tol: float = 1e-6,
    ) -> None:
        self.classes = classes
        self.class_prior = class_prior
        self.learn_prior = learn_prior
        self.use_gold = use_gold
        self.alpha = alpha
        self.class_alpha = class_alpha
        self.lf_groups = lf_groups
        self.max_iter = max_iter
        self.tol = tol

    def _usable(self, votes: CastVotes) -> CastVotes:
        """Return the votes of workers that name a class."""
        return CoinMixin._usable(self, BaseDawidSkene._usable(self, votes))

    def _profile_kernel(self) -> Callable[..., Profile]:
        return coin_profile

    def _fit_em(self, data: GrowingSums, profile: Profile) -> None:
        n_votes, n_classes = profile.n_votes, len(self.classes_)
        pseudo = read_alpha(self.alpha)

        def coins(sums: CoinSums) -> tuple[np.ndarray, np.ndarray]:
            right = np.minimum(sums.right, n_votes)
            return coin_weights(right, n_votes, pseudo, n_classes)

        def m_step(sums: CoinSums) -> tuple[np.ndarray, np.ndarray]:
            log_right, log_wrong = coins(sums)
            return log_right - log_wrong, np.log(self._prior_of(sums.total))

        def sweep(parameters: tuple[np.ndarray, np.ndarray]) -> CoinSums:
            return data.total(coin_sweep, *parameters)

        start = data.resumed(coin_sweep, coin_start, profile.mean_share)
        sums = run_sweeps(self, data, start, m_step, sweep)

        log_right, log_wrong = coins(sums)
        log_prior = m_step(sums)[1]
        self.class_prior_ = np.exp(log_prior)
        voted = n_votes > 0
        likelihood = data.total(coin_likelihood, log_right, log_wrong, log_prior)
        total = likelihood.of(profile.weight)
        total += (pseudo[0] * log_right + pseudo[1] * log_wrong)[voted].sum()
        total += self._prior_penalty(self.class_prior_)
        self.lower_bound_ = float(total / profile.weight)
        # A worker who comes later is the average worker.
        seen = np.minimum(sums.right, n_votes) + pseudo[0]
        average = seen[voted].sum() / (n_votes + sum(pseudo))[voted].sum()
        accuracy = np.where(voted, np.exp(log_right), average)
        self._describe(accuracy[self._group])

    def _fit_trivial(self) -> None:
        right, wrong = read_alpha(self.alpha)
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
        own = self._own_votes(CoinMixin._usable(self, votes))
        support = own @ (log_right - log_wrong)
        return posterior_of_support(support, np.log(self.class_prior_))
