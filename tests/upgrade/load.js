// Requests without a pause through the proxy, while releases are migrated, drained, reloaded and started again.

import { PROGRAM, sleep } from "./house.js";
import { authorization, ask, exchange, expect, userinfo } from "./people.js";

const IN_TURN = undefined;

export class Load {
  sent = 0;
  failures = [];
  #over = false;

  /** @param {() => object} visitor somebody with an account, on a new device */
  constructor(house, visitor, loops = 4) {
    const status = async (expected, path, how) => {
      const answer = await ask(house, IN_TURN, path, how);
      expect(answer.status === expected, `${path.slice(0, 40)}: ${answer.status} ${answer.text.slice(0, 120)}`);
    };
    const token = { client: PROGRAM, form: { grant_type: "client_credentials" } };
    const kinds = [
      ["discovery", () => status(200, "/.well-known/openid-configuration")],
      ["page", () => status(200, "/connexion")],
      ["token", () => status(200, "/oauth2/token", token)],
      ["authorize", async () => {
        const answer = await fetch(authorization(house), { redirect: "manual" });
        await answer.arrayBuffer();
        expect(answer.status === 303, `authorize: ${answer.status}`);
      }],
    ];
    // Each request may meet the other release than the one before.
    const signIn = async () => {
      const tokens = await exchange(house, IN_TURN, await visitor().codeAt(IN_TURN));
      await userinfo(house, IN_TURN, tokens.access_token);
    };
    this.loops = Array.from({ length: loops }, async (_, loop) => {
      for (let n = loop; !this.#over; n += 1) {
        const [name, run] = n % 12 === 0 ? ["sign-in", signIn] : kinds[n % kinds.length];
        this.sent += 1;
        await run().catch((error) => {
          this.failures.push(`${new Date().toISOString()} ${name}: ${error.cause?.message ?? error.message}`);
        });
      }
    });
  }

  async end() {
    this.#over = true;
    await Promise.all(this.loops);
  }
}

/** Runs `act` under load. Fails if a request was lost, or there were too few. */
export async function underLoad(house, visitor, act) {
  const load = new Load(house, visitor);
  const asked = house.servers.map((server) => server.asked);
  try {
    await sleep(1_000);
    await act();
    await sleep(1_000);
  } finally {
    await load.end();
  }
  const shares = house.servers.map((server, number) => `${server.release} ${server.asked - asked[number]}`).join(", ");
  console.log(`        ${load.sent} acts, ${load.failures.length} failed; requests: ${shares}`);
  expect(load.sent > 8, "too few acts");
  expect(load.failures.length === 0, load.failures.slice(0, 8).join("\n"));
}
