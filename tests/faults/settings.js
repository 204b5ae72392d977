// RT-26: a configuration that cannot be read again. RT-27: bytes that changed on their own.

import { closeSync, copyFileSync, cpSync, openSync, readFileSync, readSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { randomInt } from "node:crypto";
import { assertEqual } from "../browser/report.js";
import { inHouse } from "./house.js";
import { sleep } from "./load.js";
import { failuresOf, loadOn } from "./steady.js";
import { obtainCode, person, signIn, stranger } from "./walks.js";

async function reloads(print) {
  await inHouse("reload", { servers: 1, postgres: false, parents: 40 }, async (house) => {
    const [server] = house.servers;
    const file = join(house.folder, "deployment/clients/portail.toml");
    const [configuration, client] = [house.configuration, file].map((path) => readFileSync(path, "utf8"));
    const under = loadOn(house, { rate: 10, mix: { "sign-in": 1, token: 2, discovery: 2 } });
    const cases = [
      ["a syntax error", house.configuration, `${configuration}\n[`],
      ["a key that nobody knows", house.configuration, `${configuration}\n[sever]\nlisten = "x"\n`],
      ["a gateway that is none", house.configuration, configuration.replace('gateway = "http"', 'gateway = "pigeon"')],
      ["an address of a client without TLS", file, client.replaceAll("https://portail.example", "http://portail.example")],
      ["a client's file that is cut", file, client.slice(0, 40)],
    ];
    const unsaid = [];
    for (const [words, path, text] of cases) {
      const before = server.said.length;
      writeFileSync(path, text);
      server.child.kill("SIGHUP");
      await sleep(1_200);
      if (!/ERROR/.test(server.said.slice(before))) unsaid.push(words);
      assertEqual(server.ended, undefined, words);
      await signIn(house, 1);
      writeFileSync(path, path === file ? client : configuration);
    }
    server.child.kill("SIGHUP");
    await sleep(1_000);
    const all = await under.end();
    print(`RT-26: ${cases.length} bad configurations were refused and said (not said: ${unsaid.join(", ") || "none"}); ${all.length} requests meanwhile,`
      + ` failed ${all.filter(({ ok }) => !ok).length} (0)`);
    assertEqual(failuresOf(all), "", "requests");
    assertEqual(unsaid.join(), "", "what was not said");
  });
}

/** Turns one bit of a file. */
function flip(path, at) {
  const file = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  byte[0] ^= 1 << randomInt(8);
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}

/** What a damaged copy comes to: found at the start or by `doctor`, or harmless. */
async function damage(house, server, kinds, many, print) {
  const sum = { start: 0, doctor: 0, audit: 0, unnoticed: 0, wrong: 0 };
  const [database, key] = [join(house.folder, "preau.db"), join(house.folder, "keys/master.key")];
  const kept = join(house.folder, "kept");
  cpSync(database, `${kept}.db`);
  cpSync(key, `${kept}.key`);
  const who = (number) => person(house, number, () => server);
  const unnoticed = [];
  for (let n = 0; n < many; n += 1) {
    for (const more of ["-wal", "-shm"]) try { writeFileSync(`${database}${more}`, ""); } catch { /* There is none. */ }
    copyFileSync(`${kept}.db`, database);
    copyFileSync(`${kept}.key`, key);
    const kind = kinds[n % kinds.length];
    const at = kind === "key" ? randomInt(statSync(key).size) : kinds.at ?? randomInt(statSync(database).size);
    flip(kind === "key" ? key : database, at);
    const said = (words) => {
      try {
        house.preau(...words);
        return undefined;
      } catch (error) {
        return error.message;
      }
    };
    const found = said(["doctor"]);
    const sealed = found ? undefined : said(["audit", "verify"]);
    if (found) sum.doctor += 1;
    else if (sealed) sum.audit += 1;
    await server.start({ wait: false });
    const ready = await server.untilReady(10_000).then(() => true, () => false);
    if (!ready) sum.start += 1;
    // Whoever is let in is who they say they are.
    if (ready) {
      for (const number of [0, 1]) {
        const one = who(number);
        await obtainCode(house, one).then(async () => {
          await one.browser.open(`${house.issuer}/compte`);
          const name = house.parents[number].nom.toLowerCase();
          if (one.browser.status === 200 && !one.browser.text().toLowerCase().includes(name)) sum.wrong += 1;
        }, () => {});
      }
    }
    await server.stop("SIGKILL");
    if (ready && !found && !sealed) {
      sum.unnoticed += 1;
      unnoticed.push(`${kind} ${at}`);
    }
  }
  for (const more of ["-wal", "-shm"]) try { writeFileSync(`${database}${more}`, ""); } catch { /* There is none. */ }
  copyFileSync(`${kept}.db`, database);
  copyFileSync(`${kept}.key`, key);
  print(`RT-27: ${many} bits turned (${kinds.join(", ")}): found by doctor ${sum.doctor}, by audit verify ${sum.audit}, not started ${sum.start};`
    + ` found by nobody ${sum.unnoticed}; wrong identities ${sum.wrong} (0)${unnoticed.length > 0 ? `: ${unnoticed.slice(0, 8).join(", ")}` : ""}`);
  assertEqual(sum.wrong, 0, "wrong identities");
  return sum;
}

async function corruption(print, many) {
  await inHouse("corruption", { servers: 1, postgres: false, parents: 60 }, async (house) => {
    const [server] = house.servers;
    for (let number = 0; number < 30; number += 1) await signIn(house, number);
    const again = await signIn(house, 0);
    await obtainCode(house, stranger(house, again.who));
    await server.stop("SIGINT");
    const keys = await damage(house, server, ["key"], Math.ceil(many / 5), print);
    assertEqual(keys.unnoticed, 0, "changed keys that nobody found");
    // A page has room that nothing uses, and texts that nothing seals: those are told, not held.
    await damage(house, server, ["page"], many, print);
  });
}

export async function settings(report, { short, rounds, print }) {
  await report.check("RT-26 a configuration that cannot be read again changes nothing, and is said", () => reloads(print));
  if (!short) await report.check("RT-27 a bit that turned is found, and makes nobody somebody else", () => corruption(print, rounds ?? 100));
}
