"""One action a topic of the core. Rasa's rules choose which; the core decides what is said."""

from __future__ import annotations

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import bridge
from signpost.decision import TOPICS
from signpost.turn import answer_reading

logger = logging.getLogger(__name__)


class TopicAction(Action):
    """Calls the core for what was read and sends what it says."""

    topic = ""

    def name(self) -> str:
        """The action's name in the domain."""
        return f"action_{self.topic}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """One turn. Where it breaks nothing is said, and the web app answers by itself."""
        try:
            reading = bridge.reading_of(tracker)
            situation = bridge.situation_of(tracker)
            house = bridge.house_for(situation)
            return bridge.say(answer_reading(reading, situation, house), reading, house, dispatcher)
        except Exception as error:  # noqa: BLE001  the SDK would print the fault and send the whole conversation back with it
            logger.error("turn.failed %s", type(error).__name__)
            return []


for _topic in (*TOPICS, "answer"):
    # The SDK finds actions as classes of this module; they differ in their name alone.
    globals()[f"Action_{_topic}"] = type(f"Action_{_topic}", (TopicAction,), {"topic": _topic, "__module__": __name__})
