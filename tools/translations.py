"""Extracts every sentence, brings each catalogue up to date, checks it, and prints how far it is.

A locale is complete when every message is translated, none is fuzzy and the placeholders are those of the English.
`--check` changes nothing and fails where a catalogue is stale or broken.
"""

from __future__ import annotations

import string
import sys
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "locales"


@dataclass(frozen=True)
class Domain:
    """One set of catalogues: what people read (`messages`), or what volunteers read at the desk (`console`)."""

    name: str
    mapping: str
    keywords: dict[str, tuple[int, ...] | None]

    @property
    def template(self) -> Path:
        """Where its template lies."""
        return LOCALES / f"{self.name}.pot"

    def catalogues(self) -> list[Path]:
        """The catalogue of every locale."""
        return sorted(LOCALES.glob(f"*/LC_MESSAGES/{self.name}.po"))


MESSAGES = Domain("messages", "babel.cfg", {"_": None, "N_": None, "count": (1, 2)})
CONSOLE = Domain("console", "console.cfg", {"desk": None})
DOMAINS = (MESSAGES, CONSOLE)


@dataclass(frozen=True)
class Progress:
    """How far one catalogue is."""

    locale: str
    messages: int
    translated: int
    fuzzy: int
    broken: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Every message translated, none fuzzy, no placeholder broken."""
        return self.translated == self.messages and not self.fuzzy and not self.broken


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
    locale = path.parent.parent.name
    with path.open("rb") as stream:
        catalog = read_po(stream)
    wanted = [message for message in template if message.id]
    translated, fuzzy, broken = 0, 0, []
    for message in wanted:
        found = catalog.get(message.id, message.context)
        if found is None or not all(_strings(found)):
            continue
        fuzzy += found.fuzzy
        translated += not found.fuzzy
        english = message.id if isinstance(message.id, str) else message.id[-1]
        if any(placeholders(text) != placeholders(str(english)) for text in _strings(found)):
            broken.append(str(english)[:60])
    return Progress(locale, len(wanted), translated, fuzzy, tuple(broken))


def _strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def stale(template: Catalog, domain: Domain = MESSAGES) -> bool:
    """Whether the template on disk lacks a sentence or holds one that is gone."""
    if not domain.template.exists():
        return True
    with domain.template.open("rb") as stream:
        return sentences(read_po(stream)) != sentences(template)


def bring_up_to_date(domain: Domain, check: bool) -> bool:
    """Update (or only check) one domain and print its table; whether all is well."""
    template = extracted(domain)
    good = True
    if check:
        good = not stale(template, domain)
        if not good:
            print(f"locales/{domain.template.name} is stale: run `make translations`.", file=sys.stderr)
    else:
        with domain.template.open("wb") as stream:
            write_po(stream, template, sort_output=True, omit_header=False, include_lineno=False, width=100)
        for path in domain.catalogues():
            with path.open("rb") as stream:
                catalog = read_po(stream)
            catalog.update(template, no_fuzzy_matching=True, keep_user_comments=True)
            with path.open("wb") as stream:
                write_po(stream, catalog, sort_output=True, include_lineno=False, width=100, ignore_obsolete=True)
    print(f"{domain.name:10} {'translated':>12} {'fuzzy':>6} {'broken':>7}")
    print(f"{'en':10} {len(sentences(template)):>6} of {len(sentences(template))}")
    for path in domain.catalogues():
        one = progress(path, template)
        print(f"{one.locale:10} {one.translated:>6} of {one.messages} {one.fuzzy:>6} {len(one.broken):>7}")
        for sentence in one.broken:
            print(f"  placeholders differ: {sentence}", file=sys.stderr)
        good = good and not (one.fuzzy or one.broken)
    return good


def main(check: bool) -> int:
    """Update (or only check) every domain and print the tables."""
    good = [bring_up_to_date(domain, check) for domain in DOMAINS]
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main("--check" in sys.argv[1:]))
