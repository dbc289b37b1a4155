"""What a run found: `report.json` for machines, `report.md` for people, and two plots."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.ticker
import numpy as np
import psutil

from bench.growth import MOST, Step, growth
from bench.measure import AT_ONCE, Contender
from bench.plan import Plan
from bench.sample import FALLBACK, TURNS, Sample
from bench.servers import CLIENT_CORE, ROOT, SERVER_CORE, Done

matplotlib.use("Agg")
from matplotlib import pyplot

FOLDER = ROOT / "bench"
COMMAND = "make bench"
NAMES = {
    "ours": "this service",
    "default": "Rasa default pipeline",
    "rules_only": "the same without stories",
    "one_rule": "one Rasa rule",
    "bare_rule": "the smallest Rasa",
    "whole_turn": "whole turn, web and all",
    "served": "this service, full model",
}
COLOURS = {"ours": "#00703c", "default": "#912b88", "rules_only": "#c787c2", "one_rule": "#505a5f", "whole_turn": "#1d70b8"}
WANTED = {
    "throughput_ratio": ("at least", 3.0),
    "latency_ratio": ("at most", 0.35),
    "memory_ratio": ("at most", 0.3),
    "start_ratio": ("at most", 0.4),
    "train_ratio": ("", 0.0),
    "turn_ratio": ("at most", 3.0),
    "turn_ratio_bare": ("", 0.0),
}
MEANING = {
    "throughput_ratio": f"messages a second on one core, {AT_ONCE} conversations at once",
    "latency_ratio": "median time of one answer, one conversation after another",
    "memory_ratio": "resident memory of the engine after all the traffic",
    "start_ratio": "from starting the engine to its first open door",
    "train_ratio": "training on the same messages, nothing cached",
    "turn_ratio": "median of a whole turn (web app, engine, action, both stores) over one Rasa rule answering",
    "turn_ratio_bare": "the same over the smallest Rasa, which reads one word",
}


@dataclass(frozen=True)
class Run:
    """Everything one run saw. `load` is the load average before it began: above 0.5 others were at work."""

    plan: Plan
    sample: Sample
    contenders: dict[str, Contender]
    our_training: Done
    default_training: Done
    steps: list[Step]
    seconds: float
    load: float


def ratios(run: Run) -> dict[str, float]:
    """Ours over theirs, by the names of the contract."""
    ours, default = run.contenders["ours"], run.contenders["default"]
    turn, rule = run.contenders["whole_turn"], run.contenders["one_rule"]
    found = {
        "throughput_ratio": ours.many.per_second / default.many.per_second,
        "latency_ratio": ours.one.percentile_ms(50) / default.one.percentile_ms(50),
        "memory_ratio": ours.after_mb / default.after_mb,
        "start_ratio": ours.start_seconds / default.start_seconds,
        "train_ratio": run.our_training.seconds / run.default_training.seconds,
        "turn_ratio": turn.one.percentile_ms(50) / rule.one.percentile_ms(50),
        "turn_ratio_bare": turn.one.percentile_ms(50) / run.contenders["bare_rule"].one.percentile_ms(50),
    }
    return {name: round(value, 3) for name, value in found.items()}


def by_round(run: Run) -> dict[str, list[float]]:
    """The ratios of traffic for each round alone: how far they lie apart is how far to trust them."""
    ours, default = run.contenders["ours"], run.contenders["default"]
    turn, rule = run.contenders["whole_turn"], run.contenders["one_rule"]
    found = {
        "throughput_ratio": [one.per_second / other.per_second for one, other in zip(ours.manies, default.manies)],
        "latency_ratio": [one.percentile_ms(50) / other.percentile_ms(50) for one, other in zip(ours.ones, default.ones)],
        "turn_ratio": [one.percentile_ms(50) / other.percentile_ms(50) for one, other in zip(turn.ones, rule.ones)],
    }
    return {name: [round(value, 3) for value in values] for name, values in found.items()}


def absolute(contender: Contender) -> dict[str, float]:
    """The figures of one server."""
    return {
        "messages_a_second": round(contender.one.per_second, 1),
        "messages_a_second_4_at_once": round(contender.many.per_second, 1),
        "latency_median_ms": round(contender.one.percentile_ms(50), 1),
        "latency_p95_ms": round(contender.one.percentile_ms(95), 1),
        "latency_median_ms_4_at_once": round(contender.many.percentile_ms(50), 1),
        "latency_p95_ms_4_at_once": round(contender.many.percentile_ms(95), 1),
        "processor_ms_a_message": round(contender.one.cpu_ms, 1),
        "memory_loaded_mb": round(contender.loaded_mb),
        "memory_after_traffic_mb": round(contender.after_mb),
        "start_seconds": round(contender.start_seconds, 1),
        "first_answer_ms": round(contender.first_ms),
        "messages": len(contender.one.latencies) + len(contender.many.latencies),
        "unanswered": contender.unanswered,
    }


def write(run: Run) -> None:
    """Write the report and its plots into bench/."""
    found = ratios(run)
    figures: dict[str, Any] = {name: absolute(contender) for name, contender in run.contenders.items()}
    for name, training in (("ours", run.our_training), ("default", run.default_training)):
        figures[name] |= {
            "training_seconds": round(training.seconds, 1),
            "training_processor_seconds": round(training.cpu_seconds, 1),
            "training_peak_memory_mb": round(training.peak_mb),
        }
    steps = [step.figures() for step in run.steps]
    document = {
        **found,
        **growth(run.steps),
        "growth": steps,
        "by_round": by_round(run),
        "absolute": figures,
        "conditions": conditions(run),
        "command": COMMAND,
    }
    (FOLDER / "report.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    (FOLDER / "report.md").write_text(_prose(run, found, figures), encoding="utf-8")
    _plot_latency(run, FOLDER / "latency.png")
    _plot_cost(figures, FOLDER / "cost.png")
    _plot_growth(steps, FOLDER / "growth.png")


def conditions(run: Run) -> dict[str, Any]:
    """What one must know to repeat the run."""
    return {
        "quick": run.plan.quick,
        "trained_on": len(run.sample.trained_on),
        "of": run.sample.of,
        "intents": run.sample.intents,
        "epochs": run.plan.epochs,
        "conversations": run.plan.conversations,
        "turns": TURNS,
        "rounds": run.plan.rounds,
        "starts": run.plan.starts,
        "encoder": any((ROOT / "bot" / "encoder").glob("*/model.onnx")),
        "cores": os.cpu_count(),
        "server_core": SERVER_CORE,
        "client_core": CLIENT_CORE,
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        "rasa": "3.6.21",
        "load_before": round(run.load, 1),
        "seconds": round(run.seconds),
    }


def _met(name: str, value: float) -> str:
    side, bound = WANTED[name]
    if not side:
        return ""
    return "yes" if (value >= bound if side == "at least" else value <= bound) else "no"


def _table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _prose(run: Run, found: dict[str, float], figures: dict[str, Any]) -> str:
    known = conditions(run)
    asked = known["conversations"] * known["turns"]
    wanted = {name: f"{side} {bound:g}" if side else "" for name, (side, bound) in WANTED.items()}
    rounds = {name: ", ".join(f"{value:.2f}" for value in values) for name, values in by_round(run).items()}
    ratio_rows = [
        [f"`{name}`", f"{value:.2f}", wanted[name], _met(name, value), rounds.get(name, ""), MEANING[name]] for name, value in found.items()
    ]
    measured = list(dict.fromkeys(key for one in figures.values() for key in one))
    rows = [[key.replace("_", " "), *(figures[name].get(key, "") for name in NAMES)] for key in measured]
    silent = {name: contender.unanswered for name, contender in run.contenders.items() if contender.unanswered}
    notes = [
        "**A quick run: it shows that the measurement runs. Its figures mean nothing.**" if known["quick"] else "",
        f"**Other work was running on this machine (load {run.load:.1f} before the run began on {known['cores']} cores), so times are "
        "too long. Both sides were asked in turns, which keeps their ratios fair; `turn_ratio` suffers most, because a whole "
        "turn passes through four processes that each wait for a core, and one Rasa rule through one.**"
        if run.load > 0.5
        else "",
        f"**Not answered: {', '.join(f'{NAMES[name]} {count}' for name, count in silent.items())}. Their times are left out.**"
        if silent
        else "",
    ]
    return (
        "\n\n".join(
            part
            for part in (
                "# Speed, memory and start",
                f"One run of `{COMMAND}`, {known['seconds'] // 60} minutes. Plots: `latency.png`, `cost.png`, `growth.png`. "
                "The same figures for machines: `report.json`.",
                *notes,
                "## Beside the Rasa default pipeline",
                _table(["ratio, ours over theirs", "found", "wanted", "met", "by round", "of what"], ratio_rows),
                "![How long answers took](latency.png)",
                "![What each side costs](cost.png)",
                "## Figures",
                _table(["", *NAMES.values()], rows),
                "## What each further language costs",
                _growth_prose(run.steps),
                "![Training, size, time and memory by number of languages](growth.png)",
                "## What was compared",
                _conditions_prose(known, asked),
            )
            if part
        )
        + "\n"
    )


def _growth_prose(steps: list[Step]) -> str:
    figures = [step.figures() for step in steps]
    rows = [list(one.values()) for one in figures]
    found = "; ".join(
        f"`{name}` {value:.2f} (at most {MOST[name]:g}: {'met' if value <= MOST[name] else 'not met'})"
        for name, value in growth(steps).items()
    )
    return (
        f"{found}: {len(steps[-1].languages)} languages over {len(steps[0].languages)}, each model trained on every message of its "
        "languages, on all cores. All were asked the same English conversations in turns, then messages in every language they "
        "know, before memory was weighed.\n\n" + _table([key.replace("_", " ") for key in figures[0]], rows)
    )


def _conditions_prose(known: dict[str, Any], asked: int) -> str:
    encoder = "with its sentence encoder" if known["encoder"] else "without a sentence encoder (none was in `bot/encoder/`)"
    intent, action = FALLBACK
    points = [
        f"**Data.** {known['trained_on']} of the {known['of']:,} English messages, spread over the {known['intents']} intents as in the "
        "whole, the same for both sides: all of them would take the default pipeline hours on one core. "
        f"{asked} other messages are asked, {known['turns']} to a conversation, the same in the same order on both sides, "
        f"{known['rounds']} times over; in each round first one conversation after another, then {AT_ONCE} at once.",
        f"**This service** is `config.yml` {encoder}, our channel, the encrypted tracker store on SQLite and the action server. From each "
        "message it reads intent, issues, strands and danger.",
        "**Rasa default pipeline** is Rasa 3.6.21 with TensorFlow 2.12 in an environment of its own (`requirements/stock.txt`), the "
        "configuration that Rasa writes into a new project (DIET, ResponseSelector, FallbackClassifier; Memoization, Rule, UnexpecTED "
        f"and TED), every trained part with {known['epochs']} epochs. Rasa's default is 100: that lengthens training, not answers, so "
        "`train_ratio` is kinder to it than its default would be. It has this project's domain, actions and rules, a rule "
        f"that answers `{intent}` with `{action}`, and the rules' transitions as stories of {known['turns']} turns, because TED learns "
        "from stories alone. It reads the intent alone. Rasa's REST channel; Rasa's SQL tracker store on SQLite.",
        "**The same without stories** leaves TED and UnexpecTED loaded with nothing learnt: what that pipeline costs a project that has "
        "only rules. It is here so that nobody need wonder how much of the difference is TED.",
        "**One Rasa rule** is Rasa by itself for the same messages: its lightest trained classifier (CountVectorsFeaturizer, "
        "LogisticRegressionClassifier), for each intent a rule with a response from the domain, no action call, conversations in "
        "memory, REST channel. **The smallest Rasa** answers the word hello alone: KeywordIntentClassifier, one rule, one response. "
        "`turn_ratio` is over the first, `turn_ratio_bare` over the second: reading a message for danger, harm, strand and question "
        "may take 12 ms by itself, which is four times all that the smallest Rasa does.",
        "**Whole turn** is `POST /api/v1/messages` through gunicorn: rate limit, web store, engine, tracker store, action, and "
        "every reply the engine's own, none of the core answering alone. Memory and processor time in that column are the web app's.",
        "**This service, full model** is the model that `make run` serves, of all messages and languages, asked the same; in no ratio.",
        f"**Machine.** {known['cores']} cores, {known['memory_gb']} GB, Python {known['python']}, no GPU. Each engine is held to core "
        f"{known['server_core']}; client, action server (the same for both sides, one call a message) and web app to core "
        f"{known['client_core']}. Load before the run: {known['load_before']}. Starts: the quicker of {known['starts']}. Training: on one "
        "core, no cache. Memory: resident, the process with its children.",
        "**Sizes.** `BENCH_SAMPLE`, `BENCH_EPOCHS` and `BENCH_ROUNDS` change them; `BENCH_QUICK=1` proves that it runs.",
    ]
    return "\n".join(f"- {point}" for point in points)


def _plot_latency(run: Run, path: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(8, 4.2))
    for name, colour in COLOURS.items():
        spent = np.sort(run.contenders[name].one.latencies) * 1000
        axes.step(spent, np.arange(1, len(spent) + 1) / len(spent) * 100, label=NAMES[name], color=colour, where="post")
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds for one answer (log scale)")
    axes.set_ylabel("% of answers")
    axes.set_title("How long answers took, one conversation after another")
    axes.xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    axes.grid(alpha=0.3, which="both")
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _plot_cost(figures: dict[str, Any], path: Path) -> None:
    panels = {
        "messages_a_second_4_at_once": f"messages a second,\n{AT_ONCE} at once",
        "memory_after_traffic_mb": "memory, MB",
        "start_seconds": "start, seconds",
        "training_seconds": "training, seconds",
    }
    figure, all_axes = pyplot.subplots(1, len(panels), figsize=(10, 3.2))
    for axes, (key, title) in zip(all_axes, panels.items()):
        bars = axes.bar(["this\nservice", "Rasa\ndefault"], [figures[name][key] for name in ("ours", "default")])
        for bar, name in zip(bars, ("ours", "default")):
            bar.set_color(COLOURS[name])
        axes.bar_label(bars, fmt="%g")
        axes.set_title(title, fontsize=10)
        axes.margins(y=0.15)
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _plot_growth(figures: list[dict[str, float]], path: Path) -> None:
    panels = {
        "training_seconds": "training, seconds",
        "model_mb": "model, MB",
        "latency_median_ms": "one English answer, ms",
        "memory_mb": "memory, MB",
    }
    figure, all_axes = pyplot.subplots(1, len(panels), figsize=(11, 3.2))
    locales = [one["locales"] for one in figures]
    for axes, (key, title) in zip(all_axes, panels.items()):
        axes.plot(locales, [one[key] for one in figures], marker="o", color=COLOURS["ours"])
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("languages")
        axes.set_xticks(locales)
        axes.set_ylim(bottom=0)
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
