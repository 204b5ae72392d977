// Requests to one server of several by the name of them all: the issuer stands in the Host header, whoever is asked.

import { request } from "node:http";

/**
 * @param {string} issuer
 * @param {{port: number}} at who is asked
 * @returns {Promise<{status: number, headers: object, text: string, ms: number}>}
 */
export function ask(issuer, at, path, { method = "GET", headers = {}, body, timeout = 40_000, agent = false } = {}) {
  const began = performance.now();
  const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
  return new Promise((done, failed) => {
    const sent = request({
      host: "127.0.0.1", port: at.port, path, method, agent, headers: { Host: new URL(issuer).host, ...length, ...headers },
    }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.once("end", () => done({
        status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString(),
        ms: performance.now() - began,
      }));
      answer.once("error", failed);
      answer.once("aborted", () => failed(new Error(`${path}: cut off`)));
    });
    sent.setTimeout(timeout, () => sent.destroy(new Error(`${path}: no answer in ${timeout} ms`)));
    sent.once("error", failed);
    sent.end(body);
  });
}

/** As a browser's fetch: asks `at` for whatever is the issuer's. */
export function fetcher(house, at) {
  return async (url, { method, headers, body }) => {
    const { pathname, search } = new URL(url);
    const answer = await house.ask(pathname + search, { at: at(), method, headers, body });
    const all = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) {
      for (const one of [value].flat()) all.append(name, one);
    }
    return new Response([204, 304].includes(answer.status) ? null : answer.text, { status: answer.status, headers: all });
  };
}
