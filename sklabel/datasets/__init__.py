"""Datasets: bundled (`load_`), downloaded (`fetch_`) and generated (`make_`)."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.datasets._base import get_data_home
from sklabel.datasets._crowd_generator import make_crowd_labels
from sklabel.datasets._lf_generator import make_lf_votes
from sklabel.datasets._llm_answers import make_llm_answers
from sklabel.datasets._posts import load_weather_posts
from sklabel.datasets._weather import fetch_weather_sentiment

__all__ = [
    "fetch_weather_sentiment",
    "get_data_home",
    "load_weather_posts",
    "make_crowd_labels",
    "make_lf_votes",
    "make_llm_answers",
]
