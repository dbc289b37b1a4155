"""The service on many machines, as processes on loopback: PostgreSQL, Redis, two engines, two action servers, two web apps,
a queue worker, and nginx with the rules of deploy/nginx.conf."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGTERM

import psutil
import requests

from tests.builders import ROOT, SECRET
from tests.services.servers import PostgreSQL, Redis, Server
from tests.stack import START_SECONDS, free_port

TWILIO_TOKEN = "test-token-of-no-account-0123456789"
PROCESSES = ("actions-1", "actions-2", "engine-1", "engine-2", "web-1", "web-2", "jobs")


class Nginx(Server):
    """nginx with the project's own rules, without TLS, on a free port."""

    def __init__(self, web_ports: list[int]) -> None:
        super().__init__()
        (self.folder / "nginx.conf").write_text(self._rendered(web_ports))

    def _rendered(self, web_ports: list[int]) -> str:
        rules = (ROOT / "deploy" / "nginx.conf").read_text()
        servers = "\n".join(f"    server 127.0.0.1:{port} max_fails=2 fail_timeout=5s;" for port in web_ports)
        rules = re.sub(r"    server 127\.0\.0\.1:8080[^\n]*\n", servers + "\n", rules)
        # The first server only leads to TLS; the second has what counts.
        rules = re.sub(r"server \{\n    listen 80;.*?\n\}\n", "", rules, flags=re.S)
        rules = rules.replace("    listen [::]:443 ssl http2;\n", "").replace("listen 443 ssl http2", f"listen 127.0.0.1:{self.port}")
        rules = re.sub(r"    ssl_[^\n]*\n", "", rules)
        rules = rules.replace("/var/log/nginx/signpost.log", str(self.folder / "error.log"))
        temporary = "\n".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;\n" if os.geteuid() == 0 else ""
        head = f"{user}pid {self.folder}/pid;\nerror_log {self.folder}/error.log crit;\nworker_processes 2;\n"
        return f"{head}events {{ worker_connections 512; }}\nhttp {{\n{temporary}\n{rules}\n}}\n"

    def command(self) -> list[str]:
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        return [nginx, "-e", f"{self.folder}/error.log", "-c", f"{self.folder}/nginx.conf", "-g", "daemon off;"]

    def answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).status_code in (200, 502)
        return False

    def workers(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children()


class Cluster:
    """All of it. Every process can be killed, and comes back when it is told to."""

    def __init__(self, **settings: str) -> None:
        self.settings = settings
        self.folder = Path(tempfile.mkdtemp(prefix="signpost-cluster-", dir="/tmp"))
        self.postgresql, self.redis = PostgreSQL(), Redis()
        self.ports = {name: free_port() for name in PROCESSES}
        self.nginx = Nginx([self.ports["web-1"], self.ports["web-2"]])
        self.address = f"http://127.0.0.1:{self.nginx.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.database = ""

    def start(self) -> Cluster:
        """Start everything and wait until all of it is well."""
        self.postgresql.start()
        self.redis.start()
        self.database = self.postgresql.new_database("signpost")
        self.start_processes(*PROCESSES)
        self.nginx.start()
        self.wait_well()
        return self

    def _env(self, name: str) -> dict[str, str]:
        at = {process: f"http://127.0.0.1:{port}" for process, port in self.ports.items()}
        number = name[-1]
        own = f"{at['actions-' + number]}/webhook" if number in "12" else ""
        return {
            **os.environ,
            "PORT": str(self.ports[name]),
            # What Twilio and people see.
            "PUBLIC_URL": self.address,
            "SECRET_KEY": SECRET,
            "CHANNEL_SECRET": "a-channel-secret-for-tests",
            "DATABASE_URL": self.database,
            "TRACKER_URL": self.database,
            "REDIS_URL": self.redis.url,
            "RASA_URL": f"{at['engine-1']},{at['engine-2']}",
            # Each engine has an action server of its own; the web apps ask after both.
            "ACTIONS_URL": own if name.startswith(("actions", "engine")) else f"{at['actions-1']}/webhook,{at['actions-2']}/webhook",
            "STATE_FOLDER": str(self.folder),
            "TRUSTED_PROXIES": "1",
            "METRICS_PORT": "0",
            "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
            "TWILIO_SENDER": "unmanaged",
            "RASA_TELEMETRY_ENABLED": "false",
            "PYTHONWARNINGS": "ignore",
            "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
            **self.settings,
        }

    def _command(self, name: str) -> list[str]:
        kind, python = name.partition("-")[0], sys.executable
        if kind == "engine":
            loaded = ["--model", "models/model.tar.gz", "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
            return [python, "-m", "bot", "run", *loaded, "-i", "127.0.0.1", "--port", str(self.ports[name])]
        return {
            "actions": [python, "-m", "actions"],
            "web": [python, "-m", "gunicorn", "--config", "deploy/gunicorn.py", "web.wsgi:application"],
            "jobs": [python, "-m", "web.jobs"],
        }[kind]

    def start_processes(self, *names: str) -> None:
        """Start these."""
        for name in names:
            log = (self.folder / f"{name}.log").open("ab")
            command, env = self._command(name), self._env(name)
            self.processes[name] = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)

    def restart_dead(self) -> None:
        """Start again what ended, as systemd would."""
        self.start_processes(*(name for name, process in self.processes.items() if process.poll() is not None))

    def kill(self, name: str) -> None:
        """End a process and its children without warning."""
        top = psutil.Process(self.processes[name].pid)
        for one in [*top.children(recursive=True), top]:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        self.processes[name].wait(10)

    def kill_child(self, name: str) -> None:
        """End the one child of a process without warning."""
        (child,) = psutil.Process(self.processes[name].pid).children()
        child.kill()

    def parts(self, name: str = "web-1") -> dict[str, str]:
        """What a web app says of its parts; empty when it does not answer."""
        with suppress(requests.RequestException):
            return requests.get(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=6).json()["parts"]
        return {}

    def wait_well(self, seconds: float = START_SECONDS) -> float:
        """Wait until both web apps say that every part is well; how long that took."""
        began = time.monotonic()
        waiting = ["web-1", "web-2"]
        while waiting:
            parts = self.parts(waiting[0])
            if parts and set(parts.values()) == {"ok"}:
                waiting.pop(0)
                continue
            if time.monotonic() - began > seconds:
                raise AssertionError(f"{waiting[0]} says {parts}; the end of the logs:\n{self.logs()[-3000:]}")
            time.sleep(0.2)
        return time.monotonic() - began

    def logs(self) -> str:
        """Everything any process printed."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def end(self) -> None:
        """End everything for good."""
        for number in (SIGTERM, SIGKILL):
            for process in self.processes.values():
                if process.poll() is None:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, SIGCONT)
                        os.killpg(process.pid, number)
            for process in self.processes.values():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(5)
        for server in (self.nginx, self.redis, self.postgresql):
            server.end()
        shutil.rmtree(self.folder, ignore_errors=True)
