"""Extracts every sentence, brings each catalogue up to date, checks it, and prints how far it is.

A locale is complete when every message is translated, none is fuzzy and the placeholders are those of the English. Each
translation says in a comment who answers for it: `machine-drafted`, `reviewed by NAME on DATE`, or for simplified
Chinese that a program converted it from the traditional. `--check` changes nothing and fails where a catalogue is
stale, broken or incomplete, or where a safety sentence no longer fits one text message; `--compile` writes the `.mo`
files that the service reads at start.
"""

from __future__ import annotations

import re
import string
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from ruamel.yaml import YAML

from signpost.plaintext import without_marks
from signpost.segments import plain_marks, segments
from signpost.wording import complete as complete_locales
from signpost.wording import folder_of

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "locales"
KNOWLEDGE = ROOT / "knowledge"
STATUS = LOCALES / "status.yml"
DRAFTED, CONVERTED = "machine-drafted", "converted from zh_Hant by a program"
# Babel takes `_(entry["text"])` for the sentence "text". No sentence here is one word in small letters.
_A_KEY = re.compile(r"[a-z_]+\Z")
REVIEWED = re.compile(r"reviewed by .+ on \d{4}-\d\d-\d\d\Z")


@dataclass(frozen=True)
class Domain:
    """One set of catalogues: what people read (`messages`), or what volunteers read at the desk (`console`)."""

    name: str
    mapping: str
    keywords: dict[str, tuple[int, ...] | None] = field(compare=False)

    @property
    def template(self) -> Path:
        """Where its template lies."""
        return LOCALES / f"{self.name}.pot"

    def catalogues(self) -> list[Path]:
        """The catalogue of every locale."""
        return sorted(LOCALES.glob(f"*/LC_MESSAGES/{self.name}.po"))


MESSAGES = Domain("messages", "babel.cfg", {"_": None, "N_": None, "count": (1, 2)})
# The desk can be in every language that has a catalogue of this domain.
CONSOLE = Domain("console", "console.cfg", {"desk": None})
DOMAINS = (MESSAGES, CONSOLE)


@dataclass(frozen=True)
class Progress:
    """How far one catalogue is. `too_long` are safety sentences that no longer fit one text message."""

    locale: str
    messages: int
    translated: int
    fuzzy: int
    reviewed: int
    safety_reviewed: bool
    broken: tuple[str, ...]
    too_long: tuple[str, ...]
    unsigned: int

    @property
    def complete(self) -> bool:
        """Every message translated, none fuzzy, no placeholder broken, every safety sentence short enough."""
        return self.translated == self.messages and not (self.fuzzy or self.broken or self.too_long)


def extracted(domain: Domain = MESSAGES) -> Catalog:
    """Every sentence of a domain in code, templates and knowledge."""
    with (LOCALES / domain.mapping).open(encoding="utf-8") as stream:
        methods, options = parse_mapping_cfg(stream)  # type: ignore[no-untyped-call]
    catalog = Catalog(project="sefton-signpost", msgid_bugs_address="", copyright_holder="The contributors", charset="utf-8")
    wanted = ("signpost", "web", "knowledge")
    for name, line, sentence, comments, context in extract_from_dir(
        str(ROOT),
        methods,
        options,
        keywords=domain.keywords,
        comment_tags=("Translators:",),
        strip_comment_tags=True,
        directory_filter=lambda path: Path(path) == ROOT or Path(path).relative_to(ROOT).parts[0] in wanted,
    ):
        if _A_KEY.match(str(sentence)):
            continue
        catalog.add(sentence, None, [(name, line)], auto_comments=comments, context=context)
    return catalog


def sentences(catalog: Catalog) -> list[str]:
    """The English of every message, in order."""
    return sorted(str(message.id if isinstance(message.id, str) else message.id[0]) for message in catalog if message.id)


