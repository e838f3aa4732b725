"""Tables and pictures that show what the votes say, and where the next one pays."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.inspection._agreement import (
    agreement_report,
    fleiss_kappa,
    krippendorff_alpha,
    percent_agreement,
)
from sklabel.inspection._lf_summary import label_coverage, lf_summary
from sklabel.inspection._workers import worker_report

__all__ = [
    "agreement_report",
    "fleiss_kappa",
    "krippendorff_alpha",
    "label_coverage",
    "lf_summary",
    "percent_agreement",
    "worker_report",
]
