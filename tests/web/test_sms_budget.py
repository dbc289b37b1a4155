"""How much it takes: thirty conversations by text message, walked through the core alone, and the table they make."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path

import pytest

from signpost.segments import segments
from tests.builders import the_knowledge
from tests.web.sms_line import Phone, an_app

MOST_SEGMENTS_MEDIAN = 4
MOST_INBOUND_MEDIAN = 3
GENERAL = ("victim-care-merseyside", "victim-support-national")
# The word of hate-crime help that serves every strand.
HATE = ("stop-hate-uk-merseyside", "anthony-walker-foundation")

# What a person texts first, and which services are right for it. What they do next is always the same: they say that
# the phone is safe, and ask for more until a right one has come.
CONVERSATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("my neighbour keeps calling me a paki and spits at my door", HATE),
    ("a man on the bus screamed at my wife to take off her hijab", (*HATE, "tell-mama")),
    ("someone painted a swastika on our synagogue wall", (*HATE, "community-security-trust")),
    ("lads shout faggot at me every time i walk past the shop", (*HATE, "galop")),
    ("i am trans and they misgender me and throw eggs at my window", (*HATE, "galop")),
    ("kids mock my son because he is autistic and took his phone", (*HATE, "daisy-inclusive-uk")),
    ("they tell us polish to go home and broke our window", HATE),
    ("my ex wont stop texting me and waits outside my work", ("sefton-domestic-abuse-helpline", "national-stalking-helpline")),
    ("my husband controls my money and wont let me see my mum", ("sefton-domestic-abuse-helpline", "national-domestic-abuse-helpline")),
    ("my boyfriend slapped me last week and said sorry", ("sefton-domestic-abuse-helpline", "national-domestic-abuse-helpline")),
    ("i was raped at a party last month", ("rasa-merseyside", "safe-place-merseyside", "rape-crisis-24-7")),
    ("my boss keeps touching me and i hate it", ("rasa-merseyside", "safe-place-merseyside", "rape-crisis-24-7")),
    ("my parents want me to marry my cousin i dont want to", ("forced-marriage-unit", "karma-nirvana")),
    ("my brother says i bring shame on the family and watches me", ("karma-nirvana", "forced-marriage-unit")),
    ("they took my passport and i work all day for no money", ("modern-slavery-helpline",)),
    ("an older lad gives my son money to carry bags to other towns", ("sefton-chat", "fearless", "childline")),
    ("a gang has taken over my mates flat and he is scared of them", (*GENERAL, "crimestoppers", "merseyside-police-101")),
    ("youths on scooters rev outside all night and throw stones", ("sefton-council-asb", *GENERAL)),
    ("noise and threats from the flat above every night", ("sefton-council-asb", *GENERAL)),
    ("someone shares nasty pictures of me online", ("revenge-porn-helpline", *HATE, *GENERAL)),
    ("i get hate messages on instagram because i am gay", (*HATE, "galop")),
    ("i lost 500 pounds to someone who said he was my bank", ("report-fraud", *GENERAL)),
    ("we got burgled on sunday and i cant sleep", GENERAL),
    ("two men punched me outside the pub on friday", GENERAL),
    ("i cant cope any more since the attack", ("samaritans", "mersey-care-crisis", *GENERAL)),
    ("my mate is getting into far right stuff online", ("merseyside-police-101", "crimestoppers")),
    ("can i report without my name", (*HATE, "crimestoppers", "true-vision")),
    ("will the police tell the home office about me", (*HATE, *GENERAL, "citizens-advice-liverpool-hate-crime")),
    ("i just want to talk to someone", (*GENERAL, "samaritans", "stop-hate-uk-merseyside")),
    ("he is outside with a knife right now", ("emergency-999",)),
)


@dataclass(frozen=True)
class Walk:
    """What one conversation took to the first right service."""

    text: str
    inbound: int
    outbound_segments: int
    found: str


def walk(text: str, right: tuple[str, ...], phone: Phone) -> Walk:
    spent, inbound = 0, 0
    for said in (text, "1", "MORE", "MORE", "who can help", "MORE"):
        answer = phone.text(said)
        inbound += 1
        spent += sum(map(segments, answer))
        if found := first_right(" ".join(answer), right):
            return Walk(text, inbound, spent, found)
    return Walk(text, inbound + 1, spent + 3, "none")


def first_right(said: str, right: tuple[str, ...]) -> str | None:
    """The first of the right services that a person could now reach: by its number, or by its name with a page."""
    for service_id in right:
        service = the_knowledge().services[service_id]
        if any(contact.value in said for contact in service.contacts) or f"{service.name}:" in said:
            return service_id
    return None


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> list[Walk]:
    app = an_app(Path(tmp_path_factory.mktemp("budget")))
    return [walk(text, right, Phone(app.test_client(), f"+44770092{number:04d}")) for number, (text, right) in enumerate(CONVERSATIONS)]


def test_thirty_conversations_stay_within_the_budget_of_segments_and_texts(walks: list[Walk], capsys: pytest.CaptureFixture[str]):
    with capsys.disabled():
        print(f"\n{'first text':<64}{'texts in':>9}{'segments out':>14}  first right service")
        for made in walks:
            print(f"{made.text[:62]:<64}{made.inbound:>9}{made.outbound_segments:>14}  {made.found}")
        print(
            f"{'median':<64}{statistics.median(made.inbound for made in walks):>9}"
            f"{statistics.median(made.outbound_segments for made in walks):>14}"
        )
    assert len(walks) == 30
    assert statistics.median(made.inbound for made in walks) <= MOST_INBOUND_MEDIAN
    assert statistics.median(made.outbound_segments for made in walks) <= MOST_SEGMENTS_MEDIAN


def test_nearly_every_conversation_reaches_a_right_service(walks: list[Walk]):
    assert sum(made.found == "none" for made in walks) <= 2


def test_every_right_service_of_the_table_exists():
    known = the_knowledge().services
    assert all(service_id in known for _text, right in CONVERSATIONS for service_id in right)
