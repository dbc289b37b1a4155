"""From labelled examples to the heads of one language. It imports nothing of Rasa, so that a language can be fitted in a
process of its own."""

from __future__ import annotations

from collections.abc import Sequence

from bot.components.examples import Example
from bot.components.features import counts, marks
from bot.components.heads import Heads, train
from bot.components.noise import noisy
from bot.components.readers import learnt_reader


def heads_of(language: str, examples: Sequence[Example], noisy_every: int) -> Heads:
    """The heads of one language, fitted on its examples and, where their slips are not mended, on a misspelt copy of every
    second one, say (`noisy_every` 2); of none where it is 0."""
    reader = learnt_reader(language, examples)
    # Where slips are mended before anything is read, misspelt copies teach nothing more and double the time.
    copied = [] if reader.mends or not noisy_every else examples[::noisy_every]
    texts = [item.text for item in examples] + [noisy(item.text, 0, language == "en") for item in copied]
    seen = [reader.observe(text) for text in texts]
    raw = counts([one.text for one in seen], [marks(one) for one in seen])
    return train(raw, examples, copied)
