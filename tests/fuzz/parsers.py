"""The parsers under atheris: any bytes at all, guided by what they reach. `python -m tests.fuzz.parsers NAME RUNS`.

A parser may refuse what it is given in the way it says it does; anything else ends the run with the input that did it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["signpost", "web.public.twilio", "ruamel.yaml"], enable_loader_override=False):
    from signpost.errors import KnowledgeError
    from signpost.knowledge import read_yaml
    from signpost.model import RISKS, Message
    from signpost.segments import cut, segments
    from signpost.turn import read_message
    from web.public.twilio.signature import is_signed
from werkzeug.datastructures import MultiDict

from tests.builders import the_reader

TOKEN = "test-token-of-no-account-0123456789"


FILE = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)) / "some.yml"


def reader(given: bytes) -> None:
    """The core's reader: any text gets a reading, with a risk that is known."""
    text = atheris.FuzzedDataProvider(given).ConsumeUnicodeNoSurrogates(400)
    assert read_message(Message(text), the_reader()).risk in RISKS


def cutting(given: bytes) -> None:
    """Cutting a text: the first part fits, and both parts together hold every letter."""
    text = atheris.FuzzedDataProvider(given).ConsumeUnicodeNoSurrogates(600)
    first, rest = cut(text, 2)
    assert segments(first) <= 2
    assert "".join((first + rest).split()) == "".join(text.split())


def signature(given: bytes) -> None:
    """The signature check: what was not signed is not taken for signed."""
    data = atheris.FuzzedDataProvider(given)
    fields = [(data.ConsumeUnicodeNoSurrogates(20), data.ConsumeUnicodeNoSurrogates(50)) for _ in range(data.ConsumeIntInRange(0, 6))]
    assert not is_signed(TOKEN, data.ConsumeUnicodeNoSurrogates(60), MultiDict(fields), data.ConsumeUnicodeNoSurrogates(40))


def yaml(given: bytes) -> None:
    """The loader of the knowledge: a value, or an error that names the file."""
    FILE.write_bytes(given)
    with suppress(KnowledgeError):
        read_yaml(FILE)


PARSERS: dict[str, Callable[[bytes], None]] = {"reader": reader, "cut": cutting, "signature": signature, "yaml": yaml}

if __name__ == "__main__":
    name, runs = sys.argv[1], sys.argv[2]
    atheris.Setup([sys.argv[0], f"-runs={runs}", "-seed=7", "-max_len=2000", "-rss_limit_mb=4096", "-timeout=20"], PARSERS[name])
    atheris.Fuzz()
