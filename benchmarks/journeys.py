"""How far a reader has to travel: files and functions that a call passes.

A *change of file* is a call that lies in another file than the call before it. The
journeys are those that data takes: from judgements to votes, to a label model, to
features, to a report; scikit-learn's `GaussianMixture.fit` stands beside them. Pickle
sizes of two fitted models follow.

    python benchmarks/journeys.py
    python benchmarks/journeys.py --files LabelModel.fit     # which files, in order
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import pickle
import sys
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

import sklabel
from sklabel import CrowdLabels, LabelModel, MajorityVote, WorkerLFTransformer
from sklabel.datasets import load_weather_posts, make_crowd_labels, make_lf_votes
from sklabel.inspection import lf_summary, worker_report
from sklabel.label_model import GLAD, MACE, DawidSkene, OneCoinDawidSkene

OURS = Path(sklabel.__file__).parent
SCIKIT_LEARN = Path(sklearn.__file__).parent / "mixture"


def travel(call: Callable[[], Any], root: Path) -> dict[str, Any]:
    """Run a call, and count what it passes below a folder."""
    calls: list[tuple[str, str]] = []
    depth = deepest = 0
    prefix = str(root) + "/"

    def watch(frame: FrameType, event: str, _: Any) -> None:
        nonlocal depth, deepest
        code = frame.f_code
        if not code.co_filename.startswith(prefix):
            return
        if event == "call":
            calls.append((code.co_filename, code.co_qualname))
            depth += 1
            deepest = max(deepest, depth)
        elif event == "return":
            depth -= 1

    sys.setprofile(watch)
    try:
        call()
    finally:
        sys.setprofile(None)
    files = [Path(file).relative_to(root) for file, _ in calls]
    return {
        "files": len(set(files)),
        "functions": len(set(calls)),
        "changes": sum(a != b for a, b in pairwise(files)),
        "depth": deepest,
        "names": list(dict.fromkeys(map(str, files))),
    }


def small_votes() -> np.ndarray:
    """Return votes of shape (300, 5), of which 30 % abstain."""
    rng = np.random.RandomState(0)
    truth = rng.randint(2, size=(300, 1))
    votes = np.where(rng.rand(300, 5) < 0.8, truth, 1 - truth)
    votes[rng.rand(300, 5) < 0.3] = -1
    return votes


def journeys() -> dict[str, tuple[Callable[[], Any], Path]]:
    """Return the journeys by name."""
    votes, posts = small_votes(), load_weather_posts()
    ids = {"sample": "tweet_id", "worker": "worker_id"}
    crowd = CrowdLabels.from_frame(posts.crowd_labels, **ids)
    workers = WorkerLFTransformer(crowd, id_column="tweet_id")
    fitted = LabelModel().fit(votes)
    two_sweeps = {"max_iter": 2, "tol": 0}
    found: dict[str, Callable[[], Any]] = {
        "CrowdLabels.from_frame": lambda: CrowdLabels.from_frame(
            posts.crowd_labels, **ids
        ),
        "WorkerLFTransformer.fit": lambda: workers.fit(posts.train),
        "WorkerLFTransformer.transform": lambda: workers.transform(posts.train),
        "LabelModel.fit": lambda: LabelModel(**two_sweeps).fit(votes),
        "DawidSkene.fit": lambda: DawidSkene(**two_sweeps).fit(votes),
        "OneCoinDawidSkene.fit": lambda: OneCoinDawidSkene(**two_sweeps).fit(votes),
        "GLAD.fit": lambda: GLAD(**two_sweeps).fit(votes),
        "MACE.fit": lambda: MACE(**two_sweeps).fit(votes),
        "MajorityVote.fit": lambda: MajorityVote().fit(votes),
        "LabelModel.partial_fit": lambda: LabelModel(**two_sweeps).partial_fit(votes),
        "LabelModel.predict_proba": lambda: fitted.predict_proba(votes),
        "lf_summary": lambda: lf_summary(votes),
        "worker_report": lambda: worker_report(crowd),
    }
    found |= optional_journeys(votes, crowd, two_sweeps)
    walks = {name: (call, OURS) for name, call in found.items()}
    points = np.random.RandomState(0).rand(300, 5)
    walks["(scikit-learn) GaussianMixture.fit"] = (
        lambda: GaussianMixture(2, max_iter=2, tol=0).fit(points),
        SCIKIT_LEARN,
    )
    return walks


def optional_journeys(
    votes: np.ndarray, crowd: CrowdLabels, two_sweeps: dict[str, int]
) -> dict[str, Callable[[], Any]]:
    """Return the journeys that need Dask or matplotlib, where they are installed."""
    found: dict[str, Callable[[], Any]] = {}
    try:
        import dask
        import dask.array

        from sklabel.dask import fit
    except ImportError:
        pass
    else:

        def on_dask() -> Any:
            blocks = dask.array.from_array(votes, chunks=(150, 5))
            with dask.config.set(scheduler="sync"):
                return fit(LabelModel(**two_sweeps), blocks)

        found["sklabel.dask.fit"] = on_dask
    try:
        import matplotlib as mpl
    except ImportError:
        return found
    mpl.use("Agg")
    from sklabel.report import labeling_report

    found["labeling_report"] = lambda: labeling_report(crowd)
    return found


def pickle_sizes() -> dict[str, int]:
    """Return the bytes of LabelModels fitted to a crowd and to rules."""
    crowd = make_crowd_labels(20_000, 2_000, 3, random_state=0)
    crowd = CrowdLabels.from_frame(crowd.crowd_labels)
    rules = make_lf_votes(
        20_000, 500, 3, unipolar_share=1.0, coverage=0.05, random_state=0
    )
    of_workers = WorkerLFTransformer(crowd, sparse_output=True)
    ids = np.arange(20_000).reshape(-1, 1)
    fitted = {
        "crowd of 2,000 workers": LabelModel().fit(of_workers.fit_transform(ids)),
        "500 rules": LabelModel().fit(rules.votes),
    }
    return {name: len(pickle.dumps(model)) for name, model in fitted.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", metavar="JOURNEY", help="list the files of one")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    walks = journeys()
    if args.files:
        print("\n".join(travel(*walks[args.files])["names"]))
        return
    print(f"{'journey':36}{'files':>6}{'functions':>11}{'changes':>9}{'depth':>7}")
    for name, (call, root) in walks.items():
        way = travel(call, root)
        print(
            f"{name:36}{way['files']:6}{way['functions']:11}{way['changes']:9}"
            f"{way['depth']:7}"
        )
    print()
    for name, size in pickle_sizes().items():
        print(f"pickle of a LabelModel fitted to a {name}: {size / 1000:,.0f} kB")


if __name__ == "__main__":
    main()
