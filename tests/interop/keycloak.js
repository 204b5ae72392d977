// Keycloak as a relay: a realm whose users come from Préau by the console's settings, and a page that knows the realm
// alone.

import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import * as client from "openid-client";
import { assert, assertEqual } from "../browser/report.js";
import { PROGRAMS, use } from "./programs.js";
import { SCHOOL } from "./roster.js";
import { settingsFile } from "./settings.js";

/** As in config/examples/clients/keycloak.toml. */
const REALM = "royaume";
const ADMINISTRATOR = "administrateur";
/** Where the page waits for answers: nothing listens there, the browser stops. */
const PAGE = "https://page.example/retour";
const LEFT = "https://page.example/parti";
const SLOWEST_MS = 10_000;

const run = promisify(execFile);

/** The folder of what was unpacked, which has the version in its name. */
function unpacked() {
  const target = join(PROGRAMS, "keycloak/target");
  return join(target, readdirSync(target).find((name) => name.startsWith("keycloak-")));
}

/** Keycloak's own interface for administrators, as its console uses it. */
class Administration {
  constructor(site, secret) {
    Object.assign(this, { site, secret });
  }

  async ask(path, method = "GET", body = undefined) {
    const given = new URLSearchParams({
      grant_type: "password", client_id: "admin-cli", username: ADMINISTRATOR, password: this.secret,
    });
    const token = await fetch(`${this.site}/realms/master/protocol/openid-connect/token`, { method: "POST", body: given });
    const { access_token } = await token.json();
    const answer = await fetch(`${this.site}/admin/realms${path}`, {
      method,
      headers: { Authorization: `Bearer ${access_token}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    assert(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text && JSON.parse(text);
  }

  /** A realm with its page, and the two choices that the settings ask for by hand. */
  async prepare() {
    await this.ask("", "POST", { realm: REALM, enabled: true });
    await this.ask(`/${REALM}/clients`, "POST", {
      clientId: "page", publicClient: true, redirectUris: [PAGE], attributes: { "post.logout.redirect.uris": LEFT },
    });
    const profile = await this.ask(`/${REALM}/users/profile`);
    delete profile.attributes.find(({ name }) => name === "email").required;
    await this.ask(`/${REALM}/users/profile`, "PUT", { ...profile, unmanagedAttributePolicy: "ADMIN_EDIT" });
  }

  /** The realm's only user. */
  async user() {
    const users = await this.ask(`/${REALM}/users?briefRepresentation=false`);
    assertEqual(users.length, 1, "users of the realm");
    return users[0];
  }

  /** What the provider calls that user. */
  async sub() {
    const [{ userId }] = await this.ask(`/${REALM}/users/${(await this.user()).id}/federated-identity`);
    return userId;
  }
}

/** The page: everything between it and the realm is openid-client's. */
class Page {
  constructor(configuration, person) {
    Object.assign(this, { configuration, person, browser: person.browser });
  }

  /** Signs in at the realm, which sends to Préau; `request` is what it asks for there. */
  async enter() {
    const [pkceCodeVerifier, expectedState, expectedNonce] =
      [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()];
    const address = client.buildAuthorizationUrl(this.configuration, {
      redirect_uri: PAGE, scope: "openid profile", kc_idp_hint: "preau", state: expectedState, nonce: expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: "S256",
    });
    const asked = await this.browser.open(address, { stop: `${process.env.INTEROP_ISSUER}/oauth2/authorize?` });
    assert(asked, `the realm does not send to the provider: ${this.#where()}`);
    this.request = asked.searchParams;
    const landed = await this.person.answer(asked, PAGE);
    assert(landed, `the realm does not come back: ${this.#where()}`);
    return client.authorizationCodeGrant(this.configuration, landed, {
      pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true,
    });
  }

  /** Whether the realm still renews this sign-in. */
  async isIn(tokens) {
    try {
      await client.refreshTokenGrant(this.configuration, tokens.refresh_token);
      return true;
    } catch (error) {
      assertEqual(error.error, "invalid_grant", `error (${error.message})`);
      return false;
    }
  }

  /** Signs out at the realm, which sends to Préau and comes back to the page. */
  async leave(tokens) {
    const end = client.buildEndSessionUrl(this.configuration, {
      id_token_hint: tokens.id_token, post_logout_redirect_uri: LEFT,
    });
    const asked = await this.browser.open(end, { stop: `${process.env.INTEROP_ISSUER}/oauth2/logout` });
    assert(asked, `the realm does not send to the provider: ${this.#where()}`);
    return this.person.leave(asked, LEFT);
  }

  #where() {
    return `${this.browser.url}: ${this.browser.text().slice(0, 300)}`;
  }
}

/** Runs the console's settings as their first line says: in Keycloak's folder, after its command signed in. */
async function runSettings(folder, program, java) {
  const home = join(PROGRAMS, "..", "artefacts");
  mkdirSync(home, { recursive: true });
  rmSync(join(home, ".keycloak"), { recursive: true, force: true });
  const options = {
    cwd: folder,
    // Where its command keeps the sign-in, and whom it trusts.
    env: { ...process.env, KC_OPTS: [`-Duser.home=${home}`, ...java].join(" "), REALM, PREAU_SECRET: program.secret },
  };
  await run(join(folder, "bin/kcadm.sh"), ["config", "credentials", "--server", program.site, "--realm", "master",
    "--user", ADMINISTRATOR, "--password", program.secret], options);
  await run("sh", [settingsFile(program.client_id, "keycloak", "keycloak.sh")], options);
}

/** `java` are the options by which a program in Java trusts our authority. */
export async function keycloak(report, program, first, java) {
  const { site, secret } = program;
  const folder = unpacked();
  const { INTEROP_ISSUER: issuer, INTEROP_CERTIFICATE: certificate, INTEROP_KEY: key } = process.env;
  await use(report, program, [
    join(folder, "bin/kc.sh"), "start-dev", "--db=dev-mem", "--http-enabled=false", `--https-port=${new URL(site).port}`,
    `--https-certificate-file=${certificate}`, `--https-certificate-key-file=${key}`,
    `--truststore-paths=${process.env.NODE_EXTRA_CA_CERTS}`,
  ], async () => {
    const administration = new Administration(site, secret);
    await report.step("Keycloak: a realm, its page, no mail asked", () => administration.prepare());
    await report.step("Keycloak: takes the console's settings", () => runSettings(folder, program, java));
    const realm = await client.discovery(new URL(`${site}/realms/${REALM}`), "page", undefined, client.None());
    const page = new Page(realm, first.elsewhere());
    let tokens;
    await report.step("Keycloak, by the console's settings: a first sign-in asks the person for nothing", async () => {
      tokens = await page.enter();
      assert(page.request.has("code_challenge") && page.request.has("nonce"), `sends ${page.request}`);
      assertEqual(tokens.claims().given_name, first.parent.prenom, "given_name");
    });
    await report.check("Keycloak: knows the person by sub, and keeps profile and children", async () => {
      const { username, attributes } = await administration.user();
      const sub = await administration.sub();
      // It writes names of users in small letters.
      assertEqual(username, sub.toLowerCase(), "name of the user");
      assertEqual(attributes.sub?.join(), sub, "sub");
      assertEqual(attributes.education_profile?.join(), "responsable", "education_profile");
      const { nom, prenom, child } = first.parent;
      assertEqual(attributes.FrEduVecteur?.join(), ["2", nom.toUpperCase(), prenom, child.id, SCHOOL.uai].join("|"),
        "FrEduVecteur");
    });
    await report.check("Keycloak: a sign-out elsewhere ends the realm's session by the back channel", async () => {
      assert(await page.isIn(tokens), "not signed in");
      await page.person.leave(`${issuer}/oauth2/logout`, "none:");
      const began = Date.now();
      while (await page.isIn(tokens)) {
        if (Date.now() - began > SLOWEST_MS) throw new Error("still signed in at the realm");
        await new Promise((done) => { setTimeout(done, 100); });
      }
    });
    await report.check("Keycloak: signs out at the page, at the realm and at the provider", async () => {
      tokens = await page.enter();
      // The same one.
      await administration.user();
      assert(await page.leave(tokens), `rests on ${page.browser.url}: ${page.browser.text().slice(0, 300)}`);
      assert(!(await page.isIn(tokens)), "still signed in at the realm");
      await page.browser.open(`${issuer}/compte`);
      assert(page.browser.has("#se-connecter"), `still signed in at the provider: ${page.browser.url}`);
    });
  }, { KC_BOOTSTRAP_ADMIN_USERNAME: ADMINISTRATOR, KC_BOOTSTRAP_ADMIN_PASSWORD: secret, JAVA_OPTS_APPEND: "-Xmx512m" });
}
