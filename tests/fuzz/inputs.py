"""Bad inputs, as many as wanted, the same for the same seed. Nearly every one carries the marked word, so that a leak shows."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

MARK = "quibblefrotz"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
# Spellings that have broken programs: controls, direction marks, halves of pairs, markup, templates, SQL, paths, commands.
NASTY = (
    "", " ", "\x00", "\x01\x02\x1b[31m", "\u202e", "\u200b\u200d\ufeff", "\ud800", "\udfff\ud83d", "😀" * 9, "e" + "\u0301" * 40,
    "<script>alert(1)</script>", "{{ config }}", "{% include '/etc/passwd' %}", "'; DROP TABLE conversation; --", "../../../etc/passwd",
    "%00%ff%c0%ae", "%s%n%d", "${jndi:ldap://x}", "/restart", "/tell{\"a\":1}", "\r\nSet-Cookie: a=b", "a" * 2001, "9" * 400, "-1",
    "1e999", "NaN", "null", "[]", "{}", "knife", "he has a knife", "STOP", "HELP", "1", "999", "١٢٣", "ⅷ", "I\u0307", "ﬃ", "\u2028\u2029",
    "мій сусід", "我的鄰居", "جاري يصرخ", "pl", "zh-Hant", "change_language:xx", "give_area:", "human:" + "x" * 61, "(" * 300, "[" * 300,
)  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """One request. `signed`: to be signed as Twilio would."""

    method: str
    path: str
    body: bytes = b""
    kind: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    signed: bool = False


def _text(chance: random.Random) -> str:
    parts = [chance.choice(NASTY) for _ in range(chance.randrange(1, 5))]
    if chance.random() < 0.3:
        parts.append(
            "".join(chr(chance.choice((chance.randrange(256), chance.randrange(0x3000), chance.randrange(0x110000)))) for _ in range(9))
        )
    parts.insert(chance.randrange(len(parts) + 1), MARK)
    return chance.choice(("", " ")).join(parts)


def _clean(text: str) -> str:
    """What fits into a form or an address: half a pair does not."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _value(chance: random.Random, depth: int = 0) -> Any:
    made: list[Callable[[], Any]] = [
        lambda: _text(chance), lambda: chance.choice((None, True, False, 0, -1, 1e308, 2**70)), lambda: chance.choice(NASTY),
    ]  # fmt: skip
    if depth < 3:
        made += [
            lambda: [_value(chance, depth + 1) for _ in range(chance.randrange(4))],
            lambda: {_text(chance): _value(chance, depth + 1) for _ in range(chance.randrange(4))},
        ]
    return chance.choice(made)()


def _broken(chance: random.Random, body: bytes) -> bytes:
    """A body with a few bytes changed, cut or doubled."""
    changed = bytearray(body)
    for _ in range(chance.randrange(1, 6)):
        if not changed:
            break
        at = chance.randrange(len(changed))
        way = chance.randrange(3)
        if way == 0:
            changed[at] = chance.randrange(256)
        elif way == 1:
            del changed[at:]
        else:
            changed[at:at] = changed[: chance.randrange(40)]
    return bytes(changed)


def _api(chance: random.Random) -> Sent:
    body: Any = {"text": _text(chance)[:2100]}
    way = chance.randrange(6)
    if way == 0:
        body = {"choice": _text(chance)}
    elif way == 1:
        body |= {chance.choice(("locale", "conversation", "choice", _text(chance))): _value(chance)}
    elif way == 2:
        body = _value(chance)
    elif way == 3:
        body["conversation"] = "".join(chance.choices("abcXYZ019_-", k=chance.randrange(18, 70)))
    packed = json.dumps(body).encode()
    if way == 4:
        packed = _broken(chance, packed)
    if way == 5:
        packed = chance.choice((b"[" * 20000, b'{"text":"' + MARK.encode() + b"x" * 70000, b"\xff\xfe" + packed, packed * 3, b""))
    return Sent("POST", "/api/v1/messages", packed, chance.choice((JSON, JSON, JSON, JSON + "; charset=utf-16", FORM, "", _clean(MARK))))


def _token(chance: random.Random) -> Sent:
    return Sent(chance.choice(("DELETE", "DELETE", "GET", "POST")), "/api/v1/conversations/" + quote(_clean(_text(chance))[:300]))


def _form(chance: random.Random) -> Sent:
    fields = {"text": _clean(_text(chance)), "choice": _clean(chance.choice(NASTY)), "csrf_token": "TOKEN"}
    for name in chance.sample(sorted(fields), chance.randrange(3)):
        fields.pop(name)
    path = chance.choice(("/chat", "/chat", "/text-me"))
    if path == "/text-me":
        fields |= {
            "number": _clean(chance.choice((*NASTY, "07700 900123")))[:300],
            "safe": chance.choice(("details", "no", MARK)),
            "consent": "yes",
        }
    if chance.random() < 0.2:
        return Sent(
            "POST", path, _broken(chance, urlencode(fields).encode()), chance.choice((FORM, "multipart/form-data; boundary=x", JSON))
        )
    return Sent("POST", path, kind=FORM, fields=fields, headers={"X-Fragment": "1"} if chance.random() < 0.5 else {})


def _page(chance: random.Random) -> Sent:
    path = chance.choice(
        ("/", "/chat", "/summary", "/privacy", "/language", "/exit", "/healthz", "/static/", f"/{quote(_clean(_text(chance)))}")
    )
    query = urlencode({chance.choice(("lang", "back", MARK)): _clean(_text(chance))[:400] for _ in range(chance.randrange(3))})
    cookie = {"Cookie": f"conversation={quote(_clean(_text(chance)))[:400]}"} if chance.random() < 0.3 else {}
    method = chance.choice(("GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE"))
    return Sent(method, f"{path}?{query}", headers=cookie)


def _sms(chance: random.Random) -> Sent:
    fields = {
        "MessageSid": "SM" + "".join(chance.choices("0123456789abcdef", k=32)),
        "From": "+4477009" + "".join(chance.choices("0123456789", k=5)),
        "To": "+447700909999",
        "Body": _clean(_text(chance)),
        "NumMedia": chance.choice(("0", "1", MARK, "-1")),
    }
    for _ in range(chance.randrange(3)):
        fields[chance.choice((*fields, MARK))] = _clean(chance.choice((*NASTY, _text(chance))))[:1600]
    return Sent("POST", "/sms", kind=FORM, fields=fields, signed=chance.random() < 0.9)


def _status(chance: random.Random) -> Sent:
    fields = {
        "MessageSid": _clean(_text(chance))[:80],
        "MessageStatus": _clean(chance.choice(NASTY)),
        "ErrorCode": _clean(chance.choice(NASTY)),
    }
    return Sent("POST", "/sms/status?ref=" + quote(_clean(_text(chance))[:90]), kind=FORM, fields=fields, signed=chance.random() < 0.9)


KINDS = (_api, _api, _api, _sms, _sms, _form, _form, _page, _status, _token)


def inputs(count: int, seed: int) -> Iterator[Sent]:
    """So many bad inputs."""
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.choice(KINDS)(chance)
