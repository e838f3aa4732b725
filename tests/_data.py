"""Where real data sets are, which are not part of the project."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from sklabel.votes import VoteMatrix

BESIDE = Path(__file__).parents[2] / "shared" / "data"
SHARED_DATA = Path(os.environ.get("SKLABEL_TEST_DATA", BESIDE))


def read_votes(name):
    """Return the votes of a set of the real data, and the number of classes."""
    folder = SHARED_DATA / name
    if (folder / "L.csv.gz").exists():
        votes = pd.read_csv(folder / "L.csv.gz").to_numpy()
        gold = pd.read_csv(folder / "gold.csv")["label"].to_numpy()
        return votes, int(max(votes.max(), gold.max())) + 1
    path = next(folder.glob("annotations.csv*"))
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table = table.drop_duplicates(["task", "worker"], keep="last")
    task, tasks = pd.factorize(table["task"])
    worker, workers = pd.factorize(table["worker"])
    label, labels = pd.factorize(table["label"], sort=True)
    shape = len(tasks), len(workers)
    order = np.lexsort((worker, task))
    indptr = np.append(0, np.cumsum(np.bincount(task)))
    return VoteMatrix((label[order], worker[order], indptr), shape=shape), len(labels)
