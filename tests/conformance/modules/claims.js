// Userinfo, nonce, scopes and the `claims` parameter.

import { checkClaimTypes, checkRefusal, checkSigned } from "../checks.js";
import { ask, call, read, setUp, signIn, text, told, userinfo } from "../flow.js";

const CLAIMS = {
  profile: ["name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
    "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"],
  email: ["email", "email_verified"],
  address: ["address"],
  phone: ["phone_number", "phone_number_verified"],
};

const asksUserinfo = (way) => async (m) => {
  await setUp(m);
  await userinfo(m, await signIn(m), way);
};

const asksScopes = (...scopes) => async (m) => {
  await setUp(m);
  const lacking = scopes.filter((scope) => !m.server.scopes_supported?.includes(scope));
  if (lacking.length > 0) m.S(`scopes_supported has no ${lacking.join(", ")}`);
  const signed = await signIn(m, { scope: ["openid", ...scopes].join(" ") });
  const claims = await told(m, signed);
  for (const name of scopes.flatMap((scope) => CLAIMS[scope])) m.W(name in claims, `${name} is not told`);
  if (scopes.includes("email") && signed.accessToken) {
    m.W(!("email" in signed.claims), "ID token: email although an access token is issued");
  }
};

export default {
  "oidcc-userinfo-get": asksUserinfo("get"),
  "oidcc-userinfo-post-header": asksUserinfo("post-header"),
  "oidcc-userinfo-post-body": asksUserinfo("post-body"),
  "oidcc-userinfo-rs256": async (m) => {
    await setUp(m, { userinfo_signed_response_alg: "RS256" });
    m.F(m.server.userinfo_signing_alg_values_supported?.includes("RS256"),
      "discovery: no RS256 in userinfo_signing_alg_values_supported");
    const { accessToken, claims: { sub } } = await signIn(m);
    const answer = await call(m.server.userinfo_endpoint, { headers: { Authorization: `Bearer ${accessToken}` } });
    m.X(answer.status === 200, `userinfo: status ${answer.status}`);
    m.F(/^application\/jwt\b/.test(answer.type), `userinfo: type ${answer.type}`);
    const { claims } = await checkSigned(m, "userinfo", answer.text, m.keys, "RS256");
    m.F(claims.sub === sub, `userinfo: sub is ${claims.sub}`);
    m.W(claims.iss === m.issuer, `userinfo: iss is ${claims.iss}`);
    m.W([claims.aud].flat().includes(m.client.client_id), `userinfo: aud is ${claims.aud}`);
    m.W(claims.exp === undefined || claims.exp > Date.now() / 1000, `userinfo: exp is ${claims.exp}`);
    m.F(!("nonce" in claims), "userinfo: nonce");
    checkClaimTypes(m, "userinfo", claims);
  },
  "oidcc-ensure-request-without-nonce-succeeds-for-code-flow": async (m) => {
    await setUp(m);
    await signIn(m, { nonce: undefined });
  },
  "oidcc-ensure-request-without-nonce-fails": async (m) => {
    await setUp(m);
    const asked = await ask(m, { nonce: undefined, state: text(384) });
    if (!asked.arrival) {
      m.page("refused", m.agent.refuses(), "not the page of a refused request");
      return;
    }
    checkRefusal(m, read(m, asked), asked.sent, m.issuer, ["invalid_request"]);
  },
  "oidcc-scope-profile": asksScopes("profile"),
  "oidcc-scope-email": asksScopes("email"),
  "oidcc-scope-address": asksScopes("address"),
  "oidcc-scope-phone": asksScopes("phone"),
  "oidcc-scope-all": asksScopes("profile", "email", "address", "phone"),
  "oidcc-claims-essential": async (m) => {
    await setUp(m);
    const place = m.responseType === "id_token" ? "id_token" : "userinfo";
    const signed = await signIn(m, { claims: JSON.stringify({ [place]: { name: { essential: true } } }) });
    m.W("name" in (await told(m, signed)), `name is not told in ${place}`);
    if (place === "userinfo") m.W(!("name" in signed.claims), "ID token: name although it was asked for in userinfo");
  },
};
