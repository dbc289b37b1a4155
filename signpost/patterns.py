"""Phrases as data, found in text that spaCy's blank pipeline of the language has split into words.

A phrase is plain words with two signs: `(a|b c|)` for alternatives, one of which may be empty, and `...` for a gap
of up to four words. Text and phrases are folded the same way (`plaintext.fold`) and split by the same tokenizer.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from signpost.errors import KnowledgeError
from signpost.plaintext import fold

GAP = 4
MAX_VARIANTS = 400
# spaCy has no tokenizer of its own for these; its multi-language one splits at spaces and punctuation.
_WITHOUT_OWN_TOKENIZER = {"ckb": "xx", "zh-Hant": "zh", "zh-Hans": "zh"}
_CHOICE = re.compile(r"\(([^()]*)\)")
# The key under which a node of the tree keeps the labels that end there; no word is empty.
_LABELS = ""
# Words of a phrase: split at spaces that stand in no bracket.
_CHUNK = re.compile(r"(?:\([^()]*\)|[^\s()])+")


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
    """Every plain phrase that a phrase with alternatives (and no gap) stands for.

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
    return list(dict.fromkeys(re.sub(r"\s+", " ", item).strip() for item in made))


class Phrases:
    """A set of labelled phrases of one language, ready to be found in text.

    The wordings stand in one tree of words. (spaCy's PhraseMatcher finds the same hits as fast, but takes ten seconds to
    take in the 75,000 wordings of English, against less than one.)

    A phrase with gaps is kept as its pieces, found like any phrase and joined when they stand at most four words
    apart: that takes the same time however long the message is.
    """

    def __init__(self, language: str, labelled: Iterable[tuple[str, Iterable[str]]]) -> None:
        self._pipeline = tokenizer(language)
        self._tree: dict[str, Any] = {}
        self._gapped: list[tuple[str, list[str]]] = []
        self._chunks: dict[str, list[tuple[str, ...]]] = {}
        plain: dict[str, set[tuple[str, ...]]] = {}
        for label, phrases in labelled:
            for phrase in phrases:
                pieces = [piece for piece in (self._words(part) for part in str(phrase).split("...")) if piece]
                if len(pieces) == 1:
                    plain.setdefault(label, set()).update(pieces[0])
                elif pieces:
                    names = [f"\0{len(self._gapped)}:{place}" for place in range(len(pieces))]
                    self._gapped.append((label, names))
                    plain.update(zip(names, map(set, pieces)))
        for label, wordings in plain.items():
            for words in wordings:
                self._plant(words, label)
        self._chunks.clear()

    def _plant(self, words: tuple[str, ...], label: str) -> None:
        node = self._tree
        for word in words:
            node = node.setdefault(word, {})
        node.setdefault(_LABELS, []).append(label)

    def _words(self, part: str) -> list[tuple[str, ...]]:
        """Every wording of a piece, as folded words. Each chunk between spaces is split into words once."""
        chunks = [self._chunk(chunk) for chunk in _CHUNK.findall(part)]
        count = 1
        for chunk in chunks:
            count *= len(chunk)
        if count > MAX_VARIANTS:
            raise KnowledgeError("phrases", part, f"stands for {count} variants.", f"split it, {MAX_VARIANTS} at most.")
        made = {tuple(itertools.chain.from_iterable(chosen)) for chosen in itertools.product(*chunks)}
        return [words for words in made if words]

    def _chunk(self, chunk: str) -> list[tuple[str, ...]]:
        if chunk not in self._chunks:
            made = {tuple(token.text for token in self._pipeline.make_doc(fold(item))) for item in variants(chunk)}
            self._chunks[chunk] = sorted(made)
        return self._chunks[chunk]

    def find(self, doc: Doc) -> list[Hit]:
        """Every hit, in the order of the text."""
        words = [token.text for token in doc]
        found: set[Hit] = set()
        pieces: dict[str, list[tuple[int, int]]] = {}
        for start in range(len(words)):
            node = self._tree
            for end in range(start, len(words)):
                if (node := node.get(words[end])) is None:  # type: ignore[assignment]
                    break
                for label in node.get(_LABELS, ()):
                    if label.startswith("\0"):
                        pieces.setdefault(label, []).append((start, end + 1))
                    else:
                        found.add(Hit(label, start, end + 1))
        if pieces:
            for label, names in self._gapped:
                if names[0] in pieces and names[-1] in pieces:
                    found.update(Hit(label, start, end) for start, end in _joined([pieces.get(name, []) for name in names]))
        return sorted(found, key=lambda hit: (hit.start, hit.end, hit.label))


def _joined(pieces: list[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """Spans that run through one span of each piece, in order, with at most a gap between."""
    spans = pieces[0]
    for following in pieces[1:]:
        spans = [(start, later) for start, end in spans for begin, later in following if 0 <= begin - end <= GAP]
    return spans
