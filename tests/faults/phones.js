// The phones: an SMS gateway that keeps what it takes, and fails as it is told to.

import { createServer } from "node:http";

export class Phones {
  #arrived = new Map();
  /** Every message that was taken: how often, by its id. */
  taken = new Map();
  /** How many servers died so far, and had died when a message was first taken, by its id. */
  deaths = 0;
  #deathsBefore = new Map();
  /** Told for each call before it is answered: "take", a status, "hang", or "lose" (it is taken, and the answer never comes). */
  behaviour = () => "take";
  calls = 0;

  async listen() {
    this.server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => { body += chunk; });
      request.on("end", () => this.#answer(JSON.parse(body), response));
    });
    await new Promise((done) => { this.server.listen(0, "127.0.0.1", done); });
    this.url = `http://127.0.0.1:${this.server.address().port}/`;
  }

  #answer(message, response) {
    this.calls += 1;
    const what = this.behaviour(this.calls, message);
    if (typeof what === "number") {
      response.writeHead(what).end();
      return;
    }
    if (what === "hang") return;
    this.taken.set(message.id, (this.taken.get(message.id) ?? 0) + 1);
    // The same id again is the same message.
    if (this.taken.get(message.id) === 1) {
      this.#deathsBefore.set(message.id, this.deaths);
      const all = this.#arrived.get(message.to) ?? [];
      all.push({ ...message, at: Date.now() });
      this.#arrived.set(message.to, all);
    }
    if (what !== "lose") response.writeHead(204).end();
  }

  /** How many servers died since a message was first taken. */
  deathsSince(id) {
    return this.deaths - this.#deathsBefore.get(id);
  }

  /** What came to a number, oldest first. */
  of(e164) {
    return this.#arrived.get(e164) ?? [];
  }

  get numbers() {
    return [...this.#arrived.keys()];
  }

  /** The code of the newest message that came after `seen` others. */
  async code(e164, seen = 0, wait = 20_000) {
    for (const until = Date.now() + wait; Date.now() < until;) {
      const all = this.of(e164);
      if (all.length > seen) return /\b(\d{6})\b/.exec(all.at(-1).text)[1];
      await new Promise((done) => { setTimeout(done, 20); });
    }
    throw new Error(`no SMS to ${e164}`);
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
