// Authlib, the usual library for Python: with its integration for Flask, and its defaults.

import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { assert, assertEqual } from "../browser/report.js";
import { AUTHLIB_KEY, AUTHLIB_SECRET } from "./clients.js";
import { KEYS } from "./keys.js";
import { valuesOf } from "./settings.js";

const PYTHON = process.env.PREAU_TEST_PYTHON ?? resolve(import.meta.dirname, "../../.venv/bin/python");

/** The site in Flask: `get` asks it for a path, as the browser would. */
function startSite(settings) {
  const child = spawn(PYTHON, [join(import.meta.dirname, "authlib_party.py")], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, REQUESTS_CA_BUNDLE: process.env.NODE_EXTRA_CA_CERTS },
  });
  child.stderr.pipe(createWriteStream(join(import.meta.dirname, "artefacts", `${settings.client_id}.log`)));
  const ended = new Promise((_, fail) => {
    child.once("error", fail);
    child.once("exit", (code) => fail(new Error(`it ended with ${code}; see artefacts/${settings.client_id}.log`)));
  });
  ended.catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.on("error", () => {});
  child.stdin.write(`${JSON.stringify(settings)}\n`);
  const get = async (path) => {
    child.stdin.write(`${JSON.stringify(path)}\n`);
    const { value } = await Promise.race([lines.next(), ended]);
    const said = JSON.parse(value);
    if (said.failed) throw new Error(said.failed);
    return said;
  };
  return { get, stop: () => { child.stdin.end(); child.kill("SIGTERM"); } };
}

async function flow(report, issuer, person, registered, more) {
  const name = `Authlib, ${registered.token_endpoint_auth_method}`;
  const { browser } = person;
  const [redirect, parted] = [registered.redirect_uris[0], registered.post_logout_redirect_uris[0]];
  const site = startSite({
    issuer, client_id: registered.client_id, scope: registered.scope, redirect_uri: redirect,
    post_logout_redirect_uri: parted, ...more,
  });
  try {
    const signed = await report.step(`${name}: discovery, PKCE, code, verified ID token`, async () => {
      const { location } = await site.get("/login");
      assert(new URL(location).searchParams.get("code_challenge_method") === "S256", "no PKCE");
      const landed = await person.answer(location, redirect);
      assert(landed, `rests on ${browser.url}: ${browser.text()}`);
      const got = await site.get(`/retour${landed.search}`);
      assertEqual(got.claims.iss, issuer, "iss");
      assert(got.token.refresh_token, "no refresh token");
      return got;
    });
    await report.check(`${name}: userinfo`, async () => {
      const info = await site.get("/profil");
      assertEqual(info.sub, signed.claims.sub, "sub");
      assertEqual(info.given_name, person.parent.prenom, "given_name");
    });
    await report.check(`${name}: refresh, and userinfo with what it gave`, async () => {
      assert((await site.get("/encore")).changed, "the access token is the old one");
      assertEqual((await site.get("/profil")).sub, signed.claims.sub, "sub");
    });
    await report.check(`${name}: signs out at the provider and comes back`, async () => {
      const { location } = await site.get("/partir");
      const landed = await person.leave(location, parted);
      assert(landed, `rests on ${browser.url}: ${browser.text()}`);
      // Fails unless the state is the one it sent.
      await site.get(`/parti${landed.search}`);
      const again = await browser.open((await site.get("/login")).location, { stop: redirect });
      assert(!again, "still signed in");
      assert(browser.has("#se-connecter"), `rests on ${browser.url}`);
    });
  } finally {
    site.stop();
  }
}

export async function authlib(report, issuer, first) {
  // The first by the values alone that the console shows.
  const shown = valuesOf(AUTHLIB_SECRET.client_id);
  await flow(report, issuer, first.elsewhere(), AUTHLIB_SECRET, {
    issuer: shown.issuer, discovery: shown["découverte"], client_id: shown.client_id, scope: shown.scope,
    redirect_uri: shown.redirect_uri, code_challenge_method: shown.code_challenge_method,
    secret: AUTHLIB_SECRET.client_secret,
  });
  await flow(report, issuer, first.elsewhere(), AUTHLIB_KEY, { key: KEYS.authlib });
}
