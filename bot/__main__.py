"""Rasa's own command line, without telemetry and without TensorFlow: `python -m bot train`, `python -m bot run ...`."""

from __future__ import annotations

import os
import resource
import sys
import warnings


def main() -> None:
    """Run one Rasa command in this process."""
    # What is in memory must not reach a disk when a process dies.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warnings.filterwarnings("ignore", category=FutureWarning)
    from bot.without_tensorflow import install

    install()
    sys.path.insert(0, os.getcwd())
    from bot import lean

    lean.install()
    from rasa.__main__ import main as rasa_main

    rasa_main()


if __name__ == "__main__":
    main()
