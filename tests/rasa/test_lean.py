"""What is left out of a turn changes nothing of what it does."""

from __future__ import annotations

import asyncio

import pytest

from bot.without_tensorflow import install

install()

from jsonschema import ValidationError  # noqa: E402  Rasa must be imported without TensorFlow
from rasa.core.actions.action import RemoteAction  # noqa: E402
from rasa.utils.endpoints import EndpointConfig  # noqa: E402

from bot import lean  # noqa: E402

GOOD = {
    "events": [{"event": "slot", "timestamp": None, "name": "situation", "value": {"turns": 1}}],
    "responses": [{"custom": {"reply": []}}],
}
BAD = [{"events": "none"}, {"events": [{"event": "no such event"}]}, {"responses": [1]}]


@pytest.fixture
def action() -> RemoteAction:
    lean.install()
    return RemoteAction("action_x", None)


def test_an_answer_of_the_right_form_is_taken(action: RemoteAction):
    assert action._validate_action_result(GOOD) is True


@pytest.mark.parametrize("answer", BAD)
def test_an_answer_of_another_form_is_refused_as_before(action: RemoteAction, answer: dict):
    with pytest.raises(ValidationError):
        action._validate_action_result(answer)


def test_calls_to_the_action_server_share_a_connection_and_keep_the_headers(action: RemoteAction):
    async def twice() -> bool:
        endpoint = EndpointConfig("http://127.0.0.1:9", headers={"X-Signpost-Secret": "s"})
        async with endpoint.session() as one:
            connector = one.connector
            assert one.headers["X-Signpost-Secret"] == "s"
        async with endpoint.session() as other:
            return other.connector is connector and not connector.closed

    assert asyncio.run(twice())
