// The programs in Go and Java. What this machine lacks is skipped, and said.

import { Report, assert } from "../browser/report.js";
import { BASIC } from "./clients.js";
import { configure, request } from "./flow.js";
import { Person } from "./person.js";
import { big } from "./programs_large.js";
import { PARENTS } from "./roster.js";

const { INTEROP_ISSUER: ISSUER, INTEROP_PHONES: PHONES } = process.env;
const report = new Report("programs");
const person = new Person(ISSUER, PHONES, PARENTS[0]);
const ready = await report.check("a parent activates an account", async () => {
  const asked = await request(await configure(ISSUER, BASIC), BASIC);
  assert(await person.activate(asked.url, BASIC.redirect_uris[0]), `rests on ${person.browser.url}`);
  return true;
});
if (ready) await big(report, person);
else report.skip("all that needs an account", "there is none");
// What started us counts too.
const before = JSON.parse(process.env.INTEROP_BEFORE);
report.passed += before.passed;
report.failed += before.failures.length;
report.failures.push(...before.failures);
process.exit(report.close());
