"""The pages around the chat: start, leaving safely, privacy, accessibility, and what is shown when something fails."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, current_app, g, make_response, redirect, render_template, request, session, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from signpost.house import House
from signpost.model import Question, Situation, block_from_json
from signpost.presenting import named_services, services_block
from signpost.wording import Wording
from web.gateway import words_of

blueprint = Blueprint("pages", __name__)
# Neutral, not about the person (GOV.UK Design System, Exit a page quickly).
EXIT_TO = "https://www.bbc.co.uk/weather"
TOKEN_KEY = "conversation"


def words() -> Wording:
    """The words of this request: chosen (now, in the address, or before), written in before, or English."""
    if "words" not in g:
        if _offered(asked := request.args.get("lang", "")):
            session["locale"] = asked
        known = session.get("locale") or session.get("spoken") or "en"
        g.words = words_of(known if _offered(known) else "en")
    return g.words


def _offered(locale: str) -> bool:
    return bool(current_app.extensions["facts"].languages.get(locale, {}).get("offered"))


@blueprint.app_context_processor
def _in_every_page() -> dict[str, Any]:
    facts = current_app.extensions["facts"]
    offered = [entry for entry in facts.languages.values() if entry.get("offered")]
    return {
        "_": words(),
        "count": words().count,
        "locale": words().locale,
        "dir": words().dir,
        "languages": offered,
        "place": facts.place.label,
        "hours_kept": round(current_app.extensions["settings"].retention_hours_web),
        "ltr": words().ltr,
    }


@blueprint.get("/")
def start() -> str:
    """What this is and how to begin."""
    return render_template("start.html")


@blueprint.get("/leaving")
def leaving() -> str:
    """The interruption page: how to leave fast, before anything is asked (GOV.UK Design System)."""
    return render_template("leaving.html")


@blueprint.get("/privacy")
def privacy() -> str:
    """What is kept, for how long, and what is not."""
    return render_template("privacy.html")


@blueprint.get("/accessibility")
def accessibility() -> str:
    """The accessibility statement."""
    return render_template("accessibility.html")


@blueprint.get("/language")
def language() -> Response:
    """Choose the language of the pages and of the chat."""
    words()
    back = request.args.get("back", "")
    return redirect(url_for(back if back in ("pages.start", "pages.leaving", "chat.show") else "pages.start"), 303)


@blueprint.route("/exit", methods=["GET", "POST"])
def leave() -> Response:
    """Erase the conversation on the server first, then go to a neutral page. A scripted call gets no page."""
    if token := session.get(TOKEN_KEY):
        current_app.extensions["conversations"].erase(token)
    session.clear()
    response = make_response("", 204) if request.method == "POST" else redirect(EXIT_TO, 303)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


@blueprint.get("/summary")
def summary() -> str:
    """What was found, to print or copy. Nothing is sent anywhere."""
    conversation = current_app.extensions["conversations"].find(session.get(TOKEN_KEY))
    situation = Situation.from_json(conversation.situation if conversation else None)
    turns = conversation.turns if conversation else []
    blocks = [block_from_json(item) for turn in turns for item in turn.get("reply", ())]
    latest: dict[str, Any] = {}
    for block in blocks:
        if not isinstance(block, Question):
            for item in getattr(block, "items", ()):
                latest[item.id] = (block.type, item)
    return render_template(
        "summary.html",
        services=[item for kind, item in latest.values() if kind == "services"],
        routes=[item for kind, item in latest.values() if kind == "routes"],
        situation=situation,
        today=words().date(dt.date.today()),
    )


def form_expired(error: CSRFError) -> Response:
    """The form was too old or not ours: back to the chat, where it can be sent again. Nothing said is lost."""
    session["unsent"] = (request.form.get("text") or "")[:2000]
    return redirect(url_for("chat.show"), 303)


def busy() -> tuple[str, int]:
    """Too many messages at once: the emergency line, and a little patience."""
    return _plain(429, words()("Please wait a minute, then try again."))


def not_there(status: int) -> tuple[str, int]:
    """Any other error page."""
    _ = words()
    return _plain(status, _("This page is not here.") if status in (404, 405) else _("Something went wrong. It is not your fault."))


def _plain(status: int, said: str) -> tuple[str, int]:
    found = services_block(named_services((current_app.extensions["facts"].place.general_service,), _house()), _house())
    return render_template("error.html", said=said, services=found), status


def _house() -> House:
    return House(current_app.extensions["facts"], words(), dt.datetime.now(dt.timezone.utc))
