// People and programs who meet one release or the other, step by step.

import { createHash } from "node:crypto";
import { PASSWORD, Person } from "../interop/person.js";
import { AGREED, basic, sleep } from "./house.js";

const FORM = "application/x-www-form-urlencoded";
/** Of PKCE: what is secret here is of no use to anybody. */
const VERIFIER = "v".repeat(64);
const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");

export function expect(true_, words) {
  if (!true_) throw new Error(words);
}

export function authorization(house, client = AGREED, more = {}) {
  return `${house.issuer}/oauth2/authorize?${new URLSearchParams({
    client_id: client.client_id, redirect_uri: client.redirect_uris[0], response_type: "code", scope: client.scope,
    state: "s", nonce: "n-0123456789abcdef", code_challenge: CHALLENGE, code_challenge_method: "S256", ...more,
  })}`;
}

/** A request of a program to that release, or to one of those that are ready. */
export async function ask(house, release, path, { client, form, bearer } = {}) {
  const headers = release ? { "X-Server": release } : {};
  if (client?.client_secret) headers.Authorization = basic(client);
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  if (form) headers["Content-Type"] = FORM;
  const named = client && !client.client_secret ? { client_id: client.client_id } : {};
  const body = form && new URLSearchParams({ ...named, ...form }).toString();
  const answer = await fetch(`${house.issuer}${path}`, { method: form ? "POST" : "GET", headers, body });
  const text = await answer.text();
  return { status: answer.status, text, json: answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : {} };
}

export async function exchange(house, release, code, client = AGREED) {
  const form = { grant_type: "authorization_code", code, redirect_uri: client.redirect_uris[0], code_verifier: VERIFIER };
  const { status, json, text } = await ask(house, release, "/oauth2/token", { client, form });
  expect(status === 200, `${release} does not take the code: ${status} ${text.slice(0, 200)}`);
  return json;
}

export function refresh(house, release, token, client = AGREED) {
  return ask(house, release, "/oauth2/token", { client, form: { grant_type: "refresh_token", refresh_token: token } });
}

/** Who is meant by an access token, as that release says. */
export async function userinfo(house, release, token) {
  const { status, json, text } = await ask(house, release, "/oauth2/userinfo", { bearer: token });
  expect(status === 200, `${release}: userinfo ${status} ${text.slice(0, 200)}`);
  return json.sub;
}

export class Visitor extends Person {
  constructor(house, parent) {
    super(house.issuer, house.phones.url, parent);
    this.house = house;
  }

  /** Its next requests go to that release, or to those in turn that are ready. */
  at(release) {
    this.browser.headers = release ? { "X-Server": release } : {};
    return this;
  }

  onNewDevice() {
    const other = new Visitor(this.house, this.parent);
    other.identifiant = this.identifiant;
    return other;
  }

  /** The steps of an activation; the last one leads to a code. */
  steps(client = AGREED) {
    const { browser, parent } = this;
    const stop = client.redirect_uris[0];
    const name = (start) => browser.page.querySelector(`[name^="${start}"]`)?.getAttribute("name");
    const on = (selector) => expect(browser.has(selector), `no ${selector}: ${browser.status} ${browser.text().slice(0, 300)}`);
    return [
      async () => {
        await browser.open(authorization(this.house, client), { stop });
        on('main a[href*="/activation"]');
        await browser.follow('main a[href*="/activation"]');
      },
      async () => {
        on('[name="telephone"]');
        await browser.submit("#continuer", { nom: parent.nom, prenom: parent.prenom, telephone: parent.telephone });
        on('[name="code"]');
      },
      async () => {
        await browser.submit("#continuer", { code: await this.code() });
        on('[name^="date_naissance"]');
      },
      async () => {
        await browser.submit("#confirmer", { [name("representant_legal")]: "oui", [name("date_naissance")]: parent.child.birth });
        on("#identifiant");
        this.identifiant = browser.text("#identifiant");
      },
      async () => {
        await browser.submit("#terminer", { mot_de_passe: PASSWORD, confirmation: PASSWORD }, stop);
        on("#continuer");
      },
      async () => {
        const link = browser.page.querySelector("#continuer")?.tagName === "A";
        this.landed = await (link ? browser.follow("#continuer", stop) : browser.submit("#continuer", {}, stop));
        expect(this.landed?.searchParams.has("code"), `no code: ${browser.status} ${browser.text().slice(0, 300)}`);
      },
    ];
  }

  /** Activates; `releases` says where each step goes, the last one where all others go. @returns the code */
  async activateAt(...releases) {
    for (const [number, step] of this.steps().entries()) {
      await this.at(releases[number] ?? releases.at(-1) ?? "older");
      try {
        await step();
      } catch (error) {
        throw new Error(`step ${number + 1} at ${releases[number] ?? releases.at(-1)}: ${error.message}`);
      }
    }
    return this.landed.searchParams.get("code");
  }

  /** From a request at that release to the code. `asked` says whether the password was asked for. */
  async codeAt(release, client = AGREED, more = {}) {
    const { browser } = this.at(release);
    const stop = client.redirect_uris[0];
    let landed;
    // On a busy machine passwords wait their turn, and a person who is told to come back does.
    for (let n = 0; n < 10; n += 1) {
      this.asked = false;
      landed = await this.answer(authorization(this.house, client, more), stop);
      if (landed || browser.status !== 503) break;
      await sleep(5_000);
    }
    this.agreed = false;
    if (!landed && browser.has('form[action^="/consentement"] #continuer')) {
      this.agreed = true;
      landed = await browser.submit('form[action^="/consentement"] #continuer', {}, stop);
    }
    const code = landed?.searchParams.get("code");
    expect(code, `${release} gives no code: ${landed ?? `${browser.status} ${browser.text().slice(0, 300)}`}`);
    return code;
  }
}
