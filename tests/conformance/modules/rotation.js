// The operator changes the keys.

import { call, makeKey, setUp, sign, signIn } from "../flow.js";

export default {
  "oidcc-server-rotate-keys": async (m) => {
    await setUp(m);
    const before = m.keys.keys;
    m.preau("keys", "rotate");
    // A server reads the key ring again when it meets a kid that it does not know, or after a minute.
    const stranger = await sign(await makeKey("ES256"), { iss: m.issuer }, { typ: "at+jwt" });
    const signs = ({ keys }) => keys.filter(({ alg }) => alg === "RS256");
    const isNew = (key) => before.every(({ kid, n }) => kid !== key.kid && n !== key.n);
    const end = Date.now() + 65_000;
    let after;
    do {
      await new Promise((done) => { setTimeout(done, 1000); });
      await call(m.server.userinfo_endpoint, { headers: { Authorization: `Bearer ${stranger}` } });
      after = (await call(m.server.jwks_uri)).json;
    } while (!signs(after).some(isNew) && Date.now() < end);
    m.F(signs(after).some(isNew), "JWKS: no new key");
    // The suite compares RSA and EC keys, and ends at any other.
    for (const { kid, kty } of after.keys) m.F(["RSA", "EC"].includes(kty), `JWKS: ${kid} is of kty ${kty}`);
    m.W(before.every(({ kid }) => after.keys.some((key) => key.kid === kid)), "JWKS: the old key is gone");
    m.keys = after;
    await signIn(m);
  },
};
