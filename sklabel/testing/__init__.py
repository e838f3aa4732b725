"""Checks for one's own label models and LF transformers."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.testing._estimator_checks import check_label_model, check_lf_transformer

__all__ = ["check_label_model", "check_lf_transformer"]
