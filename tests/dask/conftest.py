"""A cluster of two processes for all tests of this folder."""

import logging

import pytest


def start_cluster():
    distributed = pytest.importorskip("distributed")
    # Processes, as on a real cluster: what goes to a task is pickled.
    return distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        memory_limit=0,
        silence_logs=logging.CRITICAL,
    )


@pytest.fixture(autouse=True)
def same_scheduler_afterwards():
    """Undo what clients that were closed by somebody else leave in the settings."""
    dask = pytest.importorskip("dask")
    before = dask.config.get("scheduler", None)
    yield
    dask.config.set(scheduler=before)


@pytest.fixture(scope="session")
def shared_cluster():
    with start_cluster() as cluster:
        yield cluster


@pytest.fixture
def client(shared_cluster):
    with shared_cluster.get_client() as client:
        yield client


@pytest.fixture
def own_client():
    """A cluster that the test may break."""
    with start_cluster() as cluster, cluster.get_client() as client:
        yield client


@pytest.fixture(params=["threads", "cluster"])
def scheduler(request):
    """Both ways to compute: in this process, and on the cluster."""
    if request.param == "cluster":
        request.getfixturevalue("client")
    return request.param
