"""Votes of a small crowd, and the slow twin of all gains."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import product

import numpy as np
import pandas as pd

from sklabel import CrowdLabels, WorkerLFTransformer
from sklabel.datasets import make_crowd_labels


def small_votes():
    """Dense votes of ten workers on 60 samples, three classes, row 7 empty."""
    data = make_crowd_labels(
        60,
        10,
        3,
        judgements_per_sample=2.5,
        worker_types={"average": 1},
        random_state=0,
    )
    crowd = CrowdLabels.from_frame(data.crowd_labels)
    lfs = WorkerLFTransformer(crowd, id_column="sample")
    dense = lfs.fit_transform(pd.DataFrame({"sample": np.arange(60)}))
    dense[7] = -1
    dense.setflags(write=False)
    return dense


def gain_by_loops(p, table, criterion, n_votes=1):
    """Expected drop over all sequences of votes."""

    def risk(q):
        if criterion == "error":
            return 1 - max(q)
        return -sum(x * np.log2(x) for x in q if x > 0)

    after = 0.0
    for sequence in product(range(table.shape[1]), repeat=n_votes):
        joint = [p[c] * np.prod(table[c, list(sequence)]) for c in range(len(p))]
        if sum(joint) > 0:
            after += sum(joint) * risk([x / sum(joint) for x in joint])
    return risk(p) - after
