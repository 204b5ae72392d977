// Private keys of the relying parties. Made once, by the process that writes the provider's client files; the process
// that signs with them gets them in its environment.

import { generateKeyPairSync } from "node:crypto";

function make(kid, alg, kind, options) {
  const jwk = generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" });
  return { ...jwk, kid, alg, use: "sig" };
}

const EC = { name: "ECDSA", namedCurve: "P-256" };
const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

export const KEYS = process.env.INTEROP_KEYS ? JSON.parse(process.env.INTEROP_KEYS) : {
  strict: make("strict-1", "ES256", "ec", { namedCurve: "P-256" }),
  signed: make("signed-1", "RS256", "rsa", { modulusLength: 2048 }),
  authlib: make("authlib-1", "RS256", "rsa", { modulusLength: 2048 }),
};

/** What the provider may know of a key. */
export function publicSet(jwk) {
  const { d, p, q, dp, dq, qi, ...known } = jwk;
  return { keys: [known] };
}

/** As the libraries for JavaScript want it: with its kid, which is then said in each header. */
export async function signingKey(jwk) {
  const algorithm = jwk.kty === "EC" ? EC : RSA;
  return { key: await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]), kid: jwk.kid };
}
