// What one module found. F fails it, W warns, X fails it and ends it there, S leaves it out, R keeps a page for a person
// to look at.

export class Ended extends Error {}
export class Skipped extends Error {}

export class Sheet {
  failures = [];
  warnings = [];
  reviews = [];

  F(holds, what) {
    if (!holds) this.failures.push(what);
    return Boolean(holds);
  }

  W(holds, what) {
    if (!holds) this.warnings.push(what);
    return Boolean(holds);
  }

  X(holds, what) {
    if (this.F(holds, what)) return;
    throw new Ended(what);
  }

  S(why) {
    throw new Skipped(why);
  }

  /** A page: `holds` is what a person would look for on it. */
  R(holds, name, what) {
    this.reviews.push(name);
    return this.F(holds, `${name}: ${what}`);
  }
}
