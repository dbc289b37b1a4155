"""Phrases as data, found in text that spaCy's blank pipeline of the language has split into words.

A phrase is plain words with two signs: `(a|b c|)` for alternatives, one of which may be empty, and `...` for a gap
of up to four words. Text and phrases are folded the same way (`plaintext.fold`) and split by the same tokenizer.
"""

from __future__ import annotations

import base64
import itertools
import math
import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import marisa_trie
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from signpost.errors import KnowledgeError
from signpost.plaintext import fold

GAP = 4
MAX_VARIANTS = 400
# Characters of the longest wording that is looked for.
LONGEST = 200
# spaCy has no tokenizer of its own for these; its multi-language one splits at spaces and punctuation.
_WITHOUT_OWN_TOKENIZER = {"ckb": "xx", "zh-Hant": "zh", "zh-Hans": "zh"}
_SIGNS = re.compile(r"([^\w\s]{4})[^\w\s]{4,}")
_CHOICE = re.compile(r"\(([^()]*)\)")
# Ends a word in the trie; no token of a folded text holds it.
_END = "\x1f"
# Words of a phrase: split at spaces that stand in no bracket.
_CHUNK = re.compile(r"(?:\([^()]*\)|[^\s()])+")

# Phrases ready to be found, as JSON can hold them.
Packed = Mapping[str, Any]


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
        made = spacy.blank(code)
    except ImportError:
        made = spacy.blank("xx")
    # Only the words themselves are used: what else spaCy would note of each new one takes half the time.
    made.vocab.lex_attr_getters = {}  # type: ignore[attr-defined]
    return made


def tokens(text: str, language: str) -> Doc:
    """The folded text, split into words. Of a long run of signs the first few are kept: spaCy looks at each with all after it."""
    return tokenizer(language).make_doc(_SIGNS.sub(r"\1", fold(text)))


def variants(phrase: str) -> list[str]:
    """Every plain phrase that a phrase with alternatives (and no gap) stands for.

    Raises:
        KnowledgeError: more than 400 variants, or an unbalanced bracket.
    """
    parts = _CHOICE.split(phrase)
    choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    count = math.prod(len(choice) for choice in choices)
    if count > MAX_VARIANTS:
        raise KnowledgeError("phrases", phrase, f"stands for {count} variants.", f"split it, {MAX_VARIANTS} at most.")
    made = ["".join(chosen) for chosen in itertools.product(*choices)]
    if any("(" in item or ")" in item for item in made):
        raise KnowledgeError("phrases", phrase, "has an unbalanced bracket.", "close each ( with a ).")
    return list(dict.fromkeys(re.sub(r"\s+", " ", item).strip() for item in made))


