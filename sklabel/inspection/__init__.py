"""Tables that show what the votes say."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.inspection._lf_summary import label_coverage, lf_summary

__all__ = ["label_coverage", "lf_summary"]
