// What others do to us: an SMS gateway that fails (RT-16), relying parties that never answer (RT-17), names and
// certificates of what we depend on (RT-24).

import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { assert, assertEqual } from "../browser/report.js";
import { LIBRARY } from "./clock.js";
import { inHouse } from "./house.js";
import { sleep, together } from "./load.js";
import { percentile, within } from "./steady.js";
import { PORTAL, CLIENTS, exchange, obtainCode, person, request, signIn, tokensOf } from "./walks.js";

const PAGE_MS = 1_000;
const STOP = "https://portail.example/";

/** Types an identity, and no code. @returns milliseconds of the page */
async function asks(house, number) {
  const { browser, parent } = person(house, number);
  await browser.open(request(house), { stop: STOP });
  await browser.follow('main a[href*="/activation"]');
  const typed = { nom: parent.nom, prenom: parent.prenom, telephone: parent.telephone };
  for (let again = browser.copy(), turn = 0; ; again = browser.copy(), turn += 1) {
    const began = performance.now();
    await again.submit("#continuer", typed);
    if (again.status === 200) return performance.now() - began;
    // Whoever is told to come back comes back.
    assert(again.status === 503 && again.retryAfter && turn < 5, `the page after the identity: ${again.status}`);
    await sleep(Number(again.retryAfter) * 1_000);
  }
}

/** A gateway that fails in one way for a time. */
async function gateway(house, words, behaviour, from, many, print, most = 1) {
  const { phones } = house;
  const pages = [];
  phones.behaviour = behaviour;
  const numbers = Array.from({ length: many }, (_, n) => from + n);
  await together(8, numbers, async (number) => pages.push(await asks(house, number)));
  await sleep(4_000);
  phones.behaviour = () => "take";
  const began = performance.now();
  const arrived = () => numbers.filter((number) => phones.of(house.parents[number].e164).length > 0).length;
  while (arrived() < many && performance.now() - began < 90_000) await sleep(100);
  const over = Math.round(performance.now() - began);
  await sleep(2_000);
  const p99 = percentile(pages, 0.99);
  const twice = [...phones.taken.values()].filter((times) => times > most).length;
  const several = numbers.filter((number) => phones.of(house.parents[number].e164).length > 1).length;
  print(`RT-16 ${words}: ${many} activations, the page within ${p99} ms (at most ${PAGE_MS}); ${arrived()} of ${many} codes arrived, the last`
    + ` ${over} ms after the gateway was well; phones with more than one message: ${several} (0)`);
  within("99 % of the pages", p99, PAGE_MS);
  assertEqual(arrived(), many, "codes that arrived");
  assertEqual(several, 0, "phones that got more than one");
  assertEqual(twice, 0, `messages that were handed over more than ${most} times`);
}

async function sms(report, { short, print }) {
  const many = short ? 8 : 60;
  const how = {
    servers: 1, postgres: false, parents: 10 + many * 4, accounts: 10, gateway: "timeout_seconds = 3\n",
    sms: "min_conversion_percent = 0", config: "[limits]\nactivations = 100000\nactivations_of_browser = 100000",
  };
  await inHouse("sms", how, async (house) => {
    const check = (words, behaviour, turn, most) => report.check(`RT-16 a gateway that ${words} loses no code and doubles none`, () =>
      gateway(house, words, behaviour, 10 + many * turn, many, print, most));
    await check("answers 500", () => 500, 0);
    if (short) return;
    await check("hangs", () => "hang", 1);
    // It takes the message, and its answer is lost: the same id again is the same message.
    await check("takes and does not answer", () => "lose", 2, 12);
    await check("fails every other time", (calls) => (calls % 2 === 0 ? 503 : "take"), 3);
    assert(house.count("SELECT COUNT(*) FROM challenge WHERE tries_left < 3") === 0, "tries were used");
  });
}

