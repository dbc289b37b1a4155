"""Plots as SVG within the page: no script, no style, and every number of them in words too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from markupsafe import Markup, escape

# As wide as the narrowest screen, so that its letters are readable there; it grows with its place.
_WIDTH, _HEIGHT, _FOOT, _HEAD = 320, 150, 22, 20


@dataclass(frozen=True)
class Bar:
    """One bar. `number` None: not shown, drawn as an empty frame. `said` stands over it."""

    label: str
    number: int | None
    said: str


def columns(bars: Sequence[Bar], title: str, name: str) -> Markup:
    """Bars from left to right, as of a trend. `name` is a unique id within the page."""
    if not bars:
        return Markup("")
    top = max((bar.number or 0 for bar in bars), default=0) or 1
    step = _WIDTH / len(bars)
    room = _HEIGHT - _FOOT - _HEAD
    parts = []
    for place, bar in zip(count(), bars):
        left, width = place * step + step * 0.15, step * 0.7
        tall = room * (bar.number or 0) / top
        kind = "app-plot__bar" if bar.number is not None else "app-plot__bar app-plot__bar--none"
        tall = max(tall, 3) if bar.number is not None else room * 0.12
        up = _HEIGHT - _FOOT - tall
        middle = left + width / 2
        parts.append(Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(kind, left, up, width, tall))
        parts.append(Markup('<text class="app-plot__number" x="{:.1f}" y="{:.1f}">{}</text>').format(middle, up - 4, bar.said))
        parts.append(Markup('<text class="app-plot__label" x="{:.1f}" y="{}">{}</text>').format(middle, _HEIGHT - 7, bar.label))
    line = Markup('<line class="app-plot__line" x1="0" y1="{0}" x2="{1}" y2="{0}"/>').format(_HEIGHT - _FOOT, _WIDTH)
    said = "; ".join(f"{bar.label}: {bar.said}" for bar in bars)
    head = Markup('<svg class="app-plot" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-said">').format(
        _WIDTH, _HEIGHT, name, name
    )
    words = Markup('<title id="{}-title">{}</title><desc id="{}-said">{}</desc>').format(name, escape(title), name, escape(said))
    return head + words + Markup("").join(parts) + line + Markup("</svg>")
