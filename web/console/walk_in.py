"""The walk-in's pages: begin, talk, what the person wants, consent, papers, end. No address names a person or a walk-in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

import phonenumbers
from flask import Blueprint, Flask, abort, current_app, g, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.engine import Connection
from werkzeug.wrappers import Response

from signpost import consent as consents
from signpost import papers
from signpost.consent import SAID, Consent
from signpost.house import House
from signpost.matching import eligible, shortlist
from signpost.model import Services, block_from_json
from signpost.papers import Paper
from signpost.plaintext import MAX_CHARACTERS
from signpost.presenting import alert, contacts_of, named_services, route_ids, route_item, services_block
from signpost.wording import Wording
from storage.database import together
from web.console import audit
from web.console.delivery import Route
from web.console.receipts import Receipts
from web.console.referrals import Asked, Referrals
from web.console.register import FACES, Entry, Face, Outcome, Register
from web.console.talk import Talk, Who, safety_of, unmet
from web.console.walk_ins import WalkIn, WalkIns, begin
from web.console.words import desk, language_name, words
from web.erasures import Erasures
from web.gateway import words_of

blueprint = Blueprint("walk_in", __name__, url_prefix="/walk-in")
MOST_TYPED = {"number": 40, "word": 40, "name": 80}
MOST_FIELD = 600
NO_REPORT = "no-report"
HELP = "support_service"


def open_desk(app: Flask, clock: Any = None) -> None:
    """Give the app its walk-ins. They end with the sitting they were begun in."""
    gateway, facts = app.extensions["gateway"], app.extensions["facts"]
    erasures = Erasures.of(app.extensions["settings"], app.extensions["engine"], gateway)
    app.extensions["walk_ins"] = WalkIns(app.extensions["engine"], app.extensions["keys"], erasures)
    app.extensions["talk"] = Talk(gateway, erasures, facts, clock) if clock else Talk(gateway, erasures, facts)
    app.extensions["receipts"] = Receipts(app.extensions["engine"], app.extensions["keys"], facts.consent)
    app.extensions["sittings"].when_ended(app.extensions["walk_ins"].erase)
    app.register_blueprint(blueprint)
    app.context_processor(_in_every_page)


# At hand


def _walk_ins() -> WalkIns:
    return current_app.extensions["walk_ins"]


def _talk() -> Talk:
    return current_app.extensions["talk"]


def _facts() -> Any:
    return current_app.extensions["facts"]


def _referrals() -> Referrals:
    return current_app.extensions["referrals"]


def _receipts() -> Receipts:
    return current_app.extensions["receipts"]


def _routes() -> Mapping[str, Route]:
    return current_app.extensions["referral_routes"]


def _now() -> dt.datetime:
    return _talk().clock()


def _here() -> WalkIn | None:
    if "walk_in" not in g:
        g.walk_in = _walk_ins().find(g.sitting.name) if g.get("sitting") and g.get("volunteer") else None
    return g.walk_in


def _keep(walk_in: WalkIn, connection: Connection | None = None) -> None:
    g.walk_in = walk_in
    _walk_ins().keep(g.sitting.name, walk_in, connection)


def _together() -> AbstractContextManager[Connection]:
    """What was agreed, what is taken back and what is to leave are kept as one: a process that dies leaves no half of it."""
    return together(current_app.extensions["engine"], erasing=True)


def _home() -> Response:
    return redirect(url_for("home.show"), 303)


def _to(page: str, anchor: str = "") -> Response:
    return redirect(url_for(f"walk_in.{page}") + anchor, 303)


def _languages() -> list[dict[str, Any]]:
    """Every language that is known, English first, each with what it is called `here`."""
    named = [{**entry, "here": language_name(entry["id"])} for entry in _facts().languages.values()]
    return sorted(named, key=lambda entry: (entry["id"] != "en", entry["here"]))


def _in_every_page() -> dict[str, Any]:
    facts = _facts()
    made: dict[str, Any] = {
        "walk_in": _here(),
        "desk_languages": _languages,
        "reply": _reply,
        "paper": _paper,
        "column_services": _services,
        "in_their_words": lambda sentence: words_of(_locales()[0])(sentence),
        "both": _both,
        "both_of": _both_of,
        "said": papers.SAID,
        "most_text": MAX_CHARACTERS,
        "prompts": facts.prompts,
    }
    walk_in = _here()
    if walk_in is not None:
        theirs = words_of(walk_in.language)
        made["person_locale"], made["person_dir"] = theirs.locale, theirs.dir
        made["language_name"] = language_name(walk_in.language)
        made["untranslated"] = theirs.locale != walk_in.language
    return made


def _column(template: str, said: Wording, **values: Any) -> Markup:
    """A part of a page in one language: the shared blocks say their labels through `_`."""
    return Markup(render_template(template, _=said, ltr=said.ltr, locale=said.locale, dir=said.dir, **values))  # noqa: S704  escaped inside


def _reply(blocks: list[dict[str, Any]], locale: str) -> Markup:
    return _column("_reply.html", words_of(locale), blocks=[block_from_json(item) for item in blocks])


def _services(services: Services, locale: str) -> Markup:
    return _column("_services.html", words_of(locale), services=services)


def _paper(made: Paper, locale: str) -> Markup:
    return _column("_paper.html", words_of(locale), paper=made)


def _both(sentence: str, **values: Any) -> Markup:
    """A sentence of the person's catalogue in both languages, one over the other; once where they are the same."""
    return _both_of(*(words_of(locale)(sentence, **values) for locale in _locales()))


