"""The knowledge room holds together, and says only what has a source."""

from __future__ import annotations

import re

import pytest

from signpost.errors import KnowledgeError
from signpost.knowledge import PhraseFiles, load, shown_contacts
from signpost.patterns import Phrases
from tests.builders import NOON, ROOT, the_knowledge
from tools.check_knowledge import schema_errors

FOLDER = ROOT / "knowledge"
PHONE = re.compile(r"(?<![\d-])(?:0\d{2,4}[ -]?\d{3}[ -]?\d{3,4}|116 \d{3}|999|101|111|112|105)(?![\d-])")


def test_every_entry_fits_the_schema():
    assert schema_errors() == []


def test_no_sentence_names_a_number_that_no_service_holds_with_high_confidence():
    known = the_knowledge()
    sure = {re.sub(r"\D", "", fact.value) for service in known.services.values() for fact in shown_contacts(service, NOON.date(), True)}
    for kind in ("answers", "safety", "routes", "rights", "issues"):
        for entry in getattr(known, kind).values():
            for name in ("text", "sms", "says", "counts", "what_happens_next", "who_sees_it"):
                for found in PHONE.findall(str(entry.get(name) or "")):
                    assert re.sub(r"\D", "", found) in sure, f"{kind}/{entry['id']}: {found}"


def test_rasa_takes_no_file_of_this_room_for_training_data():
    for path in FOLDER.rglob("*.yml"):
        assert not re.search(r"^\s*(rules|nlu|stories|responses):", path.read_text(encoding="utf-8"), re.M), path.name


def test_a_confidential_address_has_no_field_to_stand_in():
    """Refuges and outreach have no address anywhere in the room."""
    for service in the_knowledge().services.values():
        if re.search(r"\brefuge\b", service.description.lower()) or "sex_worker" in service.communities:
            assert not [fact for fact in service.contacts if fact.kind == "address"], service.id


def test_safety_sentences_fit_one_text_message():
    for entry in the_knowledge().safety.values():
        assert len(entry["text"]) <= 160, entry["id"]
        assert entry["text"].isascii()
        assert "999" in entry["text"]


@pytest.mark.parametrize("folder", ["phrases", "risk_phrases"])
def test_every_phrase_file_can_be_read_and_compiled(folder):
    files = PhraseFiles(FOLDER / folder)
    assert "en" in files
    for locale, content in files.items():
        lists = [
            (name, value if isinstance(value, list) else [item for items in value.values() for item in items])
            for name, value in content.items()
        ]
        for name, phrases in lists:
            if phrases and isinstance(phrases[0], dict):
                phrases = [phrase for entry in phrases for phrase in entry["phrases"]]
            Phrases.of(locale, [(name, phrases)])


def test_a_broken_file_is_told_in_words_a_volunteer_can_use(tmp_path):
    import shutil

    broken = tmp_path / "knowledge"
    shutil.copytree(FOLDER, broken)
    (broken / "routes.yml").write_text("- id: a\n  label: [", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"routes\.yml.*To mend it"):
        load(broken)
