"""Gunicorn for both doors (web/wsgi.py). Threads wait for the engine; a worker is replaced now and then."""

import os
import resource
import tempfile

# What is in memory must not reach a disk when a process dies; the workers inherit it.
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

# Workers write their counts here; before anything that counts is imported.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="signpost-metrics-"))

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8080')}"
workers = int(os.environ.get("WEB_WORKERS", "1"))
# Threads, and a slow client holds one for a few seconds at most.
worker_class = "web.serving.PatientWorker"
logger_class = "web.serving.QuietLogger"
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 30
graceful_timeout = 10
keepalive = 5
limit_request_line = 4094
limit_request_fields = 60
accesslog = None
loglevel = "warning"
# The default title names the whole command; secrets are not in it, but less is better.
proc_name = "signpost-web"
preload_app = True


def post_fork(server, worker):  # type: ignore[no-untyped-def]  # noqa: D103
    # The apps were made before the fork; each worker needs database connections of its own.
    server.app.callable.leave_connections()


def when_ready(server):  # type: ignore[no-untyped-def]  # noqa: D103
    # On its own port, from the first process, which takes no requests of people.
    from web import metrics

    app = server.app.callable.public
    metrics.serve(app.extensions["settings"], app.extensions["readiness"])


def child_exit(server, worker):  # type: ignore[no-untyped-def]  # noqa: D103
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def on_exit(server):  # type: ignore[no-untyped-def]  # noqa: D103
    import shutil

    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
