"""The action server's door, on the running service."""

from __future__ import annotations

import requests

from tests.stack import Stack


def test_the_action_server_refuses_a_call_without_the_secret(stack: Stack):
    address = stack.env["ACTIONS_URL"]
    for headers in ({}, {"X-Signpost-Secret": "wrong"}, {"X-Signpost-Secret": ""}):
        refused = requests.post(address, json={"next_action": "action_hello", "tracker": {}}, headers=headers, timeout=10)
        assert refused.status_code == 403
        assert refused.content == b""
    assert requests.get(address.replace("/webhook", "/actions"), timeout=10).status_code == 403
    assert requests.get(address.replace("/webhook", "/health"), timeout=10).status_code == 200
