"""Real PostgreSQL, Redis and nginx as processes on free loopback ports, each in a temporary folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGTERM

import psutil
import psycopg2
import redis

from tests.stack import free_port

PATIENCE_SECONDS = 30


class Server:
    """One server process with its children. It can be stopped, killed, hung and started again; what it keeps stays."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"signpost-{type(self).__name__.lower()}-", dir="/tmp"))
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def up(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, start_new_session=True)
        began = time.monotonic()
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - began > PATIENCE_SECONDS:
                raise AssertionError(f"{type(self).__name__} did not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def signal(self, number: int) -> None:
        """Send a signal to the process and all of its children."""
        assert self.process is not None
        top = psutil.Process(self.process.pid)
        for one in [*top.children(recursive=True), top]:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(number)

    def stop(self, number: int = SIGTERM) -> None:
        """End it; `SIGKILL` without warning."""
        if self.process is None or not self.up:
            return
        self.signal(SIGCONT)
        self.signal(number)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.signal(SIGKILL)
            self.process.wait(15)
        self.process = None

    def end(self) -> None:
        """End it for good."""
        self.stop(SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgreSQL(Server):
    """PostgreSQL with the superuser `signpost`, reached without a password from this machine alone."""

    def __init__(self) -> None:
        super().__init__()
        self.bin = max(Path("/usr/lib/postgresql").glob("*/bin/initdb")).parent
        self.data = self.folder / "data"
        self._as: list[str] = []
        if os.geteuid() == 0:
            # PostgreSQL does not run as root.
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self._as = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        made = [str(self.bin / "initdb"), "-D", str(self.data), "-U", "signpost", "-A", "trust", "--no-sync"]
        subprocess.run([*self._as, *made], check=True, capture_output=True, cwd="/tmp")

    def command(self) -> list[str]:
        quiet = ["log_statement=none", "log_min_error_statement=panic", "log_parameter_max_length_on_error=0"]
        settings = [*quiet, f"unix_socket_directories={self.folder}", "listen_addresses=127.0.0.1", "shared_buffers=32MB"]
        return [*self._as, str(self.bin / "postgres"), "-D", str(self.data), "-p", str(self.port), *(f"-c{one}" for one in settings)]

    def answers(self) -> bool:
        try:
            psycopg2.connect(host="127.0.0.1", port=self.port, user="signpost", dbname="postgres", connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def new_database(self, name: str) -> str:
        """The address of a new, empty database."""
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="signpost", dbname="postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
        connection.close()
        return f"postgresql://signpost@127.0.0.1:{self.port}/{name}"


class Redis(Server):
    """Redis that keeps what it holds when it is stopped."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        kept = ["--dir", str(self.folder), "--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""]
        return [shutil.which("redis-server") or "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", *kept]

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1) as asked:
                return bool(asked.ping())
        except redis.RedisError:
            return False