def _both_of(person: str, volunteer: str) -> Markup:
    walk_in = _here()
    assert walk_in is not None
    one, other = (words_of(locale) for locale in _locales())
    first = Markup('<span class="app-both__person" lang="{}" dir="{}">{}</span>').format(one.locale, one.dir, person)
    if walk_in.language == walk_in.volunteer_language or person == volunteer:
        return Markup('<span class="app-both">{}</span>').format(first)
    second = Markup('<span class="app-both__volunteer" lang="{}" dir="{}">{}</span>').format(other.locale, other.dir, volunteer)
    return Markup('<span class="app-both">{} {}</span>').format(first, second)


def _locales() -> tuple[str, str]:
    walk_in = _here()
    assert walk_in is not None
    return walk_in.language, walk_in.volunteer_language


def _houses() -> tuple[House, House]:
    """The facts in the person's language and in the volunteer's, at the same minute."""
    one, other = _locales()
    house = _talk().house(one)
    return house, House(house.knowledge, words_of(other), house.now)


# Begin and talk


@blueprint.post("/begin")
def start() -> Response:
    """Begin with a person. What was left of anyone before is erased first."""
    languages = _facts().languages
    language, volunteer_language = request.form.get("language", ""), request.form.get("volunteer_language") or words().locale
    if language not in languages or volunteer_language not in languages:
        return redirect(url_for("home.show", missing="language"), 303)
    _walk_ins().erase(g.sitting.name)
    _keep(begin(language, volunteer_language, request.form.get("under_16") == "yes"))
    audit.record("walk_in.began")
    return _to("talk")


@blueprint.get("/talk")
def talk() -> Response | str | tuple[str, int]:
    """The conversation, both languages side by side; a stop screen in its place while one is up."""
    return _talk_page()


def _talk_page(problem: str = "", unsent: str = "") -> Response | str | tuple[str, int]:
    walk_in = _here()
    if walk_in is None:
        return _home()
    if walk_in.danger:
        return _stop_page(walk_in)
    person, volunteer = _houses()
    spoken = [name for name in ("choice", "anonymous") if not walk_in.turns]
    aloud = [(papers.spoken(name, person), papers.spoken(name, volunteer)) for name in spoken]
    if walk_in.under_16 and not walk_in.turns:
        aloud.append((papers.spoken("under_16", person), papers.spoken("under_16", volunteer)))
    options = _options(walk_in)
    page = render_template("talk.html", problem=problem, unsent=unsent, aloud=aloud, options=options, who=request.form.get("who", "person"))
    return (page, 422) if problem else page


