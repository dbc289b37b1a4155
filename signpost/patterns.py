"""Phrases as data, found in text by spaCy's matchers on a blank pipeline.

A phrase is plain words with two signs: `(a|b c|)` for alternatives, one of which may be empty, and `...` for a gap
of up to four words. Text and phrases are folded the same way (`plaintext.fold`) and split by the same tokenizer.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import spacy
from spacy.language import Language
from spacy.matcher import Matcher, PhraseMatcher
from spacy.tokens import Doc

from signpost.errors import KnowledgeError
from signpost.plaintext import fold

GAP = 4
MAX_VARIANTS = 400
_CHOICE = re.compile(r"\(([^()]*)\)")
# spaCy has no tokenizer of its own for these; its multi-language one splits at spaces and punctuation.
_WITHOUT_OWN_TOKENIZER = {"ckb": "xx", "zh-Hant": "zh", "zh-Hans": "zh"}


@dataclass(frozen=True)
class Hit:
    """A phrase found: its label and the tokens from `start` up to `end`."""

    label: str
    start: int
    end: int

    def overlaps(self, other: Hit) -> bool:
        """Whether the two share a token."""
        return self.start < other.end and other.start < self.end


@lru_cache(maxsize=32)
def tokenizer(language: str) -> Language:
    """The blank spaCy pipeline of a language, the multi-language one where spaCy has none."""
    code = _WITHOUT_OWN_TOKENIZER.get(language, language.split("-")[0])
    try:
        return spacy.blank(code)
    except ImportError:
        return spacy.blank("xx")


def tokens(text: str, language: str) -> Doc:
    """The folded text, split into words."""
    return tokenizer(language).make_doc(fold(text))


def variants(phrase: str) -> list[str]:
    """Every plain phrase that a phrase with alternatives stands for.

    Raises:
        KnowledgeError: more than 400 variants, or an unbalanced bracket.
    """
    parts = _CHOICE.split(phrase)
    choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MAX_VARIANTS:
        raise KnowledgeError("phrases", phrase, f"stands for {count} variants.", f"split it, {MAX_VARIANTS} at most.")
    made = ["".join(chosen) for chosen in itertools.product(*choices)]
    if any("(" in item or ")" in item for item in made):
        raise KnowledgeError("phrases", phrase, "has an unbalanced bracket.", "close each ( with a ).")
    return [re.sub(r"\s+", " ", item).strip() for item in made]


class Phrases:
    """A set of labelled phrases of one language, ready to be found in text."""

    def __init__(self, language: str, labelled: Iterable[tuple[str, Iterable[str]]]) -> None:
        self._pipeline = tokenizer(language)
        self._plain = PhraseMatcher(self._pipeline.vocab, attr="ORTH")
        self._gapped = Matcher(self._pipeline.vocab)
        for label, phrases in labelled:
            plain: list[Doc] = []
            gapped: list[list[dict[str, object]]] = []
            for phrase in phrases:
                for variant in variants(str(phrase)):
                    self._add(variant, plain, gapped)
            if plain:
                self._plain.add(label, plain)
            if gapped:
                self._gapped.add(label, gapped)

    def _add(self, variant: str, plain: list[Doc], gapped: list[list[dict[str, object]]]) -> None:
        pieces = [piece for piece in (fold(part) for part in variant.split("...")) if piece]
        if not pieces:
            return
        if len(pieces) == 1:
            plain.append(self._pipeline.make_doc(pieces[0]))
            return
        pattern: list[dict[str, object]] = []
        for index, piece in enumerate(pieces):
            if index:
                pattern += [{"OP": "?"}] * GAP
            pattern += [{"ORTH": token.text} for token in self._pipeline.make_doc(piece)]
        gapped.append(pattern)

    def find(self, doc: Doc) -> list[Hit]:
        """Every hit, in the order of the text."""
        strings = self._pipeline.vocab.strings
        found = {
            Hit(strings[match], start, end)
            for match, start, end in itertools.chain(self._plain(doc), self._gapped(doc) if len(self._gapped) else ())
        }
        return sorted(found, key=lambda hit: (hit.start, hit.end))
