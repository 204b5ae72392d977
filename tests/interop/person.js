// A parent with a browser: activates an account, signs in.

import { Browser } from "./browser.js";

export const PASSWORD = "Trois-pommes 7 !";

export class Person {
  browser = new Browser();

  /**
   * @param {string} issuer
   * @param {string} phones where the messages are
   * @param {object} parent one of the roster's
   */
  constructor(issuer, phones, parent) {
    this.issuer = issuer;
    this.phones = phones;
    this.parent = parent;
    this.identifiant = undefined;
    /** Whether an activation said that the password is chosen. */
    this.hasPassword = false;
    /** Messages that came earlier. */
    this.seen = new Set();
  }

  /** The same person at another computer. */
  elsewhere() {
    const other = new Person(this.issuer, this.phones, this.parent);
    other.identifiant = this.identifiant;
    return other;
  }

  async code() {
    for (let n = 0; n < 200; n += 1) {
      const all = await (await fetch(this.phones)).json();
      const message = all.find(({ id, to }) => to === this.parent.e164 && !this.seen.has(id));
      if (message) return /\b(\d{6})\b/.exec(message.text)[1];
      await new Promise((done) => { setTimeout(done, 100); });
    }
    throw new Error(`no SMS to ${this.parent.e164}`);
  }

  /** From a request for a sign-in to its answer, by an activation. */
  async activate(address, stop) {
    const { browser, parent } = this;
    const refused = await browser.open(address, { stop });
    if (refused) throw new Error(`answered at once: ${refused}`);
    await browser.follow('main a[href*="/activation"]');
    await browser.submit("#continuer", { nom: parent.nom, prenom: parent.prenom, telephone: parent.telephone });
    await browser.submit("#continuer", { code: await this.code() });
    const name = (start) => browser.page.querySelector(`[name^="${start}"]`)?.getAttribute("name");
    await browser.submit("#confirmer", {
      [name("representant_legal")]: "oui",
      [name("date_naissance")]: parent.child.birth,
    });
    if (!browser.has("#identifiant")) throw new Error(`no identifiant: ${browser.status} ${browser.text().slice(0, 200)}`);
    this.identifiant = browser.text("#identifiant");
    const landed = await browser.submit("#terminer", { mot_de_passe: PASSWORD, confirmation: PASSWORD }, stop);
    if (landed) throw new Error("the last page did not wait for its button");
    this.hasPassword = browser.status === 200;
    if (browser.page.querySelector("#continuer")?.tagName === "A") return browser.follow("#continuer", stop);
    return browser.submit("#continuer", {}, stop);
  }

  /** From a request to its answer; signs in if it is asked to. */
  async answer(address, stop) {
    const landed = await this.browser.open(address, { stop });
    if (landed || !this.browser.has("#se-connecter")) return landed;
    this.asked = true;
    return this.browser.submit("#se-connecter", { identifiant: this.identifiant, mot_de_passe: PASSWORD }, stop);
  }

  /** From a request for a sign-out to where it leads; says yes if it is asked. */
  async leave(address, stop) {
    const { browser } = this;
    const landed = await browser.open(address, { stop });
    if (landed) return landed;
    if (browser.has("main form button")) {
      const after = await browser.submit("main form button", {}, stop);
      if (after) return after;
    }
    return browser.has(`main a[href^="${stop}"]`) ? browser.follow(`main a[href^="${stop}"]`, stop) : undefined;
  }
}
