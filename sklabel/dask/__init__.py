"""Label models and labeling functions on Dask collections that exceed memory."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.dask._apply import predict, predict_proba, transform
from sklabel.dask._crowd import PartitionedCrowdLabels
from sklabel.dask._fit import fit

__all__ = ["PartitionedCrowdLabels", "fit", "predict", "predict_proba", "transform"]
