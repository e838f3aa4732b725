"""Tables and pictures that show what the votes say, and where the next one pays."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.inspection._agreement import (
    agreement_report,
    fleiss_kappa,
    krippendorff_alpha,
    percent_agreement,
)
from sklabel.inspection._confusion import LFConfusionDisplay
from sklabel.inspection._cost_curve import CostCurve
from sklabel.inspection._cost_curve_display import CostCurveDisplay
from sklabel.inspection._gain import expected_error, expected_gain, posterior_entropy
from sklabel.inspection._lf_summary import label_coverage, lf_summary
from sklabel.inspection._overlap import OverlapDisplay
from sklabel.inspection._posterior import PosteriorDisplay
from sklabel.inspection._relabel import relabel_plan
from sklabel.inspection._report import LabelingReport, labeling_report
from sklabel.inspection._simulation import simulate_cost_curve
from sklabel.inspection._stopping import StoppingRule, stopping_rule
from sklabel.inspection._worker_funnel import WorkerFunnelDisplay
from sklabel.inspection._workers import worker_report

__all__ = [
    "CostCurve",
    "CostCurveDisplay",
    "LFConfusionDisplay",
    "LabelingReport",
    "OverlapDisplay",
    "PosteriorDisplay",
    "StoppingRule",
    "WorkerFunnelDisplay",
    "agreement_report",
    "expected_error",
    "expected_gain",
    "fleiss_kappa",
    "krippendorff_alpha",
    "label_coverage",
    "labeling_report",
    "lf_summary",
    "percent_agreement",
    "posterior_entropy",
    "relabel_plan",
    "simulate_cost_curve",
    "stopping_rule",
    "worker_report",
]
