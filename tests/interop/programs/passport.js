// Express with passport-openidconnect, as its README says; and once more with the nine parameters of its `verify`, which
// alone see what userinfo answers.

import express from "express";
import session from "express-session";
import passport from "passport";
import OpenIDConnectStrategy from "passport-openidconnect";
import { CLIENT_ID, CLIENT_SECRET, ISSUER, SECRET, SITE, listen, page } from "./site.js";

const settings = {
  issuer: ISSUER,
  authorizationURL: `${ISSUER}/oauth2/authorize`,
  tokenURL: `${ISSUER}/oauth2/token`,
  userInfoURL: `${ISSUER}/oauth2/userinfo`,
  clientID: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  scope: ["profile", "education"],
};
passport.use("preau", new OpenIDConnectStrategy(
  { ...settings, callbackURL: `${SITE}/oauth2/redirect` },
  (issuer, profile, done) => done(null, { issuer, profile }),
));
passport.use("whole", new OpenIDConnectStrategy(
  { ...settings, callbackURL: `${SITE}/oauth2/whole`, nonce: true },
  (issuer, profile, _idProfile, _context, _idToken, _accessToken, refreshToken, _params, done) =>
    done(null, { issuer, profile, userinfo: profile._json, refreshes: Boolean(refreshToken) }),
));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const application = express();
application.use(session({ secret: SECRET, resave: false, saveUninitialized: false, cookie: { secure: true } }));
application.use(passport.authenticate("session"));
application.get("/login", passport.authenticate("preau"));
application.get("/oauth2/redirect", passport.authenticate("preau", { successRedirect: "/", failureMessage: true }));
application.get("/login/whole", passport.authenticate("whole"));
application.get("/oauth2/whole", passport.authenticate("whole", { successRedirect: "/", failureMessage: true }));
// It has no sign-out at the provider: the application ends its own session and sends the person there.
application.get("/logout", (request, response, next) => {
  request.logout((error) => (error ? next(error) : response.redirect(`${ISSUER}/oauth2/logout?client_id=${CLIENT_ID}`)));
});
application.get("/", (request, response) => { response.send(page(request.user)); });
listen(application);
