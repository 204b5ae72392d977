"""Schemathesis against the Admin API: a server with the data of the demo, a token by the console's own form, and every
check on every request of the OpenAPI document. Words of the command line are phases; by default all: « coverage »
walks the borders of every schema, « known » does it again with ids and versions that are there, « fuzzing » draws values,
« stateful » follows one answer into the next request.

A token serves 3 600 times an hour: each phase has one of its own. What is found fails the run."""

import http.client
import http.cookiejar
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
BINARY = os.environ.get("PREAU_BIN", str(REPOSITORY / "target/debug/preau"))
# Each phase with Schemathesis' own name for it, and its examples.
PHASES = {"coverage": ("coverage", 20), "known": ("coverage", 20), "fuzzing": ("fuzzing", 40), "stateful": ("stateful", 20)}
START_SECONDS = 180
CHECKS = "all"


class Console:
    """A browser of the console, as simple as its pages allow."""

    def __init__(self, issuer: str):
        self.issuer = issuer
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)

    def open(self, path: str, form=None) -> str:
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(urllib.parse.urljoin(self.issuer, path), data)
        request.add_header("Origin", self.issuer)
        with self.opener.open(request, timeout=60) as answer:
            return answer.read().decode()

    def enter(self, name: str):
        page = self.open("/admin/connexion")
        for form in re.findall(r"<form.*?</form>", page, re.S):
            found = re.search(r'name="administrateur" value="([^"]+)"', form)
            if found and name in form:
                self.open("/admin/connexion", {"administrateur": found.group(1)})
                return
        raise SystemExit(f"tests/api: {name} has no door without a passkey:\n{page}")

    def make_token(self, name: str) -> str:
        """Makes a token with everything that the role may put into one."""
        page = self.open("/admin/moi/jetons/nouveau")
        fields = re.findall(r'name="(formulaire|role|portee-[a-z-]+)" value="([^"]+)"', page)
        typed = [*fields, ("nom", name), ("jours", "30")]
        shown = self.open("/admin/moi/jetons/nouveau", typed)
        found = re.search(r"preau_at_[0-9A-Za-z]{46}", shown)
        if not found:
            raise SystemExit(f"tests/api: no token was made of {typed}:\n{shown}")
        return found.group(0)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def environment() -> dict:
    return {name: value for name, value in os.environ.items() if not name.startswith("PREAU__")}


