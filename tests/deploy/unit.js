// The unit of systemd, as far as it can be tried without systemd: read by its own tools, and every system call of a
// server at work compared with the unit's filter.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Load } from "./load.js";

const UNIT = join(import.meta.dirname, "../../config/deploy/systemd/preau.service");
/** What `systemd-analyze security` may say at most: 0 is nothing exposed, 10 everything. */
const MOST_EXPOSURE = 1.5;

/** Refuses memory that is writable and executable from here on, as MemoryDenyWriteExecute= does (Linux 6.3, x86-64). */
const NO_WRITE_AND_EXECUTE = "print STDERR 'no PR_SET_MDWE' if syscall(157, 65, 1, 0, 0, 0) != 0; exec @ARGV";

/** The system calls of each set of systemd, by `systemd-analyze syscall-filter`. */
function sets() {
  const all = new Map();
  let open;
  const how = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
  for (const line of execFileSync("systemd-analyze", ["--no-pager", "syscall-filter"], how).split("\n")) {
    if (line.startsWith("@")) all.set(line.trim(), open = []);
    else if (/^\s+[@a-z_0-9-]+$/.test(line)) open?.push(line.trim());
  }
  return all;
}

/** What the unit's lines SystemCallFilter= let pass. */
function allowed() {
  const all = sets();
  const expand = (name) => (name.startsWith("@") ? (all.get(name) ?? []).flatMap(expand) : [name]);
  const out = new Set();
  for (const [, not, names] of readFileSync(UNIT, "utf8").matchAll(/^SystemCallFilter=(~?)(.*)$/gm)) {
    for (const call of names.split(/\s+/).flatMap(expand)) out[not ? "delete" : "add"](call);
  }
  return out;
}

/** @param server is stopped, and started again under strace; the proxy in front of both goes on */
export async function checkUnit(report, server, folder) {
  const lacking = ["systemd-analyze", "strace"].filter((name) => spawnSync("which", [name]).status !== 0);
  if (lacking.length > 0) {
    report.skip("the unit of systemd", `there is no ${lacking.join(" and no ")}`);
    return;
  }
  await report.check("systemd reads the unit, and finds it closed", () => {
    const read = spawnSync("systemd-analyze", ["verify", UNIT], { encoding: "utf8" });
    // The program is not installed here.
    const said = read.stderr.split("\n").filter((line) => /preau/.test(line) && !/preau is not executable/.test(line));
    if (said.length > 0) throw new Error(said.join("\n"));
    const words = ["--no-pager", "security", "--offline=true", UNIT];
    const table = execFileSync("systemd-analyze", words, { encoding: "utf8" });
    const exposure = Number(/exposure level[^\d]*([\d.]+)/.exec(table)?.[1]);
    const open = table.split("\n").filter((line) => line.startsWith("✗")).map((line) => line.split(/\s+/)[1]);
    console.log(`        exposure ${exposure}; open: ${open.join(" ")}`);
    if (!(exposure <= MOST_EXPOSURE)) throw new Error(`exposure ${exposure}`);
  });
  await report.check("the unit's filter has every system call of a server at work", async () => {
    const calls = join(folder, "calls");
    await server.stop();
    const strace = ["strace", "-f", "-qq", "-c", "-S", "name", "-o", calls];
    await server.start([...strace, "perl", "-e", NO_WRITE_AND_EXECUTE]);
    const load = new Load(3);
    await new Promise((done) => { setTimeout(done, 10_000); });
    await load.end();
    // strace passes no signal on: its child is the server.
    const tracer = server.child.pid;
    const pid = Number(readFileSync(`/proc/${tracer}/task/${tracer}/children`, "utf8").split(" ")[0]);
    process.kill(pid, "SIGHUP");
    await new Promise((done) => { setTimeout(done, 1_000); });
    process.kill(pid, "SIGTERM");
    await server.ended;
    const made = readFileSync(calls, "utf8").split("\n").map((line) => line.trim().split(/\s+/).at(-1))
      .filter((word) => /^[a-z_0-9]+$/.test(word) && !["syscall", "total"].includes(word));
    const may = allowed();
    const refused = made.filter((call) => !may.has(call));
    const restricted = !server.said.includes("no PR_SET_MDWE");
    console.log(`        ${load.sent} requests; ${made.length} system calls, the filter has ${may.size}; memory that`
      + ` is writable and executable was ${restricted ? "" : "not "}refused`);
    await server.start();
    if (load.failures.length > 0) throw new Error(load.failures.slice(0, 5).join("\n"));
    if (made.length < 30 || may.size < 100) throw new Error("strace or systemd-analyze said too little");
    if (refused.length > 0) throw new Error(`not in the filter: ${refused.join(" ")}`);
  });
  if (existsSync("/usr/bin/systemd-sysusers")) {
    await report.check("user and folders are made as the files say", () => {
      const root = join(folder, "root");
      execFileSync("mkdir", ["-p", join(root, "etc")]);
      const files = join(UNIT, "..");
      execFileSync("systemd-sysusers", [`--root=${root}`, join(files, "sysusers.conf")], { stdio: "pipe" });
      if (!/^preau:/m.test(readFileSync(join(root, "etc/passwd"), "utf8"))) throw new Error("no user");
      execFileSync("systemd-tmpfiles", ["--create", `--root=${root}`, join(files, "tmpfiles.conf")], { stdio: "pipe" });
      const folders = ["etc/preau", "etc/preau/keys", "var/lib/preau"].map((name) => join(root, name));
      const modes = execFileSync("stat", ["-c", "%a", ...folders], { encoding: "utf8" });
      if (modes !== "750\n700\n700\n") throw new Error(`modes ${modes}`);
    });
  }
}
