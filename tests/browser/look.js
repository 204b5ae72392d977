// What every page must keep, whoever looks: no fault that axe finds, nothing wider than a narrow phone, the language
// that was asked for. Leaves a picture of each page, narrow and wide.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { PHONE, pause } from "./browsers.js";
import { assert, assertEqual } from "./report.js";

export const ARTEFACTS = resolve(import.meta.dirname, "artefacts");

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const NARROW = 320;
const WIDE = 1280;

// axe waits by timers, and where scripts are switched off no timer fires: its own are put in a queue that we empty.
const QUEUE = `{
  const later = [];
  const own = window.setTimeout;
  window.preauDrain = () => { for (let n = 0; n < 100000 && later.length > 0; n += 1) later.shift()(); };
  window.preauRestore = () => { window.setTimeout = own; };
  window.setTimeout = (run, ms, ...rest) => { later.push(() => run(...rest)); return later.length; };
} 0`;
const RUN = `window.axe.run({ runOnly: ${JSON.stringify(RULES)} }, (error, result) => {
  window.preauAxe = JSON.stringify(error ? { error: String(error) } : result.violations.map((violation) =>
    violation.id + ": " + violation.help + " " + violation.nodes.map((node) => node.html.slice(0, 160)).join(" ")));
}); 0`;

async function violations(tab) {
  await tab.read(QUEUE);
  try {
    await tab.read(`${AXE}; 0`);
    await tab.read(`delete window.preauAxe; ${RUN}`);
    for (let n = 0; n < 200; n += 1) {
      const answer = await tab.read("window.preauDrain(); window.preauAxe ?? null");
      if (answer) return JSON.parse(answer);
      await pause(50);
    }
    throw new Error("axe did not answer within 10 s");
  } finally {
    await tab.read("window.preauRestore(); 0").catch(() => {});
  }
}

async function fits(tab) {
  const { wide, open } = await tab.read(() => ({
    wide: document.documentElement.scrollWidth,
    open: window.innerWidth,
  }));
  assert(wide <= open, `the page is ${wide} px wide in a window of ${open} px`);
}

// Runs in the page. A link inside of a sentence is exempt (WCAG 2.5.8); a box is as high as its label.
function small() {
  const targets = [...document.querySelectorAll("a[href], button, summary, input:not([type=hidden], .unseen)")];
  const low = targets.filter((target) => {
    const own = target.getBoundingClientRect();
    if (own.width === 0 || target.matches(".skip")) return false;
    if ((target.closest(".choice")?.getBoundingClientRect() ?? own).height >= 44) return false;
    const around = target.parentElement;
    return !["P", "LI", "SPAN", "SMALL"].includes(around.tagName) || around.innerText.trim() === target.innerText.trim();
  });
  return low.map((target) => target.outerHTML.slice(0, 100)).join(" ");
}

/** Looks at every page once in a round. */
export class Looker {
  #seen = new Set();

  constructor(report, round, canAxe) {
    this.report = report;
    this.round = round;
    this.canAxe = canAxe;
    this.folder = join(ARTEFACTS, round.name);
    mkdirSync(this.folder, { recursive: true });
  }

  /** Checks the page that is shown, under a name of its own (kept in the pictures' names). */
  async at(visitor, name) {
    if (this.#seen.has(name)) return;
    this.#seen.add(name);
    const { tab } = visitor;
    const { report } = this;
    const label = `${this.round.name}: page ${name}`;

    await report.check(`${label} has its language, a title and one heading`, async () => {
      const page = await tab.read(() => ({
        language: document.documentElement.lang,
        title: document.title,
        headings: document.querySelectorAll("h1").length,
      }));
      assertEqual(page.language, this.round.language, "lang");
      assert(page.title.trim() !== "", "no title");
      assertEqual(page.headings, 1, "number of h1");
    });
    await tab.width(NARROW);
    await report.check(`${label} fits ${NARROW} px`, () => fits(tab));
    await this.#picture(tab, `${name}-${NARROW}.png`);
    await tab.width(PHONE.width);
    await report.check(`${label} fits a phone with text at 200 %`, async () => {
      await tab.read(() => { document.documentElement.style.fontSize = "34px"; });
      await fits(tab).finally(() => tab.read(() => { document.documentElement.style.fontSize = ""; }));
    });
    await report.check(`${label} has no target below 44 px`, async () => assertEqual(await tab.read(small), "", "small"));
    if (this.canAxe) {
      await tab.dark(true);
      await report.check(`${label} has nothing for axe, narrow and dark`, () => this.#axe(tab));
      await tab.dark(false);
    }
    await tab.width(WIDE);
    await report.check(`${label} fits ${WIDE} px`, () => fits(tab));
    await this.#picture(tab, `${name}-${WIDE}.png`);
    if (this.canAxe) await report.check(`${label} has nothing for axe, wide`, () => this.#axe(tab));
    await tab.width(PHONE.width);
  }

  /**
   * A picture for people to look at; nothing is checked by it. A browser that has little of its machine sometimes gives
   * none when asked, which must not end what the scenario does check.
   */
  async #picture(tab, name) {
    for (let tries = 1; ; tries += 1) {
      try {
        await tab.shot(join(this.folder, name));
        return;
      } catch (error) {
        if (tries === 3) {
          console.log(`no picture ${name}: ${String(error.message).split("\n")[0]}`);
          return;
        }
        await pause(500);
      }
    }
  }

  async #axe(tab) {
    const found = await violations(tab);
    assert(!found.error, found.error);
    assert(found.length === 0, found.join("\n"));
  }

  /** Keeps what was on the screen when a scenario failed. */
  async keep(visitor, name) {
    const file = join(this.folder, `failed-${name.replaceAll(/[^\w-]+/g, "-")}`);
    await this.#picture(visitor.tab, `${basename(file)}.png`);
    const page = await visitor.tab.read(() => document.documentElement.outerHTML);
    writeFileSync(`${file}.html`, `<!-- ${visitor.url()} status ${visitor.tab.status} -->\n${page}`);
  }
}
