"""A site in Flask that signs people in with Authlib, as its documentation says to.

Driven line by line on standard input by authlib.js, which has the browser: each line is a word and its JSON, each
answer is one line of JSON. Flask's own test client stands in for the browser at this site.
"""

import json
import sys
import traceback

from authlib.integrations.flask_client import OAuth
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from flask import Flask, jsonify, session
from joserfc.jwk import RSAKey

settings = json.loads(sys.stdin.readline())
app = Flask(__name__)
app.secret_key = "only for this run"
# The test client must give the cookie back on https.
app.config["SESSION_COOKIE_SECURE"] = True
oauth = OAuth(app)
issuer = settings["issuer"]

more = {}
if "key" in settings:
    key = RSAKey.import_key(settings["key"])
    more["client_secret"] = key
    more["client_auth_methods"] = [PrivateKeyJWT(f"{issuer}/oauth2/token", headers={"kid": key.kid})]
    method = "private_key_jwt"
else:
    more["client_secret"] = settings["secret"]
    method = "client_secret_basic"

provider = oauth.register(
    name="preau",
    client_id=settings["client_id"],
    server_metadata_url=settings.get("discovery", f"{issuer}/.well-known/openid-configuration"),
    client_kwargs={
        "scope": settings["scope"],
        "code_challenge_method": settings.get("code_challenge_method", "S256"),
        "token_endpoint_auth_method": method,
    },
    **more,
)
kept = {}


@app.get("/login")
def login():
    return provider.authorize_redirect(settings["redirect_uri"])


@app.get("/retour")
def callback():
    token = provider.authorize_access_token()
    kept.update(token)
    session["sub"] = token["userinfo"]["sub"]
    return jsonify(token={key: token[key] for key in token if key != "userinfo"}, claims=token["userinfo"])


@app.get("/profil")
def profile():
    return jsonify(provider.userinfo(token=kept))


@app.get("/encore")
def again():
    fresh = provider._get_oauth_client(**provider.load_server_metadata())
    with fresh:
        token = fresh.refresh_token(provider.load_server_metadata()["token_endpoint"], kept["refresh_token"])
    changed = token["access_token"] != kept["access_token"]
    kept.update(token)
    return jsonify(changed=changed)


@app.get("/partir")
def leave():
    return provider.logout_redirect(settings["post_logout_redirect_uri"], kept["id_token"])


@app.get("/parti")
def left():
    return jsonify(provider.validate_logout_response())


app.testing = True
browser = app.test_client()
for line in sys.stdin:
    path = json.loads(line)
    try:
        answer = browser.get(path, base_url="https://client.example")
        said = {"location": answer.headers["Location"]} if answer.location else answer.get_json()
        print(json.dumps(said), flush=True)
    except Exception as error:  # whatever Authlib does not like is told to the test
        traceback.print_exc()
        print(json.dumps({"failed": f"{type(error).__name__}: {error}"}), flush=True)
