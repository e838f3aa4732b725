"""Chunks of votes that live on a Dask cluster, or behind a Dask graph."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import reduce
from typing import Any

from sklabel.dask._blocks import require_dask
from sklabel.sums._sums import Statistic, VoteSource, add_sums

# Sums of this many partitions are added by one task.
_FAN_IN = 8
# Seconds between two looks at whether the workers are still there.
_PATIENCE = 2.0
# What the configuration of Dask may say where a client is to be used.
_ON_CLUSTER = (None, "distributed", "dask.distributed")


class DaskVotes(VoteSource):
    """Chunks of votes behind Dask; sums are added up in a tree.

    Parameters
    ----------
    chunks : list of Delayed
        One VoteChunk each.
    model : BaseSumsLabelModel
        The model that is fitted.
    persist : bool or None
        Whether to keep the chunks in memory; None: on a cluster.
    """

    def __init__(self, chunks: list[Any], model: Any, *, persist: bool | None) -> None:
        self._dask = require_dask()
        self.n_lfs = model.n_features_in_
        client = _client()
        if persist is None:
            persist = client is not None
        # The cluster that keeps the votes, whatever other clients come and go.
        self._client = client if persist else None
        with _lost_is_one_error(client is not None):
            self.chunks = self._dask.persist(*chunks) if persist else chunks
        self._n_threads: dict[str, int] = {}
        self._grouped: dict[Any, list[Any]] = {}

    def total(self, statistic: Statistic, *parameters: Any) -> Any:
        """Return a statistic summed up over all chunks.

        On a cluster every chunk is summed up where it is kept: the scheduler would
        move votes about to even out tasks that last milliseconds. Should a worker go
        meanwhile, the sums are asked for again.
        """
        while True:
            with _lost_is_one_error(self._client is not None):
                held = self._held_chunks()
                task = self._tree(held, statistic, parameters)
                if self._client is None:
                    return task.compute()
                with suppress(_WorkerGone):
                    return _compute_on(self._client, task, set(held))

    def _tree(
        self,
        held: dict[Any, list[Any]],
        statistic: Statistic,
        parameters: tuple[Any, ...],
    ) -> Any:
        """Return the task that adds up the sums, first those of each worker."""
        delayed = self._dask.delayed
        shared = [p if p is None else delayed(p, pure=False) for p in parameters]
        task, add = delayed(_sums_of, pure=False), delayed(_add_all, pure=False)
        tops = []
        for worker, groups in held.items():
            where = {} if worker is None else {"workers": [worker]}
            with self._dask.annotate(**where):
                parts = [task(statistic, group, *shared) for group in groups]
                tops.append(_added(parts, add))
        return _added(tops, add)

    def _held_chunks(self) -> dict[Any, list[Any]]:
        """Return groups of chunks, one for each task, by the worker that keeps them."""
        client = self._client
        if client is None:
            return {None: [[chunk] for chunk in self.chunks]}
        if client.status != "running":
            raise _ClientGone(f"the client is {client.status}")
        from distributed import futures_of, wait

        futures = futures_of(self.chunks)
        wait(futures)
        client.wait_for_workers(1)
        n_threads = client.nthreads()
        if n_threads != self._n_threads:
            self._n_threads = n_threads
            holders = client.who_has(futures)
            self._grouped = _group_by_worker(list(self.chunks), holders, n_threads)
        return self._grouped

    def release(self) -> None:
        """Let the workers forget the votes, and whatever still runs on them."""
        if self._client is not None and self._client.status == "running":
            self._client.cancel(self.chunks)
        self.chunks = []


class _ClientGone(Exception):
    """The client whose cluster keeps the votes was closed."""


class _WorkerGone(Exception):
    """The worker that tasks were meant for is gone."""


def _group_by_worker(
    chunks: list[Any], holders: Mapping[str, Any], n_threads: Mapping[str, int]
) -> dict[Any, list[Any]]:
    """Group chunks that one worker keeps, two groups or more for each thread."""
    held: dict[str, list[Any]] = {worker: [] for worker in n_threads}
    for chunk in chunks:
        workers = [w for w in holders.get(chunk.key, ()) if w in held] or list(held)
        held[min(workers, key=lambda worker: len(held[worker]))].append(chunk)
    grouped = {}
    for worker, own in held.items():
        size = max(1, min(_FAN_IN, -(-len(own) // (2 * n_threads[worker]))))
        if own:
            grouped[worker] = [own[i : i + size] for i in range(0, len(own), size)]
    return grouped


def _added(parts: list[Any], add: Any) -> Any:
    """Add up delayed sums in a tree."""
    while len(parts) > 1:
        parts = [add(parts[i : i + _FAN_IN]) for i in range(0, len(parts), _FAN_IN)]
    return parts[0]


def _compute_on(client: Any, task: Any, workers: set[str]) -> Any:
    """Compute a task that waits for given workers as long as they live."""
    future = client.compute(task)
    try:
        while True:
            try:
                return future.result(timeout=_PATIENCE)
            except TimeoutError:
                if future.status == "error":
                    raise  # of the task itself
                if not workers <= set(client.nthreads()):
                    raise _WorkerGone from None
    finally:
        # Before the chunks are cancelled: the scheduler fails on those still in use.
        future.release()


def _client() -> Any:
    """Return the client of a `distributed` cluster that computes, or None."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    if require_dask().config.get("scheduler", None) not in _ON_CLUSTER:
        return None
    with suppress(ValueError):
        # In a task, which must not wait for tasks on its own thread.
        distributed.get_worker()
        return None
    with suppress(ValueError):
        return distributed.get_client()
    return None


def compute(task: Any) -> Any:
    """Compute a task; a lost cluster becomes one clear error."""
    with _lost_is_one_error(_client() is not None):
        return task.compute()


@contextmanager
def _lost_is_one_error(on_cluster: bool) -> Iterator[None]:
    """Turn the errors of a lost cluster into one clear one."""
    try:
        with warnings.catch_warnings():
            # Parameters belong to the graph: it then survives the loss of a worker.
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            yield
    except Exception as error:
        if not (on_cluster and _is_lost(error)):
            raise
        reason = str(error).partition("\n")[0]
        raise RuntimeError(
            f"The Dask cluster was lost during the fit ({type(error).__name__}: "
            f"{reason}). The model is as it was before. Start a cluster and fit again; "
            "workers that die over and over may need smaller partitions."
        ) from error


def _is_lost(error: Exception) -> bool:
    """Tell whether an error comes from the cluster and not from the votes."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    of_cluster = (KilledWorker, CommClosedError, CancelledError, _ClientGone)
    module = type(error).__module__.partition(".")[0]
    return isinstance(error, of_cluster) or module == "distributed"


def _sums_of(statistic: Statistic, chunks: list[Any], *parameters: Any) -> Any:
    """Return a statistic summed up over some chunks."""
    return VoteSource(chunks).total(statistic, *parameters)


def _add_all(sums: list[Any]) -> Any:
    """Add up the sums of some partitions."""
    return reduce(add_sums, sums)
