"""What Rasa takes longer over than it needs: docs/performance.md has the figures.

Rasa checks what the action server answers against a schema, and before that the schema itself against the schema of
schemas: that was two thirds of a turn. It opens a new connection for each call. And it packs a model as tightly as gzip
can, which takes a quarter of a training for a tenth of the size.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any

import aiohttp
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.core.constants import DEFAULT_REQUEST_TIMEOUT
from rasa.engine.storage import local_model_storage
from rasa.utils.endpoints import EndpointConfig
from tarsafe import TarSafe

# An idle connection to the action server is kept so long.
KEEP_SECONDS = 60.0


@lru_cache(maxsize=1)
def _checker() -> Any:
    """The schema of an action's answer, itself checked once, ready to check answers."""
    schema = RemoteAction.action_response_format_spec()
    made = validator_for(schema)
    made.check_schema(schema)
    return made(schema)


def _validate(_action: RemoteAction, result: Any) -> bool:
    """Whether an answer of the action server has Rasa's form.

    Raises:
        jsonschema.ValidationError: it has not.
    """
    for error in _checker().iter_errors(result):
        raise error
    return True


_connectors: dict[asyncio.AbstractEventLoop, aiohttp.TCPConnector] = {}


def _session(endpoint: EndpointConfig) -> aiohttp.ClientSession:
    """A session whose connections outlive it."""
    loop = asyncio.get_running_loop()
    if loop not in _connectors or _connectors[loop].closed:
        _connectors[loop] = aiohttp.TCPConnector(keepalive_timeout=KEEP_SECONDS)
    return aiohttp.ClientSession(
        connector=_connectors[loop],
        connector_owner=False,
        headers=endpoint.headers,
        timeout=aiohttp.ClientTimeout(total=DEFAULT_REQUEST_TIMEOUT),
    )


class _Archive(TarSafe):
    """A model's archive, packed quickly."""

    @classmethod
    def gzopen(cls, name: str, mode: str = "r", fileobj: Any = None, compresslevel: int = 3, **kwargs: Any) -> Any:
        """Open it; the level counts for writing alone."""
        return super().gzopen(name, mode, fileobj, compresslevel, **kwargs)


def install() -> None:
    """Put all in place. Twice does no harm."""
    local_model_storage.TarSafe = _Archive
    RemoteAction._validate_action_result = _validate
    EndpointConfig.session = _session
