"""Dawid-Skene models: a confusion matrix, or one coin, per labeling function."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklabel.label_model._em import BaseCoinModel, BaseEMLabelModel, unit_weight
from sklabel.label_model._em_kernels import (
    class_counts_of_atoms,
    coin_confusion,
    coin_weights,
    log_likelihood,
    log_tables,
    posterior_of_atoms,
    posterior_of_support,
    right_votes,
    run_em,
)
from sklabel.label_model._kernels import (
    clamp_rows,
    confusion_prior,
    one_hot,
    vote_shares,
)
from sklabel.utils._validation import Interval, StrOptions, first_few
from sklabel.utils._votes import CastVotes

_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")


class DawidSkene(BaseEMLabelModel):
    r"""Dawid-Skene model: one confusion matrix per labeling function.

    Each labeling function (LF) answers by a table P(vote value | class) of its own,
    and given the class all votes are independent. Prefer it for crowd workers who
    judge 20 samples or more each and confuse classes in their own ways. Do not use it
    on rules that vote for one class only: given that it votes, such an LF always says
    the same, and the model collapses to one class; :class:`LabelModel` handles them.
    With few judgements per worker, :class:`OneCoinDawidSkene` or
    :class:`MajorityVote` is safer. Its probabilities are far too certain where votes
    on one sample share errors, as they do in most real crowds.

    Parameters
    ----------
    classes : array-like of shape (n_classes,), default=None
        The classes, in the order of the columns of `predict_proba`. With strings
        here, integer votes are indices into it. Vote values outside of it ("can't
        tell") are evidence. If None, the labels of `y` where every row has one, else
        the labels of votes and `y` together.
    class_prior : array-like of shape (n_classes,), default=None
        Probabilities in the order of `classes_`. If None, learned.
    use_gold : bool, default=True
        Whether gold labels in `y` supervise the fit. False: they only help to name
        the classes, so that cross-validation may pass them for scoring.
    alpha : 'auto', float or tuple (right, wrong), default='auto'
        Pseudo-votes in every confusion matrix: of each class for itself (right) and
        for each other value (wrong); one number stands for both. 'auto' is
        ``(4, sqrt(2 / n_classes))``, which assumes that workers are better than
        chance. 0 is maximum likelihood as in [1]_: exact zeros, and unusable where
        LFs vote rarely.
    class_alpha : float, default=1.0
        Pseudo-samples of each class in the learned prior; 0 is maximum likelihood.
    lf_groups : array-like of shape (n_lfs,), default=None
        Name or number of the worker behind each LF. LFs with the same one share a
        confusion matrix, so that several columns can hold the repeated judgements of
        one worker. If None, each LF has its own.
    max_iter : int, default=1000
        Upper bound on EM sweeps. Each costs O(number of votes * n_classes), half of
        that for two classes.
    tol : float, default=1e-4
        EM stops when no posterior probability moves by as much.
    dtype : {'float64', 'float32'}, default='float64'
        Precision of the sweeps. 'float32' needs about half of the memory and, with
        20 classes, 0.6 of the time (0.8 with two); probabilities then are good to 4
        digits.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    class_prior_ : ndarray of shape (n_classes,)
        Prior probability of each class.
    vote_values_ : ndarray of shape (n_values,)
        The values that a vote can have.
    confusion_ : ndarray of shape (n_lfs, n_classes, n_values)
        P(vote value | class, the LF votes); each row sums to 1.
    lf_accuracy_ : ndarray of shape (n_lfs,)
        Expected share of right votes among the LF's votes for a class, pseudo-votes
        included; NaN where there are neither.
    lower_bound_ : float
        Log posterior of the parameters per unit of sample weight, up to a constant;
        it never decreases from sweep to sweep.
    n_iter_ : int
        Number of sweeps.
    converged_ : bool
        False if EM stopped at `max_iter`.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        LF names; only if X had string column names.

    See Also
    --------
    LabelModel : Copes with rules, and tempers the probabilities.
    OneCoinDawidSkene : One number per LF instead of a table.

    Notes
    -----
    With posterior T, sample weights w and vote :math:`x_{ij}` of LF j on sample i,

    .. math::

        \theta_{jcv} &\propto \alpha_{cv} + \sum_i w_i T_{ic} [x_{ij} = v], \\
        \pi_c &\propto a + \sum_i w_i T_{ic}, \\
        T_{ic} &\propto \pi_c \prod_j \theta_{j c x_{ij}},

    which is equations 2.3 to 2.5 of [1]_ for :math:`\alpha = a = 0`. Sums of logs
    replace the product, so that no number of votes underflows. Rows with gold stay
    at their class. EM starts from the vote shares: there is no seed, and permuting
    rows, LFs or classes permutes the result.

    Where nothing was counted a probability is at least 1e-10 before normalisation.
    A row without votes gets `class_prior_`. An LF without votes in `fit` counts as
    the average worker if it votes later. Ties go to the class with the larger prior,
    then to the first. With one class all rows get it.

    With one judgement per worker the votes do not tell good workers from bad ones:
    maximum likelihood explains any labels equally well and stays near its start,
    often in a wrong class; 'auto' then gives the majority vote.

    References
    ----------
    .. [1] A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer
       error-rates using the EM algorithm", JRSS-C 28(1), 1979, 20-28.
       doi:10.2307/2346806

    Examples
    --------
    Two reliable workers and one who answers the opposite:

    >>> import numpy as np
    >>> from sklabel.label_model import DawidSkene
    >>> truth = np.tile([0, 1], 20)
    >>> votes = np.column_stack([truth, truth, 1 - truth])
    >>> model = DawidSkene().fit(votes)
    >>> model.lf_accuracy_.round(1)
    array([1. , 1. , 0.2])
    >>> model.predict([[0, -1, 1], [-1, -1, 1]])
    array([0, 0])
    """

    _parameter_constraints = {
        "classes": ["array-like", None],
        "class_prior": ["array-like", None],
        "use_gold": ["boolean"],
        "alpha": [StrOptions({"auto"}), _NOT_NEGATIVE, "array-like"],
        "class_alpha": [_NOT_NEGATIVE],
        "lf_groups": ["array-like", None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [_NOT_NEGATIVE],
        "dtype": [StrOptions({"float64", "float32"})],
    }

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        class_prior: ArrayLike | None = None,
        use_gold: bool = True,
        alpha: str | float | tuple[float, float] = "auto",
        class_alpha: float = 1.0,
        lf_groups: ArrayLike | None = None,
        max_iter: int = 1000,
        tol: float = 1e-4,
        dtype: str = "float64",
    ) -> None:
        self.classes = classes
        self.class_prior = class_prior
        self.use_gold = use_gold
        self.alpha = alpha
        self.class_alpha = class_alpha
        self.lf_groups = lf_groups
        self.max_iter = max_iter
        self.tol = tol
        self.dtype = dtype

    def _fit_em(
        self, votes: CastVotes, known: np.ndarray, gold: np.ndarray, weight: np.ndarray
    ) -> None:
        n_classes, n_values = len(self.classes_), len(self.vote_values_)
        pseudo = self._pseudo_votes()
        votes, group = _merge_lfs(votes, self.lf_groups)
        shape = (votes.n_lfs, n_values, n_classes)
        indicator = one_hot(votes, n_values).astype(self.dtype, copy=False)
        transposed = indicator.T
        n_votes = transposed @ weight
        scale = unit_weight(weight.astype(self.dtype))

        def m_step(posterior: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            counts = class_counts_of_atoms(transposed, posterior, scale, n_votes)
            return counts.reshape(shape), self._prior_of(weight @ posterior)

        def joint(parameters: tuple[np.ndarray, np.ndarray]) -> tuple[Any, Any]:
            counts, prior = parameters
            table = log_tables(counts, pseudo).reshape(-1, n_classes)
            return table.astype(self.dtype), np.log(prior).astype(self.dtype)

        def e_step(parameters: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
            posterior = posterior_of_atoms(indicator, *joint(parameters))
            return clamp_rows(posterior, known, gold)

        named = self._class_of_value[:, None] == np.arange(n_classes)
        shares = vote_shares(indicator @ np.tile(named, (votes.n_lfs, 1)), weight)
        start = clamp_rows(shares.astype(self.dtype, copy=False), known, gold)
        result = run_em(start, m_step, e_step, self.max_iter, self.tol)
        self._finish(result)

        counts, self.class_prior_ = result.parameters
        counts = counts.astype(np.float64)
        table, log_prior = joint(result.parameters)
        log_norm = log_likelihood(indicator @ table + log_prior, known, gold)
        voted = n_votes.reshape(shape[:2]).sum(axis=1) > 0
        penalty = (pseudo * log_tables(counts[voted], pseudo)).sum()
        self.lower_bound_ = float(
            (weight @ log_norm + penalty + self._prior_penalty(self.class_prior_))
            / weight.sum()
        )
        self._describe(counts[group], pseudo, counts[voted].sum(axis=0))

    def _fit_trivial(self, n_lfs: int) -> None:
        _group_numbers(self.lf_groups, n_lfs)
        pseudo = self._pseudo_votes()
        none = np.zeros((n_lfs, *pseudo.shape))
        self._describe(none, pseudo, none[:0].sum(axis=0))

    def _pseudo_votes(self) -> np.ndarray:
        """Return the pseudo-votes, shape (n_values, n_classes)."""
        n_classes = len(self.classes_)
        right, wrong = _read_alpha(self.alpha, (4.0, float(np.sqrt(2 / n_classes))))
        return confusion_prior(self._class_of_value, n_classes, right, wrong)

    def _describe(
        self, counts: np.ndarray, pseudo: np.ndarray, pooled: np.ndarray
    ) -> None:
        """Set what is known of LFs from the expected votes of each and of all."""
        # A worker who comes later is the average worker.
        never = counts.sum(axis=(1, 2)) == 0
        self._log_tables = log_tables(counts, pseudo)
        self._log_tables[never] = log_tables(pooled[None], pseudo)
        self.confusion_ = np.swapaxes(np.exp(self._log_tables), 1, 2)
        smoothed = counts + pseudo
        smoothed[never] += pooled
        named = np.flatnonzero(self._class_of_value >= 0)
        right = smoothed[:, named, self._class_of_value[named]].sum(axis=1)
        total = smoothed[:, named].sum(axis=(1, 2))
        self.lf_accuracy_ = right / np.where(total > 0, total, np.nan)

    def _posterior(self, votes: CastVotes) -> np.ndarray:
        n_classes, n_values = len(self.classes_), len(self.vote_values_)
        return posterior_of_atoms(
            one_hot(votes, n_values),
            self._log_tables.reshape(-1, n_classes),
            np.log(self.class_prior_),
        )


class OneCoinDawidSkene(BaseCoinModel):
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
    tol : float, default=1e-4
        EM stops when no posterior probability moves by as much.

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
        tol: float = 1e-4,
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

    def _fit_em(
        self, votes: CastVotes, known: np.ndarray, gold: np.ndarray, weight: np.ndarray
    ) -> None:
        n_classes = len(self.classes_)
        pseudo = _read_alpha(self.alpha)
        votes, group = _merge_lfs(votes, self.lf_groups)
        own = self._own_votes(votes)
        transposed = own.T
        n_votes = right_votes(transposed, np.ones((len(weight), n_classes)), weight)
        scale = unit_weight(weight)

        def m_step(posterior: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            right = right_votes(transposed, posterior, scale)
            return np.minimum(right, n_votes), self._prior_of(weight @ posterior)

        def coins(right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return coin_weights(right, n_votes, pseudo, n_classes)

        def e_step(parameters: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
            log_right, log_wrong = coins(parameters[0])
            support = own @ (log_right - log_wrong)
            posterior = posterior_of_support(support, np.log(parameters[1]))
            return clamp_rows(posterior, known, gold)

        counts = (own @ np.ones(votes.n_lfs)).reshape(-1, n_classes)
        shares = vote_shares(counts, weight)
        start = clamp_rows(shares, known, gold)
        result = run_em(start, m_step, e_step, self.max_iter, self.tol)
        self._finish(result)

        right, self.class_prior_ = result.parameters
        log_right, log_wrong = coins(right)
        support = (own @ (log_right - log_wrong)).reshape(-1, n_classes)
        all_wrong = (own @ log_wrong).reshape(-1, n_classes).sum(axis=1)
        scores = support + all_wrong[:, None] + np.log(self.class_prior_)
        log_norm = log_likelihood(scores, known, gold)
        voted = n_votes > 0
        penalty = (pseudo[0] * log_right + pseudo[1] * log_wrong)[voted].sum()
        self.lower_bound_ = float(
            (weight @ log_norm + penalty + self._prior_penalty(self.class_prior_))
            / weight.sum()
        )
        # A worker who comes later is the average worker.
        seen = right + pseudo[0]
        average = seen[voted].sum() / (n_votes + sum(pseudo))[voted].sum()
        accuracy = np.where(voted, np.exp(log_right), average)
        self._describe(accuracy[group])

    def _fit_trivial(self, n_lfs: int) -> None:
        _group_numbers(self.lf_groups, n_lfs)
        right, wrong = _read_alpha(self.alpha)
        known = right + wrong > 0
        self._describe(np.full(n_lfs, right / (right + wrong) if known else 0.5))

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
        support = self._own_votes(self._usable(votes)) @ (log_right - log_wrong)
        return posterior_of_support(support, np.log(self.class_prior_))


def _read_alpha(alpha: Any, auto: tuple[float, float] = (0, 0)) -> tuple[float, float]:
    """Return the pseudo-votes (right, wrong) that `alpha` stands for."""
    if isinstance(alpha, str):
        return auto
    if isinstance(alpha, Real):
        return float(alpha), float(alpha)
    try:
        right, wrong = (float(value) for value in alpha)
    except (TypeError, ValueError):
        right, wrong = -1.0, -1.0
    if not (0 <= right < np.inf and 0 <= wrong < np.inf):
        raise ValueError(
            "alpha must be a number >= 0 or two of them, the pseudo-votes that are "
            f"right and wrong. Got {alpha!r} instead."
        )
    return right, wrong


def _group_numbers(lf_groups: Any, n_lfs: int) -> np.ndarray:
    """Return the number of the worker behind each LF, shape (n_lfs,)."""
    if lf_groups is None:
        return np.arange(n_lfs)
    groups = np.asarray(lf_groups)
    if groups.shape != (n_lfs,):
        raise ValueError(
            f"lf_groups must name a worker for each of the {n_lfs} LFs; got "
            f"{first_few(groups.ravel())} of shape {groups.shape}."
        )
    return np.unique(groups, return_inverse=True)[1].reshape(-1)


def _merge_lfs(votes: CastVotes, lf_groups: Any) -> tuple[CastVotes, np.ndarray]:
    """Return the votes of workers, and the worker behind each LF.

    A worker may have several votes on one sample.
    """
    group = _group_numbers(lf_groups, votes.n_lfs)
    if lf_groups is not None:
        lf = group[votes.lf]
        votes = CastVotes(votes.indptr, lf, votes.value, votes.n_lfs)
    return votes, group
