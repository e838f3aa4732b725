"""Weather sentiment: tweets judged by a crowd, as the Snorkel tutorial uses them.

Source: CrowdFlower, Data For Everyone (licence not stated), from the Snorkel
repository; 287 tweets with a gold label, 1,916 positive or negative judgements.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import os

import pandas as pd
from sklearn.utils import Bunch

from sklabel.datasets._base import (
    LABEL_MAPPING,
    RemoteFile,
    fetch_file,
    get_data_home,
    make_bunch,
)

FOLDER = "weather_sentiment"
URL = (
    "https://raw.githubusercontent.com/snorkel-team/snorkel/v0.7.0-beta/"
    "tutorials/crowdsourcing/data/"
)
JUDGEMENTS = RemoteFile(
    filename="weather-non-agg-DFE.csv",
    url=URL + "weather-non-agg-DFE.csv",
    sha256="a7e0527d10fe395027b9bf607ccd1c91d6f0bc586781e48d4151be02f2a5b6f8",
)
GOLD = RemoteFile(
    filename="weather-evaluated-agg-DFE.csv",
    url=URL + "weather-evaluated-agg-DFE.csv",
    sha256="3d89efbdb70b5c6712ad66595e32209b9b69ccea373f3d57343908ea6c45752c",
)
N_DEV = 50
N_TEST = 50
N_DEV_UNJUDGED = 25
N_TRAIN_UNJUDGED = 93


def fetch_weather_sentiment(
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Bunch:
    """Weather tweets with a gold sentiment and the judgements of crowd workers.

    The real data of the Snorkel crowdsourcing tutorial, split and thinned out in
    the same way: half of the train and dev tweets and all test tweets have no
    judgements. The first call downloads the data. With 50 test tweets an accuracy has a
    standard error of 5 to 6 points: too few to compare two good classifiers.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder that holds, or will hold, ``weather_sentiment/*.csv``. If None, see
        :func:`~sklabel.datasets.get_data_home`.
    download_if_missing : bool, default=True
        Whether to download files that are not there. If False, they raise.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with

        crowd_labels : DataFrame of shape (1916, 3)
            One judgement per row: `tweet_id`, `worker_id`, `label` (0 or 1). Only
            the labels "Negative" and "Positive"; 100 workers.
        crowd_answers : DataFrame of shape (2380, 3)
            All judgements of the same tweets: `tweet_id`, `worker_id`, `answer`
            (one of five strings); 101 workers.
        train, dev, test : DataFrame of shape (187, 3), (50, 3) and (50, 3)
            One tweet per row: `tweet_id`, `tweet_text`, `sentiment` (0 or 1).
        label_mapping : dict
            ``{"Negative": 0, "Positive": 1}``.
        DESCR : str
            Source, licence and counts.

    Raises
    ------
    OSError
        If a file is missing and is not downloaded, or is not the expected one.

    See Also
    --------
    load_weather_posts : A bundled stand-in that needs no download.

    Examples
    --------
    >>> from sklabel.datasets import fetch_weather_sentiment
    >>> data = fetch_weather_sentiment()  # doctest: +SKIP
    >>> data.crowd_labels.shape  # doctest: +SKIP
    (1916, 3)
    """
    folder = get_data_home(data_home) / FOLDER
    judgements, gold = (
        pd.read_csv(fetch_file(file, folder, download_if_missing=download_if_missing))
        for file in (JUDGEMENTS, GOLD)
    )
    train, dev, test = _split(gold)
    judged = pd.concat([train[N_TRAIN_UNJUDGED:], dev[N_DEV_UNJUDGED:]])
    answers = judgements.rename(columns={"emotion": "answer"})
    answers = answers[answers["tweet_id"].isin(judged["tweet_id"])]
    return make_bunch(answers, train, dev, test, descr="weather_sentiment.rst")


def _split(gold: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    gold = gold.sort_values("_unit_id_")
    certain = gold["correct_category_conf"] == 1
    gold = gold[certain & gold["sentiment"].isin(list(LABEL_MAPPING))]
    # The published split: another seed gives other tweets without judgements.
    gold = gold.sample(frac=1, random_state=123)
    gold = gold.rename(columns={"tweet_body": "tweet_text"})
    gold["sentiment"] = gold["sentiment"].map(LABEL_MAPPING).astype("int64")
    n_held_out = N_DEV + N_TEST
    return gold[n_held_out:], gold[:N_DEV], gold[N_DEV:n_held_out]
