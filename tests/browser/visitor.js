// A person in a tab: finds fields by name, buttons by id, links by what they say, and uses them with a mouse or with
// nothing but a keyboard. Knows no driver and no page.

import { pause } from "./browsers.js";
import { assert } from "./report.js";

const PATIENCE_MS = 20_000;

/** One kind of blank, one kind of apostrophe: pages may set either. */
export function plain(text) {
  return text.replaceAll(/[\s\u00a0\u202f]+/g, " ").replaceAll("\u2019", "'").trim();
}

// These three run in the page.

function state() {
  const refresh = document.querySelector('meta[http-equiv="refresh" i]')?.content ?? "";
  return {
    born: performance.timeOrigin,
    url: location.href,
    ready: document.readyState === "complete",
    leaving: /^0(\.0+)?\s*[;,]/.test(refresh),
  };
}

function middleOf(selector) {
  const element = document.querySelector(selector);
  if (!element) return null;
  element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  // A link that goes over two lines has a middle between them, where nothing is: its first line is what one touches.
  const { left, top, width, height } = element.getClientRects()[0] ?? element.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2, width, height };
}

function pathOfText({ text, among }) {
  const flat = (node) => node.innerText.replaceAll(/[\s\u00a0\u202f]+/g, " ").replaceAll("\u2019", "'").trim();
  const shown = [...document.querySelectorAll(among)].filter((element) => element.getClientRects().length > 0);
  const match =
    shown.find((element) => flat(element).toLowerCase() === text.toLowerCase()) ??
    shown.find((element) => flat(element).toLowerCase().includes(text.toLowerCase()));
  if (!match) return null;
  const steps = [];
  for (let element = match; element.parentElement; element = element.parentElement) {
    const index = [...element.parentElement.children].indexOf(element) + 1;
    steps.unshift(`${element.localName}:nth-child(${index})`);
  }
  return ["html", ...steps].join(" > ");
}

export class Visitor {
  /**
   * @param {import("./browsers.js").Tab} tab
   * @param {"mouse"|"keyboard"} hands
   */
  constructor(tab, hands = "mouse") {
    this.tab = tab;
    this.hands = hands;
    this.at = "about:blank";
  }

  /** Where the last page came to rest, in its own words: Puppeteer learns of a new address a moment later. */
  url() {
    return this.at;
  }

  path() {
    return new URL(this.at).pathname;
  }

  async title() {
    return plain(await this.tab.read(() => document.title));
  }

  /** What the page says, in one line. */
  async text(selector = "main") {
    const text = await this.tab.read(
      (wanted) => (document.querySelector(wanted) ?? document.body).innerText,
      selector,
    );
    return plain(text);
  }

  /** The text of the first element that matches, or null. */
  async textOf(selector) {
    const text = await this.tab.read((wanted) => document.querySelector(wanted)?.innerText ?? null, selector);
    return text === null ? null : plain(text);
  }

  has(selector) {
    return this.tab.read((wanted) => document.querySelector(wanted) !== null, selector);
  }

  value(name) {
    return this.tab.read((wanted) => document.querySelector(`[name="${wanted}"]`)?.value ?? null, name);
  }

  async goto(url) {
    await this.tab.goto(url);
    await this.settle();
  }

  async reload() {
    await this.tab.reload();
    await this.settle();
  }

  /** Back, as the browser's button does; the page may come from its cache. */
  async back() {
    await this.tab.back();
    await this.settle();
  }

  /** Waits until the page is whole and does not go on by itself. */
  async settle(unlike = undefined) {
    const until = Date.now() + PATIENCE_MS;
    let last;
    while (Date.now() < until) {
      try {
        last = await this.tab.read(state);
        // A new document is about:blank for a moment in Firefox.
        const other = unlike === undefined || last.born !== unlike;
        if (other && last.ready && !last.leaving && last.url !== "about:blank") {
          this.at = last.url;
          return;
        }
      } catch {
        // Between two documents there is nothing to read from.
      }
      await pause(40);
    }
    throw new Error(
      unlike !== undefined && last?.born === unlike
        ? `nothing happened on ${last.url}`
        : `the page did not come to rest: ${JSON.stringify(last)}`,
    );
  }

  /** Does something that leads to another page and waits for that page. */
  async leaving(act) {
    const { born } = await this.tab.read(state);
    await act();
    await this.settle(born);
  }

