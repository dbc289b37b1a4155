"""Teaches the English sentence encoder this project's own labels, on the examples in `data/nlu/en/`.

Needs PyTorch, which nothing else here does, so it is run by hand when the English data has changed a good deal:

    python -m tools.tune_encoder FOLDER

It writes `FOLDER/tuned.safetensors` (all-MiniLM-L6-v2, tuned, and one linear layer of heads) and `FOLDER/labels.json`;
`python -m tools.make_encoder bot/encoder/en FOLDER` then makes the 8-bit graph that is kept in the repository.
Messages of one writer in ten are left out, to choose the number of passes.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch.nn import functional as F

from bot.components.examples import Example
from bot.components.noise import noisy
from bot.components.readers import learnt_reader
from signpost.model import NO_HARM
from tools.examples import read_examples

LAYERS, HEADS, WIDTH = 6, 12, 384
BATCH, RATE, HEAD_RATE, PASSES = 32, 8e-5, 2e-3, 4
LONGEST = 96
DROPOUT = 0.1


def forward(p: dict[str, torch.Tensor], ids: torch.Tensor, mask: torch.Tensor, training: bool) -> torch.Tensor:
    """Mean-pooled sentence vectors of a padded batch, (batch, 384), not normalised."""
    x = p["embeddings.word_embeddings.weight"][ids] + p["embeddings.position_embeddings.weight"][: ids.shape[1]]
    x = x + p["embeddings.token_type_embeddings.weight"][0]
    x = _norm(p, "embeddings.LayerNorm", x)
    bias = (1 - mask[:, None, None, :]) * -1e4
    batch, length = ids.shape
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        q, k, v = (
            _linear(p, f"{name}.attention.self.{part}", x).view(batch, length, HEADS, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=DROPOUT if training else 0.0)
        attended = _linear(p, f"{name}.attention.output.dense", mixed.transpose(1, 2).reshape(batch, length, WIDTH))
        x = _norm(p, f"{name}.attention.output.LayerNorm", x + F.dropout(attended, DROPOUT, training))
        inner = _linear(p, f"{name}.output.dense", F.gelu(_linear(p, f"{name}.intermediate.dense", x)))
        x = _norm(p, f"{name}.output.LayerNorm", x + F.dropout(inner, DROPOUT, training))
    weights = mask[:, :, None]
    return (x * weights).sum(1) / weights.sum(1)


def _linear(p: dict[str, torch.Tensor], name: str, x: torch.Tensor) -> torch.Tensor:
    return F.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])


def _norm(p: dict[str, torch.Tensor], name: str, x: torch.Tensor) -> torch.Tensor:
    return F.layer_norm(x, (WIDTH,), p[f"{name}.weight"], p[f"{name}.bias"], 1e-12)


class Labels:
    """The columns of the heads and the targets of examples."""

    def __init__(self, examples: list[Example]) -> None:
        self.intent = sorted({item.intent for item in examples})
        self.issue = sorted({name for item in examples for name in item.issues})
        self.strand = sorted({name for item in examples for name in item.strands})
        self.cue = sorted({name for item in examples for name in item.cues})
        self.groups = {
            "intent": self.intent,
            "issue": self.issue,
            "strand": self.strand,
            "cue": self.cue,
            "now": ["now"],
            "soon": ["soon"],
            "ask": ["ask"],
        }
        self.slices = {}
        start = 0
        for name, labels in self.groups.items():
            self.slices[name] = (start, start + len(labels))
            start += len(labels)
        self.width = start

    def loss(self, scores: torch.Tensor, batch: list[Example]) -> torch.Tensor:
        """Cross-entropy where one label is right, binary cross-entropy where each stands for itself."""
        part = {name: scores[:, start:end] for name, (start, end) in self.slices.items()}
        loss = F.cross_entropy(part["intent"], torch.tensor([self.intent.index(item.intent) for item in batch]), label_smoothing=0.05)
        wanted = torch.zeros(len(batch), len(self.issue))
        for row, item in enumerate(batch):
            names = item.issues or (NO_HARM,)
            for rank, name in enumerate(names):
                # The first issue carries most of the weight; the others share the rest.
                wanted[row, self.issue.index(name)] = 1.0 if len(names) == 1 else (0.75 if rank == 0 else 0.25 / (len(names) - 1))
        loss = loss + 1.5 * F.cross_entropy(part["issue"], wanted)
        strands = torch.tensor([[name in item.strands for name in self.strand] for item in batch], dtype=torch.float32)
        loss = loss + 6 * F.binary_cross_entropy_with_logits(part["strand"], strands, pos_weight=torch.tensor(2.0))
        cues = torch.tensor([[name in item.cues for name in self.cue] for item in batch], dtype=torch.float32)
        loss = loss + 4 * F.binary_cross_entropy_with_logits(part["cue"], cues)
        for name, values in (
            ("now", [item.risk == "now" for item in batch]),
            ("soon", [item.risk in ("soon", "now") for item in batch]),
            ("ask", [item.asks for item in batch]),
        ):
            target = torch.tensor(values, dtype=torch.float32)[:, None]
            weight = torch.tensor(3.0 if name == "now" else 1.0)
            loss = loss + F.binary_cross_entropy_with_logits(part[name], target, pos_weight=weight)
        return loss


def batches(examples: list[Example], chance: random.Random) -> list[list[Example]]:
    """Shuffled batches of messages of similar length, so that little is spent on padding."""
    shuffled = sorted(examples, key=lambda item: len(item.text) + chance.random() * 40)
    made = [shuffled[start : start + BATCH] for start in range(0, len(shuffled), BATCH)]
    chance.shuffle(made)
    return made


def main(source: Path, folder: Path, passes: int = PASSES) -> None:
    """Tune and write."""
    torch.manual_seed(0)
    chance = random.Random(0)
    examples = read_examples(Path("data/nlu/en"))
    writers = sorted({item.writer for item in examples})
    held = set(chance.sample(writers, max(1, len(writers) // 12)))
    fit, left = [x for x in examples if x.writer not in held], [x for x in examples if x.writer in held]
    labels = Labels(examples)
    reader = learnt_reader("en", examples)
    p = parameters(source, labels)
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding()

    def scores(batch: list[Example], training: bool) -> torch.Tensor:
        texts = [noisy(item.text, chance.randrange(1 << 30)) if training and chance.random() < 0.35 else item.text for item in batch]
        # As messages reach the encoder when it serves: slips mended as far as they can be.
        encoded = tokenizer.encode_batch([reader.respelt(text) for text in texts])
        ids = torch.tensor([item.ids for item in encoded])
        mask = torch.tensor([item.attention_mask for item in encoded], dtype=torch.float32)
        return F.linear(F.dropout(forward(p, ids, mask, training), DROPOUT, training), p["heads.weight"], p["heads.bias"])

    body = [value for name, value in p.items() if not name.startswith("heads") and value.requires_grad]
    head = [value for name, value in p.items() if name.startswith("heads")]
    optimiser = torch.optim.AdamW([{"params": body, "lr": RATE}, {"params": head, "lr": HEAD_RATE}], weight_decay=0.01, fused=True)
    total = passes * ((len(fit) + BATCH - 1) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [RATE, HEAD_RATE], total_steps=total + 1, pct_start=0.1)
    for number in range(passes):
        for batch in batches(fit, chance):
            optimiser.zero_grad()
            labels.loss(scores(batch, True), batch).backward()
            torch.nn.utils.clip_grad_norm_(body, 1.0)
            optimiser.step()
            schedule.step()
        # Kept after every pass: a tuning that is cut short can be gone on with (see `parameters`).
        keep(folder, p, labels)
        print(number + 1, report(labels, scores, left), flush=True)


def keep(folder: Path, p: dict[str, torch.Tensor], labels: Labels) -> None:
    """Write weights and labels as `tools.make_encoder` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().contiguous() for name, value in p.items()}, folder / "tuned.safetensors")
    (folder / "labels.json").write_text(json.dumps({"labels": labels.groups, "slices": labels.slices}, indent=1))


