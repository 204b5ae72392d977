// RT-08: keys that are rotated under load, with relying parties that keep the key set as long as they may. RT-09: a key
// that somebody else has.

import { createPublicKey, verify } from "node:crypto";
import { assert, assertEqual } from "../browser/report.js";
import { inHouse } from "./house.js";
import { sleep } from "./load.js";
import { within } from "./steady.js";
import { hasStores } from "./stores.js";
import { exchange, obtainCode, person, post, signIn, tokensOf, userinfo } from "./walks.js";

const SIGNS_MS = 5_000;
const INACTIVE_MS = 60_000;
const MOST_AGE = 300;

const read = (part) => JSON.parse(Buffer.from(part, "base64url"));
export const headOf = (token) => read(token.split(".")[0]);

/** A relying party that asks for the key set when the one that it has is too old, and not before. */
class Verifier {
  #keys = [];
  #until = 0;
  fetches = 0;

  constructor(house, at) {
    [this.house, this.at] = [house, at];
  }

  async verifies(token) {
    if (Date.now() >= this.#until) {
      const { text, headers } = await this.house.ask("/oauth2/jwks", { at: this.at });
      this.maxAge = Number(/max-age=(\d+)/.exec(headers["cache-control"])[1]);
      [this.#keys, this.#until] = [JSON.parse(text).keys, Date.now() + this.maxAge * 1_000];
      this.fetches += 1;
    }
    const [head, body, signature] = token.split(".");
    const key = this.#keys.find(({ kid }) => kid === read(head).kid);
    if (!key) return false;
    const ec = read(head).alg.startsWith("ES") ? { dsaEncoding: "ieee-p1363" } : {};
    return verify("sha256", Buffer.from(`${head}.${body}`), { key: createPublicKey({ key, format: "jwk" }), ...ec },
      Buffer.from(signature, "base64url"));
  }
}

async function rotations(print, seconds) {
  await inHouse("rotation", { servers: 2, parents: 60 }, async (house) => {
    const verifiers = [house.servers[0], house.servers[1], house.front].map((at) => new Verifier(house, at));
    const people = await Promise.all([1, 2, 3].map(async (number) => (await signIn(house, number)).who));
    const kids = new Set();
    let [tokens, bad, rotated] = [0, 0, 0];
    const until = Date.now() + seconds * 1_000;
    let next = Date.now() + 2_000;
    while (Date.now() < until) {
      if (Date.now() >= next) {
        house.preau("keys", "rotate");
        rotated += 1;
        next = Date.now() + 30_000;
      }
      await Promise.all(people.map(async (who, n) => {
        const at = house.servers[n % 2];
        const { id_token: token } = tokensOf(await exchange(house, await obtainCode(house, who), { at }));
        kids.add(headOf(token).kid);
        for (const verifier of verifiers) {
          tokens += 1;
          if (!(await verifier.verifies(token))) bad += 1;
        }
      }));
      await sleep(100);
    }
    const { text } = await house.ask("/oauth2/jwks");
    const all = JSON.parse(text).keys.map(({ kid }) => kid);
    print(`RT-08: ${rotated} rotations in ${seconds} s, ${tokens} verifications by key sets up to ${verifiers[0].maxAge} s old,`
      + ` failed ${bad} (0); ${kids.size} keys signed, ${all.length} are published, ${new Set(all).size} of them different`);
    assertEqual(bad, 0, "tokens that did not verify");
    assertEqual(new Set(all).size, all.length, "ids of keys");
  });
}

async function compromise(print) {
  await inHouse("compromise", { servers: 2, parents: 60 }, async (house) => {
    const { who, tokens } = await signIn(house, 0);
    const ours = headOf(tokens.access_token).kid;
    const theirs = headOf(tokens.id_token).kid;
    const [jwks] = await Promise.all([house.ask("/oauth2/jwks")]);
    const age = Number(/max-age=(\d+)/.exec(jwks.headers["cache-control"])[1]);
    for (const kid of new Set([ours, theirs])) house.preau("keys", "retire", "--now", kid);
    const began = performance.now();
    /** Milliseconds until it holds at both servers. */
    const until = async (limit, holds) => {
      const left = new Set(house.servers);
      while (left.size > 0) {
        for (const at of left) if (await holds(at)) left.delete(at);
        if (performance.now() - began > limit) throw new Error(`not within ${limit} ms at ${left.size} servers`);
        await sleep(50);
      }
      return Math.round(performance.now() - began);
    };
    const fresh = async (at) => {
      const made = tokensOf(await exchange(house, await obtainCode(house, who), { at }));
      return headOf(made.access_token).kid !== ours && headOf(made.id_token).kid !== theirs;
    };
    const signs = await until(90_000, fresh);
    const dead = await until(90_000, async (at) => (await userinfo(house, tokens.access_token, { at })).status === 401);
    const inactive = await until(90_000, async (at) => {
      const { text } = await post(house, "/oauth2/introspect", { token: tokens.access_token }, { at });
      return JSON.parse(text).active === false;
    });
    const gone = await until(90_000, async (at) => {
      const { text } = await house.ask("/oauth2/jwks", { at });
      return ![ours, theirs].some((kid) => text.includes(kid));
    });
    print(`RT-09: both servers sign with another key ${signs} ms after the command (at most ${SIGNS_MS}); its tokens are refused at`
      + ` userinfo after ${dead} ms and inactive after ${inactive} ms (at most ${INACTIVE_MS}); out of both key sets after ${gone} ms,`
      + ` which may be kept for ${age} s (at most ${MOST_AGE})`);
    within("new signatures", signs, SIGNS_MS);
    within("tokens of the old key", Math.max(dead, inactive), INACTIVE_MS);
    assert(age <= MOST_AGE, `max-age=${age}`);
    assertEqual(house.count("SELECT COUNT(*) FROM signing_key WHERE state = 'active'") >= 2, true, "keys that sign");
  });
}

export async function keys(report, { short, print }) {
  if (!hasStores()) {
    report.skip("RT-08 and RT-09", "no PostgreSQL was started");
    return;
  }
  await report.check("RT-09 a key that somebody else has signs and verifies nothing more, at either server", () => compromise(print));
  if (!short) await report.check("RT-08 every token verifies by every key set that may still be kept", () => rotations(print, 120));
}
