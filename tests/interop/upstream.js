// A real provider in front of Préau: node-oidc-provider, as the one of an academy, at which a teacher signs in; plain,
// and by FAPI 2.0: no secrets, pushed requests only. Tokens are not bound to a key (DPoP): Préau, as a client, reads
// userinfo once and keeps none.

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
/** The two ways in which the provider is one. `client` is what it knows of Préau. */
const KINDS = {
  plain: {
    name: "node-oidc-provider",
    id: "node",
    alg: "RS256",
    lines: `client_secret = "${SECRET}"`,
    client: () => ({ client_secret: SECRET }),
    features: {},
  },
  fapi: {
    name: "node-oidc-provider with FAPI 2.0",
    id: "strict",
    alg: "PS256",
    lines: 'token_endpoint_auth_method = "private_key_jwt"\ntoken_endpoint_auth_signing_alg = "ES256"',
    client: (jwks) => ({
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "ES256",
      id_token_signed_response_alg: "PS256",
      require_pushed_authorization_requests: true,
      jwks,
    }),
    features: {
      fapi: { enabled: true, profile: "2.0" },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    },
  },
};
const door = (kind) => `main a[href*="/federation/${kind.id}"]`;
const TEACHER = { given_name: "Claire", family_name: "FONTAINE", title: "ENS", FrEduRne: `${SCHOOL.uai}$UAJ$PU$N` };

/** The files of the upstreams, at these addresses. */
export function upstreamFiles({ plain, fapi }) {
  return [[KINDS.plain, plain], [KINDS.fapi, fapi]].map(([kind, issuer]) => ({ id: kind.id, text: file(kind, issuer) }));
}

function file(kind, issuer) {
  return `kind = "academy"
label = "Académie de ${kind.id}"
issuer = "${issuer}"
client_id = "preau"
${kind.lines}
scopes = ["openid", "profile", "education"]
acr_values = ["urn:example:password"]
id_token_signed_response_algs = ["${kind.alg}"]
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
async function start(kind, issuer, preau, { certificate, key }) {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...pair.privateKey.export({ format: "jwk" }), kid: "academy", alg: kind.alg, use: "sig" };
  // What Préau publishes for everybody is what the academy registers.
  const { keys } = await fetch(`${preau}/oauth2/jwks`).then((answer) => answer.json());
  const jwks = { keys: keys.filter(({ alg }) => alg === "ES256") };
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "preau",
      ...kind.client(jwks),
      redirect_uris: [`${preau}/federation/${kind.id}/retour`],
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
    features: { devInteractions: { enabled: false }, ...kind.features },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, sub) => ({ accountId: sub, claims: async () => ({ sub, ...TEACHER }) }),
  });
  const calls = { logins: 0, consents: 0, pushed: 0, refused: [] };
  provider.on("pushed_authorization_request.success", () => { calls.pushed += 1; });
  for (const endpoint of ["pushed_authorization_request", "authorization", "grant", "userinfo"]) {
    provider.on(`${endpoint}.error`, (_, error) => {
      calls.refused.push(`${endpoint}: ${error.error} ${error.error_description} ${error.error_detail ?? ""}`);
    });
  }
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

/** A teacher signs in at a service, through Préau, at the academy's provider: plain, and by FAPI 2.0. */
export async function upstream(report, { issuer, academies, certificate, key }) {
  for (const [word, academy] of Object.entries(academies)) {
    await signIns(report, KINDS[word], { issuer, academy, certificate, key });
  }
}

async function signIns(report, kind, { issuer, academy, certificate, key }) {
  const { name } = kind;
  const provider = await report.check(`${name} starts as an academy's`, () =>
    start(kind, academy, issuer, { certificate, key }));
  if (!provider) return;
  const browser = new Browser();
  const signIn = async (more = {}) => {
    const configuration = await configure(issuer, AGENTS);
    const asked = await request(configuration, AGENTS, { idp_hint: kind.id, ...more });
    let landed = await browser.open(asked.url, { stop: AGENTS.redirect_uris[0] });
    // Who is signed in and shall be asked again chooses the door.
    if (!landed && browser.has(door(kind))) landed = await browser.follow(door(kind), AGENTS.redirect_uris[0]);
    assert(landed, `rests on ${browser.url}: ${browser.text()}; the provider refused ${calls(provider)}`);
    const tokens = await client.authorizationCodeGrant(configuration, landed, asked.checks);
    const claims = tokens.claims();
    return { claims, info: await client.fetchUserInfo(configuration, tokens.access_token, claims.sub) };
  };
  const first = await report.check(`${name}: a teacher comes in, with profile, school and level`, async () => {
    const signed = await signIn();
    assertEqual(signed.info.name, "Claire FONTAINE", "name");
    assertEqual(signed.info.education_profile, "enseignant", "education_profile");
    assertEqual(signed.info.schools?.[0]?.uai, SCHOOL.uai, "school");
    assertEqual(signed.claims.acr, "eidas1", "acr");
    assertEqual(JSON.stringify(signed.claims.amr), JSON.stringify(["pwd"]), "amr");
    assert(!("children" in signed.info), "children");
    // Both announce PAR, and only one demands it.
    assertEqual(provider.calls.pushed, 1, `pushed requests; the provider refused ${calls(provider)}`);
    return signed;
  });
  await report.check(`${name}: single sign-on asks nobody, and prompt=login asks there again`, async () => {
    const { logins } = provider.calls;
    const again = await signIn();
    assertEqual(again.claims.sub, first?.claims.sub, "sub");
    assertEqual(provider.calls.logins, logins, "logins");
    const asked = await signIn({ prompt: "login" });
    assertEqual(asked.claims.sub, first?.claims.sub, "sub");
    assertEqual(provider.calls.logins, logins + 1, "logins after prompt=login");
    assert(asked.claims.auth_time >= (again.claims.auth_time ?? 0), "auth_time");
  });
  await report.check(`${name}: the same person in another browser has the same sub`, async () => {
    const other = new Browser();
    const configuration = await configure(issuer, AGENTS);
    const asked = await request(configuration, AGENTS, { idp_hint: "agents" });
    let landed = await other.open(asked.url, { stop: AGENTS.redirect_uris[0] });
    // Where several academies are in the perimeter, the list is shown.
    if (!landed) landed = await other.follow(door(kind), AGENTS.redirect_uris[0]);
    const tokens = await client.authorizationCodeGrant(configuration, landed, asked.checks);
    assertEqual(tokens.claims().sub, first?.claims.sub, "sub");
  });
  provider.stop();
}

/** What the provider refused, in words. */
function calls(provider) {
  return provider.calls.refused.join("; ") || "nothing";
}
