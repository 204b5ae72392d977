// A real provider in front of Préau: node-oidc-provider, as the one of an academy, at which a teacher signs in.

import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import Provider from "oidc-provider";
import * as client from "openid-client";
import { assert, assertEqual } from "../browser/report.js";
import { Browser } from "./browser.js";
import { AGENTS } from "./clients.js";
import { configure, request } from "./flow.js";
import { SCHOOL } from "./roster.js";

const SECRET = "of-preau-0123456789abcdef0123456789abcdef";
const DOOR = 'main a[href*="/federation/node"]';
const TEACHER = { given_name: "Claire", family_name: "FONTAINE", title: "ENS", FrEduRne: `${SCHOOL.uai}$UAJ$PU$N` };

/** The file of the upstream, at this address. */
export function upstreamFile(issuer) {
  return `kind = "academy"
label = "Académie de Node"
issuer = "${issuer}"
client_id = "preau"
client_secret = "${SECRET}"
scopes = ["openid", "profile", "education"]
acr_values = ["urn:example:password"]
id_token_signed_response_algs = ["RS256"]
academy = "${SCHOOL.academy}"
profiles = ["enseignant"]
passes_amr = true

[claims]
profile = "title"
schools = "FrEduRne"

[[profile_value]]
value = "ENS"
profile = "enseignant"

[[acr_value]]
value = "urn:example:password"
level = "eidas1"
`;
}

/** Starts the provider; the pages at which the person acts finish by themselves. */
async function start(issuer, preau, { certificate, key }) {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...pair.privateKey.export({ format: "jwk" }), kid: "academy", alg: "RS256", use: "sig" };
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "preau",
      client_secret: SECRET,
      redirect_uris: [`${preau}/federation/node/retour`],
      post_logout_redirect_uris: [`${preau}/connexion`],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    }],
    jwks: { keys: [jwk] },
    scopes: ["openid", "profile", "education"],
    claims: {
      openid: ["sub", "amr"], profile: ["given_name", "family_name"], education: ["title", "FrEduRne"],
      acr: null, auth_time: null, iss: null, sid: null,
    },
    acrValues: ["urn:example:password"],
    pkce: { required: () => true },
    cookies: { keys: ["of the tests"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, sub) => ({ accountId: sub, claims: async () => ({ sub, ...TEACHER }) }),
  });
  const calls = { logins: 0, consents: 0 };
  const answer = provider.callback();
  const interact = async (incoming, outgoing) => {
    const { prompt, params, session } = await provider.interactionDetails(incoming, outgoing);
    if (prompt.name === "login") {
      calls.logins += 1;
      const login = { accountId: "agent-1", acr: "urn:example:password", amr: ["pwd"] };
      await provider.interactionFinished(incoming, outgoing, { login }, { mergeWithLastSubmission: false });
      return;
    }
    calls.consents += 1;
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    const consent = { grantId: await grant.save() };
    await provider.interactionFinished(incoming, outgoing, { consent }, { mergeWithLastSubmission: true });
  };
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (incoming, outgoing) => {
    if (!incoming.url.startsWith("/interaction/")) {
      answer(incoming, outgoing);
      return;
    }
    interact(incoming, outgoing).catch((error) => { outgoing.writeHead(500).end(String(error)); });
  });
  await new Promise((done) => { server.listen(Number(new URL(issuer).port), "127.0.0.1", done); });
  return { calls, stop: () => { server.close(); server.closeAllConnections(); } };
}

/** A teacher signs in at a service, through Préau, at the academy's provider. */
export async function upstream(report, { issuer, academy, certificate, key }) {
  const provider = await report.check("node-oidc-provider starts as an academy's", () =>
    start(academy, issuer, { certificate, key }));
  if (!provider) return;
  const browser = new Browser();
  const signIn = async (more = {}) => {
    const configuration = await configure(issuer, AGENTS);
    const asked = await request(configuration, AGENTS, { idp_hint: "node", ...more });
    let landed = await browser.open(asked.url, { stop: AGENTS.redirect_uris[0] });
    // Who is signed in and shall be asked again chooses the door.
    if (!landed && browser.has(DOOR)) landed = await browser.follow(DOOR, AGENTS.redirect_uris[0]);
    assert(landed, `rests on ${browser.url}: ${browser.text()}`);
    const tokens = await client.authorizationCodeGrant(configuration, landed, asked.checks);
    const claims = tokens.claims();
    return { claims, info: await client.fetchUserInfo(configuration, tokens.access_token, claims.sub) };
  };
  const first = await report.check("node-oidc-provider: a teacher comes in, with profile, school and level", async () => {
    const signed = await signIn();
    assertEqual(signed.info.name, "Claire FONTAINE", "name");
    assertEqual(signed.info.education_profile, "enseignant", "education_profile");
    assertEqual(signed.info.schools?.[0]?.uai, SCHOOL.uai, "school");
    assertEqual(signed.claims.acr, "eidas1", "acr");
    assertEqual(JSON.stringify(signed.claims.amr), JSON.stringify(["pwd"]), "amr");
    assert(!("children" in signed.info), "children");
    return signed;
  });
  await report.check("node-oidc-provider: single sign-on asks nobody, and prompt=login asks there again", async () => {
    const { logins } = provider.calls;
    const again = await signIn();
    assertEqual(again.claims.sub, first?.claims.sub, "sub");
    assertEqual(provider.calls.logins, logins, "logins");
    const asked = await signIn({ prompt: "login" });
    assertEqual(asked.claims.sub, first?.claims.sub, "sub");
    assertEqual(provider.calls.logins, logins + 1, "logins after prompt=login");
    assert(asked.claims.auth_time >= (again.claims.auth_time ?? 0), "auth_time");
  });
  await report.check("node-oidc-provider: the same person in another browser has the same sub", async () => {
    const other = new Browser();
    const configuration = await configure(issuer, AGENTS);
    const asked = await request(configuration, AGENTS, { idp_hint: "agents" });
    let landed = await other.open(asked.url, { stop: AGENTS.redirect_uris[0] });
    // Where several academies are in the perimeter, the list is shown.
    if (!landed) landed = await other.follow(DOOR, AGENTS.redirect_uris[0]);
    const tokens = await client.authorizationCodeGrant(configuration, landed, asked.checks);
    assertEqual(tokens.claims().sub, first?.claims.sub, "sub");
  });
  provider.stop();
}
