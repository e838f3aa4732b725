"""Where real data sets are, which are not part of the project."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklabel.datasets import fetch_weather_sentiment
from sklabel.votes import VoteMatrix

BESIDE = Path(__file__).parents[2] / "shared" / "data"
SHARED_DATA = Path(os.environ.get("SKLABEL_TEST_DATA", BESIDE))


def real_data(name):
    """Return the path of a set or a file of the real data, or skip the test."""
    path = SHARED_DATA / name
    if not path.exists():
        pytest.skip(f"needs {name} in the folder that SKLABEL_TEST_DATA names")
    return path


def weather_sentiment():
    """Return the real weather tweets, or skip the test."""
    real_data("weather_sentiment")
    return fetch_weather_sentiment(data_home=SHARED_DATA, download_if_missing=False)


def read_votes(name):
    """Return the votes of a set of the real data, and the number of classes."""
    folder = real_data(name)
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


def importer_fixture(name):
    """Return the path of a file that an importer must read, or skip the test."""
    path = SHARED_DATA.parent / "fixtures" / "importers" / name
    if not path.exists():
        pytest.skip(f"needs fixtures/importers/{name} beside the real data")
    return path
