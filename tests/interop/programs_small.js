// The programs of npm and PyPI, part of every run.

import { resolve } from "node:path";
import { assert, assertEqual } from "../browser/report.js";
import { Visitor, assertSent, started, use } from "./programs.js";

const PYTHON = process.env.PREAU_TEST_PYTHON ?? resolve(import.meta.dirname, "../../.venv/bin/python");
/** Their files in config/examples/clients. */
export const SMALL = ["passport-openidconnect", "authjs", "express-openid-connect", "mozilla-django-oidc",
  "python-social-auth"];

async function passport(report, program, first) {
  const name = "passport-openidconnect";
  await use(report, program, [process.execPath, "passport.js"], async () => {
    await report.check(`${name}: its README's lines sign in, and know the name`, async () => {
      const visitor = new Visitor(program, first.elsewhere());
      const { profile } = await visitor.enter("/login");
      assertSent(visitor, { pkce: false, nonce: false });
      assertEqual(profile.name?.givenName, first.parent.prenom, "given name");
    });
    const visitor = new Visitor(program, first.elsewhere());
    await report.step(`${name}: nonce, userinfo and a refresh token with nine parameters`, async () => {
      const { userinfo, refreshes } = await visitor.enter("/login/whole");
      assertSent(visitor, { pkce: false, nonce: true });
      assertEqual(userinfo.children?.[0]?.given_name, first.parent.child.prenom, "child");
      assert(refreshes, "no refresh token");
    });
    await report.check(`${name}: the site ends its session and sends the person to the provider`, async () => {
      await visitor.leave("/logout");
      assert(!(await visitor.isIn("/")), "still signed in at the site");
    });
  });
}

async function authjs(report, program, first) {
  await use(report, program, [process.execPath, "authjs.js"], async () => {
    const visitor = new Visitor(program, first.elsewhere());
    await report.step("Auth.js: its page's button signs in, and the session has the name", async () => {
      await visitor.browser.open(`${program.site}/auth/signin`);
      const session = await visitor.press('form[action$="/auth/signin/preau"] button');
      assertSent(visitor, { pkce: true, nonce: false });
      assertEqual(session.user?.name?.startsWith(first.parent.prenom), true, `name in ${JSON.stringify(session)}`);
    });
    await report.check("Auth.js: signs out at the site", async () => {
      await visitor.browser.open(`${program.site}/auth/signout`);
      await visitor.browser.submit('form[action$="/auth/signout"] button');
      assert(!(await visitor.isIn("/")), "still signed in at the site");
    });
  });
}

async function expressOpenidConnect(report, program, first) {
  const name = "express-openid-connect";
  await use(report, program, [process.execPath, "express_openid_connect.js"], async () => {
    await report.check(`${name}: its README's lines sign in by form_post, and sign out at the provider`, async () => {
      const visitor = new Visitor(program, first.elsewhere());
      const { claims } = await visitor.enter("/");
      assertEqual(visitor.request.get("response_type"), "id_token", "response_type");
      assertEqual(claims.given_name, first.parent.prenom, "given_name");
      await visitor.leave("/logout", "");
    });
    const visitor = new Visitor(program, first.elsewhere());
    await report.step(`${name}, code: sign-in and userinfo`, async () => {
      const { userinfo } = await visitor.enter("/code");
      assertSent(visitor, { pkce: true, nonce: true });
      assertEqual(userinfo.children?.[0]?.given_name, first.parent.child.prenom, "child");
    });
    await report.check(`${name}, code: refresh`, async () => {
      assert((await visitor.look("/code/refresh")).changed, "the access token is the old one");
    });
    await report.check(`${name}, code: a sign-out elsewhere ends its session by the back channel`, () =>
      visitor.isToldToLeave("/code"));
    await report.check(`${name}, code: signs out at the site and at the provider`, async () => {
      await visitor.enter("/code");
      await visitor.leave("/code/logout", "/code");
    });
  });
}

async function mozilla(report, program, first) {
  const name = "mozilla-django-oidc";
  await use(report, program, [PYTHON, "mozilla_django_oidc_party.py"], async () => {
    const visitor = new Visitor(program, first.elsewhere());
    await report.step(`${name}: sign-in and userinfo`, async () => {
      const got = await visitor.enter("/oidc/authenticate/");
      assertSent(visitor, { pkce: false, nonce: true });
      assertEqual(got.name, first.parent.prenom, "given name");
      assertEqual(got.userinfo.children?.[0]?.given_name, first.parent.child.prenom, "child");
    });
    await report.check(`${name}: renews by prompt=none`, async () => {
      await new Promise((done) => { setTimeout(done, 2_100); });
      visitor.person.asked = false;
      const got = await visitor.enter("/");
      assertEqual(visitor.request.get("prompt"), "none", "prompt");
      assert(!visitor.person.asked, "asked again");
      assertEqual(got.name, first.parent.prenom, "given name");
    });
    await report.check(`${name}: signs out at the site and at the provider`, async () => {
      await visitor.leave("/oidc/logout/", "/parti");
      assert(!(await visitor.isIn("/")), "still signed in at the site");
    });
  });
}

async function social(report, program, first) {
  const name = "python-social-auth";
  await use(report, program, [PYTHON, "social_auth_party.py"], async () => {
    const visitor = new Visitor(program, first.elsewhere());
    await report.step(`${name}: sign-in and userinfo`, async () => {
      await visitor.browser.open(`${program.site}/`);
      const got = await visitor.press("#enter");
      assertSent(visitor, { pkce: false, nonce: true });
      assertEqual(got.name, first.parent.prenom, "given name");
      assertEqual(got.userinfo.children?.[0]?.given_name, first.parent.child.prenom, "child");
    });
    await report.check(`${name}: refresh`, async () => {
      assert((await visitor.look("/refresh")).changed, "the access token is the old one");
    });
    await report.check(`${name}: the site ends its session and sends the person to the provider`, async () => {
      await visitor.leave("/leave");
      assert(!(await visitor.isIn("/")), "still signed in at the site");
    });
  });
}

export async function small(report, first) {
  await passport(report, started("passport-openidconnect"), first);
  await authjs(report, started("authjs"), first);
  await expressOpenidConnect(report, started("express-openid-connect"), first);
  await mozilla(report, started("mozilla-django-oidc"), first);
  await social(report, started("python-social-auth"), first);
}
