// Counts the checks, one test each, and says the sum on the last line (tests/run reads it).

export class Report {
  passed = 0;
  failed = 0;
  skipped = 0;
  failures = [];

  /** @param {string} name of the whole, shown in the closing line */
  constructor(name) {
    this.name = name;
  }

  pass(name) {
    this.passed += 1;
    console.log(`ok      ${name}`);
  }

  fail(name, error) {
    this.failed += 1;
    this.failures.push(name);
    const cause = error?.cause instanceof Error ? `\ncaused by ${error.cause.message}` : "";
    const text = (error instanceof Error ? (error.stack ?? error.message) : String(error)) + cause;
    console.log(`FAILED  ${name}\n${text.split("\n").slice(0, 14).map((line) => `        ${line}`).join("\n")}`);
  }

  skip(name, why) {
    this.skipped += 1;
    console.log(`skipped ${name}: ${why}`);
  }

  /** One check that others do not depend on. */
  async check(name, run) {
    try {
      const value = await run();
      this.pass(name);
      return value;
    } catch (error) {
      this.fail(name, error);
      return undefined;
    }
  }

  /** One step that what follows depends on: its failure ends the scenario. */
  async step(name, run) {
    try {
      const value = await run();
      this.pass(name);
      return value;
    } catch (error) {
      this.fail(name, error);
      throw new Ended(name);
    }
  }

  /** A row of steps; gives false where one failed. `onEnd` may keep what was seen. */
  async scenario(name, run, onEnd = async () => {}) {
    try {
      await run();
      return true;
    } catch (error) {
      if (!(error instanceof Ended)) this.fail(name, error);
      await onEnd(name).catch(() => {});
      return false;
    }
  }

  /** Prints the closing line; gives the exit code. */
  close() {
    if (this.failures.length > 0) {
      console.log(`\nfailed:\n${this.failures.map((name) => `  ${name}`).join("\n")}`);
    }
    const skipped = this.skipped > 0 ? `, ${this.skipped} skipped` : "";
    console.log(`\n${this.name}: ${this.passed} passed, ${this.failed} failed${skipped}`);
    return this.failed === 0 ? 0 : 1;
  }
}

class Ended extends Error {}

/** Fails with `what` unless `condition` holds. */
export function assert(condition, what) {
  if (!condition) throw new Error(what);
}

export function assertEqual(actual, expected, what) {
  if (actual !== expected) {
    throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  }
}

/** Fails unless `text` has `part` (text or regular expression). */
export function assertSays(text, part) {
  const found = part instanceof RegExp ? part.test(text) : text.includes(part);
  if (!found) throw new Error(`« ${part} » is not said in: ${text.slice(0, 600)}`);
}
