// Starts Préau over TLS, then the libraries in a process of their own that trusts our test authority: Node reads
// NODE_EXTRA_CA_CERTS only when it starts.

import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Report } from "../browser/report.js";
import { CLIENTS } from "./clients.js";
import { startProvider } from "./provider.js";

const ARTEFACTS = join(import.meta.dirname, "artefacts");
mkdirSync(ARTEFACTS, { recursive: true });

const report = new Report("interop");
let provider;
let suite;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, async () => {
    suite?.kill("SIGTERM");
    await provider?.stop();
    process.exit(1);
  });
}

provider = await report.check("Préau starts over TLS, with a roster and an open campaign", () =>
  startProvider(join(ARTEFACTS, "provider.log"), { name: "interop", clients: CLIENTS }));
if (!provider) process.exit(report.close());

suite = spawn(process.execPath, [join(import.meta.dirname, "suite.js")], {
  stdio: "inherit",
  env: {
    ...process.env,
    NODE_EXTRA_CA_CERTS: provider.authority,
    INTEROP_ISSUER: provider.issuer,
    INTEROP_PHONES: provider.phones,
  },
});
const code = await new Promise((done) => { suite.once("exit", (status) => done(status ?? 1)); });
await provider.stop();
// The suite has said the sum on its last line.
process.exit(code);
