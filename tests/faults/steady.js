// Requests at a steady rate, whatever becomes of them: what a fault costs those who come meanwhile.

import { assert } from "../browser/report.js";
import { sleep } from "./load.js";
import { activate, exchange, obtainCode, person, programToken, refresh, signIn, tokensOf, userinfo, wrong } from "./walks.js";

/** What may be asked, by name; each throws unless it is answered as it should be. */
const KINDS = {
  "sign-in": (run) => signIn(run.house, run.next(), { at: run.at }),
  /** The session that is there already. */
  sso: async (run) => {
    const who = await run.signedIn();
    const found = await obtainCode(run.house, who);
    run.tokens = tokensOf(await exchange(run.house, found, { at: run.at }));
  },
  refresh: async (run) => {
    const held = run.family ??= (await signIn(run.house, run.next(), { at: run.at })).tokens.refresh_token;
    tokensOf(await refresh(run.house, held, { at: run.at }), "refresh");
  },
  userinfo: async (run) => {
    run.tokens ??= (await signIn(run.house, run.next(), { at: run.at })).tokens;
    const answer = await userinfo(run.house, run.tokens.access_token, { at: run.at });
    if (answer.status === 401) run.tokens = undefined;
    tokensOf(answer, "userinfo");
  },
  /** By a parent who has no account yet, as long as there are any. */
  activation: async (run) => {
    const number = run.house.accounts + run.activated;
    run.activated += 1;
    if (number >= run.house.parents.length) throw new Error("no parent without an account is left");
    const who = person(run.house, number, run.at ? () => run.at : undefined);
    await activate(run.house, who).catch((error) => {
      throw Object.assign(error, { status: who.browser.status === 200 ? 0 : who.browser.status });
    });
  },
  token: async (run) => tokensOf(await programToken(run.house, { at: run.at }), "token"),
  discovery: (run) => status(run, "/.well-known/openid-configuration"),
  jwks: (run) => status(run, "/oauth2/jwks"),
  page: (run) => status(run, "/connexion"),
  wrong: async (run) => {
    const answered = await wrong(run.house, person(run.house, run.next()), run.at);
    if (![422, 429].includes(answered)) throw Object.assign(new Error(`wrong: ${answered}`), { status: answered });
  },
};

async function status(run, path) {
  const { status, headers, text } = await run.house.ask(path, { at: run.at });
  if (status !== 200) {
    throw Object.assign(new Error(`${path}: ${status} ${text.slice(0, 100)}`), { status, retryAfter: headers["retry-after"] });
  }
}

/**
 * @param {{rate: number, mix: Object<string, number>, at?: object, most?: number}} how `rate` requests a second in the shares
 *   of `mix`, at most so many at once
 * @returns {{end: () => Promise<object[]>, all: object[]}} of each request `kind`, `began`, `ended`, `ms`, `ok`, and
 *   `status` (0: no answer), `retryAfter` and `words` of a failure
 */
export function loadOn(house, { rate, mix, at, most = 400 }) {
  const all = [];
  const under = new Set();
  const deck = Object.entries(mix).flatMap(([kind, share]) => Array(share).fill(kind));
  let number = 0;
  let over = false;
  const run = {
    house, at, tokens: undefined, activated: 0,
    next: () => { number += 1; return number % house.accounts; },
    signedIn: async () => run.who ??= (await signIn(house, run.next(), { at })).who,
  };
  const one = async (kind) => {
    const record = { kind, began: performance.now(), ok: true };
    try {
      await KINDS[kind](run);
    } catch (error) {
      Object.assign(record, { ok: false, status: error.status ?? 0, retryAfter: error.retryAfter, words: error.message.slice(0, 160) });
    }
    record.ended = performance.now();
    record.ms = record.ended - record.began;
    all.push(record);
  };
  const loop = (async () => {
    const began = performance.now();
    for (let n = 0; !over; n += 1) {
      const wait = began + (n * 1_000) / rate - performance.now();
      if (wait > 0) await sleep(wait);
      if (over || under.size >= most) continue;
      const work = one(deck[Math.floor(Math.random() * deck.length)]).finally(() => under.delete(work));
      under.add(work);
    }
  })();
  return {
    all,
    end: async () => {
      over = true;
      await loop;
      await Promise.all(under);
      return all;
    },
  };
}

/** Times are multiplied by this where the machine is not ours alone. */
const SLACK = Number(process.env.FAULTS_SLACK ?? (process.env.FAULTS_SHORT === "1" ? 10 : 1));

/** Fails where something took longer than it may. */
export function within(what, ms, limit) {
  assert(ms <= limit * SLACK, `${what}: ${Math.round(ms)} ms, at most ${limit}`);
}

/** The value that so large a share stays below. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? 0 : Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
}

/** What failed, each once, with how often. */
export function failuresOf(all) {
  const counts = new Map();
  for (const { ok, kind, status: said, words } of all) {
    if (ok) continue;
    const name = `${kind} ${said || words}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, times]) => `${times} × ${name}`).join("; ");
}
