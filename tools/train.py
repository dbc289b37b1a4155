"""Trains the model when what it is made of has changed: examples, phrases, code of the reader, rules, settings.

The fingerprint of all that lies beside the model, so a second start costs nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "models" / "model.tar.gz"
STAMP = ROOT / "models" / "model.fingerprint"
CACHE = ROOT / ".rasa" / "cache"
MADE_OF = (
    "config.yml", "data/**/*.yml", "bot/**/*.yml", "bot/**/*.py", "bot/encoder/*/labels.json",
    "knowledge/phrases/*.yml", "knowledge/risk_phrases/*.yml", "knowledge/places/*/areas.yml",
    "signpost/plaintext.py", "signpost/patterns.py", "signpost/reading.py", "signpost/risk.py", "signpost/spelling.py",
    "requirements/serve.txt",
)  # fmt: skip


def files() -> Iterator[Path]:
    """Every file the model depends on."""
    for pattern in MADE_OF:
        yield from sorted(ROOT.glob(pattern))


def fingerprint() -> str:
    """A hash over names and contents."""
    digest = hashlib.sha256()
    for path in files():
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _forget_what_other_code_fitted() -> None:
    """Rasa keeps what a component learnt for as long as its class and its data stay; what the class calls, it does not see."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files() if path.suffix == ".py")).hexdigest()
    stamp = CACHE / "code.fingerprint"
    if not stamp.exists() or stamp.read_text() != digest:
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        stamp.write_text(digest)


def main() -> int:
    """Train unless the model is current."""
    wanted = fingerprint()
    if MODEL.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        return 0
    print("Training the model (a few minutes, once) ...", flush=True)
    _forget_what_other_code_fitted()
    command = [sys.executable, "-m", "bot", "train", "--domain", "bot/domain", "--data", "data", "--out", "models"]
    # The endpoints and the channel read these; training uses neither.
    unused = {"ACTIONS_URL": "http://127.0.0.1:5055/webhook", "TRACKER_URL": "sqlite://", "CHANNEL_SECRET": "unused-while-training"}
    # `make check` validates; doing it here again would take a fifth of the time.
    command += ["--fixed-model-name", "model", "--skip-validation"]
    done = subprocess.run(command, cwd=ROOT, env={**unused, **os.environ}, capture_output=True, text=True)
    if done.returncode or not MODEL.exists():
        sys.stderr.write(done.stderr[-4000:])
        return done.returncode or 1
    STAMP.write_text(wanted)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
