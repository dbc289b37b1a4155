"""What Gunicorn serves: `web.wsgi:application`."""

from __future__ import annotations

from web.doors import open_doors

application = open_doors()
