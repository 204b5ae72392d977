// What a container's image would have, laid out in a folder and entered: no engine is needed to see whether a server
// runs in it, read-only and as nobody.

import { execFileSync, spawn } from "node:child_process";
import { chownSync, cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOTFS = join(import.meta.dirname, "../../config/deploy/container/rootfs");
const USER = 65532;

function chown(path) {
  chownSync(path, USER, USER);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) chown(join(path, entry.name));
    else chownSync(join(path, entry.name), USER, USER);
  }
}

export async function checkImage(report, folder) {
  await report.check("a server runs in what the image has, read-only, as a user without any right", async () => {
    const root = join(folder, "image");
    execFileSync(ROOTFS, [process.env.PREAU_BIN, root]);
    const files = execFileSync("find", [root, "-type", "f"], { encoding: "utf8" }).trim().split("\n");
    if (files.some((file) => /\/(sh|bash|busybox)$/.test(file))) throw new Error("there is a shell in it");
    // What a volume would bring.
    cpSync("/etc/preau/deployment", join(root, "etc/preau/deployment"), { recursive: true });
    mkdirSync(join(root, "etc/preau/keys"), { mode: 0o700 });
    writeFileSync(join(root, "etc/preau/preau.toml"), `
[server]
issuer = "https://compte.example.fr"
listen = "10.0.0.11:8180"
operations = "10.0.0.11:9180"
trusted_proxies = ["10.0.0.5"]
[database]
url = "sqlite:preau.db"
[keys]
directory = "/etc/preau/keys"
[sms]
gateway = "http"
[sms.http]
url = "https://sms.example.fr/messages"
[deployment]
name = "Essai"
directory = "/etc/preau/deployment"
`);
    chown(join(root, "etc/preau"));
    execFileSync("mount", ["--bind", root, root]);
    execFileSync("mount", ["-o", "remount,bind,ro", root]);
    for (const name of ["var/lib/preau", "etc/preau/keys"]) {
      execFileSync("mount", ["-t", "tmpfs", "-o", `uid=${USER},gid=${USER},mode=700`, "tmpfs", join(root, name)]);
    }
    const enter = ["--no-new-privs", "--bounding-set=-all,+sys_chroot,+setuid,+setgid", "--",
      "chroot", `--userspec=${USER}:${USER}`, root, "/usr/bin/preau", "serve", "--config", "/etc/preau/preau.toml"];
    // chroot leaves us in `/`; the image's WORKDIR is /var/lib/preau.
    const env = { PATH: process.env.PATH, PREAU__DATABASE__URL: "sqlite:/var/lib/preau/preau.db" };
    const child = spawn("setpriv", enter, { env, stdio: "pipe" });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => { said += chunk; });
    const ended = new Promise((done) => { child.once("exit", (code, signal) => done(code ?? signal)); });
    let ready = false;
    for (let n = 0; n < 300 && !ready; n += 1) {
      await new Promise((done) => { setTimeout(done, 100); });
      ready = await fetch("http://10.0.0.11:9180/readyz").then((answer) => answer.ok, () => false);
    }
    if (!ready) throw new Error(`not ready: ${said.slice(-1_500)}`);
    const lines = readFileSync(`/proc/${child.pid}/status`, "utf8").split("\n");
    const status = lines.filter((line) => /^(Uid|CapEff|NoNewPrivs):/.test(line)).join(" ");
    const page = await fetch("http://10.0.0.11:8180/connexion").then(({ status }) => status, String);
    child.kill("SIGTERM");
    const how = await ended;
    for (const name of ["etc/preau/keys", "var/lib/preau", "."]) execFileSync("umount", [join(root, name)]);
    console.log(`        ${files.length} files; ${status.trim().replaceAll(/\s+/g, " ")}`);
    if (page !== 200 || how !== 0) {
      throw new Error(`page ${page}, ended with ${how}: ${said.slice(-1_500)}`);
    }
    if (!/Uid:\s+65532/.test(status) || !/CapEff:\s+0+\s/.test(`${status} `)) throw new Error(status);
  });
}
