// The programs in Go and Java: a stage of their own (`tests/run programs`), because they are built from their sources.

import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { assert, assertEqual } from "../browser/report.js";
import { keycloak } from "./keycloak.js";
import { PROGRAMS, Visitor, assertSent, started, use } from "./programs.js";
import { settingsFile } from "./settings.js";

/** Their files in config/examples/clients. */
export const LARGE = ["oauth2-proxy", "spring-security", "pac4j", "keycloak"];

const ARTEFACTS = join(import.meta.dirname, "artefacts");
const run = promisify(execFile);

/** Runs a builder in the program's folder, which has nothing of an earlier run; its last words are the error. */
async function build(folder, command, words) {
  rmSync(join(PROGRAMS, folder, "target"), { recursive: true, force: true });
  try {
    await run(command, words, { cwd: join(PROGRAMS, folder), maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    throw new Error(`${command}: ${`${error.stdout}\n${error.stderr}`.trim().split("\n").slice(-12).join("\n")}`);
  }
}

/** Why a program cannot be built here, if so: tests/support/install.sh looked before. */
const lacks = (name) => process.env[`INTEROP_LACKS_${name}`];

/** A store for Java with our test authority. */
async function trust() {
  const store = join(ARTEFACTS, "authority.p12");
  rmSync(store, { force: true });
  await run("keytool", ["-importcert", "-noprompt", "-alias", "preau", "-file", process.env.NODE_EXTRA_CA_CERTS,
    "-keystore", store, "-storetype", "PKCS12", "-storepass", "changeit"]);
  return [`-Djavax.net.ssl.trustStore=${store}`, "-Djavax.net.ssl.trustStorePassword=changeit", "-Xmx256m"];
}

async function proxy(report, program, first) {
  const name = "oauth2-proxy";
  if (lacks("GO")) return report.skip(name, lacks("GO"));
  const binary = join(ARTEFACTS, "oauth2-proxy");
  const words = ["build", "-o", binary, "github.com/oauth2-proxy/oauth2-proxy/v7"];
  await report.step(`${name}: builds`, () => build("oauth2-proxy", "go", words));
  const { site, client_id, secret } = program;
  const { INTEROP_ISSUER: issuer, INTEROP_CERTIFICATE: certificate, INTEROP_KEY: key } = process.env;
  const left = `${issuer}/oauth2/logout?id_token_hint={id_token}`;
  // What the console shows; on the command line stands what is of this machine, and what the checks below want.
  const settings = settingsFile(client_id, "oauth2-proxy", "oauth2-proxy.cfg");
  return use(report, program, [
    binary, `--config=${settings}`, "--upstream=static://200", "--cookie-secret=0123456789abcdef0123456789abcdef",
    "--cookie-refresh=1s", "--skip-provider-button", `--provider-ca-file=${process.env.NODE_EXTRA_CA_CERTS}`,
    `--https-address=localhost:${new URL(site).port}`, `--tls-cert-file=${certificate}`, `--tls-key-file=${key}`,
    "--http-address=-", `--whitelist-domain=${new URL(issuer).host}`, `--backend-logout-url=${left}`,
  ], async () => {
    const visitor = new Visitor(program, first.elsewhere());
    await report.step(`${name}, by the console's settings: sign-in`, async () => {
      await visitor.arrive("/");
      assertSent(visitor, { pkce: true, nonce: false });
      assertEqual(visitor.browser.status, 200, "status");
    });
    await report.check(`${name}: knows the person by sub, and refreshes`, async () => {
      await new Promise((done) => { setTimeout(done, 1_500); });
      await visitor.browser.open(`${site}/oauth2/userinfo`);
      assertEqual(visitor.browser.status, 200, "status");
      assert(JSON.parse(visitor.browser.page.textContent).user.length > 10, visitor.browser.page.textContent);
    });
    await report.check(`${name}: signs out at the site; its own call ends nothing at the provider`, async () => {
      await visitor.browser.open(`${site}/oauth2/sign_out`, { stop: `${issuer}/` });
      visitor.person.asked = false;
      await visitor.arrive("/");
      assert(!visitor.person.asked, "asked again");
    });
    await report.check(`${name}: signs out at the site and, by rd=, at the provider`, async () => {
      const end = `${issuer}/oauth2/logout?client_id=${client_id}`;
      await visitor.leave(`/oauth2/sign_out?rd=${encodeURIComponent(end)}`);
      const asked = await visitor.browser.open(`${site}/`, { stop: `${issuer}/oauth2/authorize?` });
      assert(asked, "still signed in at the site");
    });
  }, { OAUTH2_PROXY_CLIENT_SECRET: secret });
}

async function spring(report, program, first) {
  const name = "Spring Security";
  if (lacks("JAVA")) return report.skip(name, lacks("JAVA"));
  await report.step(`${name}: builds`, () => build("spring", "mvn", ["-q", "-B", "-DskipTests", "package"]));
  const jar = join(PROGRAMS, "spring/target/party.jar");
  // Read after its application.yml, which has no client of its own.
  const settings = `--spring.config.additional-location=file:${settingsFile(program.client_id, "spring", "spring.yml")}`;
  return use(report, program, ["java", ...await trust(), "-jar", jar, settings], async () => {
    const visitor = new Visitor(program, first.elsewhere());
    await report.step(`${name}, client, by the console's settings: sign-in and userinfo`, async () => {
      const { idToken, claims } = await visitor.enter("/");
      assertSent(visitor, { pkce: false, nonce: true });
      assertEqual(claims.given_name, first.parent.prenom, "given_name");
      assertEqual(claims.children?.[0]?.given_name, first.parent.child.prenom, "child");
      assert(!("children" in idToken), "the ID token has them");
    });
    await report.check(`${name}, client: refresh; resource server: takes the access token`, async () => {
      const { token } = await visitor.look("/token");
      const again = await visitor.look("/token");
      assert(token !== again.token, "the access token is the old one");
      const answer = await fetch(`${program.site}/api/me`, { headers: { Authorization: `Bearer ${again.token}` } });
      assertEqual(answer.status, 200, `status (${answer.headers.get("www-authenticate")})`);
      assert((await answer.json()).sub, "no sub");
    });
    await report.check(`${name}, client: a sign-out elsewhere ends its session by the back channel`, () =>
      visitor.isToldToLeave("/"));
    await report.check(`${name}, client: signs out at the site and at the provider`, async () => {
      await visitor.enter("/");
      await visitor.browser.open(`${program.site}/logout`);
      const end = `${process.env.INTEROP_ISSUER}/oauth2/logout`;
      await visitor.leave("/logout", "", await visitor.browser.submit('form[action="/logout"] button', {}, end));
    });
  }, { PREAU_SECRET: program.secret });
}

async function pac4j(report, program, first) {
  const name = "pac4j";
  if (lacks("JAVA")) return report.skip(name, lacks("JAVA"));
  await report.step(`${name}: builds`, () => build("pac4j", "mvn", ["-q", "-B", "-DskipTests", "package"]));
  const path = [join(PROGRAMS, "pac4j/target/party.jar"), join(PROGRAMS, "pac4j/target/lib/*")].join(":");
  return use(report, program, ["java", ...await trust(), "-cp", path, "preau.Party"], async () => {
    const visitor = new Visitor(program, first.elsewhere());
    await report.step(`${name}: sign-in and userinfo`, async () => {
      const profile = await visitor.enter("/");
      assertSent(visitor, { pkce: true, nonce: false });
      assertEqual(profile.given_name, first.parent.prenom, "given_name");
      assert(profile.children.includes(first.parent.child.prenom), `children: ${profile.children}`);
    });
    await report.check(`${name}: a sign-out elsewhere ends its session by the back channel`, () =>
      visitor.isToldToLeave("/"));
    await report.check(`${name}: signs out at the site and at the provider`, async () => {
      await visitor.enter("/");
      await visitor.leave("/logout", "/parti");
    });
  });
}

async function relay(report, program, first) {
  if (lacks("JAVA")) return report.skip("Keycloak", lacks("JAVA"));
  await report.step("Keycloak: is unpacked", () => build("keycloak", "mvn", ["-q", "-B", "package"]));
  return keycloak(report, program, first, await trust());
}

export async function big(report, first) {
  const all = [["oauth2-proxy", proxy], ["spring-security", spring], ["pac4j", pac4j], ["keycloak", relay]];
  for (const [name, program] of all) {
    await report.scenario(name, () => program(report, started(name), first));
  }
}
