// RT-18: more people than there is room for, with 128 descriptors or 256 MiB. RT-19: hostile HTTP beside a good client.

import { connect } from "node:net";
import { availableParallelism } from "node:os";
import { readFileSync } from "node:fs";
import { assert, assertEqual } from "../browser/report.js";
import { inHouse } from "./house.js";
import { sleep } from "./load.js";
import { failuresOf, loadOn, percentile } from "./steady.js";
import { obtainCode, person, programToken } from "./walks.js";

const MIB = 1024;
const MOST_MIB = 256;
/** Four seconds of work wait, and the work itself, with what a busy machine adds. */
const ANSWERED_MS = 10_000;
const GROWTH_MIB = 64;

export function memory(server, field = "VmHWM") {
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))[1]) / MIB);
}

async function fewDescriptors(print, many, parents) {
  const before = ["sh", "-c", 'ulimit -n 128 && exec "$0" "$@"'];
  await inHouse("crowd", { servers: 1, postgres: false, parents, start: { before } }, async (house) => {
    const [server] = house.servers;
    const calm = loadOn(house, { rate: 20, mix: { token: 1, jwks: 1 }, at: server });
    await sleep(3_000);
    const base = percentile((await calm.end()).map(({ ms }) => ms), 0.99);
    const statuses = new Map();
    const waits = [];
    const all = Array.from({ length: many }, async (_, n) => {
      await sleep(Math.random() * 1_000);
      const who = person(house, n % parents, () => server);
      const began = performance.now();
      const status = await obtainCode(house, who).then(() => 200, (error) => error.status ?? 0);
      waits.push(performance.now() - began);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    });
    const under = loadOn(house, { rate: 10, mix: { jwks: 1 }, at: server });
    await Promise.all(all);
    const documents = await under.end();
    await sleep(2_000);
    const ready = await server.readiness();
    const after = await programToken(house, { at: server });
    const peak = memory(server);
    print(`RT-18: ${many} sign-ins at once with 128 descriptors on ${availableParallelism()} cores: ${JSON.stringify([...statuses])}, each within`
      + ` ${Math.round(Math.max(...waits))} ms; memory ${peak} MiB at most (${MOST_MIB}); key sets meanwhile ${documents.filter(({ ok }) => ok).length}`
      + ` of ${documents.length}, p99 ${percentile(documents.filter(({ ok }) => ok).map(({ ms }) => ms), 0.99)} ms (${base} at rest)`);
    assertEqual(server.ended, undefined, "the server ended");
    assert(!server.said.includes("no file descriptor is free"), "no descriptor was free");
    assert(!statuses.has(500), "an error that is nobody's fault was 500");
    assert(statuses.get(200) > 0, "nobody was let in");
    assert(peak <= MOST_MIB, `${peak} MiB`);
    assertEqual([ready, after.status].join(), "200,200", "afterwards");
  });
}

/** Connections that write what they are told to and then nothing, each from another place of this machine. */
function hostile(port, number, text) {
  const socket = connect({ port, host: "127.0.0.1", localAddress: `127.${1 + (number % 200)}.${Math.floor(number / 200)}.9` });
  socket.on("error", () => {});
  socket.once("connect", () => text(socket));
  return socket;
}

async function floods(print, many) {
  await inHouse("hostile", { servers: 1, postgres: false, parents: 40 }, async (house) => {
    const [server] = house.servers;
    const sockets = [];
    const { host } = new URL(house.issuer);
    const head = `POST /connexion HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\n`;
    const slowly = (socket) => {
      socket.write(`GET /connexion HTTP/1.1\r\nHost: ${host}\r\n`);
      const drip = setInterval(() => { if (socket.destroyed) clearInterval(drip); else socket.write("X-A: b\r\n"); }, 4_000);
      socket.once("close", () => clearInterval(drip));
    };
    const endless = (socket) => {
      socket.write(`${head}Content-Length: 1073741824\r\n\r\n`);
      const more = () => { while (!socket.destroyed && socket.write("x".repeat(65_536))); };
      socket.on("drain", more);
      more();
    };
    const headers = (socket) => {
      socket.write(`GET /connexion HTTP/1.1\r\nHost: ${host}\r\n`);
      for (let n = 0; n < 100_000 && !socket.destroyed; n += 1) socket.write(`X-${n}: ${n}\r\n`);
      socket.write("\r\n");
    };
    const calm = loadOn(house, { rate: 15, mix: { page: 1, token: 1 }, at: server });
    await sleep(3_000);
    const base = percentile((await calm.end()).map(({ ms }) => ms), 0.99);
    const before = memory(server, "VmRSS");
    const under = loadOn(house, { rate: 15, mix: { page: 1, token: 1 }, at: server });
    for (let n = 0; n < many; n += 1) {
      sockets.push(hostile(server.port, n, slowly));
      if (n % 200 === 0) sockets.push(hostile(server.port, n, endless));
      if (n % 500 === 0) sockets.push(hostile(server.port, n, headers));
      if (n % 50 === 49) await sleep(20);
    }
    await sleep(35_000);
    const open = sockets.filter(({ destroyed, readyState }) => !destroyed && readyState === "open").length;
    const all = await under.end();
    const p99 = percentile(all.filter(({ ok }) => ok).map(({ ms }) => ms), 0.99);
    const failed = all.filter(({ ok }) => !ok).length;
    const grown = memory(server, "VmRSS") - before;
    print(`RT-19: ${sockets.length} hostile connections, ${open} still open; of ${all.length} requests of others ${failed} failed (0.1 %:`
      + ` ${failuresOf(all) || "none"}), p99 ${p99} ms (${base} at rest); memory +${grown} MiB (at most ${GROWTH_MIB})`);
    for (const socket of sockets) socket.destroy();
    assert(failed <= all.length / 1_000, `${failed} of ${all.length} failed`);
    assert(grown <= GROWTH_MIB, `${grown} MiB more`);
    assert(open < 100, `${open} are still open`);
  });
}

export async function crowd(report, { short, print }) {
  await report.check("RT-18 a crowd with few descriptors is let in in turn, or told when to come back", () =>
    fewDescriptors(print, short ? 200 : 2_000, short ? 60 : 400));
  if (!short) await report.check("RT-19 hostile HTTP costs others nothing", () => floods(print, 5_000));
}
