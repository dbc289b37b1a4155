"""Where this project's rooms lie, whatever the working directory."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KNOWLEDGE = ROOT / "knowledge"
ENCODERS = Path(os.environ.get("ENCODERS", ROOT / "bot" / "encoder"))


def place() -> str:
    """The place this deployment serves."""
    return os.environ.get("PLACE", "sefton")
