// openid-client 6, Node 20 et suivants
import * as client from "openid-client";

// Le secret se lit dans l'environnement ; le service l'envoie comme il est inscrit ici.
const config = await client.discovery(new URL({{issuer}}), {{client_id}}, process.env.PREAU_SECRET,
  client[{{authenticate}}](process.env.PREAU_SECRET));

// aller : gardez ce qui est rendu à côté de l'adresse, dans la session de la personne
export async function aller() {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState(), nonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: {{redirect_uri}},
    scope: {{scope}}, state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  return { url, verifier, state, nonce };
}

// retour : l'adresse entière à laquelle la personne revient
export async function retour(requestUrl, { verifier, state, nonce }) {
  const tokens = await client.authorizationCodeGrant(config, requestUrl, {
    pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce,
  });
  return client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
}
