"""Misspelt and shortened words written out, so that `autisic` and `2nite` are read as what they stand for.

Shorthand is knowledge (`shorthand` in `knowledge/phrases/`). Misspellings need words to be measured against: those come
from whoever has seen many messages, as `Words`. Without them only shorthand is written out.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import marisa_trie
from rapidfuzz import process
from rapidfuzz.distance import OSA

from signpost.plaintext import fold, joined

# A word that is shorter can become too many others.
LEAST_LETTERS = 4
# Mending a word takes half a millisecond, and nobody may make the next person wait by writing in gibberish.
MOST_MENDED = 40
# Words of so many writers may be what a misspelling stands for; a word of two is at least left alone.
WANTED_WRITERS, KNOWN_WRITERS = 3, 2
# So many writers are right about a word that no dictionary has ("chippy", "hijab").
ENOUGH_WRITERS = 8
_CHUNK = re.compile(r"\S+")
_WORD = re.compile(r"^([\"'(\[]*)([^\W_]+(?:'[^\W_]+)*)([\"'.,;:!?)\]…]*)$")
_LETTERS = re.compile(r"[a-z]+(?:'[a-z]+)*")
_VOWELS = frozenset("aeiouy")


@dataclass(frozen=True)
class Words:
    """Words to be left alone (`known`), and those a misspelling may stand for (`wanted`), commonest first."""

    known: Container[str]
    wanted: Sequence[str]

    def packed(self) -> Mapping[str, Any]:
        """These words as JSON can hold them."""
        trie = self.known if isinstance(self.known, marisa_trie.Trie) else marisa_trie.Trie(self.known)
        return {"known": base64.b64encode(trie.tobytes()).decode("ascii"), "wanted": list(self.wanted)}

    @classmethod
    def unpacked(cls, packed: Mapping[str, Any]) -> Words:
        """What `packed` gave."""
        return cls(marisa_trie.Trie().frombytes(base64.b64decode(packed["known"])), packed["wanted"])

    @classmethod
    def learnt(cls, written: Iterable[tuple[str, str]], dictionary: Iterable[str]) -> Words:
        """The words of messages (pairs of writer and text): spellings that many share or a dictionary has."""
        right = frozenset(dictionary)
        writers: Counter[str] = Counter()
        used: Counter[str] = Counter()
        seen: set[tuple[str, str]] = set()
        for writer, text in written:
            for word in _LETTERS.findall(fold(text)):
                used[word] += 1
                if (writer, word) not in seen:
                    seen.add((writer, word))
                    writers[word] += 1
        wanted = [
            word
            for word, _count in used.most_common()
            if writers[word] >= WANTED_WRITERS
            and len(word) >= LEAST_LETTERS
            and (word in right or "'" in word or writers[word] >= ENOUGH_WRITERS)
        ]
        known = right | {word for word, count in writers.items() if count >= KNOWN_WRITERS}
        return cls(marisa_trie.Trie(sorted(known)), wanted)


class Speller:
    """Writes out the shorthand of one language and, where it has words, mends misspelt ones."""

    def __init__(self, shorthand: Mapping[str, Sequence[str]], words: Words | None = None) -> None:
        self._shorthand = {fold(str(form)): word for word, forms in shorthand.items() for form in forms}
        self._words = words

    def respelt(self, text: str) -> str:
        """The text with its shorthand written out and its misspelt words mended; every other word as it stands."""
        if not self._shorthand and self._words is None:
            return text
        left = MOST_MENDED

        def word_for(found: re.Match[str]) -> str:
            nonlocal left
            parts = _WORD.match(found.group())
            if parts is None:
                return found.group()
            before, word, after = parts.groups()
            plain = fold(word)
            if plain in self._shorthand:
                return f"{before}{self._shorthand[plain]}{after}"
            if not left or not self._strange(word):
                return found.group()
            left -= 1
            return f"{before}{self._nearest(word)}{after}"

        return _CHUNK.sub(word_for, joined(text.replace("’", "'")))

    def knows(self, text: str) -> bool:
        """Whether every word of a text is a word or a shorthand of this language; False where no words were learnt."""
        words = _LETTERS.findall(fold(text))
        return self._words is not None and bool(words) and all(word in self._shorthand or word in self._words.known for word in words)

    def _strange(self, word: str) -> bool:
        # A capital begins a name or a sentence. Names are in no list, and who writes capitals spells with care.
        return (
            self._words is not None
            and len(word) >= LEAST_LETTERS
            and _LETTERS.fullmatch(word) is not None
            and word not in self._words.known
        )

    def _nearest(self, word: str) -> str:
        """The wanted word that takes fewest slips of the thumb to become this one; the word itself where none is near."""
        assert self._words is not None
        most = 1 if len(word) < 5 else 2 if len(word) < 9 else 3
        near = process.extract(word, self._words.wanted, scorer=OSA.distance, score_cutoff=most, limit=None)
        # People keep the first letter and the consonants; the commoner word breaks a tie.
        ranked = [(slips + 0.7 * (other[0] != word[0]) + 0.3 * (_frame(other) != _frame(word)), place) for other, slips, place in near]
        slips, place = min(ranked, default=(most + 1.0, 0))
        return self._words.wanted[place] if slips <= most else word


def _frame(word: str) -> frozenset[str]:
    return frozenset(word) - _VOWELS
