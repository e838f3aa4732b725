"""Weather posts: short texts written for this package, with a simulated crowd.

Source: this package, under its licence; 400 posts with a gold label. Nothing was
collected from anybody.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from io import StringIO

import pandas as pd
from sklearn.utils import Bunch

from sklabel.datasets._base import make_bunch, read_text


def load_weather_posts() -> Bunch:
    """Weather posts written for this package, with simulated crowd workers.

    A bundled stand-in of the same form as
    :func:`~sklabel.datasets.fetch_weather_sentiment`, for examples and tests that
    run without a network. The posts were written, not collected, and the crowd is
    simulated: results show how the tools work and are not evidence on real data.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with

        crowd_labels : DataFrame of shape (1562, 3)
            One judgement per row: `tweet_id`, `worker_id`, `label` (0 or 1). Only
            the labels "Negative" and "Positive"; 60 workers.
        crowd_answers : DataFrame of shape (1704, 3)
            All judgements: `tweet_id`, `worker_id`, `answer` ("Negative",
            "Positive" or "I can't tell").
        train, dev, test : DataFrame of shape (280, 3), (50, 3) and (70, 3)
            One post per row: `tweet_id`, `tweet_text`, `sentiment` (0 or 1). Half
            of train and dev and all of test have no judgements.
        label_mapping : dict
            ``{"Negative": 0, "Positive": 1}``.
        DESCR : str
            How the posts were written and the crowd simulated, and counts.

    See Also
    --------
    fetch_weather_sentiment : Real tweets and a real crowd; needs a download.

    Examples
    --------
    >>> from sklabel.datasets import load_weather_posts
    >>> data = load_weather_posts()
    >>> data.train.shape
    (280, 3)
    >>> sorted(set(data.crowd_answers["answer"]))
    ["I can't tell", 'Negative', 'Positive']
    """
    posts = pd.read_csv(StringIO(read_text("data", "weather_posts.csv")))
    answers = pd.read_csv(StringIO(read_text("data", "weather_posts_crowd.csv")))
    train, dev, test = (posts[posts["split"] == x] for x in ("train", "dev", "test"))
    return make_bunch(answers, train, dev, test, descr="weather_posts.rst")
