"""Shared by every room: the running service, started once for all tests that need it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.stack import Stack

settings.register_profile("here", deadline=None)
settings.load_profile("here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share the running service run on one worker, one after another; fast ones come first."""
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("stack"))
    items.sort(key=lambda item: "stack" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole service, running. A test that kills a part starts it again."""
    running = Stack(tmp_path_factory.mktemp("stack")).start()
    yield running
    running.stop()
