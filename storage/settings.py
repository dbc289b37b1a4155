"""Settings from the environment, with defaults that need nothing installed.

Secrets that are not given are made on the first start and kept in `.state/`, which git ignores. Run as a module it
prints every setting as `NAME=value` lines, for the process runner.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".state"


@dataclass(frozen=True)
class Settings:
    """Every setting of docs/contracts.md and the few that only the processes of one machine share."""

    port: int
    public_url: str
    place: str
    secret_key: str
    channel_secret: str
    database_url: str
    tracker_url: str
    redis_url: str
    rasa_url: str
    actions_url: str
    twilio_account_sid: str
    twilio_auth_token: str
    twilio_from: str
    retention_hours_web: float
    retention_hours_sms: float
    trusted_proxies: int
    # What kind of number TWILIO_FROM is: a key of `senders` in knowledge/carrier_words.yml.
    twilio_sender: str = "long_code"
    twilio_api_url: str = "https://api.twilio.com"
    # Segments a day, all phones together: past it only danger is answered.
    sms_daily_cap: int = 2000
    # After so long without a text a conversation starts afresh: the phone may be in other hands.
    sms_silence_hours: float = 6.0
    # Countries (ISO 3166, separated by commas) whose mobiles may be sent a text that someone asked for.
    sms_countries: str = "GB"
    # Signing in at the desk with a work account: an OpenID Connect provider, its client and secret.
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    # Call-backs to services: the file that says where each goes, the mail server and who writes.
    referral_routes: str = ""
    smtp_url: str = ""
    smtp_from: str = ""
    # Where Prometheus asks; 0 for nowhere.
    metrics_port: int = 0
    metrics_host: str = "127.0.0.1"

    @property
    def secure(self) -> bool:
        """Whether people reach this over HTTPS."""
        return self.public_url.startswith("https://")


def from_environment(environ: dict[str, str] | None = None) -> Settings:
    """The settings of this process.

    Raises:
        ValueError: a number is not a number.
    """
    given = dict(os.environ if environ is None else environ)

    def text(name: str, default: str) -> str:
        return given.get(name) or default

    port = int(text("PORT", "8080"))
    database = text("DATABASE_URL", f"sqlite:///{STATE}/web.db")
    return Settings(
        port=port,
        public_url=text("PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/"),
        place=text("PLACE", "sefton"),
        secret_key=given.get("SECRET_KEY") or _kept_secret("secret_key"),
        channel_secret=given.get("CHANNEL_SECRET") or _kept_secret("channel_secret"),
        database_url=database,
        # On PostgreSQL one database serves both; two SQLite files keep two processes out of each other's way.
        tracker_url=text("TRACKER_URL", f"sqlite:///{STATE}/tracker.db" if database.startswith("sqlite") else database),
        redis_url=text("REDIS_URL", ""),
        rasa_url=text("RASA_URL", "http://127.0.0.1:5005").rstrip("/"),
        actions_url=text("ACTIONS_URL", "http://127.0.0.1:5055/webhook"),
        twilio_account_sid=text("TWILIO_ACCOUNT_SID", ""),
        twilio_auth_token=text("TWILIO_AUTH_TOKEN", ""),
        twilio_from=text("TWILIO_FROM", ""),
        retention_hours_web=float(text("RETENTION_HOURS_WEB", "24")),
        retention_hours_sms=float(text("RETENTION_HOURS_SMS", "72")),
        trusted_proxies=int(text("TRUSTED_PROXIES", "0")),
        twilio_sender=text("TWILIO_SENDER", "long_code"),
        twilio_api_url=text("TWILIO_API_URL", "https://api.twilio.com").rstrip("/"),
        sms_daily_cap=int(text("SMS_DAILY_CAP", "2000")),
        sms_silence_hours=float(text("SMS_SILENCE_HOURS", "6")),
        sms_countries=text("SMS_COUNTRIES", "GB"),
        oidc_issuer=text("OIDC_ISSUER", "").rstrip("/"),
        oidc_client_id=text("OIDC_CLIENT_ID", ""),
        oidc_client_secret=text("OIDC_CLIENT_SECRET", ""),
        referral_routes=text("REFERRAL_ROUTES", ""),
        smtp_url=text("SMTP_URL", ""),
        smtp_from=text("SMTP_FROM", ""),
        metrics_port=int(text("METRICS_PORT", "9464")),
        metrics_host=text("METRICS_HOST", "127.0.0.1"),
    )


def _kept_secret(name: str) -> str:
    path = STATE / name
    if not path.exists():
        STATE.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text().strip()


def as_lines(settings: Settings) -> list[str]:
    """`NAME=value` lines for the process runner."""
    return [f"{name.upper()}={getattr(settings, name)}" for name in settings.__dataclass_fields__]


if __name__ == "__main__":
    print("\n".join(as_lines(from_environment())))
