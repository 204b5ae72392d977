// RT-23: a hundred callers at once, half at each of two servers, for what serves once.

import { assert, assertEqual } from "../browser/report.js";
import { PASSWORD } from "../interop/person.js";
import { inHouse } from "./house.js";
import { fetcher } from "./http.js";
import { sleep } from "./load.js";
import { Oracle } from "./oracle.js";
import { hasStores } from "./stores.js";
import { APP, PORTAL, SIGNING, assertion, exchange, obtainCode, person, post, refresh, request, signIn, tokensOf } from "./walks.js";

const CALLERS = 100;
const STOP = "https://portail.example/";
/** A token that was turned is answered with the same child for so long (docs/relying-parties.md). */
const GRACE_MS = 10_000;

/** The answers of all callers, half at each server. */
function everybody(house, work) {
  return Promise.all(Array.from({ length: CALLERS }, (_, n) => work(house.servers[n % house.servers.length], n)));
}

/** One browser a hundred times, with the page that it shows. */
function everyBrowser(house, browser, work) {
  return everybody(house, async (at, n) => {
    const one = browser.copy();
    one.fetch = fetcher(house, () => at);
    one.landed = await work(one, n).catch((error) => { one.error = error; });
    return one;
  });
}

const wins = (answers) => answers.filter(({ status }) => status === 200);

async function code(house, number, oracle) {
  const found = await obtainCode(house, person(house, number));
  const answers = await everybody(house, (at) => exchange(house, found, { at }));
  for (const _ of wins(answers)) oracle.spend("code", found.code);
  assertEqual(wins(answers).length, 1, "exchanges of one code that gave tokens");
  assert(answers.every(({ status, text }) => status === 200 || text.includes("invalid_grant")), "another answer than invalid_grant");
}

async function rotated(house, number, outside) {
  const { tokens } = await signIn(house, number, { client: APP });
  const answers = await everybody(house, (at) => refresh(house, tokens.refresh_token, { at, client: APP }));
  const children = new Set(wins(answers).map(({ text }) => JSON.parse(text).refresh_token));
  assertEqual(wins(answers).length, CALLERS, "refreshes within the grace");
  assertEqual(children.size, 1, "children of one refresh token");
  if (!outside) return;
  const [child] = children;
  const grown = tokensOf(await refresh(house, child, { client: APP }));
  await sleep(GRACE_MS + 1_500);
  const late = await everybody(house, (at) => refresh(house, tokens.refresh_token, { at, client: APP }));
  assertEqual(wins(late).length, 0, "refreshes by a token that was turned long ago");
  assertEqual((await refresh(house, grown.refresh_token, { client: APP })).status, 400, "the family after its reuse");
}

async function pushed(house, number) {
  const { browser, ...who } = await signIn(house, number).then(({ who: signedIn }) => signedIn);
  assert(who.identifiant, "nobody is signed in");
  const asked = Object.fromEntries(new URL(request(house)).searchParams);
  const { request_uri: uri } = JSON.parse((await post(house, "/oauth2/par", asked)).text);
  const address = `${house.issuer}/oauth2/authorize?${new URLSearchParams({ client_id: PORTAL.client_id, request_uri: uri })}`;
  const landed = await everyBrowser(house, browser, (one) => one.open(address, { stop: STOP }));
  const codes = new Set(landed.map(({ landed: url }) => url?.searchParams.get("code")).filter(Boolean));
  assertEqual(codes.size, 1, "codes of one pushed request");
}

async function jti(house) {
  const proof = {
    grant_type: "client_credentials", client_assertion: assertion(house),
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  };
  const answers = await everybody(house, (at) => post(house, "/oauth2/token", proof, { at, client: SIGNING }));
  assertEqual(wins(answers).length, 1, `assertions that were taken (${answers.find(({ status }) => status !== 200)?.text})`);
}

