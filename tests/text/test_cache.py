"""A bounded cache."""

# SPDX-License-Identifier: BSD-3-Clause

import os

import pytest

from sklabel.text._cache import BoundedCache


def test_oldest_entries_go_first():
    cache = BoundedCache(3)
    cache.put_many({"a": 1, "b": 2, "c": 3})
    cache.get_many(["a"])
    cache.put_many({"d": 4})
    assert cache.get_many("abcd") == {"a": 1, "c": 3, "d": 4}
    assert len(cache) == cache.cost == 3


def test_first_entries_of_too_many_are_kept():
    cache = BoundedCache(2)
    cache.put_many({"a": 1, "b": 2, "c": 3})
    assert cache.get_many("abc") == {"a": 1, "b": 2}


def test_cost_is_bounded():
    cache = BoundedCache(10, cost=lambda key, value: value)
    cache.put_many({"a": 6, "b": 4})
    cache.put_many({"a": 5})
    assert cache.cost == 9
    cache.put_many({"c": 7})
    assert cache.get_many("abc") == {"c": 7}
    cache.put_many({"d": 11})
    assert cache.cost == 7


def test_resize_and_clear():
    cache = BoundedCache(2)
    cache.put_many({"a": 1, "b": 2})
    assert cache.resize(1) == 2
    assert cache.get_many("ab") == {"b": 2}
    assert cache.resize(0) == 1
    cache.put_many({"a": 1})
    assert len(cache) == 0
    assert cache.resize(5) == 0
    cache.put_many({"a": 1})
    cache.clear()
    assert (len(cache), cache.cost, cache.capacity) == (0, 0, 5)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_lock_is_free_in_a_forked_child():
    cache = BoundedCache(2)
    cache.survive_forks()
    cache.put_many({"a": 1})
    child = os.fork()
    if child == 0:
        os._exit(0 if cache.get_many("a") == {"a": 1} else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert cache.get_many("a") == {"a": 1}
