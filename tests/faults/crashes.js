// RT-01: the process dies in the middle of activations. RT-02: so does the machine, with what was not synced.

import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEqual } from "../browser/report.js";
import { House, inHouse } from "./house.js";
import { sleep } from "./load.js";
import { Oracle } from "./oracle.js";
import { within } from "./steady.js";
import { hasStores } from "./stores.js";
import { activate, person } from "./walks.js";

const AT_ONCE = 20;
/** Rounds in one house: its parents' numbers are those that nobody has. */
const ROUNDS_OF_A_HOUSE = 330;
const READY_MS = 2_000;
/** A phone gets another code after two minutes at most. */
const NEXT_CODE_MS = 121_000;
const AGAIN = 40;

/** Neither crowds nor codes that are never typed are the matter here. */
const LIMITS = { sms: "min_conversion_percent = 0", config: "[limits]\nactivations = 100000\nactivations_of_browser = 100000" };

/** One after the other is let in, and all are cut off at a moment that nobody chose. */
async function round(house, oracle, from, cut) {
  const people = Array.from({ length: AT_ONCE }, (_, n) => person(house, from + n, () => house.servers[0]));
  const all = people.map((who) => activate(house, who).catch(() => {}));
  await cut(all);
  await Promise.all(all);
  for (const who of people) oracle.acknowledge(who);
  return people;
}

const at = (sorted, share) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);

async function kills(name, postgres, rounds, short, print) {
  const sum = { rounds: 0, acknowledged: 0, passwords: 0, checks: 0, again: 0 };
  const starts = [];
  for (let left = rounds; left > 0; left -= ROUNDS_OF_A_HOUSE) {
    const many = Math.min(left, ROUNDS_OF_A_HOUSE);
    const how = { servers: 1, postgres, parents: (many + 1) * AT_ONCE, accounts: 0, ...LIMITS };
    await inHouse(name, how, async (house) => {
      const [server] = house.servers;
      const oracle = new Oracle(house);
      const began = performance.now();
      await round(house, oracle, 0, (all) => Promise.all(all));
      const whole = performance.now() - began;
      assert(oracle.passwords.length > AT_ONCE / 2, `only ${oracle.passwords.length} activations without a kill`);
      const cut = [];
      for (let number = 1; number <= many; number += 1) {
        // Half of the deaths fall into the first 80 ms, where most is written; the others anywhere.
        const wait = Math.random() * (number % 2 === 0 ? 80 : whole);
        const people = await round(house, oracle, number * AT_ONCE, async () => {
          await sleep(wait);
          await server.stop("SIGKILL");
        });
        cut.push(...people.filter(({ hasPassword }) => !hasPassword));
        starts.push(await server.start());
        oracle.check({ audit: number % 50 === 0 });
        if (number % 10 === 0) await oracle.signIn(2);
      }
      if (!short) {
        await sleep(NEXT_CODE_MS);
        for (const who of cut.slice(-AGAIN)) {
          const again = person(house, house.parents.indexOf(who.parent), () => server);
          await activate(house, again).catch(async (error) => {
            // The password was chosen, and its answer lost: then it is right.
            if (!again.identifiant) throw error;
          });
          assert(!who.identifiant || again.identifiant === who.identifiant, `${again.identifiant} is not ${who.identifiant}`);
          sum.again += 1;
        }
      }
      await oracle.signIn(AT_ONCE);
      oracle.check({ audit: true });
      sum.rounds += many;
      sum.acknowledged += oracle.acknowledged.length;
      sum.passwords += oracle.passwords.length;
      sum.checks += oracle.checks;
    });
  }
  starts.sort((a, b) => a - b);
  const p99 = at(starts, 0.99);
  print(`${sum.rounds} kills on ${postgres ? "PostgreSQL" : "SQLite"}: ${sum.acknowledged} identifiants and ${sum.passwords}`
    + ` passwords were acknowledged, 0 lost; I1 to I6 held ${sum.checks} times; ${sum.again} cut off began again;`
    + ` ready after ${at(starts, 0.5)} ms, 99 % ${p99} ms (at most ${READY_MS})`);
  within("99 % of the starts", p99, READY_MS);
}

