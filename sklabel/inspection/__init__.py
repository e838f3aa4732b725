"""Tables and pictures that show what the votes say."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.inspection._agreement import agreement_report
from sklabel.inspection._class_shares import class_shares
from sklabel.inspection._coefficients import (
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
)
from sklabel.inspection._confusion import LFConfusionDisplay
from sklabel.inspection._error_correlation import ErrorCorrelationDisplay
from sklabel.inspection._label_issues import label_issues
from sklabel.inspection._lf_summary import label_coverage, lf_summary
from sklabel.inspection._overlap import OverlapDisplay
from sklabel.inspection._pairwise import cohen_kappa
from sklabel.inspection._panel import PanelReport, panel_report
from sklabel.inspection._posterior import PosteriorDisplay
from sklabel.inspection._soft_label_table import soft_label_table
from sklabel.inspection._worker_funnel import WorkerFunnelDisplay
from sklabel.inspection._workers import worker_report

__all__ = [
    "ErrorCorrelationDisplay",
    "LFConfusionDisplay",
    "OverlapDisplay",
    "PanelReport",
    "PosteriorDisplay",
    "WorkerFunnelDisplay",
    "agreement_report",
    "class_shares",
    "cohen_kappa",
    "fleiss_kappa",
    "gwet_ac1",
    "krippendorff_alpha",
    "label_coverage",
    "label_issues",
    "lf_summary",
    "panel_report",
    "percent_agreement",
    "soft_label_table",
    "worker_report",
]
