"""Rasa as it comes: its release with TensorFlow in an environment of its own, and its default configuration.

The default pipeline and policies are read from the file that Rasa itself writes into a new project; the number of
epochs alone is changed, where asked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bench.ours import CHANNEL_SECRET
from bench.sample import Sample, write_examples, write_fallback_rule, write_stories
from bench.servers import ROOT, BenchError, Done, Server, free_port, fresh, run

ENVIRONMENT = ROOT / "bench" / ".stock-venv"
LOCK = ROOT / "requirements" / "stock.txt"
DEFAULT_CONFIG = "lib/python3.10/site-packages/rasa/engine/recipes/config_files/default_config.yml"
BARE_RULE = {
    "config.yml": {"recipe": "default.v1", "language": "en", "assistant_id": "bare-rule"}
    | {"pipeline": [{"name": "KeywordIntentClassifier"}], "policies": [{"name": "RulePolicy"}]},
    "domain.yml": {"version": "3.1", "intents": ["greet"], "responses": {"utter_greet": [{"text": "Hello."}]}},
    "data/nlu.yml": {"version": "3.1", "nlu": [{"intent": "greet", "examples": "- hello\n- good morning\n"}]},
    "data/rules.yml": {"version": "3.1", "rules": [{"rule": "greet", "steps": [{"intent": "greet"}, {"action": "utter_greet"}]}]},
}
BARE_RULE_ASKED = "hello"
# The lightest parts of Rasa that learn to tell intents apart.
LIGHT = [
    {"name": "WhitespaceTokenizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "LogisticRegressionClassifier"},
]


def prepare() -> None:
    """Make the environment from requirements/stock.txt, unless it is there and current.

    Raises:
        BenchError: it could not be made (the internet is needed, once).
    """
    stamp = ENVIRONMENT / ".made-of"
    if stamp.exists() and stamp.read_text() == LOCK.read_text():
        return
    uv = str(Path(sys.executable).parent / "uv")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    env = {**os.environ, "VIRTUAL_ENV": str(ENVIRONMENT)}
    for command in (
        [uv, "venv", "-q", "--python", sys.executable, str(ENVIRONMENT)],
        [uv, "pip", "sync", "-q", "--require-hashes", str(LOCK)],
    ):
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"The environment of stock Rasa could not be made.\n{done.stderr[-2000:]}")
    stamp.write_text(LOCK.read_text())


def _rasa(*arguments: str) -> list[str]:
    return [str(ENVIRONMENT / "bin" / "python"), "-m", "rasa", *arguments]


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(content, file)


def default_config(epochs: int) -> dict[str, Any]:
    """Rasa's default configuration, each trained part with so many epochs (Rasa's own default is 100)."""
    config = YAML(typ="safe").load((ENVIRONMENT / DEFAULT_CONFIG).read_text(encoding="utf-8"))
    for part in (*config["pipeline"], *config["policies"]):
        if "epochs" in part:
            part["epochs"] = epochs
    return {**config, "assistant_id": "default-pipeline"}


def train_default(sample: Sample, epochs: int) -> tuple[Path, Path, Done]:
    """Train the default pipeline on the sample with this project's intents, actions and rules, with nothing cached.

    Returns:
        The model; the same without stories (TED then has nothing to learn from); and what the first took to train.
    """
    folder = fresh("default")
    write_examples(folder / "data" / "nlu.yml", sample.trained_on, with_labels=False)
    shutil.copytree(ROOT / "bot" / "domain", folder / "domain")
    shutil.copytree(ROOT / "data" / "rules", folder / "data" / "rules")
    write_fallback_rule(folder / "data" / "rules" / "fallback.yml")
    _write(folder / "config.yml", default_config(epochs))
    stories = folder / "data" / "stories.yml"
    write_stories(stories)
    done = _train("default-training", folder, "model")
    stories.unlink()
    _train("rules-only-training", folder, "rules-only")
    return folder / "model.tar.gz", folder / "rules-only.tar.gz", done


def train_bare_rule() -> Path:
    """The smallest Rasa there is: a keyword, a rule, a response."""
    return _train_rules(fresh("bare-rule"), BARE_RULE)


def train_one_rule(sample: Sample) -> Path:
    """Rasa by itself for the same messages: its lightest trained classifier, and for each intent a rule with a response."""
    intents = sorted({item.intent for item in sample.trained_on})
    rules = [{"rule": name, "steps": [{"intent": name}, {"action": f"utter_{name}"}]} for name in intents]
    folder = fresh("one-rule")
    write_examples(folder / "data" / "nlu.yml", sample.trained_on, with_labels=False)
    return _train_rules(
        folder,
        {
            "config.yml": {"recipe": "default.v1", "language": "en", "assistant_id": "one-rule"}
            | {"pipeline": LIGHT, "policies": [{"name": "RulePolicy"}]},
            "domain.yml": {"version": "3.1", "intents": intents}
            | {"responses": {f"utter_{name}": [{"text": "That is read."}] for name in intents}},
            "data/rules.yml": {"version": "3.1", "rules": rules},
        },
    )


def _train_rules(folder: Path, files: dict[str, Any]) -> Path:
    for path, content in files.items():
        _write(folder / path, content)
    _train(f"{folder.name}-training", folder, "model")
    return folder / "model.tar.gz"


def _train(name: str, folder: Path, model: str) -> Done:
    domain = "domain" if (folder / "domain").is_dir() else "domain.yml"
    command = _rasa("train", "--config", "config.yml", "--domain", domain, "--data", "data", "--out", ".", "--fixed-model-name", model)
    return run(name, command, {"RASA_CACHE_DIRECTORY": str(folder / "cache")}, folder)


def engine(name: str, model: Path, actions_port: int) -> Server:
    """The default pipeline behind Rasa's REST channel, with Rasa's own SQL tracker store on SQLite."""
    store = fresh(f"{name}-stores") / "tracker.db"
    endpoints = {
        "action_endpoint": {"url": f"http://127.0.0.1:{actions_port}/webhook", "headers": {"X-Signpost-Secret": CHANNEL_SECRET}},
        "tracker_store": {"type": "SQL", "dialect": "sqlite", "db": str(store)},
    }
    return _serve(name, model, endpoints)


def rules_alone(name: str, model: Path) -> Server:
    """Rasa with rules and responses alone behind its REST channel, its conversations in memory."""
    return _serve(name, model, {})


def _serve(name: str, model: Path, endpoints: dict[str, Any]) -> Server:
    folder = fresh(f"{name}-settings")
    _write(folder / "endpoints.yml", endpoints)
    _write(folder / "credentials.yml", {"rest": {}})
    port = free_port()
    files = ("--endpoints", str(folder / "endpoints.yml"), "--credentials", str(folder / "credentials.yml"))
    command = _rasa("run", "--model", str(model), *files, "-i", "127.0.0.1", "--port", str(port))
    return Server(name, command, port, "/webhooks/rest/", cwd=folder)