def _options(walk_in: WalkIn) -> dict[str, Any] | None:
    """The question of the latest reply in both languages; what wipes or changes the language is elsewhere on the page."""
    if not walk_in.turns:
        return None
    pairs = zip(walk_in.turns[-1].get("person", ()), walk_in.turns[-1].get("volunteer", ()))
    for one, other in pairs:
        if one["type"] == "question":
            choices = [
                (mine["id"], mine["label"], theirs["label"])
                for mine, theirs in zip(one["options"], other["options"])
                if not mine["id"].startswith(("forget_me", "change_language"))
            ]
            return {"text": (one["text"], other["text"]), "choices": choices}
    return None


@blueprint.post("/say")
def say() -> Response | str | tuple[str, int]:
    """Take what was typed, by the person or the volunteer, or an option of the latest reply."""
    walk_in = _here()
    if walk_in is None:
        return _home()
    text, choice = request.form.get("text", "").strip(), request.form.get("choice") or None
    who: Who = "volunteer" if request.form.get("who") == "volunteer" else "person"
    if choice is not None and choice not in _talk().offered(walk_in):
        # An old page of this walk-in, or one of another: it shows what is offered now.
        return _to("talk")
    if not text and not choice:
        return _talk_page(desk("Type what was said, then choose Send."))
    if len(text) > MAX_CHARACTERS:
        return _talk_page(desk("That is too long to send at once. Send the first part, then the rest."), text)
    after = _talk().say(walk_in, who, "" if choice else text, choice)
    if after.danger and not walk_in.danger:
        audit.record("walk_in.danger")
    _keep(after)
    return _to("talk", "#latest")


@blueprint.get("/person")
def person() -> Response | str:
    """The screen turned to the person: their language only, large."""
    walk_in = _here()
    if walk_in is None:
        return _home()
    latest: list[dict[str, Any]] = next((turn["person"] for turn in reversed(walk_in.turns) if "person" in turn), [])
    return render_template("person.html", latest=latest, kept=words_of(walk_in.language)(papers.SAID["kept"]))


# Stop screens


@blueprint.post("/stop")
def stop() -> Response:
    """The volunteer sees that someone may come to harm."""
    walk_in, screen = _here(), request.form.get("screen", "")
    prompts = _facts().prompts
    if walk_in is None:
        return _home()
    if screen in prompts and prompts[screen]["kind"] == "stop":
        _keep(walk_in.with_(danger=screen, was_in_danger=True))
        audit.record("walk_in.safeguarding")
    return _to("talk")


@blueprint.post("/safe")
def safe() -> Response:
    """The volunteer says that it is safe to go on."""
    walk_in = _here()
    if walk_in is None:
        return _home()
    _keep(walk_in.with_(danger=None))
    return _to("talk", "#latest")


def _stop_page(walk_in: WalkIn) -> str:
    facts, screen = _facts(), walk_in.danger or ""
    one, other = _houses()
    entry = facts.prompts[screen]
    said = alert(safety_of(screen, walk_in.known, facts, one), one)
    services = services_block(named_services(entry.get("services") or (), other, in_danger=True), other, in_danger=True)
    return render_template("stop.html", entry=entry, alert=said, services=services, words=other._)


# What the person wants


@blueprint.route("/choose", methods=["GET", "POST"])
def choose() -> Response | str | tuple[str, int]:
    """Ways to report, a call-back, and the few questions of a report. Every one may be left out."""
    walk_in = _here()
    if walk_in is None:
        return _home()
    if walk_in.danger:
        return _to("talk")
    if request.method == "GET":
        return _choose_page(walk_in, _typed(walk_in), {})
    typed = {key: value.strip()[: MOST_TYPED.get(key, MOST_FIELD)] for key, value in request.form.items() if key != "csrf_token"}
    chosen = tuple(name for name in dict.fromkeys(request.form.getlist("route")) if name in _route_ids(walk_in))
    problems = _problems(walk_in, typed, chosen)
    if problems:
        return _choose_page(walk_in, {**typed, "routes": chosen}, problems), 422
    account = {**walk_in.account, **{key: typed.get(key, "") for key in papers.QUESTIONS if not (key == "name" and walk_in.under_16)}}
    changed = walk_in.with_(account=account, routes=chosen, call=_call_of(walk_in, typed))
    # What leaves has changed: what was agreed before does not hold for it.
    with _together() as connection:
        changed, _left = _unsaid(changed, connection)
        _keep(changed, connection)
    return _to("agree" if _recipients(changed) else "sheet")


