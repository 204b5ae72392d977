// What one act costs PostgreSQL and Redis: commits, bytes of the write-ahead log, statements, commands. Counts do not
// depend on the machine, so docs/scale.md reckons with them.

import { execFileSync } from "node:child_process";
import { ask } from "./ask.js";
import { authorization, basic, exchange, signIn } from "./load.js";
import { HOME, IDENTIFIANTS, ISSUER, PROGRAM } from "./servers.js";
import { PARENTS } from "../interop/roster.js";
import { Person } from "../interop/person.js";

const [DATABASE, REDIS] = [process.env.DEPLOY_MIGRATE, process.env.DEPLOY_REDIS];
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

function sql(text) {
  const row = execFileSync("psql", ["-X", "-At", "-F", " ", DATABASE, "-c", text], { encoding: "utf8" });
  return row.trim().split(" ").map(Number);
}

function counts() {
  const [commits] = sql("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()");
  const [wal, records] = sql("SELECT wal_bytes, wal_records FROM pg_stat_wal");
  const info = execFileSync("redis-cli", ["-s", REDIS.replace("unix:", ""), "info", "stats"], { encoding: "utf8" });
  const [written] = sql("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables");
  const commands = Number(/total_commands_processed:(\d+)/.exec(info)[1]);
  return { commits, wal, records, written, commands };
}

/** Statistics of PostgreSQL are a moment late. */
async function settled() {
  await sleep(2_500);
  return counts();
}

export async function count(report) {
  const signedIn = new Person(ISSUER, "", PARENTS[0]);
  signedIn.identifiant = IDENTIFIANTS[0];
  const code = async () => (await signedIn.answer(authorization(), HOME)).searchParams.get("code");
  await code();
  let token;
  const type = "application/x-www-form-urlencoded";
  const acts = [
    ["nothing, for a second", 0, () => sleep(1_000)],
    ["a sign-in on a new device, and its tokens", 30, (n) => signIn(n % PARENTS.length)],
    ["a single sign-on, and its tokens", 30, async () => { token = (await exchange(await code())).access_token; }],
    ["userinfo", 30, () => ask("/oauth2/userinfo", { headers: { Authorization: `Bearer ${token}` } })],
    ["a token of a program itself", 30, () => ask("/oauth2/token", {
      method: "POST", body: "grant_type=client_credentials",
      headers: { "Content-Type": type, Authorization: basic(PROGRAM) },
    })],
    ["the sign-in page", 30, () => ask("/connexion")],
    ["discovery", 30, () => ask("/.well-known/openid-configuration")],
  ];
  await report.check("what an act costs PostgreSQL and Redis is counted", async () => {
    await signIn(0);
    await signIn(1);
    let idle = {};
    for (const [name, times, act] of acts) {
      const before = await settled();
      const began = Date.now();
      if (times === 0) await sleep(10_000);
      for (let n = 0; n < times; n += 1) await act(n);
      const after = await settled();
      const seconds = (Date.now() - began) / 1_000;
      const per = Object.fromEntries(Object.keys(after).map((key) => {
        const grown = after[key] - before[key];
        if (times === 0) return [key, grown / seconds];
        return [key, (grown - idle[key] * seconds) / times];
      }));
      if (times === 0) idle = per;
      const shown = Object.entries(per).map(([key, value]) => `${key} ${value.toFixed(1)}`).join(", ");
      console.log(`        ${times === 0 ? "at rest, each second" : name}: ${shown}`);
    }
  });
}
