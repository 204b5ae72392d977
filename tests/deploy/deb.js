// The Debian package: built, installed, run as the user that it makes, and purged, on a /usr and a /var/lib of its own.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toToml } from "../interop/clients.js";
import { PORTAL } from "./servers.js";

const BUILD = join(import.meta.dirname, "../../config/deploy/debian/build-deb");
const OCCITANIE = join(import.meta.dirname, "../../config/occitanie");

function run(program, ...words) {
  try {
    const env = { PATH: process.env.PATH, DEB_COMPRESSION: "none", DEBIAN_FRONTEND: "noninteractive" };
    return execFileSync(program, words, { encoding: "utf8", stdio: "pipe", env });
  } catch (error) {
    throw new Error(`${program} ${words.join(" ")}: ${error.stdout}${error.stderr}`);
  }
}

const there = (path) => { try { return statSync(path); } catch { return undefined; } };

export async function checkPackage(report, folder) {
  await report.check("the Debian package is installed and serves its user; purged, it leaves data and keys", () => {
    const out = join(folder, "deb");
    run(BUILD, process.env.PREAU_BIN, out);
    const [name] = readdirSync(out);
    const package_ = join(out, name);
    const first = run("sha256sum", package_);
    run(BUILD, process.env.PREAU_BIN, out);
    if (run("sha256sum", package_) !== first) throw new Error("built twice, it differs");
    const listed = run("dpkg-deb", "-c", package_);
    for (const path of ["/usr/share/man/man1/preau.1.gz", "/usr/share/bash-completion/completions/preau"]) {
      if (!listed.includes(path)) throw new Error(`${path} is not in it`);
    }
    const said = run("bash", "-c", '. "$1"; COMP_WORDS=("$2" keys ro); COMP_CWORD=2; _preau; echo "${COMPREPLY[*]}"',
      "bash", join(BUILD, "../preau.bash"), process.env.PREAU_BIN);
    if (said !== "rotate\n") throw new Error(`completion: ${said}`);
    const page = run("sh", "-c", '"$1" "$2"', "sh", join(BUILD, "../manual"), process.env.PREAU_BIN);
    for (const part of [".TH PREAU 1 ", ".SS preau serve\n", ".SS preau backup\n", ".SH EXIT STATUS\n"]) {
      if (!page.includes(part)) throw new Error(`the manual page lacks ${part}`);
    }

    for (const path of ["/usr", "/var/lib"]) {
      const at = join(folder, path.replaceAll("/", "-"));
      for (const part of ["upper", "work"]) mkdirSync(join(at, part), { recursive: true });
      run("mount", "-t", "overlay", "overlay", "-o",
        `lowerdir=${path},upperdir=${join(at, "upper")},workdir=${join(at, "work")}`, path);
    }
    // What other parts of this run made.
    run("rm", "-rf", "/etc/preau");
    run("dpkg", "-i", package_);
    const folders = ["/etc/preau", "/etc/preau/keys", "/var/lib/preau"];
    const modes = folders.map((path) => (there(path).mode & 0o777).toString(8));
    if (modes.join() !== "750,700,700") throw new Error(`folders: ${modes}`);
    run("systemd-analyze", "verify", "/lib/systemd/system/preau.service");
    writeFileSync("/etc/preau/preau.toml", `
[server]
issuer = "http://localhost:8380"
listen = "127.0.0.1:8380"
operations = "127.0.0.1:9380"
[database]
url = "sqlite:/var/lib/preau/preau.db"
[keys]
directory = "/etc/preau/keys"
[deployment]
directory = "/etc/preau/deployment"
`);
    for (const file of ["academies.toml", "schools.toml"]) {
      cpSync(join(OCCITANIE, file), join("/etc/preau/deployment", file));
    }
    mkdirSync("/etc/preau/deployment/clients");
    writeFileSync("/etc/preau/deployment/clients/portail.toml", toToml(PORTAL));
    run("runuser", "-u", "preau", "--", "/usr/bin/preau", "migrate", "--config", "/etc/preau/preau.toml");
    for (const path of ["/var/lib/preau/preau.db", "/etc/preau/keys/master.key"]) {
      if ((there(path)?.mode & 0o777) !== 0o600) throw new Error(`${path} is not there, or not its user's alone`);
    }
    run("dpkg", "-P", "preau");
    if (there("/usr/bin/preau") || there("/lib/systemd/system/preau.service")) throw new Error("something stayed");
    if (!there("/var/lib/preau/preau.db") || !there("/etc/preau/keys/master.key")) throw new Error("data or keys went");
    console.log(`        ${name}`);
  });
}
