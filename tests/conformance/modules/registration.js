// What a client registers, and what becomes of it.

import { checkRegistrationRefusal } from "../checks.js";
import { call, makeKey, registrationOf, setUp, signIn, text, tryRegister, userinfo } from "../flow.js";

/** Registration that must be refused. */
async function refused(m, more, { warns = [], fails = [] }) {
  await setUp(m);
  const answer = await tryRegister(m, await registrationOf(m, more));
  if (answer.status === 201) m.registered.push(answer.json);
  checkRegistrationRefusal(m, answer);
  if (warns.length > 0) m.W(warns.includes(answer.json?.error), `registration refusal: error is ${answer.json?.error}`);
  if (fails.length > 0) m.F(fails.includes(answer.json?.error), `registration refusal: error is ${answer.json?.error}`);
}

/** A page before the answer shows a link to the address. */
const showsLink = (name) => async (m) => {
  const uri = `${m.party.origin}/${text(8)}/${name}`;
  await setUp(m, { [name]: uri });
  await signIn(m, { scope: "openid profile" });
  const page = m.agent.pages.find(({ html }) => html.includes(`href="${uri}"`));
  m.page(name, page, `no page links to ${name}`, page?.html ?? m.agent.signInPage());
};

function needsPairwise(m) {
  if (!m.server.subject_types_supported?.includes("pairwise")) m.S("pairwise is not supported");
}

/** A PNG of one transparent point: no picture of a page of ours is so small. */
const LOGO = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

/** Width and height of a PNG, as its first chunk says them; undefined for anything else. */
const size = (bytes) =>
  bytes.subarray(0, 8).equals(LOGO.subarray(0, 8)) ? bytes.subarray(16, 24).toString("hex") : undefined;

/** Whether the page has the picture, by whatever address, and drawn anew or not. */
async function hasPicture(html, url) {
  for (const [, source] of html.matchAll(/<img[^>]*\bsrc="([^"]+)"/g)) {
    const answer = await fetch(new URL(source.replaceAll("&amp;", "&"), url));
    if (answer.ok && size(Buffer.from(await answer.arrayBuffer())) === size(LOGO)) return true;
  }
  return false;
}

export default {
  "oidcc-redirect-uri-regfrag": (m) => refused(m, { redirect_uris: [`${m.party.origin}/${text(8)}/retour#foobar`] },
    { warns: ["invalid_redirect_uri", "invalid_client_metadata"] }),
  "oidcc-registration-logo-uri": async (m) => {
    const uri = m.party.serve(`/${text(8)}/logo.png`, LOGO, "image/png");
    await setUp(m, { logo_uri: uri });
    await signIn(m);
    let found;
    for (const page of m.agent.pages) if (await hasPicture(page.html, page.url)) found ??= page;
    m.page("logo", found, "no page shows the logo", found?.html ?? m.agent.signInPage());
  },
  "oidcc-registration-policy-uri": showsLink("policy_uri"),
  "oidcc-registration-tos-uri": showsLink("tos_uri"),
  "oidcc-registration-jwks-uri": async (m) => {
    const key = await makeKey();
    const path = `/${text(10)}/jwks`;
    const uri = m.party.serve(path, { keys: [key.publicJwk] });
    await setUp(m, { token_endpoint_auth_method: "private_key_jwt", jwks_uri: uri, privateKeys: [key] });
    await signIn(m);
    m.F(m.party.received(path).length > 0, "jwks_uri was not fetched");
  },
  "oidcc-registration-sector-uri": async (m) => {
    const redirect = `${m.party.origin}/${text(8)}/retour`;
    const sector = m.party.serve(`/${text(8)}/sector.json`, [redirect]);
    await setUp(m, { redirect_uris: [redirect], sector_identifier_uri: sector, subject_type: "pairwise" });
    needsPairwise(m);
    const signed = await signIn(m);
    if (signed.accessToken) await userinfo(m, signed);
  },
  "oidcc-registration-sector-bad": async (m) => {
    const sector = m.party.serve(`/${text(8)}/sector.json`, [`${m.party.origin}/another`]);
    await refused(m, { sector_identifier_uri: sector, subject_type: "pairwise" }, { warns: ["invalid_client_metadata"] });
    needsPairwise(m);
  },
  "oidcc-3rd_party-init-login": async (m) => {
    const uri = `${m.party.origin}/${text(8)}/login`;
    await setUp(m, { initiate_login_uri: uri });
    m.F(m.client.initiate_login_uri === uri, "registration: initiate_login_uri is not what was sent");
    m.X(m.client.registration_client_uri, "registration: no registration_client_uri");
    const answer = await call(m.client.registration_client_uri, {
      headers: { Authorization: `Bearer ${m.client.registration_access_token}` },
    });
    m.X(answer.status === 200, `client configuration: status ${answer.status}`);
    m.F(/^application\/json\b/.test(answer.type), `client configuration: type ${answer.type}`);
    m.F(answer.json?.initiate_login_uri === uri, "client configuration: initiate_login_uri is not what was sent");
  },
  "oidcc-3rd_party-init-login-nohttps": (m) => refused(m,
    { initiate_login_uri: `${m.party.origin.replace("https:", "http:")}/${text(8)}/login` },
    { fails: ["invalid_client_metadata"] }),
};
