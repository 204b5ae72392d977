// Starts Préau over TLS with the relying parties of the suite, then the suite in a process of its own that trusts our
// test authority: Node reads NODE_EXTRA_CA_CERTS only when it starts.

import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Report } from "../browser/report.js";
import { freePort, startProvider } from "../interop/provider.js";
import { SCHOOL } from "../interop/roster.js";
import { makeFapiKeys, staticClients } from "./clients.js";
import { PARENTS } from "./people.js";

const ARTEFACTS = join(import.meta.dirname, "artefacts");
rmSync(ARTEFACTS, { recursive: true, force: true });
mkdirSync(ARTEFACTS, { recursive: true });

const report = new Report("conformance");
let provider;
let suite;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, async () => {
    suite?.kill("SIGTERM");
    await provider?.stop();
    process.exit(1);
  });
}

const keys = await makeFapiKeys();
const mailPort = await freePort();
const party = `https://localhost:${await freePort()}`;
provider = await report.check("Préau starts over TLS, with the relying parties of the suite", () =>
  startProvider(join(ARTEFACTS, "provider.log"), {
    name: "conformance",
    parents: PARENTS,
    clients: Object.values(staticClients(party, keys)),
    // The relying party of the tests is on this machine.
    more: (authority) => `\n[mail]\ngateway = "smtp"\nfrom = "preau@localhost.example"\n[mail.smtp]\n`
      + `url = "smtp://127.0.0.1:${mailPort}"\n[outgoing]\nallow_private = true\nca = ${JSON.stringify(authority)}\n`,
  }));
if (!provider) process.exit(report.close());

/** What lets the dynamic plans register. Where there is none, their modules say so. */
function initialToken() {
  try {
    const words = ["client", "token", "new", "--academy", SCHOOL.academy, "--uses", "1000", "--approves"];
    return /not shown again: (\S+)/.exec(provider.run(...words))[1];
  } catch (error) {
    console.log(`no initial access token: ${error.message.slice(0, 300)}`);
    return "";
  }
}

suite = spawn(process.execPath, [join(import.meta.dirname, "suite.js"), ...process.argv.slice(2)], {
  stdio: "inherit",
  env: {
    ...process.env,
    NODE_EXTRA_CA_CERTS: provider.authority,
    CONFORMANCE_ISSUER: provider.issuer,
    CONFORMANCE_PHONES: provider.phones,
    CONFORMANCE_MAIL_PORT: String(mailPort),
    CONFORMANCE_PARTY: party,
    CONFORMANCE_CERTIFICATE: provider.certificate,
    CONFORMANCE_KEY: provider.key,
    CONFORMANCE_CONFIG: provider.configuration,
    CONFORMANCE_TOKEN: initialToken(),
    CONFORMANCE_KEYS: JSON.stringify(keys),
  },
});
const code = await new Promise((done) => { suite.once("exit", (status) => done(status ?? 1)); });
await provider.stop();
// The suite has said the sum on its last line.
process.exit(code);
