// Sign-out: at the relying party's wish, told by the back channel and by the front channel.

import { checkLogoutToken, checkSigned } from "../checks.js";
import { makeKey, setUp, sign, signIn, text } from "../flow.js";
import { notSignedIn } from "./sessions.js";

const STATE = 128;

/** Signs in, then sends the browser to sign out. Gives what arrived. */
async function signOut(m, words, registration) {
  await setUp(m, registration);
  m.X(/^https:/.test(m.server.end_session_endpoint), "discovery: no end_session_endpoint");
  const signed = await signIn(m);
  const parameters = await words(signed);
  for (const name of Object.keys(parameters)) if (parameters[name] === undefined) delete parameters[name];
  m.agent.pages = [];
  const url = `${m.server.end_session_endpoint}?${new URLSearchParams(parameters)}`;
  return { signed, parameters, arrival: await m.agent.visit(url, { confirm: true }) };
}

const wellDone = (m, more = {}) => ({ idToken }) => ({
  id_token_hint: idToken,
  post_logout_redirect_uri: m.client.post_logout_redirect_uris[0],
  state: text(STATE),
  ...more,
});

/** It came back, with nothing but the state that was sent. */
async function cameBack(m, { arrival, parameters }) {
  const rests = `no redirect after sign-out; the browser rests on ${m.agent.url}: ${m.agent.text().slice(0, 120)}`;
  m.X(arrival, rests);
  m.F(arrival.via === "redirect", "sign-out came back by a form");
  const { url } = arrival;
  m.F(url.origin + url.pathname === m.client.post_logout_redirect_uris[0], `sign-out led to ${url}`);
  m.F(url.searchParams.get("state") === (parameters.state ?? null), `state is ${url.searchParams.get("state")}`);
  m.F(url.hash === "", "sign-out came back with a fragment");
  for (const name of url.searchParams.keys()) m.W(name === "state", `sign-out came back with ${name}`);
  await notSignedIn(m);
}

/** It stays on a page: of an error, or of somebody who is signed out. */
function stays(m, { arrival }) {
  m.F(!arrival, `sent to ${arrival?.url}`);
  const out = m.agent.text("h1").includes("Vous êtes déconnecté");
  m.page("after sign-out", out || m.agent.refuses(), "neither an error nor a page of somebody signed out");
  m.F(!m.agent.html.includes('http-equiv="refresh"'), "the page leads on by itself");
}

/** The person is signed out, and a page says so. */
async function leaves(m, words) {
  const done = await signOut(m, words);
  m.F(!done.arrival, `sent to ${done.arrival?.url}`);
  m.page("signed out", m.agent.text("h1").includes("Vous êtes déconnecté"), "not the page of somebody signed out");
  await notSignedIn(m);
}

const rewrite = (token, header, change) => {
  const [, payload] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url"));
  return change(header, claims);
};
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export default {
  "oidcc-rp-initiated-logout": async (m) => cameBack(m, await signOut(m, (s) => wellDone(m)(s))),
  "oidcc-rp-initiated-logout-no-state": async (m) =>
    cameBack(m, await signOut(m, (s) => wellDone(m, { state: undefined })(s))),
  "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri": async (m) =>
    stays(m, await signOut(m, (s) => wellDone(m, { post_logout_redirect_uri: `${m.party.origin}/${text(8)}` })(s))),
  "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri": async (m) =>
    stays(m, await signOut(m, (s) => wellDone(m, {
      post_logout_redirect_uri: `${m.client.post_logout_redirect_uris[0]}?foo=bar`,
    })(s))),
  "oidcc-rp-initiated-logout-modified-id-token-hint": async (m) =>
    stays(m, await signOut(m, (s) => wellDone(m, {
      id_token_hint: rewrite(s.idToken, { alg: "none" }, (header, claims) => `${base64(header)}.${base64(claims)}.`),
    })(s))),
  "oidcc-rp-initiated-logout-bad-id-token-hint": async (m) => {
    const key = await makeKey();
    stays(m, await signOut(m, async (s) => wellDone(m, {
      id_token_hint: await rewrite(s.idToken, {}, (_, claims) => sign(key, claims)),
    })(s)));
  },
  "oidcc-rp-initiated-logout-no-id-token-hint": async (m) =>
    stays(m, await signOut(m, (s) => wellDone(m, { id_token_hint: undefined })(s))),
  "oidcc-rp-initiated-logout-no-params": (m) => leaves(m, () => ({})),
  "oidcc-rp-initiated-logout-only-state": (m) => leaves(m, () => ({ state: text(STATE) })),
  "oidcc-rp-initiated-logout-no-post-logout-redirect-uri": (m) =>
    leaves(m, (s) => wellDone(m, { post_logout_redirect_uri: undefined })(s)),

  "oidcc-backchannel-rp-initiated-logout": async (m) => {
    m.role = "backchannel";
    const own = `${m.party.origin}/${text(8)}/backchannel`;
    m.party.serve(m.dynamic ? new URL(own).pathname : "/back/backchannel", "", "text/plain");
    const done = await signOut(m, (s) => wellDone(m)(s),
      { backchannel_logout_uri: own, backchannel_logout_session_required: true });
    await cameBack(m, done);
    const { pathname } = new URL(m.client.backchannel_logout_uri);
    const [request, ...more] = await m.party.until(pathname);
    m.X(request, "nothing came to backchannel_logout_uri");
    m.F(more.length === 0, "backchannel_logout_uri was called more than once");
    m.F(request.method === "POST", `back channel: ${request.method}`);
    m.F(/^application\/x-www-form-urlencoded\b/.test(request.type), `back channel: type ${request.type}`);
    const form = new URLSearchParams(request.body);
    for (const name of form.keys()) m.W(name === "logout_token", `back channel: ${name}`);
    m.X(form.has("logout_token"), "back channel: no logout_token");
    const { header, claims } = await checkSigned(m, "logout token", form.get("logout_token"), m.keys, "RS256");
    const { sub, sid } = done.signed.claims;
    checkLogoutToken(m, header, claims, { issuer: m.issuer, clientId: m.client.client_id, sub, sid });
  },
  "oidcc-frontchannel-rp-initiated-logout": async (m) => {
    m.role = "frontchannel";
    const own = `${m.party.origin}/${text(8)}/frontchannel`;
    m.party.serve(m.dynamic ? new URL(own).pathname : "/front/frontchannel", "<!doctype html>", "text/html");
    const done = await signOut(m, (s) => wellDone(m)(s),
      { frontchannel_logout_uri: own, frontchannel_logout_session_required: true });
    await cameBack(m, done);
    const { sid } = done.signed.claims;
    const [request] = m.party.received(new URL(m.client.frontchannel_logout_uri).pathname);
    m.X(request, "frontchannel_logout_uri was not loaded");
    m.F(request.method === "GET", `front channel: ${request.method}`);
    const query = request.url.searchParams;
    m.F(query.get("iss") === m.issuer, `front channel: iss is ${query.get("iss")}`);
    m.F(sid !== undefined && query.get("sid") === sid, `front channel: sid is ${query.get("sid")}`);
    for (const name of query.keys()) m.W(["iss", "sid"].includes(name), `front channel: ${name}`);
  },
};
