// Many requests at once from as many places as one likes: the proxy's header says where each comes from.

import { Agent, request } from "node:http";
import { randomBytes, randomInt } from "node:crypto";

export const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** An address of the internet, drawn anew. */
export function somewhere() {
  return [randomInt(11, 126), randomInt(256), randomInt(256), randomInt(1, 255)].join(".");
}

/** Posts a form as a browser of this site would. @returns {Promise<number>} the status, 0 where nothing answered */
export function post(agent, issuer, path, fields) {
  const body = new URLSearchParams(fields).toString();
  return new Promise((done) => {
    const sent = request(new URL(path, issuer), {
      method: "POST",
      agent,
      headers: {
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": Buffer.byteLength(body),
        "Sec-Fetch-Site": "same-origin",
        "X-Forwarded-For": somewhere(),
        Origin: issuer,
        // Any value does: it binds what one browser does, and whoever floods draws one for each request.
        Cookie: `preau_dev_nav=${randomBytes(32).toString("base64url")}`,
      },
    }, (answer) => {
      answer.resume();
      answer.once("end", () => done(answer.statusCode));
      answer.once("error", () => done(0));
    });
    sent.once("error", () => done(0));
    sent.end(body);
  });
}

/** So many connections, each asking again as soon as it was answered, while `run` lasts. @returns how often each status came */
export async function beside(connections, once, run) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const statuses = new Map();
  let over = false;
  const loops = Array.from({ length: connections }, async () => {
    while (!over) {
      const status = await once(agent);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 0) await sleep(50);
    }
  });
  let result;
  try {
    result = await run(agent);
  } finally {
    over = true;
  }
  await Promise.all(loops);
  agent.destroy();
  return { result, statuses: Object.fromEntries([...statuses].sort()) };
}

/** Does `work` for each of `items`, so many at once. */
export async function together(width, items, work) {
  const queue = [...items];
  await Promise.all(Array.from({ length: width }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  }));
}

/** Milliseconds of what `work` took. */
export async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** How a list of milliseconds reads: the middle one, the one that 95 % stay below, the longest. */
export function spread(all) {
  const sorted = [...all].sort((a, b) => a - b);
  const at = (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  return sorted.length === 0 ? "none" : `${sorted.length}: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, longest ${at(1)} ms`;
}
