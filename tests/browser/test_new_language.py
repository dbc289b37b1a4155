"""A language is data: a made-up one is added to a copy of the project in `locales/`, `knowledge/` and `data/nlu/` alone.

It is English with marks and four letters in ten more, so a page that is too narrow for a longer language is seen here.
"""

from __future__ import annotations

import os
import shutil
import string
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from tests.browser.looks import too_wide
from tests.browser.test_browser import Machine, machine  # noqa: F401
from tests.builders import ROOT, SECRET
from tests.stack import START_SECONDS, another_caller, free_port
from tools.examples import read_examples

LOCALE, FOLDER = "en-XA", "en_XA"
LONGER = 0.4
ONLY_IN = ("locales/", "knowledge/", "data/nlu/")
PAGES = ["/", "/leaving", "/chat", "/privacy", "/accessibility", "/nothing-here", "/summary"]
_MARKED = str.maketrans("aceiounyACEIOUNY", "áçéíóúñýÁÇÉÍÓÚÑÝ")


def longer(sentence: str) -> str:
    """A sentence with marks on its letters and words added at its end; placeholders stay."""
    made = "".join(
        text.translate(_MARKED) + (f"{{{name}}}" if name is not None else "")
        for text, name, _spec, _conversion in string.Formatter().parse(sentence)
    )
    return made + " " + "ñóñ " * (1 + int(len(sentence) * LONGER) // 4)


def catalogue() -> Catalog:
    """Every sentence in the made-up language."""
    with (ROOT / "locales" / "messages.pot").open("rb") as stream:
        template = read_po(stream)
    made = Catalog(locale=FOLDER, fuzzy=False)
    for message in template:
        if message.id:
            text = longer(message.id) if isinstance(message.id, str) else tuple(longer(one) for one in message.id)
            made.add(message.id, text)
    return made


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with one language more, and nothing else changed."""
    folder = tmp_path_factory.mktemp("project")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    built = [str(path.relative_to(ROOT)) for path in ROOT.glob("web/*/static/built/*")]
    for name in [*names, *built]:
        if name and (ROOT / name).is_file() and not name.startswith(("bot/encoder", "tests/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    own = folder / "locales" / FOLDER / "LC_MESSAGES"
    own.mkdir(parents=True)
    with (own / "messages.po").open("wb") as stream:
        write_po(stream, catalogue())
    with (folder / "locales" / "status.yml").open("a", encoding="utf-8") as stream:
        stream.write(f"{LOCALE}:\n  complete: true\n  safety_reviewed: false\n")
    with (folder / "knowledge" / "languages.yml").open("a", encoding="utf-8") as stream:
        stream.write(f'- {{id: {LOCALE}, name: Ñéwish, english: Newish, offered: true, ask: "Newish interpreter please"}}\n')
    for name in ("phrases", "risk_phrases", "sms_words"):
        shutil.copy(folder / "knowledge" / name / "en.yml", folder / "knowledge" / name / f"{LOCALE}.yml")
    (folder / "data" / "nlu" / LOCALE).mkdir()
    told = "- intent: tell\n  metadata: {issues: [asb], language: en-XA, writer: plain-1}\n  examples: |\n    - ñóísé éáçh ñíght\n"
    (folder / "data" / "nlu" / LOCALE / "neighbourhood.yml").write_text(f'version: "3.1"\nnlu:\n{told}', encoding="utf-8")
    touched = [path for path in folder.rglob("*") if path.is_file() and before.get(path) != path.read_bytes()]
    assert touched
    assert all(str(path.relative_to(folder)).startswith(ONLY_IN) for path in touched)
    return folder


@pytest.fixture(scope="module")
def address(copied: Path) -> Iterator[str]:
    """The copy's pages. No engine runs: the core answers alone, in every language alike."""
    port = free_port()
    env = {
        **os.environ,
        "PORT": str(port),
        "PYTHONPATH": str(copied),
        "SECRET_KEY": SECRET,
        "CHANNEL_SECRET": "a-channel-secret-for-tests",
        "RASA_URL": f"http://127.0.0.1:{free_port()}",
        "DATABASE_URL": f"sqlite:///{copied}/web.db",
        "METRICS_PORT": "0",
        "TRUSTED_PROXIES": "1",
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.py", "web.wsgi:application"]
    with (copied / "web.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=copied, env=env, stdout=log, stderr=log)
    began = time.monotonic()
    while True:
        try:
            if requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).ok:
                break
        except requests.RequestException:
            pass
        assert time.monotonic() - began < START_SECONDS, (copied / "web.log").read_text()[-2000:]
        time.sleep(0.2)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(20)


def test_the_training_data_of_a_new_language_is_found_where_it_was_put(copied: Path):
    (found,) = read_examples(copied / "data" / "nlu" / LOCALE)
    assert found.issues == ("asb",)


@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_of_a_longer_language_fits_and_is_in_it(machine: Machine, address: str, width: int):  # noqa: F811
    context = machine.browser.new_context(base_url=address, extra_http_headers=another_caller(), viewport={"width": width, "height": 700})
    page = context.new_page()
    page.goto(f"/language?lang={LOCALE}")
    for where in PAGES:
        page.goto(where)
        assert page.locator("html").get_attribute("lang") == LOCALE
        assert too_wide(page) == [], where
        assert "ñóñ" in page.inner_text("main")
    page.goto("/chat")
    page.locator("textarea").fill("my neighbour shouts at me because I am Polish")
    page.locator("[data-say] button[type=submit], [data-say] button:not([name])").first.click()
    page.locator("#latest").wait_for()
    assert too_wide(page) == []
    assert "ñóñ" in page.inner_text("#latest")
    context.close()
