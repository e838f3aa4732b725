"""A stopping rule says which samples are done."""

# SPDX-License-Identifier: BSD-3-Clause

import pytest

from sklabel.relabeling._stopping import StoppingRule


def test_a_rule_stops_at_its_threshold_and_bounds():
    proba = [[0.99, 0.01], [0.98, 0.02], [0.5, 0.5], [1.0, 0.0]]
    assert StoppingRule()(proba).tolist() == [True, False, False, True]
    rule = StoppingRule(0.9, min_judgements=2, max_judgements=5)
    assert rule(proba, [1, 2, 5, 7]).tolist() == [False, True, True, True]
    assert rule == StoppingRule(0.9, min_judgements=2, max_judgements=5)
    assert rule.threshold == 0.9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0}, r"threshold must be in \(0, 1\]; got 0"),
        ({"threshold": 1.1}, "threshold must be"),
        ({"threshold": "0.9"}, "threshold must be"),
        ({"min_judgements": -1}, "min_judgements must be an integer of 0 or more"),
        ({"max_judgements": 0}, "max_judgements must be None or an integer of 1"),
        ({"min_judgements": 3, "max_judgements": 2}, "not less than min_judgements=3"),
    ],
)
def test_wrong_parameters_of_a_rule_raise(options, message):
    with pytest.raises(ValueError, match=message):
        StoppingRule(**options)


def test_a_rule_says_what_it_lacks():
    with pytest.raises(ValueError, match="max_judgements=5 and needs n_judgements"):
        StoppingRule(max_judgements=5)([[1.0, 0.0]])
    with pytest.raises(ValueError, match=r"each of the 1 samples; got shape \(2,\)"):
        StoppingRule()([[1.0, 0.0]], [1, 2])
    with pytest.raises(ValueError, match="sum to 1"):
        StoppingRule()([[1.0, 0.5]])


def test_the_repr_of_a_rule_makes_it_again():
    rule = StoppingRule(0.9, max_judgements=5)
    assert repr(rule) == (
        "StoppingRule(threshold=0.9, min_judgements=1, max_judgements=5)"
    )
    assert eval(repr(rule)) == rule
    with pytest.raises(TypeError, match="positional argument"):
        StoppingRule(0.9, 1)
