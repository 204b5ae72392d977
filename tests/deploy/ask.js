// One request from an address of ours, as a stranger could write it.

import { connect } from "node:http2";
import { Agent, request as plain } from "node:http";
import { Agent as TlsAgent, request } from "node:https";

const PUBLIC = "192.0.2.10";
const NAME = "compte.example.fr";

/**
 * @param {string} path
 * @param {{method?: string, headers?: object, body?: string, from?: string, to?: string, port?: number, name?: string,
 *   agent?: Agent, onAgain?: () => void}} how `from` is the address that the request comes from; port 443 is TLS
 * @returns {Promise<{status: number, headers: object, text: string}>}
 */
export function ask(path, how = {}) {
  const { method = "GET", headers = {}, body, from, to = PUBLIC, port = 443, name = NAME, agent = false } = how;
  const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
  return new Promise((done, failed) => {
    const sent = (port === 443 ? request : plain)({
      host: to, port, path, method, agent, localAddress: from, servername: NAME, timeout: 40_000,
      headers: { Host: name, ...length, ...headers },
    }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk) => { text += chunk; });
      answer.once("end", () => done({ status: answer.statusCode, headers: answer.headers, text }));
      answer.once("error", failed);
    });
    sent.once("timeout", () => sent.destroy(new Error(`${path}: no answer`)));
    sent.once("error", (error) => {
      // A proxy may close a kept connection in the moment in which a request is on its way: it was not read then, and
      // is sent again, once, on a new one. Browsers do this, and the documentation of Node says to do it.
      if (!sent.reusedSocket || error.code !== "ECONNRESET" || how.again) return failed(error);
      how.onAgain?.();
      return ask(path, { ...how, again: true, agent: false }).then(done, failed);
    });
    sent.end(body);
  });
}

/** Connections that stay open, as a browser's do. */
export function keptOpen() {
  return new TlsAgent({ keepAlive: true });
}

/** @returns {Promise<number>} the status of a GET over HTTP/2 */
export function askByHttp2(path) {
  const session = connect(`https://${NAME}`);
  return new Promise((done, failed) => {
    session.once("error", failed);
    const stream = session.request({ ":path": path });
    stream.once("response", (headers) => done(headers[":status"]));
    stream.once("error", failed);
    stream.resume().end();
  }).finally(() => session.close());
}