def _choose_page(walk_in: WalkIn, typed: Mapping[str, Any], problems: Mapping[str, str]) -> str:
    one, other = _houses()
    routes = [(route_item(name, one), route_item(name, other)) for name in _route_ids(walk_in)]
    services = [(mine, _routes().get(mine.id)) for mine in _callers(walk_in, one)]
    questions = {key: text for key, text in papers.QUESTIONS.items() if not (key == "name" and walk_in.under_16)}
    return render_template(
        "choose.html",
        routes=routes,
        services=services,
        questions=questions,
        calls=papers.CALL_QUESTIONS,
        times=papers.TIMES,
        answers=papers.ANSWERS,
        typed=typed,
        problems=problems,
        limits={key: MOST_TYPED.get(key, MOST_FIELD) for key in (*papers.QUESTIONS, *papers.CALL_QUESTIONS)},
    )


def _route_ids(walk_in: WalkIn) -> list[str]:
    return [name for name in route_ids(walk_in.known, _talk().house("en"), size=7) if name != "emergency-999"]


def _callers(walk_in: WalkIn, house: House) -> list[Any]:
    """Who may be asked to call: those we can write to that the person may turn to, then others that fit and have a contact."""
    known, services = walk_in.known, _facts().services
    found = [match.service for match in shortlist(known, _facts(), house.now, size=6)]
    written = [service for service in found if service.id in _routes()]
    written += [
        services[name] for name in _routes() if name in services and services[name] not in written and eligible(services[name], known)
    ]
    rung = [service for service in found if service not in written and contacts_of(service, house)]
    return [*written, *rung[: max(2, 5 - len(written))]]


def _typed(walk_in: WalkIn) -> dict[str, Any]:
    call = dict(walk_in.call or {})
    return {**walk_in.account, "routes": walk_in.routes, **call, "voicemail": "yes" if call.get("voicemail") else "no"}


def _problems(walk_in: WalkIn, typed: Mapping[str, str], chosen: tuple[str, ...]) -> dict[str, str]:
    problems = {}
    if NO_REPORT in chosen and len(chosen) > 1:
        problems["route"] = desk("Choose ways to report, or not to report. Not both.")
    service = typed.get("service", "")
    if service and service not in [item.id for item in _callers(walk_in, _talk().house("en"))]:
        problems["service"] = desk("Choose one of these services, or no call.")
    if service and not typed.get("number"):
        problems["number"] = desk("Type the number that is safe to call, or choose no call.")
    elif typed.get("number") and not _number(typed["number"]):
        problems["number"] = desk("That is not a number that can be called. Check it with the person.")
    return problems


def _number(typed: str) -> str:
    """The number in its usual form; empty where it is none. Without a country it is read as one of the UK."""
    try:
        number = phonenumbers.parse(typed, "GB")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    home = number.country_code == 44
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(number, form))


def _call_of(walk_in: WalkIn, typed: Mapping[str, str]) -> dict[str, Any] | None:
    number = _number(typed.get("number", ""))
    if not number:
        return None
    call = papers.CallBack(
        service=typed.get("service", ""),
        number=number,
        time=typed.get("time", "any") if typed.get("time") in papers.TIMES else "any",
        voicemail=typed.get("voicemail") == "yes",
        word=typed.get("word", ""),
        interpreter=walk_in.language if walk_in.language != "en" else "",
    )
    return asdict(call)


# Consent


def _recipients(walk_in: WalkIn) -> dict[str, str | None]:
    """Who would get something, with the service where it is one by name."""
    rules = _facts().consent
    found: dict[str, str | None] = {}
    for name in walk_in.routes:
        recipient = consents.recipient_of(name, rules)
        if recipient and recipient not in found:
            found[recipient] = _facts().routes[name].get("service")
    if walk_in.call_back and walk_in.call_back.service:
        found[HELP] = walk_in.call_back.service
    return found


