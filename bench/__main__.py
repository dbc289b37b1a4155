"""One run: train both sides on the same sample, start them, ask both the same, write the report."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from bench import growth, ours, report, stock
from bench.measure import Contender, OurEngine, RestChannel, WholeTurn
from bench.plan import Plan
from bench.report import Run
from bench.sample import TURNS, Sample, draw
from bench.servers import CLIENT_CORE, BenchError, Server, free_port


def _say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    """Measure and write bench/report.json, bench/report.md and the plots."""
    began, load = time.perf_counter(), os.getloadavg()[0]
    os.sched_setaffinity(0, {CLIENT_CORE})
    plan = Plan.from_environment()
    running: list[Server] = []
    try:
        _say("Making the environment of stock Rasa, once ...")
        stock.prepare()
        sample = draw(plan.sample, plan.conversations)
        _say(f"Training both sides on {len(sample.trained_on)} messages ...")
        our_model, our_training = ours.train(sample)
        default_model, rules_only_model, default_training = stock.train_default(sample, plan.epochs)
        models = {"ours": our_model, "default": default_model, "rules_only": rules_only_model}
        models |= {"one_rule": stock.train_one_rule(sample), "bare_rule": stock.train_bare_rule()}
        actions = ours.actions(free_port())
        running.append(actions)
        actions.start()
        contenders = _contenders(sample, models, actions.port)
        for name, contender in contenders.items():
            _say(f"Starting: {report.NAMES[name]} ...")
            running.append(contender.server)
            contender.start(plan.starts)
        for number in range(plan.rounds):
            _say(f"Asking, round {number + 1} of {plan.rounds} ...")
            # In turns, so that whatever else this machine does falls on all alike.
            for contender in contenders.values():
                contender.round(number)
        for contender in contenders.values():
            contender.weigh()
            contender.server.stop()
        _say("Training with one language and with more of them ...")
        steps = growth.measure(plan, sample.conversations, actions.port)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        for server in reversed(running):
            server.stop()
    report.write(Run(plan, sample, contenders, our_training, default_training, steps, time.perf_counter() - began, load))
    _say("Written: bench/report.md, bench/report.json and the plots.")
    return 0


def _contenders(sample: Sample, models: dict[str, Path], actions_port: int) -> dict[str, Contender]:
    asked = sample.conversations
    greetings = tuple((stock.BARE_RULE_ASKED,) * TURNS for _ in asked)
    engine = ours.engine("ours", models["ours"], actions_port)
    return {
        "ours": Contender(engine, OurEngine, asked),
        "default": Contender(stock.engine("default", models["default"], actions_port), RestChannel, asked),
        "rules_only": Contender(stock.engine("rules-only", models["rules_only"], actions_port), RestChannel, asked),
        "one_rule": Contender(stock.rules_alone("one-rule", models["one_rule"]), RestChannel, asked),
        "bare_rule": Contender(stock.rules_alone("bare-rule", models["bare_rule"]), RestChannel, greetings),
        "whole_turn": Contender(ours.web(engine.port), WholeTurn, asked),
        "served": Contender(ours.engine("served", ours.SERVED, actions_port), OurEngine, asked),
    }


if __name__ == "__main__":
    raise SystemExit(main())
