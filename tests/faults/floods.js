// What a flood costs those who are there for real, and what a power cut loses. Counts and memory are held; times are
// only printed: they say more of the machine than of the program.

import { connect } from "node:net";
import { availableParallelism } from "node:os";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { randomBytes, randomInt } from "node:crypto";
import { Person } from "../interop/person.js";
import { startProvider } from "../interop/provider.js";
import { families } from "./families.js";
import { beside, post, sleep, somewhere, spread, timed, together } from "./load.js";

const ARTEFACTS = join(import.meta.dirname, "artefacts");

const FAMILIES = 240;
const ACTIVATED = 200;
const SIGN_INS = 1_000;
const MIB = 1024;
/** What argon2id takes of memory for one hash, and what else may have grown (docs: the budget of memory). */
const HASH_MIB = 19;
const REST_MIB = 64;

export async function floods(report) {
  const parents = families(FAMILIES);
  const CLIENT = {
    client_id: "flood", client_name: "Portail", redirect_uris: ["https://portail.example/retour"],
    client_secret: "flood-secret-flood-secret-flood-secret", token_endpoint_auth_method: "client_secret_basic",
    scope: "openid profile", sector: "flood", perimeter: { academies: ["montpellier"] },
  };
  const provider = await report.check("Préau starts behind a proxy, with a roster of 240 families", () =>
    startProvider(join(ARTEFACTS, "provider.log"), {
      name: "faults", clients: [CLIENT], parents, plain: true, server: 'trusted_proxies = ["127.0.0.1"]\n',
    }));
  if (!provider) return;
  const { issuer, phones } = provider;
  const STOP = "https://portail.example/";
  const request = () => `${issuer}/oauth2/authorize?${new URLSearchParams({
    client_id: CLIENT.client_id, redirect_uri: CLIENT.redirect_uris[0], response_type: "code", scope: "openid profile",
    nonce: randomBytes(12).toString("hex"), state: "s",
  })}`;

  /** Resident memory of the server, in MiB. */
  function resident() {
    const status = readFileSync(`/proc/${provider.pid()}/status`, "utf8");
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / MIB);
  }

  function person(parent) {
    const made = new Person(issuer, phones, parent);
    made.browser.headers = { "X-Forwarded-For": somewhere() };
    return made;
  }

  /** The same person on a device that Préau has never seen. */
  function stranger(known) {
    const other = known.elsewhere();
    other.browser.headers = { "X-Forwarded-For": somewhere() };
    return other;
  }

  function expect(true_, words) {
    if (!true_) throw new Error(words);
  }

  async function signIn(who) {
    const landed = await who.answer(request(), STOP);
    expect(landed?.searchParams.has("code"), `no code: ${who.browser.status} ${who.browser.text().slice(0, 200)}`);
  }

  const people = [];
  await report.check(`${ACTIVATED} activations and ${SIGN_INS} sign-ins keep their memory`, async () => {
    const atRest = resident();
    const activations = [];
    await together(8, parents.slice(0, ACTIVATED), async (parent) => {
      const who = person(parent);
      activations.push(await timed(() => who.activate(request(), STOP)));
      people.push(who);
    });
    const activated = resident();
    const signIns = [];
    await together(16, Array.from({ length: SIGN_INS }, (_, number) => people[number % people.length]), async (who) => {
      const again = stranger(who);
      signIns.push(await timed(() => signIn(again)));
    });
    const after = resident();
    console.log(`        at rest ${atRest} MiB, after the activations ${activated}, after the sign-ins ${after}`);
    console.log(`        activations, 8 at once: ${spread(activations)}; sign-ins, 16 at once: ${spread(signIns)}`);
    const bound = atRest + HASH_MIB * availableParallelism() + REST_MIB;
    expect(after <= bound, `${after} MiB are more than ${bound}`);
  });

  await report.check("450 connections of wrong passwords refuse nobody on a device that is known", async () => {
    const wrong = (agent) => post(agent, issuer, "/connexion", {
      identifiant: `p.nom${randomInt(10, 100_000)}`, mot_de_passe: randomBytes(9).toString("base64"),
    });
    const { result: [known, unknown, refused], statuses } = await beside(450, wrong, async () => {
      const known = [];
      const unknown = [];
      let refused = 0;
      const until = Date.now() + 45_000;
      for (let number = 0; Date.now() < until; number += 1) {
        const who = people[number % people.length];
        // A device that signed in before, in a session that has ended.
        who.browser.forget("preau_dev");
        known.push(await timed(() => signIn(who)));
        const other = stranger(who);
        await timed(() => signIn(other)).then((ms) => unknown.push(ms), () => { refused += 1; });
      }
      return [known, unknown, refused];
    });
    console.log(`        known devices ${spread(known)}`);
    console.log(`        unknown devices ${spread(unknown)}, refused ${refused}`);
    console.log(`        the flood was answered ${JSON.stringify(statuses)}, memory ${resident()} MiB`);
    expect(known.length > 0 && (statuses[429] ?? 0) + (statuses[503] ?? 0) > 0, "nothing was held back");
  });

  await report.check("150 anonymous activations a second delay no SMS to a real parent's phone", async () => {
    let asked = 0;
    const began = Date.now();
    const anonymous = async (agent) => {
      // So many a second and no more.
      const wait = began + (asked += 1) * (1000 / 150) - Date.now();
      if (wait > 0) await sleep(wait);
      return post(agent, issuer, "/activation", {
        nom: `Inconnu${randomInt(1e6)}`, prenom: "Paul", telephone: `06 39 98 ${randomInt(50, 99)} ${randomInt(10, 99)}`,
      });
    };
    const { result: [sms, whole], statuses } = await beside(60, anonymous, async () => {
      await sleep(5_000);
      const sms = [];
      const whole = [];
      for (const parent of parents.slice(ACTIVATED, ACTIVATED + 20)) {
        const who = person(parent);
        const code = who.code.bind(who);
        who.code = async () => {
          let found;
          sms.push(await timed(async () => { found = await code(); }));
          return found;
        };
        whole.push(await timed(() => who.activate(request(), STOP)));
        await sleep(1_000);
      }
      return [sms, whole];
    });
    console.log(`        SMS ${spread(sms)}; whole activations ${spread(whole)}`);
    console.log(`        the flood was answered ${JSON.stringify(statuses)}, memory ${resident()} MiB`);
    expect(sms.length === 20, "not all got their code");
  });

  await report.check("4 000 connections that say nothing keep nobody out", async () => {
    const { port } = new URL(issuer);
    let open = 0;
    const sockets = [];
    for (let number = 0; number < 4_000; number += 1) {
      // Each from another place of this machine: as many as a source may have would be told apart otherwise.
      const socket = connect({ port, host: "127.0.0.1", localAddress: `127.${randomInt(1, 250)}.${randomInt(250)}.9` });
      socket.once("connect", () => { open += 1; });
      socket.on("close", () => { open -= 1; });
      socket.on("error", () => {});
      sockets.push(socket);
      if (number % 100 === 99) await sleep(20);
    }
    await sleep(1_000);
    const held = open;
    const good = [];
    for (let number = 0; number < 10; number += 1) {
      people[number].browser.forget("preau_dev");
      good.push(await timed(() => signIn(people[number])));
    }
    await sleep(30_000);
    console.log(`        open at first ${held}, after 30 s ${open}; sign-ins meanwhile ${spread(good)}, ${resident()} MiB`);
    expect(open < 100, `${open} are still there`);
    for (const socket of sockets) socket.destroy();
  });

  await report.check("20 power cuts lose nothing that was answered", async () => {
    const starts = [];
    const cut = [];
    for (const parent of parents.slice(ACTIVATED + 20)) {
      const who = person(parent);
      const whole = who.activate(request(), STOP).then(() => true, () => false);
      await sleep(randomInt(400));
      await provider.kill();
      const ended = await whole;
      starts.push(await timed(() => provider.start()));
      if (ended) await signIn(stranger(who));
      else cut.push(who);
    }
    // A phone gets another code after two minutes at most.
    await sleep(121_000);
    const messages = await (await fetch(phones)).json();
    let taken = 0;
    for (const who of cut) {
      if (who.identifiant && (await signIn(stranger(who)).then(() => true, () => false))) {
        taken += 1;
        continue;
      }
      const again = person(who.parent);
      again.seen = new Set(messages.map(({ id }) => id));
      await again.activate(request(), STOP);
      expect(!who.identifiant || again.identifiant === who.identifiant, `${again.identifiant} is not ${who.identifiant}`);
    }
    console.log(`        ${starts.length - cut.length} whole; ${cut.length} cut off: ${taken} had a password, the others`
      + ` began again; starts ${spread(starts)}`);
    for (const who of people.slice(0, 5)) await signIn(stranger(who));
  });

  await provider.stop();
}
