"""Lets Rasa start where TensorFlow is not installed, or without paying for it.

Rasa imports every default component, DIET and TED among them, whatever the configuration names, and there is no
setting against it. A stand-in for the modules those components import is enough: nothing of it is ever called,
because `config.yml` names none of them. That saves 350 MB and 11 s in each process and 1.4 GB on disk.
`tests/rasa/test_configuration.py` holds `config.yml` to that, and `make stock` trains it on an unchanged Rasa.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

STOOD_IN = ("tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text", "keras")


class _Anything(type):
    """A class of which every attribute exists and is another such class, so that it may also be inherited from."""

    def __getattr__(cls, name: str) -> type:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        made = _Anything(name, (), {})
        setattr(cls, name, made)
        return made

    def __call__(cls, *args: object, **kwargs: object) -> object:
        # As a decorator (`@tf.function`) give back what is decorated; elsewhere an inert instance.
        if len(args) == 1 and not kwargs and callable(args[0]) and not isinstance(args[0], type):
            return args[0]
        return super().__call__()

    def __or__(cls, other: object) -> Any:
        return cls

    def __ror__(cls, other: object) -> Any:
        return cls

    def __getitem__(cls, item: object) -> type:
        return cls


class _StandIn(ModuleType):
    """A module in which every name exists."""

    __path__: list[str] = []  # noqa: RUF012  a module has its own

    def __getattr__(self, name: str) -> object:
        if name == "__version__":
            return "0.0.0"
        if name.startswith("__"):
            raise AttributeError(name)
        made = _Anything(name, (), {})
        setattr(self, name, made)
        return made


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] in STOOD_IN:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def install() -> None:
    """Put the stand-in in place, before anything of Rasa is imported. Twice does no harm.

    With `STOCK_RASA=1` in the environment nothing is done and the real TensorFlow is used.
    """
    if os.environ.get("STOCK_RASA") == "1" or any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    if loaded := [name for name in STOOD_IN if name in sys.modules and not isinstance(sys.modules[name], _StandIn)]:
        raise RuntimeError(f"{loaded[0]} was imported before the stand-in; call install() first.")
    _import_without(STOOD_IN, "thinc.compat")
    sys.meta_path.insert(0, _Finder())


def _import_without(absent: Sequence[str], name: str) -> None:
    """Import a module that looks for optional ones, as if those were not installed: spaCy's thinc would use the
    stand-in as a real TensorFlow, and loads the real one wherever it finds it."""
    for missing in absent:
        sys.modules[missing] = None  # type: ignore[assignment]
    try:
        importlib.import_module(name)
    finally:
        for missing in absent:
            del sys.modules[missing]
