// A real Apache with mod_auth_openidc: two sites with one page behind a sign-in, one by the very settings that the console
// shows, one by a key, as its documentation says.
// A folder, ports and processes of its own; nothing of the machine's own Apache is read.

import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { APACHE, APACHE_KEY } from "./clients.js";
import { KEYS, toPem, toPublicPem } from "./keys.js";

const PROGRAM = "/usr/sbin/apache2";
const MODULES = "/usr/lib/apache2/modules";
const USED = ["mpm_event", "authn_core", "authz_core", "authz_user", "dir", "mime", "headers", "include", "filter",
  "ssl", "socache_shmcb", "auth_openidc"];
const START_MS = 20_000;

// 2.4.12 crashes where it signs with a key and knows no public one. Which methods it takes depends on the lines before.
const BY_KEY = (folder, port, { issuer }, { kid }) => `OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
  OIDCClientID ${APACHE_KEY.client_id}
  OIDCRedirectURI https://localhost:${port}/oidc
  OIDCCryptoPassphrase only-for-this-run-0123456789
  OIDCScope "${APACHE_KEY.scope}"
  OIDCPKCEMethod S256
  OIDCPublicKeyFiles ${kid}#${folder}/client.pub
  OIDCPrivateKeyFiles ${kid}#${folder}/client.key
  OIDCProviderTokenEndpointAuth private_key_jwt
  OIDCResponseMode form_post`;

/** The console's settings: the secret comes from the environment; where the passphrase lies is this machine's. */
function shown(folder, provider) {
  const text = provider.run("client", "settings", APACHE.client_id, "--program", "apache");
  return text.replaceAll("/etc/apache2/oidc.passphrase", join(folder, "oidc.passphrase"));
}

/** One site: a port, and the settings of a client of the provider's. */
function site(folder, port, { certificate, key }, settings) {
  return `
<VirtualHost 127.0.0.1:${port}>
  ServerName localhost
  SSLEngine on
  SSLCertificateFile "${certificate}"
  SSLCertificateKeyFile "${key}"
  DocumentRoot "${folder}/pages"

  # Node's fetch says that it is a script, and cannot be told otherwise; the module answers scripts with 401.
  RequestHeader unset Sec-Fetch-Mode early
  RequestHeader unset Sec-Fetch-Dest early
  RequestHeader set Accept "text/html" early

  OIDCCABundlePath "${folder}/ca.pem"
  ${settings}

  <Location />
    AuthType openid-connect
    Require valid-user
  </Location>
  <Location /parti.html>
    AuthType none
    Require all granted
  </Location>
</VirtualHost>`;
}

function configuration(folder, ports, provider) {
  return `
ServerRoot "${folder}"
ServerName localhost
${ports.map((port) => `Listen 127.0.0.1:${port} https`).join("\n")}
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
<Directory "${folder}/pages">
  Options +Includes
  AddOutputFilter INCLUDES .html
</Directory>
${site(folder, ports[0], provider, shown(folder, provider))}
${site(folder, ports[1], provider, BY_KEY(folder, ports[1], provider, KEYS.apache))}
`;
}

/** @returns {Promise<{stop(): Promise<void>}>} once it answers */
export async function startApache(ports, provider, log) {
  const folder = mkdtempSync(join(tmpdir(), "preau-apache-"));
  // Its processes are another user's than the one who starts it.
  chmodSync(folder, 0o755);
  for (const name of ["pages", "run"]) mkdirSync(join(folder, name), { mode: 0o755 });
  copyFileSync(provider.authority, join(folder, "ca.pem"));
  chmodSync(join(folder, "ca.pem"), 0o644);
  writeFileSync(join(folder, "pages/index.html"), '<main><p id="user"><!--#echo var="REMOTE_USER" --></p>'
    + '<p id="name"><!--#echo var="OIDC_CLAIM_given_name" --></p></main>', { mode: 0o644 });
  writeFileSync(join(folder, "pages/parti.html"), "<main>parti</main>", { mode: 0o644 });
  writeFileSync(join(folder, "oidc.passphrase"), "only-for-this-run-0123456789\n", { mode: 0o600 });
  writeFileSync(join(folder, "client.pub"), toPublicPem(KEYS.apache), { mode: 0o644 });
  writeFileSync(join(folder, "client.key"), toPem(KEYS.apache), { mode: 0o600 });
  writeFileSync(join(folder, "apache.conf"), configuration(folder, ports, provider), { mode: 0o644 });

  let ended;
  let said = "";
  const child = spawn(PROGRAM, ["-f", join(folder, "apache.conf"), "-D", "FOREGROUND"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PREAU_SECRET: APACHE.client_secret },
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
