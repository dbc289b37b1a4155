"""The real servers, started once for all tests here, on one worker."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.services.servers import PostgreSQL, Redis

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here runs on one worker: the servers are shared and the machine is small."""
    for item in items:
        if "services" in item.path.parts:
            item.add_marker(pytest.mark.xdist_group("services"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    server = PostgreSQL()
    server.start()
    yield server
    server.end()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    server = Redis()
    server.start()
    yield server
    server.end()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_address(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes addresses of new, empty databases of either kind."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path}/{next(_numbers)}.db"
    server = request.getfixturevalue("postgresql")
    return lambda: server.new_database(f"test_{next(_numbers)}")


@pytest.fixture
def address(new_address: Callable[[], str]) -> str:
    """The address of a new, empty database of either kind."""
    return new_address()
