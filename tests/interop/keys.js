// Private keys of the relying parties. Made once, by the process that writes the provider's client files; the process
// that signs with them gets them in its environment.

import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";

function make(kid, alg, kind, options, use = "sig") {
  const jwk = generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" });
  return { ...jwk, kid, alg, use };
}

const EC = { name: "ECDSA", namedCurve: "P-256" };
const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

export const KEYS = process.env.INTEROP_KEYS ? JSON.parse(process.env.INTEROP_KEYS) : {
  strict: make("strict-1", "ES256", "ec", { namedCurve: "P-256" }),
  signed: make("signed-1", "RS256", "rsa", { modulusLength: 2048 }),
  authlib: make("authlib-1", "RS256", "rsa", { modulusLength: 2048 }),
  apache: make("apache-1", "RS256", "rsa", { modulusLength: 2048 }),
  "encrypted-ec": make("encrypted-ec-1", "ECDH-ES", "ec", { namedCurve: "P-256" }, "enc"),
  "encrypted-rsa": make("encrypted-rsa-1", "RSA-OAEP-256", "rsa", { modulusLength: 2048 }, "enc"),
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

/** What the provider encrypts to the client is read with it. */
export async function decryptionKey(jwk) {
  const [algorithm, usages] = jwk.kty === "EC"
    ? [{ name: "ECDH", namedCurve: "P-256" }, ["deriveBits"]]
    : [{ name: "RSA-OAEP", hash: "SHA-256" }, ["decrypt", "unwrapKey"]];
  return { key: await crypto.subtle.importKey("jwk", jwk, algorithm, false, usages), alg: jwk.alg, kid: jwk.kid };
}

/** As programs want it that read files. */
export function toPem(jwk) {
  return createPrivateKey({ key: jwk, format: "jwk" }).export({ type: "pkcs8", format: "pem" });
}

export function toPublicPem(jwk) {
  return createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "pem" });
}
