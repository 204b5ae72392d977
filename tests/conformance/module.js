// One run of one module: a sheet, a fresh browser, and what the plan says.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Agent } from "./agent.js";
import { tidy } from "./flow.js";
import { Ended, Sheet, Skipped } from "./sheet.js";

const MOST_MS = 90_000;
const ARTEFACTS = join(import.meta.dirname, "artefacts");

export class Module extends Sheet {
  registered = [];

  /**
   * @param {object} world `issuer`, `party`, `statics`, `initialToken`, `preau`: the same for all
   * @param {object} variant `plan`, `responseType`, `mode`, `dynamic`
   */
  constructor(world, variant, name, person) {
    super();
    Object.assign(this, world, variant, { name });
    this.agent = new Agent(person, world.party.origin);
  }

  get title() {
    const words = [this.plan, this.responseType, this.dynamic === undefined ? "" : this.dynamic ? "dynamic" : "static"];
    return `${words.filter(Boolean).join("/")}/${this.name}`;
  }

  /** Whether the response type has that in it. */
  has(type) {
    return (this.responseType ?? "code").split(" ").includes(type);
  }

  /** Keeps a page; `holds` is what it must show. */
  page(name, holds, what, html = this.agent.html) {
    mkdirSync(ARTEFACTS, { recursive: true });
    const file = `${this.title}-${name}`.replaceAll(/[^\w.-]+/g, "_");
    writeFileSync(join(ARTEFACTS, `${file}.html`), html ?? "");
    return this.R(holds, name, what);
  }

  /** @returns {{outcome: string, notes: string[]}} */
  async run(work) {
    let skipped;
    const guarded = async (step) => {
      try {
        await step();
      } catch (error) {
        if (error instanceof Skipped) {
          skipped = error.message;
        } else if (!(error instanceof Ended)) {
          this.failures.push(`${error.message} (${error.stack?.split("\n")[1]?.trim()})`);
        }
      }
    };
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${MOST_MS / 1000} s`)), MOST_MS);
    });
    await guarded(() => Promise.race([work(this), late]));
    clearTimeout(timer);
    await guarded(() => tidy(this));
    if (this.failures.length > 0) return { outcome: "FAILED", notes: [...this.failures, ...this.warnings] };
    if (this.warnings.length > 0) return { outcome: "WARNING", notes: this.warnings };
    if (skipped) return { outcome: "SKIPPED", notes: [skipped] };
    if (this.reviews.length > 0) return { outcome: "REVIEW", notes: this.reviews };
    return { outcome: "PASSED", notes: [] };
  }
}
