"""Where the next judgement pays: gains, plans, stopping, simulated cost curves."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.relabeling._cost_curve import CostCurve
from sklabel.relabeling._cost_curve_display import CostCurveDisplay
from sklabel.relabeling._gain import expected_error, expected_gain, posterior_entropy
from sklabel.relabeling._plan import relabel_plan
from sklabel.relabeling._simulation import simulate_cost_curve
from sklabel.relabeling._stopping import StoppingRule

__all__ = [
    "CostCurve",
    "CostCurveDisplay",
    "StoppingRule",
    "expected_error",
    "expected_gain",
    "posterior_entropy",
    "relabel_plan",
    "simulate_cost_curve",
]
