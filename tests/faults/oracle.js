// What was acknowledged, and whether it is all there: the invariants I1 to I6 that each fault must leave whole.

import { assert, assertEqual } from "../browser/report.js";
import { obtainCode, stranger } from "./walks.js";

/** The bounds of a code and of a phone's messages within a day (config/preau.toml has none of them). */
const MOST_TRIES = 3;
const MOST_SENDS = 3;
const MOST_MESSAGES = 5;

const NOTHING = {
  "identifiants that two accounts have": "SELECT COUNT(*) - COUNT(DISTINCT identifiant) FROM account",
  "accounts without anybody of the roster":
    `SELECT COUNT(*) FROM account a WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.account_id = a.id)`,
  "people of an account that is not there":
    `SELECT COUNT(*) FROM person p WHERE p.account_id IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = p.account_id)`,
  "sessions of an account that is not there":
    "SELECT COUNT(*) FROM session s WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = s.account_id)",
  "devices of an account that is not there":
    "SELECT COUNT(*) FROM device d WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = d.account_id)",
  "active accounts without a password": "SELECT COUNT(*) FROM account WHERE state = 'active' AND password IS NULL",
  "activations of an account that is not there":
    `SELECT COUNT(*) FROM activation v WHERE v.account_id IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = v.account_id)`,
  "codes with more tries or messages than there are":
    `SELECT COUNT(*) FROM challenge WHERE tries_left < 0 OR tries_left > ${MOST_TRIES} OR sends > ${MOST_SENDS}`,
  "accounts without the fact that gave their identifiant":
    `SELECT COUNT(*) FROM account a WHERE a.password_at IS NOT NULL AND EXISTS (SELECT 1 FROM activation v WHERE v.account_id = a.id)
     AND NOT EXISTS (SELECT 1 FROM audit f WHERE f.account_id = a.id AND f.fact = 'identifiant_given')`,
  "passwords without the fact that one was chosen":
    `SELECT COUNT(*) FROM account a WHERE a.password IS NOT NULL AND EXISTS (SELECT 1 FROM activation v WHERE v.account_id = a.id)
     AND NOT EXISTS (SELECT 1 FROM audit f WHERE f.account_id = a.id AND f.fact = 'password_chosen')`,
};

export class Oracle {
  /** Whoever saw an identifiant, and whether a password was acknowledged. */
  #people = new Map();
  /** How often each thing that serves once was taken. */
  #taken = new Map();
  checks = 0;

  constructor(house) {
    this.house = house;
  }

  /** What a person was told by now. */
  acknowledge(who) {
    if (!who.identifiant) return;
    const known = this.#people.get(who.identifiant);
    assert(!known || known.parent.id === who.parent.id, `I2: ${who.identifiant} was shown to two people`);
    this.#people.set(who.identifiant, who);
  }

  /** A code, a refresh token or the like was taken. */
  spend(kind, value) {
    const name = `${kind} ${value}`;
    this.#taken.set(name, (this.#taken.get(name) ?? 0) + 1);
  }

  get acknowledged() {
    return [...this.#people.values()];
  }

  get passwords() {
    return this.acknowledged.filter(({ hasPassword }) => hasPassword);
  }

  /** Holds what the rows can tell; `audit` also the seals. */
  check({ audit = false } = {}) {
    const { house } = this;
    this.checks += 1;
    for (const [what, sql] of Object.entries(NOTHING)) assertEqual(house.count(sql), 0, what);
    const rows = new Map(house.query("SELECT identifiant, password IS NOT NULL FROM account").map((row) => {
      const [identifiant, password] = row.split("|");
      return [identifiant, ["1", "t", "true"].includes(password)];
    }));
    for (const [identifiant, who] of this.#people) {
      assert(rows.has(identifiant), `I1: ${identifiant} was shown and is not there`);
      assert(!who.hasPassword || rows.get(identifiant), `I1: the password of ${identifiant} is lost`);
    }
    for (const [name, times] of this.#taken) assert(times <= 1, `I4: ${name} was taken ${times} times`);
    for (const number of house.phones.numbers) {
      const { length } = house.phones.of(number);
      assert(length <= MOST_MESSAGES, `I5: ${number} got ${length} messages`);
    }
    // Who dies between the handing over and its note hands over again, under the same id, which a gateway sends once.
    for (const [id, times] of house.phones.taken) {
      const most = Math.max(2, 1 + house.phones.deathsSince(id));
      assert(times <= most, `I5: message ${id} was handed over ${times} times, by at most ${most} servers`);
    }
    if (audit) house.preau("audit", "verify");
  }

  /** Signs some of those in who were told that they may. @returns how many */
  async signIn(most = Number.POSITIVE_INFINITY) {
    const some = this.passwords.slice(-most);
    for (const who of some) await obtainCode(this.house, stranger(this.house, who));
    return some.length;
  }
}
