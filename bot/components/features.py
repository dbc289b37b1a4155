"""Text to numbers: hashed character and word n-grams of folded text, with the phrase hits as words of their own.

Characters 2 to 5 inside words and words 1 to 2, sublinear TF-IDF, unit length. A feature is known by its hash, so
no vocabulary is held in memory, and a message touches only the rows it needs of a weight table read from disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import HashingVectorizer

from signpost.plaintext import fold
from signpost.reading import Observed

BUCKETS = 2**20
# Chinese is written without spaces: every character is a word.
_WORD = r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+"

_characters = HashingVectorizer(
    analyzer="char_wb", ngram_range=(2, 5), n_features=BUCKETS, alternate_sign=False, norm=None, lowercase=False
)
_words = HashingVectorizer(
    analyzer="word", ngram_range=(1, 2), n_features=BUCKETS, alternate_sign=False, norm=None, lowercase=False, token_pattern=_WORD
)
_marks = HashingVectorizer(analyzer=str.split, n_features=BUCKETS, alternate_sign=False, norm=None, lowercase=False)


def marks(seen: Observed) -> str:
    """The phrase hits of a message as made-up words (`cue=now:attacker-at-door`), for the trained heads."""
    found = [f"cue={name}" for name in seen.cues.found]
    found += [f"soft={name}" for name in seen.cues.softeners]
    found += [f"risk={seen.cues.risk}"]
    for kind in ("issues", "strands", "hostility", "asks", "moves", "who", "repeated", "for_someone_else", "communities"):
        found += [f"{kind}={label}" for label in seen.hits.get(kind, {})]
    return " ".join(found)


def counts(texts: Sequence[str], marked: Sequence[str]) -> sp.csr_matrix:
    """Raw counts, one row a message: characters, then words, then marks, side by side."""
    folded = [fold(text) for text in texts]
    return sp.hstack([_characters.transform(folded), _words.transform(folded), _marks.transform(marked)], format="csr")


@dataclass(frozen=True)
class Vocabulary:
    """Which hashed features are kept (`columns`, sorted) and their inverse document frequency."""

    columns: np.ndarray
    idf: np.ndarray

    @classmethod
    def learn(cls, raw: sp.csr_matrix, at_least: int = 3) -> Vocabulary:
        """The features that stand in at least so many messages."""
        present = np.asarray((raw > 0).sum(axis=0)).ravel()
        columns = np.flatnonzero(present >= at_least).astype(np.int32)
        idf = np.log((1 + raw.shape[0]) / (1 + present[columns])) + 1
        return cls(columns, idf.astype(np.float32))

    def vectors(self, raw: sp.csr_matrix) -> sp.csr_matrix:
        """Unit-length sublinear TF-IDF rows over the kept features."""
        rows = []
        kept = _select(raw, self.columns)
        kept.data = (np.log(kept.data) + 1).astype(np.float32) * self.idf[kept.indices]
        for start, end in zip(kept.indptr, kept.indptr[1:]):
            rows.append(np.sqrt(np.square(kept.data[start:end]).sum()) or 1.0)
        norms = np.repeat(np.array(rows, np.float32), np.diff(kept.indptr))
        kept.data = (kept.data / norms).astype(np.float32)
        return kept

    def save(self, path: Path) -> None:
        """Write both arrays beside each other."""
        np.save(path.with_suffix(".columns.npy"), self.columns)
        np.save(path.with_suffix(".idf.npy"), self.idf)

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read what `save` wrote, mapped from disk."""
        return cls(np.load(path.with_suffix(".columns.npy"), mmap_mode="r"), np.load(path.with_suffix(".idf.npy"), mmap_mode="r"))


def _select(raw: sp.csr_matrix, columns: np.ndarray) -> sp.csr_matrix:
    """The given columns of a very wide sparse matrix, without building a dense index of its width."""
    places = np.searchsorted(columns, raw.indices)
    places[places == len(columns)] = 0
    known = columns[places] == raw.indices
    lengths = np.add.reduceat(np.append(known, 0), raw.indptr[:-1]) if raw.nnz else np.zeros(raw.shape[0], int)
    lengths[np.diff(raw.indptr) == 0] = 0
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return sp.csr_matrix((raw.data[known].astype(np.float32), places[known].astype(np.int32), indptr), shape=(raw.shape[0], len(columns)))
