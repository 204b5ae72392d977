// Express with Auth.js, as its guide says for a provider that it does not know by name.

import { ExpressAuth, getSession } from "@auth/express";
import express from "express";
import { CLIENT_ID, CLIENT_SECRET, ISSUER, SECRET, listen, page } from "./site.js";

const config = {
  providers: [{
    id: "preau", name: "Préau", type: "oidc", issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET,
  }],
  secret: SECRET,
  trustHost: true,
};
const application = express();
application.set("trust proxy", true);
// "/auth/*" in Express 4.
application.use("/auth", ExpressAuth(config));
application.get("/", async (request, response) => { response.send(page(await getSession(request, config))); });
listen(application);