/** A file system of its own on an image, of which a copy is what a disk holds when the power goes. */
class Disk {
  constructor() {
    this.parent = mkdtempSync(join(tmpdir(), "preau-faults-disk-"));
    [this.image, this.folder] = [join(this.parent, "image"), join(this.parent, "mounted")];
    this.run("truncate", "-s", "192M", this.image);
    this.run("mkfs.ext4", "-q", "-F", "-m", "0", this.image);
    this.run("mkdir", this.folder);
  }

  run(...words) {
    return execFileSync(words[0], words.slice(1), { stdio: "pipe", encoding: "utf8" });
  }

  /** Nothing is written by itself: what is not synced is not there. */
  mount() {
    this.run("mount", "-o", "loop,commit=600", this.image, this.folder);
  }

  unmount() {
    for (let n = 0; ; n += 1) {
      try {
        this.run("umount", this.folder);
        return;
      } catch (error) {
        if (n === 50) throw error;
        this.run("sleep", "0.1");
      }
    }
  }

  close() {
    try { this.run("umount", "-l", this.folder); } catch { /* It is not mounted. */ }
    rmSync(this.parent, { recursive: true, force: true });
  }
}

function canMount() {
  return process.getuid() === 0 && existsSync("/dev/loop0") && existsSync("/dev/loop-control");
}

async function powerCuts(rounds, print) {
  const disk = new Disk();
  let house;
  try {
    disk.mount();
    house = await House.open("power", {
      servers: 1, postgres: false, folder: disk.folder, parents: (rounds + 1) * AT_ONCE, accounts: 0, ...LIMITS,
    });
    disk.run("sync", "-f", disk.folder);
    const [server] = house.servers;
    const oracle = new Oracle(house);
    const began = performance.now();
    await round(house, oracle, 0, (all) => Promise.all(all));
    const whole = performance.now() - began;
    for (let number = 1; number <= rounds; number += 1) {
      await round(house, oracle, number * AT_ONCE, async () => {
        await sleep(Math.random() * whole);
        // The copy is what a disk has when the power goes; nobody may hear anything that comes after it.
        server.child.kill("SIGSTOP");
        copyFileSync(disk.image, `${disk.image}.cut`);
        await server.stop("SIGKILL");
      });
      disk.unmount();
      disk.run("mv", `${disk.image}.cut`, disk.image);
      disk.mount();
      assertEqual(disk.run("sqlite3", join(disk.folder, "preau.db"), "PRAGMA integrity_check").trim(), "ok", "integrity");
      await server.start();
      oracle.check({ audit: number % 20 === 0 });
    }
    await oracle.signIn(AT_ONCE);
    print(`${rounds} power cuts: ${oracle.passwords.length} passwords were acknowledged, 0 lost; integrity_check was ok each time`);
  } finally {
    await house?.close();
    disk.close();
  }
}

export async function crashes(report, { short, rounds, print }) {
  const [many, few] = short ? [4, 0] : [rounds ?? 1_000, Math.ceil((rounds ?? 1_000) / 4)];
  await report.check(`RT-01 ${many} deaths amid activations on SQLite lose nothing that was answered`, () =>
    kills("crash", false, many, short, print));
  if (few === 0) print("RT-01 on PostgreSQL is not in the short form");
  else if (hasStores()) {
    await report.check(`RT-01 ${few} on PostgreSQL`, () => kills("crash_pg", true, few, short, print));
  } else report.skip("RT-01 on PostgreSQL", "no PostgreSQL was started");
  const cuts = short ? 2 : Math.min(rounds ?? 200, 200);
  if (canMount()) {
    await report.check(`RT-02 ${cuts} power cuts lose nothing that was answered`, () => powerCuts(cuts, print));
  } else report.skip("RT-02", "needs root and loop devices");
}