/** Relying parties with a sign-out address each: some answer, others never. */
async function deafParties(print, short) {
  const [many, deaf] = short ? [40, 10] : [200, 50];
  const told = new Map();
  const server = createServer((asked, answer) => {
    const number = Number(asked.url.slice(1));
    asked.resume();
    told.set(number, [...(told.get(number) ?? []), performance.now()]);
    if (number >= deaf) asked.once("end", () => answer.writeHead(200).end());
  });
  await new Promise((done) => { server.listen(0, "127.0.0.1", done); });
  const clients = Array.from({ length: many }, (_, number) => ({
    ...PORTAL, client_id: `partie-${number}`, sector: "faults",
    backchannel_logout_uri: `http://127.0.0.1:${server.address().port}/${number}`,
  }));
  const how = {
    servers: 1, postgres: false, parents: 20, clients: [...CLIENTS, ...clients], config: "[outgoing]\nallow_private = true\n",
  };
  try {
    await inHouse("deaf", how, async (house) => {
      const { who } = await signIn(house, 0);
      for (const client of clients) tokensOf(await exchange(house, await obtainCode(house, who, client), { client }));
      const { browser } = who;
      await browser.open(`${house.issuer}/oauth2/logout`);
      const began = performance.now();
      await browser.submit("main form button");
      const page = performance.now() - began;
      const answered = () => [...told.keys()].filter((number) => number >= deaf).length;
      while (answered() < many - deaf && performance.now() - began < 60_000) await sleep(20);
      const all = performance.now() - began;
      await sleep(short ? 0 : 90_000);
      const tries = Math.max(...[...told].filter(([number]) => number < deaf).map(([, times]) => times.length), 0);
      print(`RT-17: ${many} parties, ${deaf} of them deaf: the sign-out took ${Math.round(page)} ms (at most ${PAGE_MS}), the others knew`
        + ` within ${Math.round(all)} ms (at most 5000); a deaf one was told ${tries} times so far`);
      within("the page", page, PAGE_MS);
      assertEqual(answered(), many - deaf, "parties that were told");
      within("the others know", all, 5_000);
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A certificate of an authority of ours, whose faults are chosen. */
function certificate(folder, name, env = {}) {
  const run = (...words) => execFileSync("openssl", words, { cwd: folder, stdio: "pipe", env: { ...process.env, ...env } });
  run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${name}.key`, "-out", `${name}.pem`,
    "-days", "30", "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`);
  return [readFileSync(join(folder, `${name}.key`)), readFileSync(join(folder, `${name}.pem`))];
}

/** A gateway by TLS with a fault: nothing is handed over, pages are as ever, and `doctor` says what is wrong. */
async function names(report, { print }) {
  await inHouse("names", { servers: 1, postgres: false, parents: 60, accounts: 30 }, async (house) => {
    const [server] = house.servers;
    let handed = 0;
    const open = async (key, cert) => {
      const gate = createTlsServer({ key, cert }, (asked, answer) => { handed += 1; asked.resume(); answer.writeHead(204).end(); });
      await new Promise((done) => { gate.listen(0, "127.0.0.1", done); });
      return gate;
    };
    // A resolver that takes questions and answers none.
    const silent = createSocket("udp4");
    await new Promise((done) => { silent.bind(53, "127.0.0.99", done); }).catch(() => {});
    writeFileSync(join(house.folder, "resolv.conf"), "nameserver 127.0.0.99\n");
    const mute = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', join(house.folder, "resolv.conf")];
    const [key, right] = certificate(house.folder, "localhost");
    const [otherKey, other] = certificate(house.folder, "elsewhere.example");
    const [oldKey, old] = certificate(house.folder, "old.localhost", { LD_PRELOAD: LIBRARY ?? "", FAKETIME: "2020-01-01 00:00:00" });
    const cases = [
      ["an unknown authority", await open(key, right), "localhost"],
      ["another name", await open(otherKey, other), "localhost", other],
      ["an expired certificate", await open(oldKey, old), "old.localhost", old],
      ["a name that nobody has", undefined, "sms.invalid"],
      ["a resolver that is silent", undefined, "sms.example.fr", undefined, mute],
    ];
    let number = 30;
    for (const [words, gate, host, authority, before] of cases) {
      await report.check(`RT-24 ${words} fails closed and hurts nobody else`, async () => {
        await server.stop("SIGKILL");
        if (authority) writeFileSync(join(house.folder, "authority.pem"), authority);
        const env = {
          PREAU__SMS__HTTP__URL: `https://${host}:${gate?.address().port ?? 443}/`,
          ...(authority ? { PREAU__OUTGOING__CA: join(house.folder, "authority.pem") } : {}),
        };
        const started = await server.start({ env, before });
        const page = await asks(house, number);
        number += 1;
        const at = performance.now();
        await signIn(house, number);
        const took = performance.now() - at;
        const degraded = () => house.ask("/readyz", { at: { port: server.operations } }).then(({ text }) => text.trim().replaceAll("\n", "; "));
        let told = await degraded();
        for (let n = 0; n < 150 && told === "ready"; n += 1) {
          await sleep(100);
          told = await degraded();
        }
        print(`RT-24 ${words}: started in ${Math.round(started)} ms, the page in ${Math.round(page)} ms, a sign-in in ${Math.round(took)} ms;`
          + ` handed over ${handed} (0); /readyz after ${((performance.now() - at) / 1_000).toFixed(1)} s: ${told.slice(0, 160)}`);
        assertEqual(handed, 0, "messages that were handed over");
        within("the page", page, PAGE_MS);
        assert(told !== "ready", "nobody is told");
        assertEqual(await server.readiness(), 200, "readiness");
      });
      gate?.close();
    }
    silent.close();
  });
}

export async function peers(report, how) {
  await sms(report, how);
  await report.check("RT-17 relying parties that never answer keep nobody waiting", () => deafParties(how.print, how.short));
  if (how.short) return;
  if (process.getuid() === 0) await names(report, how);
  else report.skip("RT-24", "needs root for a resolver of its own");
}