def placeholders(text: str) -> set[str]:
    """The names in braces of a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def progress(path: Path, template: Catalog) -> Progress:
    """How far a catalogue is, against the template."""
    with path.open("rb") as stream:
        catalog = read_po(stream)
    lines, safety = safety_sentences()
    wanted = [message for message in template if message.id]
    translated = fuzzy = reviewed = unsigned = 0
    broken, too_long, unreviewed = [], [], set(safety)
    for message in wanted:
        found = catalog.get(message.id, message.context)
        if found is None or not all(_strings(found)):
            continue
        english = str(message.id if isinstance(message.id, str) else message.id[-1])
        fuzzy += found.fuzzy
        translated += not found.fuzzy
        by_person = any(REVIEWED.match(line) for line in found.user_comments)
        reviewed += by_person
        unsigned += not by_person and not {DRAFTED, CONVERTED} & set(found.user_comments)
        if by_person:
            unreviewed.discard(english)
        if any(placeholders(text) != placeholders(english) for text in _strings(found)):
            broken.append(english[:60])
        if english in lines and not _fits_one_text(str(found.string)):
            too_long.append(english[:60])
    return Progress(locale_of(path), len(wanted), translated, fuzzy, reviewed, not unreviewed, tuple(broken), tuple(too_long), unsigned)


def safety_sentences() -> tuple[frozenset[str], frozenset[str]]:
    """The first lines of danger (each must fit one text message), and every sentence of the safety file."""
    entries = YAML(typ="safe").load((KNOWLEDGE / "safety.yml").read_text(encoding="utf-8"))
    lines = frozenset(str(entry["text"]) for entry in entries)
    steps = (str(step) for entry in entries for step in entry.get("steps") or ())
    return lines, lines.union(steps)


def _fits_one_text(line: str) -> bool:
    """In one segment, with its marks or without them (see `signpost.rendering.safety_line`)."""
    return 1 in (segments(plain_marks(line)), segments(plain_marks(without_marks(line))))


def locale_of(path: Path) -> str:
    """The BCP 47 locale of a catalogue."""
    folder = path.parent.parent.name
    known = (entry["id"] for entry in YAML(typ="safe").load((KNOWLEDGE / "languages.yml").read_text(encoding="utf-8")))
    return next((name for name in known if folder_of(name) == folder), folder.replace("_", "-"))


def _strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def stale(template: Catalog, domain: Domain = MESSAGES) -> bool:
    """Whether the template on disk lacks a sentence or holds one that is gone."""
    if not domain.template.exists():
        return True
    with domain.template.open("rb") as stream:
        return sentences(read_po(stream)) != sentences(template)


def convert(source: Path, target: Path) -> None:
    """Write the simplified Chinese catalogue from the traditional one, each message marked as converted."""
    from opencc import OpenCC

    simplified = OpenCC("t2s").convert
    with source.open("rb") as stream:
        catalog = read_po(stream)
    made = Catalog(
        "zh_Hans", project="sefton-signpost", msgid_bugs_address="", copyright_holder="The contributors", charset="utf-8", fuzzy=False
    )
    for message in catalog:
        if message.id:
            text = [simplified(item) for item in _strings(message)]
            made.add(
                message.id,
                text[0] if isinstance(message.string, str) else text,
                [(name, 0) for name, _line in message.locations],
                auto_comments=message.auto_comments,
                user_comments=[CONVERTED],
                context=message.context,
            )
    _write(made, target)


def update(templates: Mapping[Domain, Catalog]) -> None:
    """Write the templates and bring every catalogue up to date with them. Comments of translators are kept."""
    for domain, wanted in templates.items():
        with domain.template.open("wb") as stream:
            write_po(stream, wanted, sort_output=True, omit_header=False, include_lineno=False, width=100)
        for path in domain.catalogues():
            with path.open("rb") as stream:
                catalog = read_po(stream)
            catalog.update(wanted, no_fuzzy_matching=True, keep_user_comments=True)
            _write(catalog, path)
        traditional = LOCALES / f"zh_Hant/LC_MESSAGES/{domain.name}.po"
        if traditional.exists():
            convert(traditional, LOCALES / f"zh_Hans/LC_MESSAGES/{domain.name}.po")


def _write(catalog: Catalog, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A date of writing would change every file at every run.
    catalog.revision_date = catalog.creation_date
    with path.open("wb") as stream:
        write_po(stream, catalog, sort_output=True, include_lineno=False, width=100, ignore_obsolete=True)


def status_of(found: list[Progress]) -> dict[str, dict[str, bool]]:
    """What the running service needs to know of each catalogue (`signpost.wording.status`)."""
    return {item.locale: {"complete": item.complete, "safety_reviewed": item.safety_reviewed} for item in found}


def write_status(found: list[Progress]) -> None:
    """Write it."""
    with STATUS.open("w", encoding="utf-8") as stream:
        stream.write("# Written by `make translations`: which locales may be offered, and whose safety sentences a person has reviewed.\n")
        YAML().dump(status_of(found), stream)


def faults(templates: Mapping[Domain, Catalog], found: list[Progress]) -> Iterator[str]:
    """What `--check` fails for."""
    for domain, template in templates.items():
        if stale(template, domain):
            yield f"locales/{domain.template.name} is stale: run `make translations`."
    written = YAML(typ="safe").load(STATUS.read_text(encoding="utf-8")) if STATUS.exists() else {}
    if found and written != status_of(found):
        yield "locales/status.yml is stale: run `make translations`."
    yield from unfinished(found)
    known = YAML(typ="safe").load((KNOWLEDGE / "languages.yml").read_text(encoding="utf-8"))
    for entry in known:
        if entry.get("offered") and entry["id"] not in complete_locales(LOCALES):
            yield f"{entry['id']} is offered in knowledge/languages.yml but its catalogue is not complete."


def unfinished(found: list[Progress]) -> Iterator[str]:
    """What is missing or broken in catalogues, a sentence each."""
    for one in found:
        if one.translated + one.fuzzy < one.messages:
            yield f"{one.locale}: {one.messages - one.translated - one.fuzzy} messages are not translated."
        if one.fuzzy:
            yield f"{one.locale}: {one.fuzzy} messages are fuzzy."
        if one.unsigned:
            yield f"{one.locale}: {one.unsigned} messages do not say who answers for them."
        yield from (f"{one.locale}: placeholders differ: {sentence}" for sentence in one.broken)
        yield from (f"{one.locale}: longer than one text message: {sentence}" for sentence in one.too_long)


def compile_all() -> int:
    """Write each catalogue in the form that is read in an instant (`.mo`), beside it."""
    for domain in DOMAINS:
        for path in domain.catalogues():
            with path.open("rb") as source, path.with_suffix(".mo").open("wb") as target:
                write_mo(target, read_po(source))
    return 0


def main(check: bool) -> int:
    """Update (or only check) and print the table."""
    templates = {domain: extracted(domain) for domain in DOMAINS}
    template = templates[MESSAGES]
    if not check:
        update(templates)
    found = [progress(path, template) for path in MESSAGES.catalogues()]
    desk = [progress(path, templates[CONSOLE]) for path in CONSOLE.catalogues()]
    if not check:
        write_status(found)
    print(f"{'locale':10} {'translated':>12} {'reviewed':>9} {'fuzzy':>6} {'broken':>7}  safety sentences")
    print(f"{'en':10} {len(sentences(template)):>6} of {len(sentences(template))}")
    for one in found:
        said = "reviewed" if one.safety_reviewed else "not yet reviewed by a person"
        print(f"{one.locale:10} {one.translated:>6} of {one.messages} {one.reviewed:>9} {one.fuzzy:>6} {len(one.broken):>7}  {said}")
    print("the volunteers' desk")
    for one in desk:
        print(f"{one.locale:10} {one.translated:>6} of {one.messages} {one.reviewed:>9} {one.fuzzy:>6} {len(one.broken):>7}")
    wrong = [*faults(templates, found), *(f"the desk, {said}" for said in unfinished(desk))]
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(compile_all() if "--compile" in sys.argv[1:] else main("--check" in sys.argv[1:]))
