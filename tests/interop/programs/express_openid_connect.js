// express-openid-connect, as its README says: an ID token by form_post; and at /code the same with a secret, for
// userinfo and refresh tokens, told of sign-outs by the back channel.

import express from "express";
import session from "express-session";
import openid from "express-openid-connect";
import { CLIENT_ID, CLIENT_SECRET, ISSUER, SECRET, SITE, listen, page } from "./site.js";

const { auth, requiresAuth } = openid;
const settings = { issuerBaseURL: ISSUER, clientID: CLIENT_ID, secret: SECRET, authRequired: false, idpLogout: true };
const simple = express.Router();
simple.use(auth({ ...settings, baseURL: SITE, session: { name: "simple" }, transactionCookie: { name: "simple-tx" } }));
simple.get("/", requiresAuth(), (request, response) => {
  response.send(page({ claims: request.oidc.idTokenClaims }));
});

const code = express.Router();
code.use(auth({
  ...settings,
  baseURL: `${SITE}/code`,
  clientSecret: CLIENT_SECRET,
  authorizationParams: { response_type: "code", scope: "openid profile education" },
  session: { name: "code" },
  transactionCookie: { name: "code-tx" },
  backchannelLogout: { store: new session.MemoryStore() },
}));
code.get("/", requiresAuth(), async (request, response) => {
  response.send(page({ claims: request.oidc.idTokenClaims, userinfo: await request.oidc.fetchUserInfo() }));
});
code.get("/refresh", requiresAuth(), async (request, response) => {
  const before = request.oidc.accessToken.access_token;
  const after = (await request.oidc.accessToken.refresh()).access_token;
  response.send(page({ changed: before !== after, userinfo: await request.oidc.fetchUserInfo() }));
});

const application = express();
application.use("/code", code);
application.use("/", simple);
listen(application);
