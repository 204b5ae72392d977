// Requests of every kind without a pause, while servers are stopped and started: how many there were, and which failed.

import { keptOpen, ask } from "./ask.js";
import { HOME, IDENTIFIANTS, ISSUER, PORTAL, PROGRAM, SECRET } from "./servers.js";
import { PARENTS } from "../interop/roster.js";
import { Person } from "../interop/person.js";

export const basic = ({ client_id }) => `Basic ${Buffer.from(`${client_id}:${SECRET}`).toString("base64")}`;
const FORM = "application/x-www-form-urlencoded";

export function authorization(more = {}) {
  return `${ISSUER}/oauth2/authorize?${new URLSearchParams({
    client_id: PORTAL.client_id, redirect_uri: HOME, response_type: "code", scope: "openid profile", state: "s",
    nonce: "n-0123456789abcdef", ...more,
  })}`;
}

/** Signs a parent in, in a browser of its own, and exchanges the code. */
export async function signIn(number, headers = {}) {
  const who = new Person(ISSUER, "", PARENTS[number]);
  who.identifiant = IDENTIFIANTS[number];
  who.browser.headers = headers;
  const landed = await who.answer(authorization(), HOME);
  const code = landed?.searchParams.get("code");
  if (!code) throw new Error(`no code: ${who.browser.status} ${who.browser.text().slice(0, 200)}`);
  return exchange(code);
}

export async function exchange(code, agent = undefined) {
  const body = new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: HOME }).toString();
  const headers = { "Content-Type": FORM, Authorization: basic(PORTAL) };
  const answer = await ask("/oauth2/token", { method: "POST", body, headers, agent });
  if (answer.status !== 200) throw new Error(`token: ${answer.status} ${answer.text.slice(0, 200)}`);
  return JSON.parse(answer.text);
}

/** The same requests again and again. */
export class Load {
  sent = 0;
  /** Sent again because a kept connection was closed before the request was read. */
  again = 0;
  failures = [];
  #over = false;

  constructor(loops) {
    const program = { "Content-Type": FORM, Authorization: basic(PROGRAM) };
    const token = { method: "POST", headers: program, body: "grant_type=client_credentials" };
    const kinds = [
      ["discovery", (agent) => this.#status(200, "/.well-known/openid-configuration", { agent })],
      ["page", (agent) => this.#status(200, "/connexion", { agent })],
      ["token", (agent) => this.#status(200, "/oauth2/token", { ...token, agent })],
      ["authorize", (agent) => this.#status(303, authorization().slice(ISSUER.length), { agent })],
    ];
    this.loops = Array.from({ length: loops }, async (_, loop) => {
      const agent = keptOpen();
      for (let n = loop; !this.#over; n += 1) {
        const signing = ["sign-in", () => this.#signIn(n % PARENTS.length)];
        const [name, run] = n % 12 === 0 ? signing : kinds[n % kinds.length];
        this.sent += 1;
        await run(agent).catch((error) => {
          this.failures.push(`${new Date().toISOString()} ${name}: ${error.cause?.message ?? error.message}`);
        });
      }
      agent.destroy();
    });
  }

  async #signIn(number) {
    try {
      return await signIn(number);
    } catch (error) {
      if (error.cause?.code !== "UND_ERR_SOCKET") throw error;
      this.again += 1;
      return signIn(number);
    }
  }

  async #status(expected, path, how) {
    const { status, text } = await ask(path, { ...how, onAgain: () => { this.again += 1; } });
    if (status !== expected) throw new Error(`${path.slice(0, 40)}: ${status} ${text.slice(0, 120)}`);
  }

  async end() {
    this.#over = true;
    await Promise.all(this.loops);
  }
}
