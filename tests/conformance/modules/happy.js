// Happy paths, client authentication and what must be ignored.

import { createHash } from "node:crypto";
import { checkRefusal, checkSecret, checkSigned, checkUnasked } from "../checks.js";
import { ask, codeRequest, makeKey, read, setUp, signIn, text } from "../flow.js";

async function whole(m, registration) {
  await setUp(m, registration);
  const signed = await signIn(m, { state: text(128), nonce: text(64) });
  if (signed.code) checkSecret(m, "code", signed.code);
  if (signed.tokens) m.W(typeof signed.tokens.expires_in === "number", "token: no expires_in");
  if (signed.accessToken) m.W(!("name" in signed.claims), "ID token: name although an access token is issued");
  checkUnasked(m, signed.claims);
  if (signed.front) checkUnasked(m, signed.front);
  return signed;
}

/** Succeeds with these more parameters. */
const accepts = (more) => async (m) => {
  await setUp(m);
  return signIn(m, typeof more === "function" ? more(m) : more);
};

export default {
  "oidcc-server": (m) => whole(m),
  "oidcc-server-client-secret-post": (m) => {
    m.role = "client_secret_post";
    return whole(m, { token_endpoint_auth_method: "client_secret_post" });
  },
  "oidcc-response-type-missing": async (m) => {
    await setUp(m);
    const asked = await ask(m, { response_type: undefined, state: text(128), nonce: text(384) });
    if (!asked.arrival) {
      m.page("refused", m.agent.refuses(), "not the page of a refused request");
      return;
    }
    const refusal = read(m, asked);
    checkRefusal(m, refusal, asked.sent, m.issuer, ["unsupported_response_type", "invalid_request"]);
  },
  "oidcc-idtoken-signature": async (m) => {
    await setUp(m);
    const { idToken } = await signIn(m);
    await checkSigned(m, "ID token", idToken, m.keys, "RS256");
  },
  "oidcc-idtoken-rs256": async (m) => {
    await setUp(m, { id_token_signed_response_alg: "RS256" });
    const { idToken } = await signIn(m);
    await checkSigned(m, "ID token", idToken, m.keys, "RS256");
  },
  "oidcc-idtoken-unsigned": async (m) => {
    await setUp(m);
    if (!m.server.id_token_signing_alg_values_supported?.includes("none")) {
      m.S("none is not in id_token_signing_alg_values_supported");
    }
    m.F(false, "none is announced; we do not know what to make of it");
  },
  "oidcc-ensure-client-assertion-with-iss-aud-succeeds": async (m) => {
    const key = await makeKey();
    await setUp(m, { token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [key.publicJwk] },
      privateKeys: [key] });
    const code = read(m, await ask(m)).get("code");
    const answer = await codeRequest(m, code, { audience: m.issuer });
    if (m.W(answer.status === 200, `an assertion for the issuer is refused (${answer.status})`)) return;
    m.F([400, 401].includes(answer.status) && answer.json?.error === "invalid_client", "refused without invalid_client");
  },
  "oidcc-alternate-happy-flow": async (m) => {
    await setUp(m);
    const scope = ["phone", "profile", "openid"].filter((name) => m.server.scopes_supported.includes(name)).join(" ");
    await signIn(m, { scope }, { reversed: true });
  },
  "oidcc-display-page": accepts({ display: "page" }),
  "oidcc-display-popup": accepts({ display: "popup" }),
  "oidcc-login-hint": accepts((m) => ({ login_hint: `buffy@${new URL(m.issuer).hostname}` })),
  "oidcc-ui-locales": accepts({ ui_locales: "se" }),
  "oidcc-claims-locales": accepts({ claims_locales: "se" }),
  "oidcc-ensure-request-with-unknown-parameter-succeeds": accepts({ extra: "foobar" }),
  "oidcc-ensure-request-with-acr-values-succeeds": async (m) => {
    await setUp(m);
    const wished = (m.server.acr_values_supported ?? ["1", "2"]).join(" ");
    const { claims } = await signIn(m, { acr_values: wished });
    m.W(claims.acr !== undefined, "ID token: no acr");
    if (claims.acr !== undefined) m.W(wished.split(" ").includes(claims.acr), `ID token: acr ${claims.acr} not asked for`);
  },
  "oidcc-ensure-request-with-valid-pkce-succeeds": async (m) => {
    await setUp(m);
    const verifier = text(64);
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    await signIn(m, { code_challenge: challenge, code_challenge_method: "S256" }, { verifier });
  },
  "oidcc-ensure-post-request-succeeds": async (m) => {
    await setUp(m);
    await signIn(m, {}, { post: true });
  },
};
