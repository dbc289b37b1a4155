"""A real PostgreSQL of a test's own: its own folder, its own port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from tests.stack import free_port

SERVERS = Path("/usr/lib/postgresql")


def program(name: str) -> str:
    """A program of PostgreSQL, from the path or from where Debian keeps it."""
    newest = sorted(SERVERS.glob(f"*/bin/{name}"))
    found = str(newest[-1]) if newest else shutil.which(name)
    assert found, f"PostgreSQL is needed for this test: there is no {name}."
    return found


@contextmanager
def a_postgres() -> Iterator[str]:
    """The address of an empty database."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    # The server refuses to run as root; where a test does, it runs as the user that its package made.
    as_user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    if as_user:
        shutil.chown(folder, "postgres", "postgres")
    port = free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **as_user}
    subprocess.run([program("initdb"), "-D", folder / "data", "-U", "signpost", "-A", "trust", "-E", "UTF8"], check=True, **quiet)
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    server = subprocess.Popen([program("postgres"), "-D", folder / "data", "-p", str(port), *options], **quiet)
    try:
        url = f"postgresql://signpost@127.0.0.1:{port}/postgres"
        _wait(url)
        yield url
    finally:
        # At once, not when the last connection closes.
        server.send_signal(signal.SIGINT)
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(url: str) -> None:
    engine = sa.create_engine(url)
    began = time.monotonic()
    while True:
        try:
            with engine.connect():
                break
        except sa.exc.OperationalError:
            assert time.monotonic() - began < 60, "PostgreSQL did not start"
            time.sleep(0.2)
    engine.dispose()
