// Starts Préau over TLS and two sites behind Apache, then the libraries in a process of their own that trusts our test
// authority: Node reads NODE_EXTRA_CA_CERTS only when it starts.
//
//   run.js             libraries, Apache, and the programs of npm and PyPI
//   run.js programs    the programs in Go and Java, which take longer to build than all others to test

import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Report } from "../browser/report.js";
import { APACHE, APACHE_KEY, CLIENTS, SPA, SPA_DPOP, atApp, atSite } from "./clients.js";
import { KEYS } from "./keys.js";
import { LARGE } from "./programs_large.js";
import { SMALL } from "./programs_small.js";
import { example } from "./programs.js";
import { freePort, startProvider } from "./provider.js";
import { LARGE_SETTINGS, SMALL_SETTINGS, printed } from "./settings.js";
import { startApache } from "./site.js";
import { upstreamFiles } from "./upstream.js";

const ARTEFACTS = join(import.meta.dirname, "artefacts");
mkdirSync(ARTEFACTS, { recursive: true });

const large = process.argv[2] === "programs";
const report = new Report(large ? "programs" : "interop");
let provider;
let apache;
let suite;
const stop = async () => {
  await apache?.stop();
  await provider?.stop();
};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, async () => {
    suite?.kill("SIGTERM");
    await stop();
    process.exit(1);
  });
}

const ports = [await freePort(), await freePort()];
const sites = ports.map((port) => `https://localhost:${port}`);
const app = `https://localhost:${await freePort()}`;
const academies = { plain: `https://localhost:${await freePort()}`, fapi: `https://localhost:${await freePort()}` };
const programs = await Promise.all((large ? LARGE : SMALL).map(example));
provider = await report.check("Préau starts over TLS, with a roster and an open campaign", () =>
  startProvider(join(ARTEFACTS, "provider.log"), {
    name: report.name,
    files: programs,
    upstreams: upstreamFiles(academies),
    // Between them the clients have every algorithm.
    keys: 'algorithms = ["RS256", "ES256", "PS256", "EdDSA"]\n',
    clients: [
      ...CLIENTS, atSite(APACHE, sites[0]), atSite(APACHE_KEY, sites[1]), atApp(SPA, app), atApp(SPA_DPOP, app),
    ],
    // The sites are on this machine. Every proof must hold a nonce of the server's: the libraries know how.
    more: (authority) => `
[outgoing]
allow_private = true
ca = ${JSON.stringify(authority)}

[protocol]
dpop_nonce_required = true
`,
  }));
if (!provider) process.exit(report.close());
const settings = await report.check("the console's settings are printed", () =>
  printed(provider, large ? LARGE_SETTINGS : SMALL_SETTINGS));
if (!large) {
  apache = await report.check("Apache with mod_auth_openidc starts", () =>
    startApache(ports, provider, join(ARTEFACTS, "apache.log")));
}

suite = spawn(process.execPath, [join(import.meta.dirname, large ? "programs_suite.js" : "suite.js")], {
  stdio: "inherit",
  env: {
    ...process.env,
    NODE_EXTRA_CA_CERTS: provider.authority,
    INTEROP_ISSUER: provider.issuer,
    INTEROP_PHONES: provider.phones,
    INTEROP_KEYS: JSON.stringify(KEYS),
    INTEROP_PROGRAMS: JSON.stringify(programs),
    INTEROP_SETTINGS: JSON.stringify(settings ?? []),
    INTEROP_SITES: apache ? sites.join(" ") : "",
    INTEROP_APP: app,
    INTEROP_ACADEMIES: JSON.stringify(academies),
    INTEROP_CERTIFICATE: provider.certificate,
    INTEROP_KEY: provider.key,
    // The checks made here; the suite says the sum on its last line.
    INTEROP_BEFORE: JSON.stringify({ passed: report.passed, failures: report.failures }),
  },
});
const code = await new Promise((done) => { suite.once("exit", (status) => done(status ?? 1)); });
await stop();
process.exit(code);
