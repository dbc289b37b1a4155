"""The chat: a page with a form that works without JavaScript, and better with it."""

from __future__ import annotations

from flask import Blueprint, current_app, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from signpost.model import Message, block_from_json
from signpost.plaintext import MAX_CHARACTERS
from web.choices import label_of
from web.gateway import words_of
from web.public.api import CHOICE
from web.public.attempt import attempt
from web.public.pages import TOKEN_KEY, words
from web.store import Conversation

blueprint = Blueprint("chat", __name__)


@blueprint.get("/chat")
def show() -> str:
    """The conversation so far and the form."""
    return _page(current_app.extensions["conversations"].find(session.get(TOKEN_KEY)), unsent=session.pop("unsent", ""))


@blueprint.post("/chat")
def say() -> Response | tuple[str, int]:
    """Take a message or a chosen option. A script asks for the new turn alone and gets it as a fragment."""
    text, choice = (request.form.get("text") or "").strip(), request.form.get("choice") or None
    fragment = request.headers.get("X-Fragment") == "1"
    if choice and not CHOICE.match(choice):
        choice = None
    if not text and not choice:
        return _again(words()("Type what happened, then choose Send."), text, fragment)
    if len(text) > MAX_CHARACTERS:
        return _again(words()("That is too long to send at once. Send the first part, then the rest."), text, fragment)
    conversations = current_app.extensions["conversations"]
    with conversations.held(session.get(TOKEN_KEY)) as conversation:
        earlier = [turn.get("reply", ()) for turn in (conversation.turns if conversation else ())]
        shown = (label_of(choice, earlier) or words()("Your choice")) if choice else text
        # Only a language that was chosen is asked for: else the answer follows what the person writes in.
        message = Message("" if choice else text, "web", choice, session.get("locale"))
        kept, answer = conversations.say(conversation, message, shown, attempt())
    session[TOKEN_KEY] = kept.token
    session["spoken"] = answer.situation.locale
    if answer.locale_asked:
        session["locale"] = answer.locale_asked
    before, g.words = words().locale, words_of(answer.situation.locale)
    # In another language than the page: the whole page is shown anew.
    fragment = fragment and before == words().locale
    session.permanent = True
    if fragment:
        turns = [_readable(turn) for turn in kept.turns[-2:]]
        return render_template("_turns.html", turns=turns if "you" in turns[0] else turns[-1:]), 200
    # The reply to "forget me" is kept nowhere: no page could show it later.
    return (_page(kept), 200) if answer.erase else redirect(url_for("chat.show") + "#latest", 303)


def _again(said: str, text: str, fragment: bool) -> Response | tuple[str, int]:
    """Say what is missing and keep what was typed."""
    if fragment:
        return render_template("_problem.html", said=said), 422
    return _page(current_app.extensions["conversations"].find(session.get(TOKEN_KEY)), unsent=text, problem=said), 422


def _page(conversation: Conversation | None, **about: str) -> str:
    turns = [_readable(turn) for turn in (conversation.turns if conversation else [])]
    return render_template("chat.html", turns=turns, limit=MAX_CHARACTERS, **about)


def _readable(turn: dict) -> dict:
    return {"reply": [block_from_json(item) for item in turn["reply"]]} if "reply" in turn else turn
