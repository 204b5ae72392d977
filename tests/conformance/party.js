// The relying party's own server: keys, sector documents, request objects, logout addresses, a logo. Redirect URIs lie
// here too, but the browser of the tests keeps what comes there and asks nothing.

import { readFileSync } from "node:fs";
import { createServer } from "node:https";

export class Party {
  /** Path to what is answered there: `{type, body}`. */
  #answers = new Map();
  /** Path to what was received there, oldest first. */
  #received = new Map();

  constructor(origin, certificate, key) {
    this.origin = origin;
    this.server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
      let body = "";
      request.on("data", (chunk) => { body += chunk; });
      request.on("end", () => {
        const url = new URL(request.url, origin);
        const seen = this.#received.get(url.pathname) ?? [];
        seen.push({ method: request.method, url, body, type: request.headers["content-type"] ?? "" });
        this.#received.set(url.pathname, seen);
        const answer = this.#answers.get(url.pathname);
        response.setHeader("Cache-Control", "no-store");
        if (!answer) return response.writeHead(404).end();
        response.setHeader("Content-Type", answer.type);
        return response.end(answer.body);
      });
    });
  }

  start() {
    return new Promise((done) => { this.server.listen(Number(new URL(this.origin).port), "127.0.0.1", done); });
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Answers there from now on; gives the address. */
  serve(path, body, type = "application/json") {
    this.#answers.set(path, { type, body: typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body) });
    return `${this.origin}${path}`;
  }

  received(path) {
    return this.#received.get(path) ?? [];
  }

  /** Waits until something came there. */
  async until(path, milliseconds = 10_000) {
    const end = Date.now() + milliseconds;
    while (this.received(path).length === 0 && Date.now() < end) await new Promise((done) => { setTimeout(done, 50); });
    return this.received(path);
  }
}
