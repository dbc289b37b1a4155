"""A volunteer's walk through the pages with a person beside them, by form, as a browser would send them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask

from tests.web.console_door import Someone, a_desk
from web.console.referrals import Referral, Referrals
from web.console.walk_ins import WalkIn

MARK = "zebrafinch"
TOLD = f"my neighbour in bootle hit me again because i am polish {MARK}"
NUMBER = "07700 900123"
HELPER = "anthony-walker-foundation"
REPORT = "stop-hate-uk-merseyside"
YES_TO_ALL = {"all-stop_hate_uk": "yes", "all-support_service": "yes"}


def a_walk_in_desk(tmp_path: Path, route: str = f"- service: {HELPER}\n  email: calls@example.org\n", **settings: str) -> Flask:
    """A desk from which one service can be written to; what it would put in the queue is in `app.extensions["asked"]`."""
    file = tmp_path / "routes.yml"
    file.write_text(route, encoding="utf-8")
    app = a_desk(REFERRAL_ROUTES=str(file), **settings)
    app.extensions["asked"] = []
    app.extensions["refer"] = app.extensions["asked"].append
    return app


def begin(volunteer: Someone, language: str = "pl", **fields: Any) -> None:
    """Someone has come in."""
    answered = volunteer.client.send("/walk-in/begin", language=language, **fields)
    assert answered.location.endswith("/walk-in/talk"), answered.location


def tell(volunteer: Someone, text: str = TOLD, who: str = "person") -> Any:
    """Type what was said; the page after it."""
    assert volunteer.client.send("/walk-in/say", "/walk-in/talk", text=text, who=who).status_code == 303
    return volunteer.client.get("/walk-in/talk")


def choose(volunteer: Someone, **fields: Any) -> Any:
    """Say what the person wants: by default an anonymous report to a charity and a call-back."""
    given = {"route": REPORT, "service": HELPER, "number": NUMBER, "word": "heron", **fields}
    return volunteer.client.send("/walk-in/choose", "/walk-in/choose", **given)


def agree(volunteer: Someone, **answers: str) -> Any:
    """Keep the answers about what may leave."""
    return volunteer.client.send("/walk-in/agree", "/walk-in/agree", **(answers or YES_TO_ALL))


def to_the_papers(volunteer: Someone, **answers: str) -> None:
    """The whole way up to the papers."""
    begin(volunteer)
    tell(volunteer)
    choose(volunteer)
    assert agree(volunteer, **answers).location.endswith("/walk-in/sheet")


def kept(app: Flask) -> WalkIn | None:
    """The only walk-in there is."""
    from web.console.walk_ins import WALK_INS

    with app.extensions["engine"].connect() as connection:
        row = connection.execute(WALK_INS.select()).first()
    return app.extensions["walk_ins"].find(row.name) if row is not None else None


def referrals(app: Flask, volunteer: str = "venus-centre-reporting") -> list[Referral]:
    """The call-backs of a centre."""
    store: Referrals = app.extensions["referrals"]
    return store.of_centre(volunteer)


def on_disk(app: Flask) -> bytes:
    """Every byte of the desk's stores."""
    return b"\n".join(path.read_bytes() for path in sorted(app.extensions["folder"].rglob("*")) if path.is_file())
