"""Hard and soft gold, and what differs between them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklabel.sums._gold import (
    clamp,
    gold_proba,
    gold_total,
    has_gold,
    joined_gold,
    likelihood_of_gold,
    no_gold,
)

HARD = np.array([1, -1, 0])
CERTAIN = np.array([[0.0, 1.0], [np.nan, np.nan], [1.0, 0.0]])
SOFT = np.array([[0.3, 0.7], [np.nan, np.nan], [0.6, 0.4]])
WEIGHT = np.array([2.0, 5.0, 0.5])


def test_rows_that_have_gold():
    for gold in (HARD, CERTAIN, SOFT):
        assert_array_equal(has_gold(gold), [True, False, True])
    none = no_gold(3)
    assert not has_gold(none).any()
    assert none.strides == (0,)


@pytest.mark.parametrize("gold", [HARD, CERTAIN, SOFT], ids=["hard", "certain", "soft"])
def test_a_row_counts_once_for_each_class_by_its_probability(gold):
    known = has_gold(gold)
    expected = SOFT[known] if gold is SOFT else CERTAIN[known]
    assert_array_equal(gold_proba(gold[known], 2), expected)
    total = gold_total(gold[known], WEIGHT[known], 2)
    assert_allclose(total, [sum(WEIGHT[known] * p) for p in expected.T])
    scores = np.log([[0.2, 0.1], [0.3, 0.05]])
    found = likelihood_of_gold(scores, gold[known])
    assert_allclose(found, [p @ row for p, row in zip(expected, scores, strict=True)])
    clamped = clamp(np.full((3, 2), 0.5), gold)
    assert_array_equal(clamped[known], expected)
    assert_array_equal(clamped[~known], [[0.5, 0.5]])


def test_parts_are_joined_and_soft_if_one_is():
    assert_array_equal(joined_gold([HARD, no_gold(1)], 2), [1, -1, 0, -1])
    joined = joined_gold([HARD, SOFT, no_gold(1)], 2)
    assert_array_equal(joined, np.vstack([CERTAIN, SOFT, [[np.nan, np.nan]]]))