def _asked_items(walk_in: WalkIn, recipient: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a recipient could get: what is asked together, and what would name the person and is asked alone."""
    rules = _facts().consent
    there = papers.facts(walk_in.told, walk_in.known, walk_in.call_back, _talk().house("en"))
    names = [item for item in consents.items(rules, walk_in.under_16) if item in there]
    # A call needs a number: without it there is nothing to agree to.
    alone = [item for item in names if item in consents.naming(rules) and not (recipient == HELP and item == "contact")]
    return tuple(item for item in names if item not in alone), tuple(alone)


@blueprint.route("/agree", methods=["GET", "POST"])
def agree() -> Response | str:
    """Consent, read aloud in the person's language: for each recipient, together or one by one; what names them always alone."""
    walk_in = _here()
    if walk_in is None:
        return _home()
    wanted = _recipients(walk_in)
    if walk_in.danger or not wanted:
        return _to("talk" if walk_in.danger else "sheet")
    if request.method == "GET":
        return _agree_page(walk_in, wanted)
    given, rules, now = Consent(), _facts().consent, _now()
    for recipient in wanted:
        at_once, alone = _asked_items(walk_in, recipient)
        for item in (*at_once, *alone):
            said = request.form.get(f"item-{recipient}-{item}") or ("" if item in alone else request.form.get(f"all-{recipient}", ""))
            if said in SAID:
                given = given.with_answer(recipient, item, said, consents.ends(rules, recipient, now))
    agreed = any(given.live(recipient, now) for recipient in given.recipients)
    audit.record("consent.given" if agreed else "consent.refused")
    code = _receipts().make(given, now)[0] if agreed else ""
    if code:
        audit.record("receipt.made")
    asked = _asked(walk_in, given, code, now) if agreed else None
    with _together() as connection:
        here = _walk_ins().hold(g.sitting.name, connection)
        if here is None or (here.call, here.account, here.routes) != (walk_in.call, walk_in.account, walk_in.routes):
            # It ended, or another form changed what would leave: that was not agreed to.
            return _to("agree")
        after, left = _unsaid(here, connection)
        name = _referred(asked, left, connection) if agreed else ""
        unsent = agreed and asked is None and not left and _wants_call(walk_in, given, now)
        _keep(after.with_(consent=tuple(given.as_json()), asked=True, code=code, referral=name, unsent=unsent), connection)
    if name and not left:
        audit.record("referral.asked")
        current_app.extensions["refer"](name)
    return _to("sheet")


def _agree_page(walk_in: WalkIn, wanted: Mapping[str, str | None]) -> str:
    one, other = _houses()
    asked = []
    for recipient, service in wanted.items():
        at_once, alone = _asked_items(walk_in, recipient)
        question = tuple(papers.ask_all(recipient, at_once, house, service) for house in (one, other))
        asked.append(
            (recipient, tuple(papers.recipient_name(recipient, house, service) for house in (one, other)), question, at_once, alone)
        )
    last = max(consents.ends(_facts().consent, recipient, _now()) for recipient in wanted)
    spoken = [
        (papers.spoken("choice", one), papers.spoken("choice", other)),
        (papers.spoken("anonymous", one), papers.spoken("anonymous", other)),
    ]
    if walk_in.under_16:
        spoken.append((papers.spoken("under_16", one), papers.spoken("under_16", other)))
    after = [tuple(papers.spoken("take_back", house, date=house._.date(last.date())) for house in (one, other))]
    after.append((papers.spoken("own_words", one), papers.spoken("own_words", other)))
    labels = {item: _facts().consent[item]["label"] for item in consents.items(_facts().consent)}
    return render_template("agree.html", asked=asked, spoken=spoken, after=after, labels=labels, answers=papers.ANSWERS)


def _wants_call(walk_in: WalkIn, given: Consent, now: dt.datetime) -> bool:
    """Whether a service is to call, and the person agreed that it has their number."""
    return walk_in.call_back is not None and bool(walk_in.call_back.service) and "contact" in given.live(HELP, now)


def _asked(walk_in: WalkIn, given: Consent, code: str, now: dt.datetime) -> Asked | None:
    """The call-back that may be put in the queue; it leaves by no other way. None where none was agreed to or none can be sent."""
    call = walk_in.call_back
    if call is None or not _wants_call(walk_in, given, now) or call.service not in _routes():
        return None
    house = _talk().house("en")
    told, known = walk_in.told, walk_in.known
    made = papers.report(told, known, call, given, HELP, house, call.service)
    data = papers.report_as_json(told, known, call, given, HELP, house, call.service)
    until = min(answer.until for answer in given.answers if answer.recipient == HELP and answer.said == "yes")
    content = {"text": as_text(made), "data": data}
    return Asked(call.service, g.volunteer.centre, content, _receipts().name(code), until.timestamp())


def _referred(asked: Asked | None, left: str, connection: Connection) -> str:
    """Put a call-back in the queue; its name, or that of the one that `left`, empty where there is neither.

    The same form sent twice asks for one call: what has left stays what it is.
    """
    if left:
        if asked is not None:
            _referrals().renew(left, asked, connection)
        return left
    return _referrals().put(asked, connection) if asked is not None else ""


def _unsaid(walk_in: WalkIn, connection: Connection) -> tuple[WalkIn, str]:
    """The walk-in with nothing agreed to; what waits to be delivered is erased. What has left already stays on record: its
    name, empty where there is none."""
    if walk_in.code:
        _referrals().withdraw(_receipts().names(walk_in.code), connection)
        _receipts().use(walk_in.code, connection)
    found = _referrals().find(walk_in.referral, connection) if walk_in.referral else None
    left = found.name if found is not None and found.state in ("sending", "delivered") else ""
    return walk_in.with_(consent=(), asked=False, code="", referral="", unsent=False), left


@blueprint.post("/take-back")
def take_back() -> Response:
    """The person takes back everything they agreed to."""
    walk_in = _here()
    if walk_in is None:
        return _home()
    if walk_in.code:
        with _together() as connection:
            unsaid, _left = _unsaid(walk_in, connection)
            _keep(unsaid, connection)
        audit.record("consent.withdrawn")
    return _to("sheet")


def as_text(paper: Paper) -> str:
    """A paper as plain lines, for an e-mail."""
    lines = [paper.title, ""]
    for section in paper.sections:
        lines += [section.title, *section.text, *(f"{label}: {value}" for label, value in section.pairs), ""]
    return "\n".join([*lines, *paper.foot])


# Papers


KINDS = ("sheet", "neutral", "receipt", "diary")


@blueprint.get("/sheet")
def sheet() -> Response | str:
    """The take-away sheet, and the way to every other paper."""
    return _papers("sheet")


@blueprint.get("/papers/<kind>")
def other_paper(kind: str) -> Response | str:
    """The neutral sheet, the receipt or the diary."""
    return _papers(kind) if kind in KINDS else abort(404)


@blueprint.get("/reports/<recipient>")
def report(recipient: str) -> Response | str:
    """The report for one recipient: what they may have, and nothing else."""
    return _papers("report", recipient)


@blueprint.get("/reports/<recipient>.json")
def report_as_json(recipient: str) -> Any:
    """The same report for a program."""
    walk_in = _here()
    if walk_in is None:
        return _home()
    wanted = _recipients(walk_in)
    if recipient not in wanted or not walk_in.agreed.live(recipient, _now()):
        abort(404)
    house = _talk().house("en")
    made = papers.report_as_json(walk_in.told, walk_in.known, walk_in.call_back, walk_in.agreed, recipient, house, wanted[recipient])
    audit.record("pack.made")
    answered = current_app.json.response(made)
    answered.headers["Content-Disposition"] = "attachment; filename=report.json"
    return answered


def _papers(kind: str, recipient: str = "") -> Response | str:
    walk_in = _here()
    if walk_in is None:
        return _home()
    if walk_in.danger:
        return _to("talk")
    wanted, now = _recipients(walk_in), _now()
    ready = [name for name in wanted if walk_in.agreed.live(name, now)]
    if (kind == "report" and recipient not in ready) or (kind == "receipt" and not walk_in.asked):
        abort(404)
    locales = list(dict.fromkeys((walk_in.language, walk_in.volunteer_language, "en")))[:2]
    if kind == "neutral":
        # One page, one language: what is short draws no eyes.
        locales = locales[:1]
    made = [(_made(kind, recipient, walk_in, House(_facts(), words_of(locale), now)), locale) for locale in locales]
    if len(made) == 2 and made[0][0] == made[1][0]:
        made = made[:1]
    audit.record({"receipt": "receipt.made", "report": "pack.made", "diary": "diary.made"}.get(kind, "sheet.made"))
    english = _talk().house("en")
    reports = [(name, papers.recipient_name(name, english, wanted[name])) for name in ready]
    return render_template(
        "papers.html", made=made, kind=kind, recipient=recipient, reports=reports, large=request.args.get("large") == "1", **_state(walk_in)
    )


def _state(walk_in: WalkIn) -> dict[str, Any]:
    """How far the call-back is, and where to ring where it cannot be sent."""
    call = walk_in.call_back
    service = _facts().services.get(call.service) if call else None
    ring = contacts_of(service, _talk().house("en")) if service and walk_in.unsent else ()
    return {"referral": _referrals().find(walk_in.referral) if walk_in.referral else None, "called": service, "ring": ring}


def _made(kind: str, recipient: str, walk_in: WalkIn, house: House) -> Paper:
    known, call = walk_in.known, walk_in.call_back
    if kind == "sheet":
        return papers.sheet(known, house, _passed_on(walk_in), walk_in.routes, walk_in.language)
    if kind == "neutral":
        return papers.neutral_sheet(known, house, call, walk_in.language)
    if kind == "diary":
        return papers.diary(house)
    wanted = _recipients(walk_in)
    if kind == "receipt":
        until = max((answer.until.date() for answer in walk_in.agreed.answers), default=house.today)
        return papers.receipt(walk_in.agreed, walk_in.code, until, house, wanted)
    return papers.report(walk_in.told, known, call, walk_in.agreed, recipient, house, wanted[recipient])


def _passed_on(walk_in: WalkIn) -> papers.CallBack | None:
    """The call on the sheet: only one that is on its way."""
    return walk_in.call_back if walk_in.referral else None


# The end


@blueprint.get("/end")
def end() -> Response | str:
    """The one question, with three faces."""
    return render_template("end.html", faces=papers.FACES) if _here() is not None else _home()


@blueprint.post("/end")
def end_now() -> Response | str:
    """Count, erase everything everywhere, and say so to the person. Sent again it does nothing."""
    walk_in = _here()
    if walk_in is None:
        return _home()
    face = request.form.get("face", "")
    passed_on = bool(walk_in.referral)
    _count(walk_in, face if face in FACES else None)
    theirs = words_of(walk_in.language)
    _walk_ins().erase(g.sitting.name)
    g.walk_in = None
    audit.record("walk_in.ended" if walk_in.turns else "walk_in.left")
    wiped = theirs(papers.SAID["wiped" if passed_on else "nothing_passed"])
    return render_template("ended.html", words=theirs, wiped=wiped, care=theirs(papers.SAID["take_care"]))


def _count(walk_in: WalkIn, face: Face | None) -> None:
    register: Register = current_app.extensions["register"]
    known, now = walk_in.known, _now()
    told = bool(known.issues or known.strands)
    given = walk_in.agreed
    reported = any(given.live(recipient, now) for recipient in given.recipients if recipient != HELP)
    called = bool(walk_in.referral)
    outcome: Outcome = "information" if walk_in.turns else "left"
    if walk_in.was_in_danger:
        outcome = "emergency"
    elif reported and called:
        outcome = "report_and_referral"
    elif reported or called:
        outcome = "report" if reported else "referral"
    register.count(
        Entry(
            g.volunteer.centre,
            walk_in.language,
            outcome,
            known.strands,
            known.issues,
            walk_in.routes[0] if walk_in.routes else None,
            called,
            face,
        )
    )
    reason = unmet(known, walk_in.language, _facts(), now) if told else None
    if reason:
        register.unmet(g.volunteer.centre, reason, walk_in.language, known.issues, known.strands)
