// A TCP proxy that does what networks do: it delays, holds everything back without a word, or cuts.

import { connect, createServer } from "node:net";

/** How long a connection waits for a place where it may go. */
const WAIT_MS = 10_000;

/** One way of a connection: what came, and when it may go on. */
class Way {
  #queue = [];
  #timer;
  #due = 0;

  constructor(proxy, from, to) {
    [this.proxy, this.to] = [proxy, to];
    from.on("data", (chunk) => this.#push(chunk));
    from.on("end", () => this.#push(undefined));
  }

  #push(chunk) {
    this.#due = Math.max(this.#due, Date.now() + this.proxy.delayed());
    this.#queue.push({ chunk, due: this.#due });
    this.pump();
  }

  /** Nothing arrives any more, and nobody is told. */
  abandoned = false;

  pump() {
    clearTimeout(this.#timer);
    while (!this.proxy.holds && !this.abandoned && this.#queue.length > 0) {
      const { chunk, due } = this.#queue[0];
      const wait = due - Date.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.pump(), wait);
        return;
      }
      this.#queue.shift();
      if (this.to.destroyed) return;
      if (chunk) this.to.write(chunk);
      else this.to.end();
    }
  }
}

export class FaultProxy {
  #server;
  #pairs = new Set();
  #delay = { ms: 0, jitter: 0 };
  #refuses = false;
  holds = false;
  /** Whether a connection waits where nobody is there to take it. */
  waits = true;
  /** Connections that were accepted so far. */
  accepted = 0;

  /** @param {() => object[]} targets where a connection may go, best first, as `net.connect` takes it */
  constructor(targets) {
    this.targets = targets;
  }

  /** @param {object} target one place, as `net.connect` takes it */
  static async to(target) {
    const proxy = new FaultProxy(() => [target]);
    proxy.waits = false;
    await proxy.listen();
    return proxy;
  }

  async listen(port = 0) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
    await new Promise((done, failed) => {
      this.#server.once("error", failed).listen(port, "127.0.0.1", 4_096, done);
    });
    this.port = this.#server.address().port;
  }

  get open() {
    return this.#pairs.size;
  }

  delayed() {
    return this.#delay.ms + (Math.random() * 2 - 1) * this.#delay.jitter;
  }

  #accept(client) {
    this.accepted += 1;
    client.on("error", () => {});
    if (this.#refuses) client.resetAndDestroy();
    else this.#carry(client, [...this.targets()], this.waits ? Date.now() + WAIT_MS : 0);
  }

  #carry(client, [target, ...others], until) {
    if (!target) {
      // Nobody is there: it waits a moment for somebody, as a load balancer's queue does.
      if (client.destroyed || Date.now() > until) client.resetAndDestroy();
      else setTimeout(() => this.#carry(client, [...this.targets()], until), 50);
      return;
    }
    const server = connect({ host: "127.0.0.1", noDelay: true, allowHalfOpen: true, ...target });
    let there = false;
    server.once("error", () => {
      if (!there) this.#carry(client, others, until);
    });
    server.once("connect", () => {
      there = true;
      const pair = { client, server, ways: [] };
      this.#pairs.add(pair);
      const gone = () => {
        // What was held back is lost with the connection, but nobody is told of it meanwhile.
        if (this.holds || pair.abandoned) return;
        this.#pairs.delete(pair);
        client.destroy();
        server.destroy();
      };
      client.once("close", gone);
      server.once("close", () => {
        if (!this.holds && !pair.abandoned && !client.writableEnded) setTimeout(gone, this.#delay.ms + this.#delay.jitter);
      });
      server.on("error", () => client.destroy());
      pair.ways = [new Way(this, client, server), new Way(this, server, client)];
    });
  }

  /** Everything passes, and what was held back goes on. */
  pass() {
    [this.holds, this.#refuses, this.#delay] = [false, false, { ms: 0, jitter: 0 }];
    for (const pair of this.#pairs) {
      if (pair.client.destroyed || pair.server.destroyed) {
        pair.client.destroy();
        pair.server.destroy();
        this.#pairs.delete(pair);
      } else for (const way of pair.ways) way.pump();
    }
  }

  /** Each piece is so many milliseconds late in each direction. */
  delay(ms, jitter = 0) {
    this.#delay = { ms, jitter };
  }

  /** A black hole: connections stay, nothing arrives, new ones are accepted and hear nothing either. */
  hold() {
    this.holds = true;
  }

  /** What is open now hears nothing more for ever, as behind a firewall that forgot it; new connections pass. */
  abandon() {
    for (const pair of this.#pairs) {
      pair.abandoned = true;
      for (const way of pair.ways) way.abandoned = true;
    }
  }

  /** Resets what is open; `refuse` also whatever comes. */
  cut({ refuse = true } = {}) {
    this.#refuses = refuse;
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      // A socket in a folder knows no reset.
      server.destroy();
    }
    this.#pairs.clear();
  }

  close() {
    this.cut();
    this.#server.close();
  }
}
