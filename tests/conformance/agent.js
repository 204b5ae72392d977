// Somebody at a browser: signs in and agrees where asked, lets frames load and forms of form_post go. What arrives at
// the relying party is kept, not asked for.

import { Browser } from "../interop/browser.js";
import { PASSWORD } from "../interop/person.js";

const MOST_PAGES = 8;

export class Agent extends Browser {
  /** Every page that was shown: `{url, status, html}`. */
  pages = [];
  signIns = 0;

  constructor(person, party) {
    super();
    this.person = person;
    this.party = party;
  }

  get html() {
    return this.page.toString();
  }

  async shown() {
    this.pages.push({ url: this.url, status: this.status, html: this.html });
    for (const frame of this.page.querySelectorAll("iframe")) {
      const source = frame.getAttribute("src");
      if (source) await (await fetch(new URL(source, this.url))).arrayBuffer();
    }
  }

  /** A form that goes to the relying party without anybody's doing. */
  #posted() {
    for (const form of this.page.querySelectorAll("form")) {
      const url = new URL(form.getAttribute("action") ?? "", this.url);
      if (url.origin !== this.party) continue;
      const inputs = form.querySelectorAll("input[name]");
      return {
        via: "form",
        url,
        method: (form.getAttribute("method") ?? "get").toUpperCase(),
        enctype: form.getAttribute("enctype") ?? "application/x-www-form-urlencoded",
        fields: new URLSearchParams(inputs.map((i) => [i.getAttribute("name"), i.getAttribute("value") ?? ""])),
      };
    }
    return undefined;
  }

  /**
   * Goes there and does what is asked on the way.
   * @param {{confirm?: boolean, refuse?: boolean}} options `confirm`: also leave the account where asked; `refuse`: do
   *   not agree
   * @returns what arrived at the relying party, or nothing where a page stays
   */
  async visit(address, { confirm = false, refuse = false, ...how } = {}) {
    const stop = `${this.party}/`;
    let landed = await this.open(address, { stop, ...how });
    let tried = 0;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      if (landed) return { via: "redirect", url: landed };
      const posted = this.#posted();
      if (posted) return posted;
      if (this.has("#se-connecter") && tried < 2) {
        tried += 1;
        this.signIns += 1;
        const { identifiant } = this.person;
        landed = await this.submit("#se-connecter", { identifiant, mot_de_passe: PASSWORD }, stop);
      } else if (refuse && this.has("#refuser")) {
        landed = await this.open(this.page.querySelector("#refuser").getAttribute("href").replaceAll("&amp;", "&"), { stop });
      } else if (this.has('form[action^="/consentement"] #continuer')) {
        landed = await this.submit('form[action^="/consentement"] #continuer', {}, stop);
      } else if (confirm && this.has("form #confirmer")) {
        landed = await this.submit("form #confirmer", {}, stop);
      } else {
        return undefined;
      }
    }
    return undefined;
  }

  /** The sign-in page, as it was shown last. */
  signInPage() {
    return this.pages.findLast(({ html }) => html.includes('id="se-connecter"'))?.html;
  }

  /** Whether a page is shown that refuses a request, and leads nowhere near `uri`. */
  refuses(uri) {
    return this.status === 400 && this.text("h1").includes("Nous ne pouvons pas suivre cette demande")
      && (uri === undefined || !this.html.includes(uri));
  }
}