/** At the page of the code. */
async function atCode(house, number) {
  const who = person(house, number);
  const { browser, parent } = who;
  await browser.open(request(house), { stop: STOP });
  await browser.follow('main a[href*="/activation"]');
  await browser.submit("#continuer", { nom: parent.nom, prenom: parent.prenom, telephone: parent.telephone });
  return { who, right: await who.code() };
}

async function wrongCodes(house, number) {
  const { who: { browser }, right } = await atCode(house, number);
  const wrong = right === "123456" ? "654321" : "123456";
  const pages = await everyBrowser(house, browser, (one) => one.submit("#continuer", { code: wrong }));
  assert(pages.every(({ status, error }) => !error && status !== 500), "an error");
  assertEqual(house.query("SELECT tries_left FROM challenge ORDER BY sent_at DESC LIMIT 1")[0], "0", "tries that are left");
  await browser.submit("#continuer", { code: right });
  assert(!browser.has('[name^="date_naissance"]'), "the right code was taken after its tries were used up");
}

/** The right code, the dates and the password, each by everybody: one account, one password, and one SMS. */
async function activation(house, number) {
  const { who: { browser, parent }, right } = await atCode(house, number);
  const accounts = house.count("SELECT COUNT(*) FROM account");
  const through = (pages, selector) => {
    const there = pages.find((one) => one.has(selector));
    assert(there, `nobody is at ${selector}: ${pages.map(({ status, error }) => error?.message ?? status).slice(0, 3)}`);
    return there;
  };
  const children = through(await everyBrowser(house, browser, (one) => one.submit("#continuer", { code: right })), '[name^="date_naissance"]');
  const name = (start) => children.page.querySelector(`[name^="${start}"]`).getAttribute("name");
  const dates = { [name("representant_legal")]: "oui", [name("date_naissance")]: parent.child.birth };
  const password = through(await everyBrowser(house, children, (one) => one.submit("#confirmer", dates)), "#terminer");
  const identifiant = password.text("#identifiant");
  const chosen = { mot_de_passe: PASSWORD, confirmation: PASSWORD };
  const ends = await everyBrowser(house, password, (one) => one.submit("#terminer", chosen, STOP));
  assert(ends.every(({ status }) => status !== 500), "an error at the end");
  assertEqual(house.count("SELECT COUNT(*) FROM account"), accounts + 1, "accounts of one activation");
  const facts = house.count(`SELECT COUNT(*) FROM audit f JOIN account a ON a.id = f.account_id
    WHERE a.identifiant = '${identifiant}' AND f.fact = 'password_chosen'`);
  assertEqual(facts, 1, "passwords that were chosen");
  assertEqual(house.phones.of(parent.e164).length, 1, "messages of one activation");
  const again = person(house, number);
  again.identifiant = identifiant;
  await obtainCode(house, again);
}

export async function races(report, { short, rounds, print }) {
  if (!hasStores()) {
    report.skip("RT-23", "no PostgreSQL was started");
    return;
  }
  const many = short ? 1 : rounds ?? 100;
  const how = { servers: 2, parents: 50 + many * 2, accounts: 50, sms: "min_conversion_percent = 0", answer: 5_000 };
  await inHouse("races", how, async (house) => {
    const oracle = new Oracle(house);
    const check = (words, work) => report.check(`RT-23 ${words}`, async () => {
      for (let number = 0; number < many; number += 1) await work(number);
      oracle.check({ audit: true });
      print(`${many} rounds of ${CALLERS} callers at two servers`);
    });
    const { accounts } = house;
    await check("one code is worth tokens once", (number) => code(house, number % accounts, oracle));
    await check("one refresh token has one child, and its reuse ends the family", (number) =>
      rotated(house, number % accounts, !short && number === 0));
    await check("one pushed request gives one code", (number) => pushed(house, number % accounts));
    await check("one assertion is taken once", () => jti(house));
    await check("a hundred wrong codes are three tries", (number) => wrongCodes(house, accounts + number));
    await check("a hundred ends of one activation are one account", (number) => activation(house, accounts + many + number));
  });
}