  async #point(selector, times = 1) {
    // After another window size the page may still be moving: a hand waits until it stands still.
    let middle = await this.tab.read(middleOf, selector);
    for (let n = 0; n < 25; n += 1) {
      await pause(20);
      const again = await this.tab.read(middleOf, selector);
      const still = again?.x === middle?.x && again?.y === middle?.y;
      middle = again;
      if (still) break;
    }
    assert(middle, `${selector} is not on ${this.url()}`);
    assert(middle.width > 0 && middle.height > 0, `${selector} is not shown on ${this.url()}`);
    await this.tab.point(middle.x, middle.y, times);
  }

  /** Presses Tab until the element has the focus, which must be seen at each stop. */
  async #tabTo(selector) {
    for (let n = 0; n < 80; n += 1) {
      const stop = await this.tab.read((wanted) => {
        const active = document.activeElement;
        if (!active || active === document.body) return { there: false };
        const style = getComputedStyle(active);
        const seen =
          (style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
        return { there: active.matches(wanted), seen, name: active.outerHTML.slice(0, 120) };
      }, selector);
      assert(n === 0 || stop.seen !== false, `the focus cannot be seen on ${stop.name}`);
      if (stop.there) return;
      await this.tab.press("Tab");
    }
    throw new Error(`Tab does not reach ${selector} on ${this.url()}`);
  }

  /** Puts the text into the field, instead of what was there. */
  fill(name, text) {
    return this.fillAt(`[name="${name}"]`, text);
  }

  /** The same, where a page has several fields of a name. */
  async fillAt(selector, text) {
    if (this.hands === "keyboard") {
      await this.#tabTo(selector);
    } else {
      await this.#point(selector);
    }
    await this.tab.read((wanted) => document.querySelector(wanted).select(), selector);
    await (text === "" ? this.tab.press("Delete") : this.tab.type(text));
    const kept = await this.tab.read((wanted) => document.querySelector(wanted).value, selector);
    assert(kept === text, `the field ${selector} holds « ${kept} » instead of « ${text} »`);
  }

  /** Chooses a radio button. */
  async choose(name, value) {
    const selector = `input[name="${name}"][value="${value}"]`;
    if (this.hands === "keyboard") {
      // A group is one stop of Tab; arrows move in it.
      await this.#tabTo(`input[name="${name}"]`);
      const here = (wanted) => document.activeElement.matches(wanted);
      for (let n = 0; n < 12 && !(await this.tab.read(here, selector)); n += 1) await this.tab.press("ArrowDown");
      if (!(await this.tab.read((wanted) => document.querySelector(wanted).checked, selector))) {
        await this.tab.press("Space");
      }
    } else {
      await this.#point(selector);
    }
    const chosen = await this.tab.read((wanted) => document.querySelector(wanted).checked, selector);
    assert(chosen, `${selector} is not chosen`);
  }

  /** Ticks a box, or leaves it as it is where `kept` says that it may be ticked already. */
  async tick(name, kept = false) {
    const selector = `input[type="checkbox"][name="${name}"]`;
    const ticked = (wanted) => document.querySelector(wanted)?.checked;
    if (kept && (await this.tab.read(ticked, selector))) return;
    if (this.hands === "keyboard") {
      await this.#tabTo(selector);
      await this.tab.press("Space");
    } else {
      await this.#point(selector);
    }
    assert(await this.tab.read(ticked, selector), `${selector} is not ticked`);
  }

  /** Chooses from a list that unfolds, with the arrows: what unfolds is the browser's own and no part of the page. */
  async select(name, value) {
    const selector = `select[name="${name}"]`;
    if (this.hands === "keyboard") await this.#tabTo(selector);
    else await this.tab.read((wanted) => document.querySelector(wanted).focus(), selector);
    const place = await this.tab.read(({ wanted, option }) => {
      const options = [...document.querySelector(wanted).options];
      return [document.querySelector(wanted).selectedIndex, options.findIndex((one) => one.value === option)];
    }, { wanted: selector, option: value });
    assert(place[1] >= 0, `${selector} has no ${value}`);
    const key = place[1] > place[0] ? "ArrowDown" : "ArrowUp";
    for (let n = 0; n < Math.abs(place[1] - place[0]); n += 1) await this.tab.press(key);
    const kept = await this.tab.read((wanted) => document.querySelector(wanted).value, selector);
    assert(kept === value, `${selector} holds ${kept}`);
  }

  /** Points at something that leads to no other page: a choice, a button that gives a file. */
  async press(selector) {
    if (this.hands === "keyboard") {
      await this.#tabTo(selector);
      await this.tab.press("Space");
    } else {
      await this.#point(selector);
    }
  }

  /** Uses a button or link and waits for the page that it leads to. */
  async use(selector) {
    if (this.hands === "keyboard") {
      await this.#tabTo(selector);
      await this.leaving(() => this.tab.press("Enter"));
    } else {
      await this.leaving(() => this.#point(selector));
    }
  }

  /** Clicks twice in a row, as many people do. */
  async doubleClick(selector) {
    await this.leaving(() => this.#point(selector, 2));
    // The second click may have begun another navigation.
    await pause(500);
    await this.settle();
  }

  /** A selector of the first link or button that says so, or null. */
  async findSaying(...texts) {
    for (const text of texts) {
      const path = await this.tab.read(pathOfText, { text, among: "a[href], button, summary" });
      if (path) return path;
    }
    return null;
  }

  /** Uses the link or button that says one of these. */
  async useSaying(...texts) {
    const path = await this.findSaying(...texts);
    assert(path, `no link or button says « ${texts.join(" » or « ")} » on ${this.url()}`);
    await this.use(path);
  }

  /** Types a date JJ/MM/AAAA into its three fields. */
  async fillDate(name, date) {
    const parts = date.split("/");
    for (const [index, part] of ["jour", "mois", "annee"].entries()) await this.fill(`${name}_${part}`, parts[index]);
  }

  /** What the three fields of a date hold, as JJ/MM/AAAA. */
  async date(name) {
    const parts = [];
    for (const part of ["jour", "mois", "annee"]) parts.push(await this.value(`${name}_${part}`));
    return parts.join("/");
  }

  /** The names of a child's fields, found by the legend of the block: {link, birth}, birth without its
   * parts. Where a new password is chosen, only dates are asked for. */
  async childFields(givenName) {
    const found = await this.tab.read((wanted) => {
      for (const block of document.querySelectorAll("fieldset")) {
        const legend = block.querySelector(":scope > legend")?.innerText ?? "";
        if (legend.normalize("NFC").trim().split(/\s+/)[0] !== wanted) continue;
        return {
          link: block.querySelector('[name^="representant_legal"]')?.name,
          birth: block.querySelector('[name^="date_naissance"][name$="_jour"]')?.name.replace(/_jour$/, ""),
          preset: block.querySelector("input[type=radio]:checked") !== null,
          text: block.innerText,
        };
      }
      return null;
    }, givenName);
    assert(found?.birth, `no block for ${givenName} on ${this.url()}`);
    return { ...found, text: plain(found.text) };
  }
}
