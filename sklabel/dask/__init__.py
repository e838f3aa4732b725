"""Label models and labeling functions on Dask collections that exceed memory.

What is learned here is learned from votes: `fit` is the plain recipe, without rounds of
votes and features. These need the features of all rows in memory, and so does
:class:`sklabel.WeakSupervisionClassifier`: fit it to a sample (``X.sample(frac=...)``,
then ``.compute()``), and hand its `label_model_` to `predict_proba` of this module.
"""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.dask._apply import predict, predict_proba, transform
from sklabel.dask._crowd import PartitionedCrowdLabels
from sklabel.dask._fit import fit

__all__ = ["PartitionedCrowdLabels", "fit", "predict", "predict_proba", "transform"]
