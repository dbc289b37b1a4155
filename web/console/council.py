"""Signing in with a work account (OpenID Connect), where a council has one. Its provider then asks for the second factor.

Who may enter is decided here: an account made beforehand for a confirmed e-mail address, or the claims `roles`
(`signpost-volunteer`, `signpost-coordinator`) and `signpost_centres`. The provider is told to ask for the password
each time, because the computer is shared, and has to say when it did.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, g, redirect, render_template, url_for
from joserfc.errors import JoseError
from werkzeug.wrappers import Response

from storage.settings import Settings
from web.console import people
from web.console.accounts import Account, Accounts, Role
from web.console.audit import Audit
from web.console.door import enter
from web.console.sittings import Sittings
from web.console.words import desk
from web.logs import log

blueprint = Blueprint("council", __name__, url_prefix="/council")
CLAIMED_ROLES: dict[str, Role] = {"signpost-volunteer": "volunteer", "signpost-coordinator": "coordinator"}
# Signed by the provider's own key; a secret that we share with it would do for us to forge one.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
TIMEOUT_SECONDS = 5
# How long ago the password may have been asked for.
FRESH_SECONDS = 5 * 60


def offered(settings: Settings) -> bool:
    """Whether a council's sign-in is set."""
    return bool(settings.oidc_issuer and settings.oidc_client_id and settings.oidc_client_secret)


def open_door(app: Flask) -> None:
    """Add the council's sign-in, where it is set."""
    settings: Settings = app.extensions["settings"]
    app.context_processor(lambda: {"council_offered": offered(settings)})
    if not offered(settings):
        return
    provider = OAuth(app).register(
        name="council",
        server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256", "default_timeout": TIMEOUT_SECONDS},
    )
    app.extensions["council"] = provider
    app.register_blueprint(blueprint)


def _provider() -> Any:
    """The provider, with what it says of itself checked.

    Raises:
        OAuthError: it calls itself something else.
        requests.RequestException: it does not answer.
    """
    provider = current_app.extensions["council"]
    said = provider.load_server_metadata()
    if str(said.get("issuer", "")).rstrip("/") != current_app.extensions["settings"].oidc_issuer:
        raise OAuthError("issuer", "The provider has another name than the settings.")
    said["id_token_signing_alg_values_supported"] = [
        name for name in said.get("id_token_signing_alg_values_supported") or ["RS256"] if name in ALGORITHMS
    ]
    return provider


@blueprint.get("/start")
def start() -> Response | tuple[str, int]:
    """To the provider, which asks for the password whoever is signed in there."""
    back = current_app.extensions["settings"].public_url + url_for("council.back")
    try:
        return _provider().authorize_redirect(back, prompt="login", max_age=0)
    except (OAuthError, requests.RequestException, ValueError) as error:
        return _refused("desk.council_silent", error, desk("The council's sign-in does not answer. Try again, or use your password."))


@blueprint.get("/back")
def back() -> Response | tuple[str, int]:
    """Back from the provider, with a code that is good once."""
    said = desk("That did not work. Nobody was signed in.")
    try:
        claims = _provider().authorize_access_token().get("userinfo") or {}
    except (OAuthError, JoseError, requests.RequestException, ValueError, KeyError) as error:
        return _refused("desk.council_refused", error, said)
    account = _account(claims)
    if account is None or not _fresh(claims):
        recorder: Audit = current_app.extensions["audit"]
        recorder.record("door.refused", account.id if account else "", "")
        return render_template("sign_in.html", problem=desk("Your work account may not use this desk. Ask your coordinator.")), 403
    sittings: Sittings = current_app.extensions["sittings"]
    if g.sitting is not None and g.sitting.account == account.id:
        sittings.unlock(g.sitting.name)
        current_app.extensions["audit"].record("door.unlocked", account.id, g.sitting.centre)
    else:
        enter(account)
    return redirect(url_for("home.show"), 303)


def _fresh(claims: Mapping[str, Any]) -> bool:
    asked = claims.get("auth_time")
    return isinstance(asked, int) and time.time() - asked < FRESH_SECONDS


def _account(claims: Mapping[str, Any]) -> Account | None:
    """The account of these claims, or None where nothing in them lets anyone in."""
    accounts: Accounts = current_app.extensions["accounts"]
    email = claims.get("email")
    if isinstance(email, str) and claims.get("email_verified") is True and (found := accounts.by_email(email)):
        return found
    roles, centres = claims.get("roles"), claims.get("signpost_centres")
    wanted = [CLAIMED_ROLES[name] for name in roles if name in CLAIMED_ROLES] if isinstance(roles, list) else []
    known = people.centres()
    here = tuple(name for name in centres if name in known) if isinstance(centres, list) else ()
    if not wanted or not here:
        return None
    role: Role = "coordinator" if "coordinator" in wanted else "volunteer"
    name = str(claims.get("name") or "").strip()[:80] or desk("Volunteer")
    return accounts.from_council(f"{claims['iss']}|{claims['sub']}", name, role, here)


def _refused(event: str, error: Exception, said: str) -> tuple[str, int]:
    log.warning(event, kind=type(error).__name__)
    return render_template("sign_in.html", problem=said), 422