class Phrases:
    """A set of labelled phrases of one language, ready to be found in text.

    The wordings stand in a trie (marisa-trie): 75,000 of them in English, in a few hundred kilobytes. (spaCy's
    PhraseMatcher finds the same hits as fast, but takes ten seconds to take them in.)

    A phrase with gaps is kept as its pieces, found like any phrase and joined when they stand at most four words
    apart: that takes the same time however long the message is.
    """

    def __init__(self, trie: marisa_trie.Trie, labels: list[list[str]], places: array[int], gapped: list[tuple[str, list[str]]]) -> None:
        self._trie = trie
        # Which of the sets of labels belongs to each wording of the trie, by the wording's number.
        self._labels, self._places = labels, places
        self._gapped = gapped

    @classmethod
    def of(cls, language: str, labelled: Iterable[tuple[str, Iterable[str]]], packed: Packed | None = None) -> Phrases:
        """These phrases, or quicker, where they were packed before."""
        return cls._unpacked(packed) if packed else cls._compiled(language, labelled)

    @classmethod
    def _compiled(cls, language: str, labelled: Iterable[tuple[str, Iterable[str]]]) -> Phrases:
        split = _Splitter(language)
        gapped: list[tuple[str, list[str]]] = []
        named: dict[str, list[str]] = {}
        for label, phrases in labelled:
            for phrase in phrases:
                pieces = [piece for piece in map(split.wordings, str(phrase).split("...")) if piece]
                names = [label]
                if len(pieces) > 1:
                    names = [f"\0{len(gapped)}:{place}" for place in range(len(pieces))]
                    gapped.append((label, names))
                for name, wordings in zip(names, pieces):
                    for key in map(_key, wordings):
                        if name not in named.setdefault(key, []):
                            named[key].append(name)
        trie = marisa_trie.Trie(named)
        sets = list(dict.fromkeys(map(tuple, named.values())))
        number = {labels: place for place, labels in enumerate(sets)}
        places = array("I", bytes(4 * len(trie)))
        for key, labels in named.items():
            places[trie[key]] = number[tuple(labels)]
        return cls(trie, [list(labels) for labels in sets], places, gapped)

    def packed(self) -> Packed:
        """These phrases ready to be found, as JSON can hold them."""
        trie = base64.b64encode(self._trie.tobytes()).decode("ascii")
        return {"trie": trie, "labels": self._labels, "places": self._places.tolist(), "gapped": self._gapped}

    @classmethod
    def _unpacked(cls, packed: Packed) -> Phrases:
        trie = marisa_trie.Trie().frombytes(base64.b64decode(packed["trie"]))
        return cls(trie, packed["labels"], array("I", packed["places"]), packed["gapped"])

    def find(self, doc: Doc) -> list[Hit]:
        """Every hit, in the order of the text."""
        words = [token.text for token in doc]
        text, offset = _key(words), 0
        found: set[Hit] = set()
        pieces: dict[str, list[tuple[int, int]]] = {}
        for start, word in enumerate(words):
            for key, place in self._trie.iter_prefixes_with_ids(text[offset : offset + LONGEST]):
                end = start + key.count(_END)
                for label in self._labels[self._places[place]]:
                    if label.startswith("\0"):
                        pieces.setdefault(label, []).append((start, end))
                    else:
                        found.add(Hit(label, start, end))
            offset += len(word) + len(_END)
        if pieces:
            for label, names in self._gapped:
                if names[0] in pieces and names[-1] in pieces:
                    found.update(Hit(label, start, end) for start, end in _joined([pieces.get(name, []) for name in names]))
        return sorted(found, key=lambda hit: (hit.start, hit.end, hit.label))


class _Splitter:
    """Splits phrases into the folded words that a message would be split into; each word is split once."""

    def __init__(self, language: str) -> None:
        self._pipeline = tokenizer(language)
        self._words: dict[str, tuple[str, ...]] = {}
        self._chunks: dict[str, list[tuple[str, ...]]] = {}

    def wordings(self, part: str) -> list[tuple[str, ...]]:
        """Every wording of a piece of a phrase. Each chunk between spaces is split into words once.

        Raises:
            KnowledgeError: more than 400 wordings, or an unbalanced bracket.
        """
        chunks = [self._chunk(chunk) for chunk in _CHUNK.findall(part)]
        count = math.prod(len(chunk) for chunk in chunks)
        if count > MAX_VARIANTS:
            raise KnowledgeError("phrases", part, f"stands for {count} variants.", f"split it, {MAX_VARIANTS} at most.")
        made = {tuple(itertools.chain.from_iterable(chosen)) for chosen in itertools.product(*chunks)}
        return [words for words in made if words]

    def _chunk(self, chunk: str) -> list[tuple[str, ...]]:
        if chunk not in self._chunks:
            made = {tuple(itertools.chain.from_iterable(map(self._word, item.split()))) for item in variants(chunk)}
            self._chunks[chunk] = sorted(made)
        return self._chunks[chunk]

    def _word(self, word: str) -> tuple[str, ...]:
        if word not in self._words:
            self._words[word] = tuple(token.text for token in self._pipeline.make_doc(fold(word)))
        return self._words[word]


def _key(words: Iterable[str]) -> str:
    """Words as the trie knows them: each with an end of its own, so that no half word is found."""
    return "".join(word + _END for word in words)


def _joined(pieces: list[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """Spans that run through one span of each piece, in order, with at most a gap between."""
    spans = pieces[0]
    for following in pieces[1:]:
        spans = [(start, later) for start, end in spans for begin, later in following if 0 <= begin - end <= GAP]
    return spans
