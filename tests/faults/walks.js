// What people and relying parties do, at any server of a house.

import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { PASSWORD, Person } from "../interop/person.js";
import { fetcher } from "./http.js";
import { somewhere } from "./load.js";

const HOME = "https://portail.example/retour";
const STOP = "https://portail.example/";
const SECRET = "of-faults-0123456789abcdef0123456789abcdef";
const FORM = "application/x-www-form-urlencoded";
const COMMON = {
  client_name: "Portail", redirect_uris: [HOME], response_types: ["code"], scope: "openid profile offline_access",
  grant_types: ["authorization_code", "refresh_token"], sector: "faults", offline_agreed: true,
  perimeter: { academies: ["montpellier"] },
};
export const PORTAL = {
  ...COMMON, client_id: "portail", client_secret: SECRET, token_endpoint_auth_method: "client_secret_basic",
};
/** Its refresh tokens are rotated. */
export const APP = { ...COMMON, client_id: "app", token_endpoint_auth_method: "none", require_pkce: true };
export const PROGRAM = {
  ...COMMON, client_id: "programme", client_secret: SECRET, token_endpoint_auth_method: "client_secret_basic",
  grant_types: ["client_credentials"], scope: "education", redirect_uris: [], response_types: [], offline_agreed: false,
};
const KEY = generateKeyPairSync("ec", { namedCurve: "P-256" });
/** Proves itself by a key. */
export const SIGNING = {
  ...PROGRAM, client_id: "signataire", client_secret: undefined, token_endpoint_auth_method: "private_key_jwt",
  jwks: { keys: [{ ...KEY.publicKey.export({ format: "jwk" }), kid: "1", alg: "ES256", use: "sig" }] },
};
export const CLIENTS = [PORTAL, APP, PROGRAM, SIGNING];

/** What a client that signs proves itself by, once. */
export function assertion(house) {
  const now = Math.floor(Date.now() / 1_000);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const { client_id } = SIGNING;
  const claims = { iss: client_id, sub: client_id, aud: house.issuer, iat: now, exp: now + 60, jti: randomBytes(16).toString("hex") };
  const text = `${part({ alg: "ES256", kid: "1" })}.${part(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key: KEY.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

/** Who failed at what, with what came. */
function failed(what, answer) {
  const error = new Error(`${what}: ${answer.status} ${answer.text.replaceAll(/\s+/g, " ").slice(0, 240)}`);
  error.status = answer.status;
  error.retryAfter = answer.headers?.["retry-after"];
  return error;
}

/** One of the house's parents with a browser of their own. `at` says who is asked, at each request anew. */
export function person(house, number, at = () => house.front) {
  const who = new Person(house.issuer, "", house.parents[number]);
  if (number < house.accounts) who.identifiant = house.identifiant(number);
  return prepared(house, who, at);
}

export function prepared(house, who, at = () => house.front) {
  who.browser.headers = { "X-Forwarded-For": somewhere() };
  who.browser.fetch = fetcher(house, at);
  const before = house.phones.of(who.parent.e164).length;
  who.code = () => house.phones.code(who.parent.e164, before);
  return who;
}

/** The same person at a computer that Préau has never seen. */
export function stranger(house, who, at) {
  const other = who.elsewhere();
  return prepared(house, other, at);
}

/** An authorization request. */
export function request(house, client = PORTAL, more = {}) {
  return `${house.issuer}/oauth2/authorize?${new URLSearchParams({
    client_id: client.client_id, redirect_uri: HOME, response_type: "code", scope: "openid profile offline_access",
    nonce: randomBytes(12).toString("hex"), state: "s", ...more,
  })}`;
}

export async function activate(house, who, client = PORTAL) {
  const { address } = pkce(house, client);
  return who.activate(address, STOP);
}

function pkce(house, client, more = {}) {
  if (client !== APP) return { address: request(house, client, more) };
  const verifier = randomBytes(32).toString("base64url");
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  return { verifier, address: request(house, client, { code_challenge: challenge, code_challenge_method: "S256", ...more }) };
}

/** Signs in, or is still signed in. @returns {Promise<{code: string, verifier?: string}>} */
export async function obtainCode(house, who, client = PORTAL, more = {}) {
  const { address, verifier } = pkce(house, client, more);
  const landed = await who.answer(address, STOP);
  const code = landed?.searchParams.get("code");
  if (!code) {
    const { browser } = who;
    const { status, retryAfter } = browser;
    const headers = { "retry-after": retryAfter };
    throw failed(`no code for ${who.identifiant}`, { status, headers, text: landed?.href ?? browser.text() });
  }
  return { code, verifier };
}

export function post(house, path, fields, { client = PORTAL, at, headers = {}, timeout } = {}) {
  const proof = client.client_secret
    ? { Authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString("base64")}` } : {};
  const own = client.client_secret ? {} : { client_id: client.client_id };
  return house.ask(path, {
    method: "POST", at, timeout, body: new URLSearchParams({ ...fields, ...own }).toString(),
    headers: { "Content-Type": FORM, ...proof, ...headers },
  });
}

/** @returns the answer, whatever it is */
export function exchange(house, { code, verifier }, how = {}) {
  const more = verifier ? { code_verifier: verifier } : {};
  return post(house, "/oauth2/token", { grant_type: "authorization_code", code, redirect_uri: HOME, ...more }, how);
}

export function refresh(house, token, how = {}) {
  return post(house, "/oauth2/token", { grant_type: "refresh_token", refresh_token: token }, how);
}

export function programToken(house, how = {}) {
  return post(house, "/oauth2/token", { grant_type: "client_credentials" }, { client: PROGRAM, ...how });
}

export function userinfo(house, token, how = {}) {
  return house.ask("/oauth2/userinfo", { ...how, headers: { Authorization: `Bearer ${token}` } });
}

/** @returns the tokens, or throws */
export function tokensOf(answer, what = "token") {
  if (answer.status !== 200) throw failed(what, answer);
  return JSON.parse(answer.text);
}

/** The whole: a sign-in on a new device, the code, its tokens. */
export async function signIn(house, number, { at, client = PORTAL } = {}) {
  const who = person(house, number, at ? () => at : undefined);
  const found = await obtainCode(house, who, client);
  const tokens = tokensOf(await exchange(house, found, { client, at }));
  return { who, ...found, tokens };
}

/** Types a wrong password. @returns the status of the page */
export async function wrong(house, who, at) {
  const fields = { identifiant: who.identifiant, mot_de_passe: `${PASSWORD}x` };
  const answer = await house.ask("/connexion", {
    method: "POST", at, body: new URLSearchParams(fields).toString(),
    headers: {
      "Content-Type": FORM, "Sec-Fetch-Site": "same-origin", Origin: house.issuer, "X-Forwarded-For": somewhere(),
      Cookie: `preau_dev_nav=${randomBytes(32).toString("base64url")}`,
    },
  });
  return answer.status;
}
