"""Messages as they come from a phone in a hurry: misspelt, unpunctuated, shortened. For training only.

The same message and seed always give the same noise, so that training is repeatable.
"""

from __future__ import annotations

import random
import zlib

_SHORT = {
    "you": "u", "your": "ur", "are": "r", "please": "pls", "because": "bc", "and": "n", "to": "2", "for": "4",
    "people": "ppl", "with": "wiv", "the": "da", "that": "dat", "what": "wot", "tonight": "2nite", "going to": "gonna",
    "about": "abt", "before": "b4", "okay": "ok", "see": "c", "why": "y", "be": "b", "know": "kno", "have": "av",
    "just": "jst", "can't": "cnt", "don't": "dont", "something": "summat", "my": "me", "they": "dey", "them": "dem",
}  # fmt: skip
_NEAR = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "w", "r": "et", "s": "ad", "t": "ry", "u": "yi",
    "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip


def noisy(text: str, seed: int = 0, english: bool = True) -> str:
    """The text as a hurried thumb would write it: about one word in four is touched."""
    chance = random.Random(zlib.crc32(text.encode()) + seed)
    if chance.random() < 0.7:
        text = text.lower()
    if chance.random() < 0.6:
        text = "".join(char for char in text if char not in ",.;:!?'\"")
    return " ".join(_word(word, chance, english) for word in text.split())


def _word(word: str, chance: random.Random, english: bool) -> str:
    if english and word.lower() in _SHORT and chance.random() < 0.35:
        return _SHORT[word.lower()]
    if len(word) < 4 or chance.random() > 0.22:
        return word
    place = chance.randrange(1, len(word) - 1)
    kind = chance.randrange(5)
    if kind == 0:
        return word[:place] + word[place + 1 :]
    if kind == 1:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 2:
        return word[:place] + word[place] + word[place:]
    if kind == 3 and english:
        return word[0] + "".join(char for char in word[1:] if char not in "aeiou")
    letter = word[place].lower()
    return word[:place] + chance.choice(_NEAR.get(letter, letter)) + word[place + 1 :]
