"""Server processes, each on one core: started, waited for, weighed and stopped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "bench" / "out"
PATIENCE_SECONDS = 600
# The server that is measured has a core of its own; whoever asks, and the action server of both sides, have the other.
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = CORES[-1], CORES[0]
QUIET = {"RASA_TELEMETRY_ENABLED": "false", "PYTHONWARNINGS": "ignore", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}


class BenchError(Exception):
    """A part of the measurement did not do what it should; the message ends with the end of its log."""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fresh(name: str) -> Path:
    """An empty folder of this run."""
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def pinned(core: int | None, command: list[str]) -> list[str]:
    """The command, held to one core, or free of all of them (None)."""
    return ["taskset", "-c", ",".join(map(str, CORES)) if core is None else str(core), *command]


def tail(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


@dataclass
class Server:
    """One process. `ready` is the path that answers 200 once it serves."""

    name: str
    command: list[str]
    port: int
    ready: str
    env: dict[str, str] = field(default_factory=dict)
    cwd: Path = ROOT
    core: int = SERVER_CORE
    _process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Where it prints."""
        return OUT / f"{self.name}.log"

    def start(self) -> float:
        """Start it and wait until it serves; the seconds that took.

        Raises:
            BenchError: it ended, or did not serve in time.
        """
        OUT.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                pinned(self.core, self.command), cwd=self.cwd, env={**os.environ, **QUIET, **self.env}, stdout=log, stderr=log
            )
        while not self._serves():
            if self._process.poll() is not None or time.perf_counter() - began > PATIENCE_SECONDS:
                self.stop()
                raise BenchError(f"{self.name} did not start.\n{tail(self.log)}")
            time.sleep(0.05)
        return time.perf_counter() - began

    def _serves(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self.ready}", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def _family(self) -> list[psutil.Process]:
        if self._process is None:
            return []
        top = psutil.Process(self._process.pid)
        return [top, *top.children(recursive=True)]

    def memory_mb(self) -> float:
        """Resident memory of the process and its children now."""
        return sum(item.memory_info().rss for item in self._family()) / 2**20

    def cpu_seconds(self) -> float:
        """Processor time it has used so far."""
        return sum(sum(item.cpu_times()[:2]) for item in self._family())

    def stop(self) -> None:
        """End it."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(15)
        self._process = None


@dataclass(frozen=True)
class Done:
    """A command that ran to its end: wall clock, processor time, and the most memory it held."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def run(name: str, command: list[str], env: dict[str, str], cwd: Path = ROOT, core: int | None = SERVER_CORE) -> Done:
    """Run a command to its end on the measured core, or on every core (None).

    Raises:
        BenchError: it failed.
    """
    log = OUT / f"{name}.log"
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(pinned(core, command), cwd=cwd, env={**os.environ, **QUIET, **env}, stdout=output, stderr=output)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"{name} failed.\n{tail(log)}")
    return Done(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
