"""What every program in Python here has around it: Django in one file, its settings from the environment, TLS."""

import json
import os
import signal
import ssl
import sys
import tempfile
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.utils.html import escape

ISSUER, CLIENT_ID, CLIENT_SECRET, SITE = (os.environ[name] for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "SITE"))


def configure(**more):
    """Django's own default settings, but for what a site must say."""
    # Removed when the program ends, which is by a signal.
    global folder
    folder = tempfile.TemporaryDirectory(prefix="preau-django-")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    session = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    settings.configure(
        SECRET_KEY="only for this run",
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="__main__",
        SESSION_COOKIE_SECURE=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder.name}/site.db"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
            *more.pop("APPS"),
        ],
        MIDDLEWARE=[*session, *more.pop("MIDDLEWARES", [])],
        LOGGING={"version": 1, "handlers": {"log": {"class": "logging.StreamHandler"}}, "root": {"handlers": ["log"]}},
        **more,
    )
    django.setup()


def page(shown, more=""):
    return HttpResponse(f'<!doctype html><main><pre id="shown">{escape(json.dumps(shown))}</pre>{more}</main>')


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def get_environ(self):
        return {**super().get_environ(), "HTTPS": "on"}

    def log_message(self, words, *values):
        print(words % values, file=sys.stderr, flush=True)


def listen():
    call_command("migrate", verbosity=0)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.environ["CERTIFICATE"], os.environ["KEY"])
    port = int(SITE.rsplit(":", 1)[1])
    server = make_server("127.0.0.1", port, get_wsgi_application(), server_class=Server, handler_class=Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
