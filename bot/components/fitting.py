"""From labelled examples to the heads of one language. It imports nothing of Rasa, so that a language can be fitted in a
process of its own."""

from __future__ import annotations

from collections.abc import Sequence

from bot.components.features import counts, marks
from bot.components.heads import Example, Heads, train
from bot.components.noise import noisy
from bot.components.readers import readers


def heads_of(language: str, examples: Sequence[Example], noisy_copies: int) -> Heads:
    """The heads of one language, fitted on its examples and on as many misspelt copies of each."""
    reader = readers().of(language)
    texts = [item.text for item in examples]
    for seed in range(noisy_copies):
        texts += [noisy(item.text, seed, language == "en") for item in examples]
    raw = counts(texts, [marks(reader.observe(text)) for text in texts])
    return train(raw, examples, noisy_copies + 1)
