"""Starts locust in this process: `python -m bench.crowd -f bench/talkers.py ...`.

Locust wants one name of urllib3 where version 2 has it; Rasa holds urllib3 at version 1, which has the same function
elsewhere.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

from urllib3 import util  # noqa: E402  after the patch, like everything that opens sockets
from urllib3.util import ssl_  # noqa: E402

if not hasattr(util, "create_urllib3_context"):
    util.create_urllib3_context = ssl_.create_urllib3_context

from locust.main import main  # noqa: E402

if __name__ == "__main__":
    main()