def wait_for(port: int, child: subprocess.Popen):
    began = time.monotonic()
    while time.monotonic() - began < START_SECONDS:
        if child.poll() is not None:
            raise SystemExit(f"tests/api: preau ended with {child.returncode}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.3)
    raise SystemExit("tests/api: preau was not ready in time")


def stop(child: subprocess.Popen):
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(30)
    except subprocess.TimeoutExpired:
        child.kill()


def made_by_the_demo(folder: pathlib.Path, log):
    """Has the demo make its people, its console and its configuration, and ends it."""
    child = subprocess.Popen(
        [BINARY, "demo", "--data", str(folder), "--fresh"], cwd=REPOSITORY, env=environment(), stdout=log, stderr=log
    )
    try:
        wait_for(9080, child)
    finally:
        stop(child)


def served(folder: pathlib.Path, log) -> tuple[subprocess.Popen, str]:
    """Serves what the demo made, on ports of its own: the document's server is there, not at the demo's."""
    port, operations = free_port(), free_port()
    issuer = f"http://localhost:{port}"
    text = (folder / "preau.toml").read_text()
    text = re.sub(r'^issuer = .*$', f'issuer = "{issuer}"', text, flags=re.M)
    text = re.sub(r'^listen = .*$', f'listen = "127.0.0.1:{port}"', text, flags=re.M)
    text = re.sub(r'^operations = .*$', f'operations = "127.0.0.1:{operations}"', text, flags=re.M)
    configuration = folder / "api.toml"
    configuration.write_text(text)
    child = subprocess.Popen(
        [BINARY, "serve", "--config", str(configuration)], cwd=REPOSITORY, env=environment(), stdout=log, stderr=log
    )
    try:
        wait_for(operations, child)
    except SystemExit:
        stop(child)
        raise
    return child, issuer


def answered(issuer: str, token: str, path: str, body=None) -> tuple[dict, str]:
    """Returns an answer and its version."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{issuer}/api/admin/v1{path}", data)
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Content-Type", "application/json")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return json.load(answer), answer.headers.get("ETag", "")


def called(issuer: str, token: str, path: str, body=None) -> dict:
    return answered(issuer, token, path, body)[0]


def known_things(issuer: str, token: str) -> str:
    """Returns the lines of a configuration in which every id of a path is of something that is there."""

    def first(path: str, name: str) -> str:
        found = called(issuer, token, path)["items"]
        if not found:
            raise SystemExit(f"tests/api: {path} has nothing")
        return found[0][name]

    registered = [item["client_id"] for item in called(issuer, token, "/clients")["items"] if not item["from_file"]]
    uai = first("/schools", "uai")
    request = {
        "client_name": "Schemathesis", "contact": "a@b.example", "redirect_uris": ["https://c.example/r"],
        "method": "either", "schools": [uai], "profiles": ["responsable"],
    }
    person = first("/persons?q=benali", "id")
    asked = called(issuer, token, "/client-requests", request)["id"]
    given = first("/imports", "id")
    # What orders something names the version that was read: « * » orders nothing.
    def version(path: str) -> str:
        found = answered(issuer, token, path)[1]
        if not found:
            raise SystemExit(f"tests/api: {path} has no version")
        return found

    paths = {
        "/persons/{id}/diagnosis": {"path.id": person},
        "/persons/{id}/repairs": {"path.id": person},
        "/client-requests/{id}": {"path.id": asked, "header.If-Match": version(f"/client-requests/{asked}")},
        "/schools/{uai}/campaign": {"header.If-Match": version(f"/schools/{uai}")},
        "/schools/{uai}/reminders": {"header.If-Match": version(f"/schools/{uai}/reminders")},
    }
    for end in ("", "/changes", "/report", "/decision", "/undo"):
        paths[f"/imports/{{id}}{end}"] = {"path.id": given, "header.If-Match": version(f"/imports/{given}")}
    client = next(iter(registered), None) or first("/clients", "client_id")
    lines = [
        "[parameters]", f'"path.client_id" = "{client}"', f'"path.uai" = "{uai}"',
        '"path.code" = "K7P-4MX"', '"header.If-Match" = "*"',
    ]
    for path, held in paths.items():
        # A version has its quotation marks: single ones around it are TOML's for a text as it stands.
        said = ", ".join(f"\"{name}\" = '{value}'" for name, value in held.items())
        lines += ["[[operations]]", f'include-path = "{path}"', f"parameters = {{ {said} }}"]
    return "\n".join(lines) + "\n"


def tried(phase: str, token: str, issuer: str, reports: pathlib.Path) -> bool:
    own, examples = PHASES[phase]
    configuration = reports / f"{phase}.toml"
    more = known_things(issuer, token) if phase == "known" else ""
    configuration.write_text((HERE / "schemathesis.toml").read_text() + more)
    words = [
        str(pathlib.Path(sys.executable).parent / "schemathesis"), "--config-file", str(configuration),
        "run", f"{issuer}/api/openapi.json", "--header", f"Authorization: Bearer {token}", "--phases", own,
        "--checks", CHECKS, "--max-examples", str(examples), "--seed", "20261130", "--continue-on-failure",
        "--request-timeout", "60", "--report", "ndjson", "--report-ndjson-path", str(reports / f"{phase}.ndjson"),
    ]
    return subprocess.run(words, env={**environment(), "NO_PROXY": "localhost", "no_proxy": "localhost"}).returncode == 0


def main() -> int:
    # What was started is ended, also by whoever ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    phases = sys.argv[1:] or list(PHASES)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="preau-api-"))
    reports = HERE / "artefacts"
    reports.mkdir(exist_ok=True)
    passed, failed = 0, 0
    with open(reports / "preau.log", "w") as log:
        made_by_the_demo(folder, log)
        child, issuer = served(folder, log)
        try:
            console = Console(issuer)
            console.enter("Yves Blanc")
            for phase in phases:
                good = tried(phase, console.make_token(f"Schemathesis {phase}"), issuer, reports)
                passed, failed = passed + good, failed + (not good)
                print(f"{'ok    ' if good else 'FAILED'}  {phase}", flush=True)
        finally:
            stop(child)
            shutil.rmtree(folder, ignore_errors=True)
    print(f"api: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
