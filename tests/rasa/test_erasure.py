"""What the engine keeps of a conversation lies where the settings say, and is gone when the person says so."""

from __future__ import annotations

import sqlalchemy as sa

from tests.stack import Stack


def rows(stack: Stack) -> int:
    """How many conversations the engine keeps."""
    engine = sa.create_engine(stack.env["TRACKER_URL"])
    with engine.connect() as connection:
        number = connection.execute(sa.text("SELECT count(*) FROM tracker")).scalar_one()
    engine.dispose()
    return int(number)


def test_forgetting_a_conversation_takes_its_row_out_of_the_engines_store(stack: Stack):
    other = stack.say("someone keeps shouting at me because of my religion")["conversation"]
    before = rows(stack)
    told = stack.say("my neighbour shouts at me because i am polish")
    assert not told["degraded"]
    assert rows(stack) == before + 1
    assert stack.forget(told["conversation"]) == 204
    assert rows(stack) == before
    stack.forget(other)
    assert rows(stack) == before - 1
