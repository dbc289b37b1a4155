"""The JSON API over the whole running service."""

from __future__ import annotations

import signal
import time

import pytest
import requests

from tests.stack import Stack


def services(answer: dict) -> list[str]:
    return [item["id"] for block in answer["reply"] if block["type"] == "services" for item in block["items"]]


def routes(answer: dict) -> list[dict]:
    return [item for block in answer["reply"] if block["type"] == "routes" for item in block["items"]]


def test_racist_abuse_by_a_neighbour_in_bootle_leads_to_the_right_people(stack: Stack):
    answer = stack.say("my neighbour in Bootle keeps shouting racist abuse at me because I am Polish")
    assert {"hate_crime", "hate_incident"} & set(answer["understood"]["issues"])
    assert answer["understood"]["strands"] == ["race"]
    assert answer["understood"]["area"] == "bootle"
    assert {"stop-hate-uk-merseyside", "anthony-walker-foundation", "victim-care-merseyside"} <= set(services(answer))
    offered = routes(answer)
    assert "no-report" in [item["id"] for item in offered]
    assert any(item["anonymous"] for item in offered if item["id"] != "no-report")
    for block in answer["reply"]:
        if block["type"] == "services":
            assert all(item["why"] for item in block["items"])
    assert answer["degraded"] is False


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("lads at the bus stop call me spaz and push my wheelchair because i am disabled", {"daisy-inclusive-uk"}),
        ("they shouted faggot and spat at me and my boyfriend for holding hands", {"citizens-advice-liverpool-hate-crime", "sahir"}),
        ("a woman keeps calling me it and a freak since she found out i am trans", {"citizens-advice-liverpool-hate-crime", "sahir"}),
        ("kids throw stones at our caravan and call us pikeys because we are irish travellers", {"irish-community-care"}),
        ("my husband hits me and takes my money and checks my phone", {"sefton-domestic-abuse-helpline", "swaca"}),
        ("my 14 year old has new trainers and two phones and goes missing, i think he is selling drugs for older lads", {"sefton-chat"}),
        ("some men took over my flat and sell drugs from it and i cant get them out", {"sefton-council-asb"}),
        ("my parents are making me marry a man in pakistan this summer and i dont want to", {"forced-marriage-unit", "karma-nirvana"}),
        ("the boss took my passport and i work 14 hours a day with no pay", {"modern-slavery-helpline"}),
        ("gangs of kids on scrambler bikes and fireworks outside my house every night", {"sefton-council-asb"}),
        ("a man i dated twice keeps following me and waits outside my work and sends hundreds of messages", {"national-stalking-helpline"}),
    ],
)
def test_each_harm_told_in_plain_words_leads_to_its_own_people(stack: Stack, text: str, wanted: set[str]):
    assert wanted <= set(services(stack.say(text)))


def test_danger_is_answered_first_and_without_a_question(stack: Stack):
    answer = stack.say("he is outside my door with a knife")
    assert answer["risk"] == "now"
    first = answer["reply"][0]
    assert (first["type"], first["level"]) == ("alert", "now")
    assert "999" in first["text"]
    assert first["actions"][0]["href"] == "tel:999"
    assert "question" not in [block["type"] for block in answer["reply"]]
    assert answer["plain"].startswith(first["text"])


def test_danger_is_read_in_the_middle_of_anything(stack: Stack):
    begun = stack.say("people at work mock my accent")
    answer = stack.say("oh god hes kicking the door in now", begun["conversation"])
    assert answer["reply"][0]["type"] == "alert"


def test_the_answer_has_the_shape_of_the_contract(stack: Stack):
    answer = stack.say("kids keep egging my windows")
    assert set(answer) == {"conversation", "locale", "dir", "risk", "understood", "reply", "plain", "degraded"}
    assert set(answer["understood"]) == {"intent", "issues", "strands", "area", "confidence"}
    for block in answer["reply"]:
        if block["type"] == "services":
            for item in block["items"]:
                assert {"id", "name", "why", "open_now", "opens_next", "contacts"} <= set(item)
        if block["type"] == "routes":
            for item in block["items"]:
                assert {"id", "name", "anonymous", "who_sees_it", "what_happens_next", "contacts"} <= set(item)
        if block["type"] == "question":
            assert all(set(option) == {"id", "label"} for option in block["options"])


