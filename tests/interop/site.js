// A real Apache with mod_auth_openidc, configured as its documentation says: one page behind a sign-in. A folder, a
// port and processes of its own; nothing of the machine's own Apache is read.

import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { APACHE } from "./clients.js";

const PROGRAM = "/usr/sbin/apache2";
const MODULES = "/usr/lib/apache2/modules";
const USED = ["mpm_event", "authn_core", "authz_core", "authz_user", "dir", "mime", "headers", "include", "filter",
  "ssl", "socache_shmcb", "auth_openidc"];
const START_MS = 20_000;

function configuration(folder, port, { issuer, certificate, key }) {
  return `
ServerRoot "${folder}"
ServerName localhost
Listen 127.0.0.1:${port} https
PidFile "${folder}/run/apache2.pid"
DefaultRuntimeDir "${folder}/run"
Mutex file:${folder}/run
ErrorLog "${folder}/error.log"
LogLevel warn auth_openidc:info
${USED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join("\n")}
# Who started us as root gets the user that Debian has for this.
User www-data
Group www-data
TypesConfig /dev/null
AddType text/html .html
SSLEngine on
SSLCertificateFile "${certificate}"
SSLCertificateKeyFile "${key}"
DocumentRoot "${folder}/pages"

# Node's fetch says that it is a script, and cannot be told otherwise; the module answers scripts with 401.
RequestHeader unset Sec-Fetch-Mode early
RequestHeader unset Sec-Fetch-Dest early
RequestHeader set Accept "text/html" early

OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCCABundlePath "${folder}/ca.pem"
OIDCClientID ${APACHE.client_id}
OIDCClientSecret ${APACHE.client_secret}
OIDCRedirectURI https://localhost:${port}/oidc
OIDCCryptoPassphrase only-for-this-run-0123456789
OIDCScope "${APACHE.scope}"
OIDCPKCEMethod S256

<Location />
  AuthType openid-connect
  Require valid-user
</Location>
<Location /parti.html>
  AuthType none
  Require all granted
</Location>
<Directory "${folder}/pages">
  Options +Includes
  AddOutputFilter INCLUDES .html
</Directory>
`;
}

/** @returns {Promise<{stop(): Promise<void>}>} once it answers */
export async function startSite(port, provider, log) {
  const folder = mkdtempSync(join(tmpdir(), "preau-apache-"));
  // Its processes are another user's than the one who starts it.
  chmodSync(folder, 0o755);
  for (const name of ["pages", "run"]) mkdirSync(join(folder, name), { mode: 0o755 });
  copyFileSync(provider.authority, join(folder, "ca.pem"));
  chmodSync(join(folder, "ca.pem"), 0o644);
  writeFileSync(join(folder, "pages/index.html"), '<main><p id="user"><!--#echo var="REMOTE_USER" --></p>'
    + '<p id="name"><!--#echo var="OIDC_CLAIM_given_name" --></p></main>', { mode: 0o644 });
  writeFileSync(join(folder, "pages/parti.html"), "<main>parti</main>", { mode: 0o644 });
  writeFileSync(join(folder, "apache.conf"), configuration(folder, port, provider), { mode: 0o644 });

  let ended;
  let said = "";
  const child = spawn(PROGRAM, ["-f", join(folder, "apache.conf"), "-D", "FOREGROUND"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.once("error", (error) => { ended = error.message; });
  child.once("exit", (code, signal) => { ended = `it ended with ${code ?? signal}`; });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => { said += chunk; });
  const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });
  const stop = async () => {
    child.kill("SIGTERM");
    for (let n = 0; n < 50 && !ended; n += 1) await wait(100);
    if (!ended) child.kill("SIGKILL");
    const errors = join(folder, "error.log");
    if (existsSync(errors)) copyFileSync(errors, log);
    rmSync(folder, { recursive: true, force: true });
  };
  const began = Date.now();
  while (!existsSync(join(folder, "run/apache2.pid"))) {
    if (ended || Date.now() - began > START_MS) {
      await stop();
      throw new Error(`apache2 does not start (${ended ?? "too slow"}): ${said}; see ${log}`);
    }
    await wait(50);
  }
  return { stop };
}
