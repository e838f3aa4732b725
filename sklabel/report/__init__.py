"""One HTML page on a labelling project."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.report._labeling_report import LabelingReport, labeling_report

__all__ = ["LabelingReport", "labeling_report"]