def test_a_human_is_one_tap_away_in_every_reply_but_danger(stack: Stack):
    for text in ("hello", "my neighbour plays loud music", "can i report without my name?", "asdfgh", "what is the weather"):
        answer = stack.say(text)
        options = [option["id"] for block in answer["reply"] if block["type"] == "question" for option in block["options"]]
        assert "human" in options, text
        assert sum(block["type"] == "question" for block in answer["reply"]) == 1


def test_a_correction_is_believed(stack: Stack):
    begun = stack.say("my neighbour keeps shouting at me because i am polish")
    answer = stack.say("no it was about my disability", begun["conversation"])
    assert answer["understood"]["strands"] == ["disability"]
    assert "daisy-inclusive-uk" in services(answer)


def test_a_chosen_option_is_taken_by_its_id(stack: Stack):
    begun = stack.say("my neighbour keeps shouting at me because i am polish")
    answer = stack.say(conversation=begun["conversation"], choice="show_routes")
    assert len(routes(answer)) >= 5


def test_with_the_engine_killed_the_next_answer_still_comes(stack: Stack):
    begun = stack.say("my husband hits me")
    stack.kill("engine")
    try:
        began = time.monotonic()
        answer = stack.say("hes outside with a knife", begun["conversation"])
        took = time.monotonic() - began
        assert answer["degraded"] is True
        assert answer["reply"][0]["type"] == "alert"
        assert took < 3, "the contract: an answer within 3 seconds"
        assert stack.say("can i report without my name?", begun["conversation"])["degraded"] is True
    finally:
        stack.start("engine")


def test_with_the_engine_hung_the_answer_still_comes_and_remembers(stack: Stack):
    begun = stack.say("my neighbour calls me names because i am gay")
    stack.signal("engine", signal.SIGSTOP)
    try:
        began = time.monotonic()
        answer = stack.say(conversation=begun["conversation"], choice="show_services")
        assert time.monotonic() - began < 3
        assert answer["degraded"] is True
        assert "sahir" in services(answer)
    finally:
        stack.signal("engine", signal.SIGCONT)
        time.sleep(5.5)
    assert stack.say("thanks", begun["conversation"])["degraded"] is False


def test_with_the_action_server_killed_the_core_answers(stack: Stack):
    stack.kill("actions")
    try:
        answer = stack.say("my boss took my passport and pays me nothing")
        assert answer["degraded"] is True
        assert "modern-slavery-helpline" in services(answer)
    finally:
        stack.start("actions")


MARKED = "zebrafinch"


def test_after_erasure_no_store_and_no_log_holds_the_conversation(stack: Stack):
    begun = stack.say(f"my neighbour {MARKED} shouts at me because i am polish")
    token = begun["conversation"]
    assert stack.forget(token) == 204
    on_disk = stack.on_disk()
    assert MARKED.encode() not in on_disk
    assert token.encode() not in on_disk
    after = stack.say("thanks", token)
    assert after["understood"]["issues"] == []


def test_forget_me_said_in_words_erases_too(stack: Stack):
    token = stack.say("my neighbour shouts at me because i am polish")["conversation"]
    stack.say("forget me, delete everything i said", token)
    assert stack.say("thanks", token)["understood"]["issues"] == []


def test_words_tokens_and_numbers_are_in_no_log_and_in_no_store_in_clear(stack: Stack):
    answer = stack.say(f"{MARKED} my number is 07700 900123 he hits me")
    stack.say("he is outside with a knife " + MARKED, answer["conversation"])
    everything = stack.on_disk()
    for secret in (MARKED, "900123", answer["conversation"], "with a knife"):
        assert secret.encode() not in everything


def test_the_engine_refuses_a_call_without_the_secret(stack: Stack):
    address = stack.env["RASA_URL"] + "/webhooks/signpost/turn"
    assert requests.post(address, json={"text": "hi", "sender": "x"}, timeout=10).status_code == 403