def parameters(source: Path, labels: Labels) -> dict[str, torch.Tensor]:
    """The weights to begin with: those of the encoder as it is published, or of an earlier tuning, whose labels keep their heads.

    The table of word vectors stays as it is: half of all weights, and the rare words of the test were never in it.
    """
    earlier = source / "tuned.safetensors"
    p = {
        name: value.clone().float().requires_grad_(name != "embeddings.word_embeddings.weight")
        for name, value in load_file(earlier if earlier.exists() else source / "model.safetensors").items()
        if value.is_floating_point() and not name.startswith("pooler")
    }
    weight, bias = torch.randn(labels.width, WIDTH) * 0.02, torch.zeros(labels.width)
    if "heads.weight" in p:
        had = json.loads((source / "labels.json").read_text())
        row_of = {(group, name): had["slices"][group][0] + row for group, names in had["labels"].items() for row, name in enumerate(names)}
        for group, names in labels.groups.items():
            for place, name in enumerate(names, labels.slices[group][0]):
                if (row := row_of.get((group, name))) is not None:
                    weight[place], bias[place] = p["heads.weight"][row].detach(), p["heads.bias"][row].detach()
    return {**p, "heads.weight": weight.requires_grad_(), "heads.bias": bias.requires_grad_()}


def report(labels: Labels, scores, left: list[Example]) -> str:  # type: ignore[no-untyped-def]
    """First-issue accuracy and danger recall and precision on the writers left out."""
    with torch.no_grad():
        found = torch.cat([scores(left[start : start + 64], False) for start in range(0, len(left), 64)])
    start, end = labels.slices["issue"]
    best = found[:, start:end].argmax(1).tolist()
    right = sum(labels.issue[column] == (item.issues or (NO_HARM,))[0] for column, item in zip(best, left))
    flagged = (found[:, labels.slices["now"][0]] > 0).tolist()
    danger = [item.risk == "now" for item in left]
    hit = sum(a and b for a, b in zip(flagged, danger))
    recall, precision = hit / max(1, sum(danger)), hit / max(1, sum(flagged))
    return f"issue {right / max(1, len(left)):.3f} danger recall {recall:.3f} precision {precision:.3f} of {len(left)}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else PASSES)
