"""The terminal that texts with the real webhook, without an account."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.builders import ROOT, SECRET


def test_a_newcomer_can_text_with_it_in_a_terminal():
    env = {**os.environ, "SECRET_KEY": SECRET, "CHANNEL_SECRET": SECRET, "RASA_URL": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-m", "tools.sms"],
        input="my neighbour spits at me because i am polish\n1\nERASE\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=env,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-500:]
    for said in ("Is it safe to send more here?", "It sounds like", "I have wiped this chat", "[1 x gsm7"):
        assert said in done.stdout
