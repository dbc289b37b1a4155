"""What a text that is a single word means: to the phone company, which comes first, and to us.

The words are data: knowledge/carrier_words.yml and knowledge/sms_words/.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from signpost.errors import KnowledgeError
from signpost.knowledge import read_yaml
from signpost.plaintext import fold

CarrierMeaning = Literal["stop", "start", "help"]
MEANINGS = ("stop", "start", "help")
COMMANDS = ("more", "erase", "language", "human", "safe", "plain", "unsafe", "who")
_FALLBACK = "en"
_AROUND = " \t\r\n.!?,;:'\"()[]-*#。！？؟،"


@dataclass(frozen=True)
class Sender:
    """What is done for us on one kind of number: the words it blocks and unblocks on, the meanings it answers itself."""

    blocks: frozenset[str]
    unblocks: frozenset[str]
    answers: frozenset[str]


@dataclass(frozen=True)
class SmsWords:
    """Every word with a meaning of its own in a text message."""

    carrier: Mapping[str, str]
    senders: Mapping[str, Sender]
    own: Mapping[str, Mapping[str, tuple[str, ...]]]

    def carrier_meaning(self, text: str) -> CarrierMeaning | None:
        """`stop`, `start` or `help` when the whole text is one of the carriers' words, else None."""
        return self.carrier.get(_bare(text).upper())  # type: ignore[return-value]

    def answered_by_carrier(self, word: str, meaning: CarrierMeaning, sender: str) -> bool:
        """Whether a number of this kind answers the word itself, so that an answer of ours would be a second one or blocked."""
        kind = self.senders[sender]
        if meaning not in kind.answers:
            return False
        taken = kind.blocks if meaning == "stop" else kind.unblocks
        return meaning == "help" or _bare(word).upper() in taken

    def command(self, text: str, locale: str) -> str | None:
        """Which of our own words the whole text is, in this language or in English; None for anything else."""
        said = _bare(text)
        for language in dict.fromkeys((locale, _FALLBACK)):
            for command, words in self.own.get(language, {}).items():
                if said in words:
                    return command
        return None

    def is_printed(self, text: str, command: str, locale: str) -> bool:
        """Whether the whole text is the very word that is printed for a command, in this language or in English."""
        return _bare(text) in {_bare(self.shown(command, language)) for language in (locale, _FALLBACK)}

    def shown(self, command: str, locale: str) -> str:
        """The word to print for a command, in capitals: this language's own, or the English one."""
        words = self.own.get(locale, {}).get(command) or self.own[_FALLBACK][command]
        return words[0].upper()


def load_words(folder: Path) -> SmsWords:
    """The words of the `knowledge/` room.

    Raises:
        KnowledgeError: a file is missing or broken, a meaning or command is not known, a word of ours is a carrier's.
    """
    file = read_yaml(folder / "carrier_words.yml")
    carrier = {str(word).upper(): meaning for word, meaning in file["words"].items()}
    for word, meaning in carrier.items():
        if meaning not in MEANINGS:
            raise KnowledgeError("carrier_words.yml", word, f"means {meaning!r}, which is not known.", "write stop, start or help.")
    senders = {
        name: Sender(*(frozenset(map(str, entry[part])) for part in ("blocks", "unblocks", "answers")))
        for name, entry in file["senders"].items()
    }
    own: dict[str, dict[str, tuple[str, ...]]] = {}
    for path in sorted((folder / "sms_words").glob("*.yml")):
        for command, words in read_yaml(path).items():
            if command not in COMMANDS:
                raise KnowledgeError(f"sms_words/{path.name}", command, "is not known.", f"use one of {', '.join(COMMANDS)}.")
            own.setdefault(path.stem, {})[command] = _folded(words, carrier, path.name, command)
    return SmsWords(carrier, senders, own)


def _folded(words: list[str], carrier: Mapping[str, str], name: str, command: str) -> tuple[str, ...]:
    printed = str(words[0])
    if printed.upper() in carrier:
        raise KnowledgeError(f"sms_words/{name}", command, f"prints {printed!r}, a carrier word.", "put another word first.")
    return (printed.casefold(), *(_bare(str(word)) for word in words))


def _bare(text: str) -> str:
    """The text folded, one space between words, without marks around it."""
    return " ".join(fold(text).strip(_AROUND).split())
