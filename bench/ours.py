"""This service as it is deployed: action server, engine and web app, with their own stores in a scratch folder."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from bench.sample import Sample, write_examples
from bench.servers import CLIENT_CORE, ROOT, SERVER_CORE, Done, Server, free_port, fresh, run

CHANNEL_SECRET = "a-channel-secret-for-measuring"
SERVED = ROOT / "models" / "model.tar.gz"


def settings(folder: Path, actions_port: int) -> dict[str, str]:
    """The environment of every process of this service, with stores in this folder."""
    return {
        "SECRET_KEY": "a-secret-for-measuring-only-0123456789",
        "CHANNEL_SECRET": CHANNEL_SECRET,
        "ACTIONS_URL": f"http://127.0.0.1:{actions_port}/webhook",
        "TRACKER_URL": f"sqlite:///{folder}/tracker.db",
        "DATABASE_URL": f"sqlite:///{folder}/web.db",
        "STATE_FOLDER": str(folder),
    }


def train(sample: Sample) -> tuple[Path, Done]:
    """Train `config.yml` on the sample, with nothing cached; the model, and what it took."""
    folder = fresh("ours")
    write_examples(folder / "data" / "nlu" / "sample.yml", sample.trained_on, with_labels=True)
    shutil.copytree(ROOT / "data" / "rules", folder / "data" / "rules")
    return train_on(folder)


def train_on(folder: Path, core: int | None = SERVER_CORE) -> tuple[Path, Done]:
    """Train `config.yml` on the data in a folder, with nothing cached; on one core, or on all (None)."""
    command = [sys.executable, "-m", "bot", "train", "--config", "config.yml", "--domain", "bot/domain", "--data", str(folder / "data")]
    env = {**settings(folder, 0), "RASA_CACHE_DIRECTORY": str(folder / "cache")}
    done = run(f"{folder.name}-training", [*command, "--out", str(folder), "--fixed-model-name", "model"], env, core=core)
    return folder / "model.tar.gz", done


def actions(port: int) -> Server:
    """The action server; both sides call it."""
    env = settings(fresh("actions"), port)
    return Server("actions", [sys.executable, "-m", "actions"], port, "/health", env, core=CLIENT_CORE)


def engine(name: str, model: Path, actions_port: int) -> Server:
    """The engine with a model."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "bot",
        "run",
        "--model",
        str(model),
        "--endpoints",
        "endpoints.yml",
        "--credentials",
        "credentials.yml",
    ]
    env = settings(fresh(f"{name}-stores"), actions_port)
    return Server(name, [*command, "-i", "127.0.0.1", "--port", str(port)], port, "/webhooks/signpost/", env)


def web(engine_port: int) -> Server:
    """The web app in front of an engine. It trusts one proxy, so that each conversation may come from an address of its own
    and the limit a person meets (one a second) stays in place."""
    port = free_port()
    env = {
        **settings(fresh("web-stores"), 0),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "RASA_URL": f"http://127.0.0.1:{engine_port}",
        "TRUSTED_PROXIES": "1",
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.py", "web.wsgi:application"]
    return Server("web", command, port, "/healthz", env, core=CLIENT_CORE)
