"""The examples themselves: danger and its look-alikes must not differ in style, or a reader would learn the style."""

from __future__ import annotations

import json
import re

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from bot.components.examples import Example
from tests.builders import ROOT
from tools.examples import read_examples, read_file

DATA = ROOT / "data" / "nlu"
LANGUAGES = sorted(path.name for path in DATA.iterdir() if path.is_dir())
ENGLISH = read_examples(DATA / "en")
# An area under the curve of one half is chance; style is let to tell this much and no more.
CHANCE = 0.65
_WORD = re.compile(r"[a-z']+")
_PAST = frozenset(["was", "were", "had", "did", "got", "went", "said", "told", "came", "took", "left", "made", "hit", "hurt"])
_PRESENT = frozenset(["is", "are", "am", "has", "have", "do", "does", "im", "he's", "she's", "they're", "hes", "shes", "theyre"])


def style(text: str) -> list[float]:
    """How a message is written and nothing of what it says: length, punctuation, capitals, digits, tense."""
    words = _WORD.findall(text.lower())
    count = max(1, len(words))
    signs = [text.count(sign) / count for sign in ".,!?'"]
    return [
        len(text),
        len(words),
        sum(map(len, words)) / count,
        *signs,
        sum(char.isupper() for char in text) / max(1, len(text)),
        sum(char.isdigit() for char in text),
        text[-1:] in ".!?",
        sum(word in _PAST or word.endswith("ed") for word in words) / count,
        sum(word in _PRESENT for word in words) / count,
        sum(word.endswith(("ing", "in'")) for word in words) / count,
    ]


def alike() -> tuple[list[Example], list[Example]]:
    """English messages of danger, and all that were written to look like them."""
    files = {name: read_file(DATA / "en" / f"{name}.yml") for name in ("danger", "not_danger", "everyday", "conversation")}
    harmless = [*files["not_danger"], *files["everyday"], *(item for item in files["conversation"] if item.intent.endswith("off_topic"))]
    return [item for item in files["danger"] if item.risk == "now"], [item for item in harmless if item.risk != "now"]


def test_there_is_enough_danger_and_more_that_only_looks_like_it():
    danger, harmless = alike()
    assert len(danger) >= 1500
    assert len(harmless) >= 2000


def test_danger_is_told_with_a_question_and_without():
    danger, harmless = alike()
    for group in (danger, harmless):
        assert 300 <= sum(item.asks for item in group) <= len(group) / 2


def test_style_alone_cannot_tell_danger_from_its_look_alikes():
    danger, harmless = alike()
    seen = np.array([style(item.text) for item in (*danger, *harmless)], float)
    wanted = np.repeat([1, 0], [len(danger), len(harmless)])
    seen = (seen - seen.mean(axis=0)) / (seen.std(axis=0) + 1e-9)
    guessed = cross_val_predict(LogisticRegression(max_iter=500), seen, wanted, cv=5, method="predict_proba")[:, 1]
    assert roc_auc_score(wanted, guessed) <= CHANCE


def test_every_harm_and_strand_is_told_in_at_least_120_english_ways():
    for name in {name for item in ENGLISH for name in item.issues}:
        assert sum(name in item.issues for item in ENGLISH) >= 120, name
    for name in {name for item in ENGLISH for name in item.strands}:
        assert sum(name in item.strands for item in ENGLISH) >= 120, name


def test_every_question_is_asked_in_at_least_25_english_ways():
    for intent in {item.intent for item in ENGLISH if item.intent.startswith("ask_")}:
        assert sum(item.intent == intent for item in ENGLISH) >= 25, intent


def test_no_message_of_one_language_stands_twice():
    for language in LANGUAGES:
        texts = [item.text.casefold() for item in read_examples(DATA / language)]
        twice = {text for text in texts if texts.count(text) > 1} if len(texts) != len(set(texts)) else set()
        assert not twice, (language, len(twice))


def test_every_language_can_say_the_same_things():
    intents = {item.intent for item in ENGLISH}
    for language in LANGUAGES:
        assert {item.intent for item in read_examples(DATA / language)} == intents, language


def test_every_language_has_danger_and_look_alikes_to_learn_from():
    for language in LANGUAGES:
        examples = read_examples(DATA / language)
        assert sum(item.risk == "now" for item in examples) >= 150, language
        # Who wrote messages of danger wrote their look-alikes too; those that tell of a harm stand with their harm.
        alike_to_it = [item for item in examples if item.writer.startswith(("danger.", "danger2-")) and item.risk != "now"]
        assert len(alike_to_it) >= 150, language


def test_no_held_out_message_is_among_the_examples():
    known = {item.text.casefold().strip() for language in LANGUAGES for item in read_examples(DATA / language)}
    for path in (ROOT / "tests" / "held_out").glob("*.jsonl"):
        held = [json.loads(line)["text"].casefold().strip() for line in path.read_text(encoding="utf-8").splitlines()]
        assert not known & set(held), path.name
