// Answers that the provider signs by every algorithm it has and encrypts to a key of the client's, as openid-client
// reads them: ID tokens, userinfo and introspection.

import * as client from "openid-client";
import { assert, assertEqual } from "../browser/report.js";
import { ENCRYPTED_EC, ENCRYPTED_RSA } from "./clients.js";
import { signIn } from "./flow.js";
import { KEYS, decryptionKey } from "./keys.js";

export async function encrypted(report, issuer, person) {
  for (const registered of [ENCRYPTED_EC, ENCRYPTED_RSA]) {
    const { client_id: id, client_secret, jwks, ...metadata } = registered;
    const { id_token_encrypted_response_alg: alg, id_token_encrypted_response_enc: enc } = registered;
    const signed = [metadata.id_token_signed_response_alg, metadata.userinfo_signed_response_alg,
      metadata.introspection_signed_response_alg];
    await report.check(`openid-client: ${signed.join(", ")} in ${alg} with ${enc}`, async () => {
      const configuration = await client.discovery(new URL(issuer), id, { ...metadata, client_secret },
        client.ClientSecretPost(client_secret), { execute: [client.enableNonRepudiationChecks] });
      client.enableDecryptingResponses(configuration, [enc], await decryptionKey(KEYS[id]));
      const { tokens, claims } = await signIn(configuration, registered, person);
      assertEqual(tokens.id_token.split(".").length, 5, "parts of the ID token");
      const info = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
      assertEqual(info.given_name, person.parent.prenom, "given_name");
      const said = await client.tokenIntrospection(configuration, tokens.access_token);
      assertEqual(said.active, true, "active");
      assertEqual(said.sub, claims.sub, "sub");
    });
  }
  await report.check("openid-client: with another key it cannot be read", async () => {
    const { client_id: id, client_secret, jwks, ...metadata } = ENCRYPTED_EC;
    const configuration = await client.discovery(new URL(issuer), id, { ...metadata, client_secret },
      client.ClientSecretPost(client_secret));
    const curve = { name: "ECDH", namedCurve: "P-256" };
    const { privateKey } = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
    client.enableDecryptingResponses(configuration, [ENCRYPTED_EC.id_token_encrypted_response_enc],
      { key: privateKey, alg: "ECDH-ES", kid: KEYS[id].kid });
    const error = await signIn(configuration, ENCRYPTED_EC, person).then(() => undefined, (caught) => caught);
    assert(error, "it was read");
    assertEqual(error.code, "OAUTH_DECRYPTION_FAILED", `code (${error.message})`);
  });
}
