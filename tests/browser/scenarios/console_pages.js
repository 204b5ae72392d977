// Every page of the console, for each role: all that its links lead to from its home, and what its forms lead to. A page
// is looked at once for each role that has another part of the console than those before it.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { PROVIDER } from "../demo.js";
import { assert, assertEqual } from "../report.js";
import { enterConsole, leaveConsole } from "./console_steps.js";

const SCHOOL = "/admin/etablissements/0349999J";

/** Who looks, and where else than links lead. The operator sees what others saw already: only what is new is looked at. */
const ROLES = [
  { key: "chef", name: "Anne Vidal", pages: headPages },
  { key: "academie", name: "Nadia Kaci", pages: academyPages },
  { key: "national", name: "Yves Blanc", pages: async () => {}, onlyNew: true },
  { key: "delegue", name: "Denis Lau", invite: ["delegate", "class:0349999J/6 A"], pages: async () => {} },
  { key: "assistance", name: "Hana Roy", invite: ["help_desk", "academy:montpellier"], pages: async () => {} },
  { key: "technique", name: "Théo Sol", invite: ["service_contact", "client:bourses"], pages: contactPages },
  { key: "audit", name: "Vera Nil", invite: ["auditor", "academy:montpellier"], pages: async () => {} },
];

/** Addresses that give a file, or that only a form leads to. */
const NO_PAGES = [
  /\.csv$/, /\.json$/, /\.jsonl$/, /\/fichier$/, /\/deconnexion$/, /\/preuve$/, /\/deposer$/, /\/retirer$/, /\/revoquer$/,
  /\/terminer$/, /\/approuver$/, /\/reinviter$/, /\/campagne$/,
];

/** The shape of an address: what is different for each person, school or file is a star. */
function shapeOf(href) {
  const { pathname, searchParams } = new URL(href, PROVIDER);
  const path = pathname
    .replace(/^(\/admin\/(?:personnes|codes|etablissements|bases|lettres|annonces\/relire|services\/relire)\/)(?!rappel|relire|campagne|deposer|imprimer)[^/]+/, "$1*")
    .replace(/^(\/admin\/etablissements\/(?:relire|rappels?)\/)[^/]+/, "$1*")
    .replace(/^(\/admin\/services\/)(?!relire|demander)[^/]+/, "$1*")
    .replace(/^(\/admin\/invitation\/).+/, "$1*");
  // A filter by name is one page, a list of another kind another.
  const names = [...searchParams.keys()].filter((name) => !["lang", "q", "apres", "avant"].includes(name)).sort();
  const kind = ["liste", "b"].map((name) => searchParams.get(name)).filter(Boolean);
  return path + (names.length > 0 ? `?${[...names, ...kind].join("&")}` : "");
}

function nameOf(role, shape) {
  return `admin-${role}-${shape.replace("/admin", "").replaceAll("*", "x").replaceAll(/[^\w-]+/g, "-").replaceAll(/^-|-$/g, "") || "accueil"}`;
}

/** Everything of the console that the page links to. */
function links(visitor) {
  return visitor.tab.read(() =>
    [...document.querySelectorAll('a[href^="/admin"], a[href^="/api"], a[href^="?"]')].map((link) => link.href));
}

/** Goes through the page with Tab: each stop is seen, each is another one, and all that can be used is reached. */
async function tabsThrough(visitor) {
  const wanted = await visitor.tab.read(() => {
    document.activeElement?.blur();
    const all = document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary");
    const groups = new Set();
    return [...all].filter((one) => {
      if (one.disabled || one.tabIndex < 0 || !one.checkVisibility()) return false;
      if (one.type !== "radio") return true;
      // A group of choices is one stop.
      const group = `${[...document.forms].indexOf(one.form)} ${one.name}`;
      if (groups.has(group)) return false;
      groups.add(group);
      return true;
    }).length;
  });
  await visitor.tab.read(() => {
    // From the first stop: a page that refuses has the focus on its reasons, and an address may lead to a part of a page.
    const first = document.querySelector("a[href]");
    first.focus();
    window.preauStops = new Set([first]);
    window.scrollTo(0, 0);
  });
  let reached = 1;
  // Scrolled boxes and date fields have stops of their own.
  for (let n = 0; n < wanted * 3 + 20; n += 1) {
    await visitor.tab.press("Tab");
    const stop = await visitor.tab.read(() => {
      const active = document.activeElement;
      if (!active || active === document.body) return { end: true };
      const style = getComputedStyle(active);
      const seen =
        (style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
      const usable = active.matches("a[href], button, input, select, textarea, summary");
      const again = window.preauStops.has(active);
      window.preauStops.add(active);
      return { seen, usable, again, html: active.outerHTML.slice(0, 120) };
    });
    if (stop.end) break;
    assert(stop.seen, `the focus cannot be seen on ${stop.html}`);
    if (stop.usable && !stop.again) reached += 1;
    if (reached >= wanted) break;
  }
  assert(reached >= wanted, `Tab reaches ${reached} of ${wanted} on ${visitor.url()}`);
}

export async function consolePages({ report, round, look, newVisitor, demo }) {
  const visited = new Set();
  for (const role of ROLES.filter((one) => one.invite)) {
    const email = `${role.key}@ac-montpellier.example`;
    const [word, territory] = role.invite;
    await report.step(`${round.name}: ${role.name} is invited by command as ${word}`, () =>
      demo.command("admin", "invite", "--role", word, "--territory", territory, "--email", email, "--name", role.name));
  }
  for (const role of ROLES) {
    const visitor = await newVisitor();
    await report.scenario(`${round.name}: pages of ${role.key}`, async () => {
      const seen = new Set();
      const waiting = [];
      const add = async () => {
        for (const href of await links(visitor)) waiting.push(href);
      };
      const see = async (shape) => {
        if (seen.has(shape) || (role.onlyNew && visited.has(shape))) return;
        seen.add(shape);
        visited.add(shape);
        const name = nameOf(role.key, shape);
        await look.at(visitor, name);
        if (round.javascript && round.browser === "chromium") {
          await report.check(`${round.name}: page ${name} by Tab alone`, () => tabsThrough(visitor));
        }
        await add();
      };
      await enterConsole(visitor, round, role.name);
      await add();
      await see("/admin");
      await role.pages({ visitor, see, report, round });
      while (waiting.length > 0) {
        const href = waiting.shift();
        const shape = shapeOf(href);
        const known = seen.has(shape) || (role.onlyNew && visited.has(shape) && shape !== "/admin");
        if (known || new URL(href).searchParams.has("lang") || NO_PAGES.some((one) => one.test(new URL(href).pathname))) continue;
        await report.check(`${round.name}: ${role.key} is led to ${shape}, and it is there`, async () => {
          await visitor.goto(href);
          assertEqual(visitor.tab.status, 200, `status of ${href}`);
        });
        // One that leads on is looked at where it leads.
        if (visitor.tab.status === 200) {
          seen.add(shape);
          visited.add(shape);
          const landed = shapeOf(visitor.url());
          if (landed !== shape) {
            await see(landed);
          } else {
            seen.delete(shape);
            await see(shape);
          }
        }
      }
      await visitor.goto(`${PROVIDER}/admin`);
      await leaveConsole(visitor);
      await look.at(visitor, "admin-entree");
      visited.add("/admin/connexion");
    });
  }
  await report.check(`${round.name}: no page of the console was left out`, async () => {
    const paths = readFileSync(resolve(import.meta.dirname, "../../../src/http/paths.rs"), "utf8");
    const all = [...paths.matchAll(/pub const ADMIN\w*: &str = "(\/admin[^"]*)"/g)].map((found) => found[1]);
    assert(all.length > 30, `only ${all.length} addresses are known`);
    const missing = all.filter((path) =>
      !NO_PAGES.some((one) => one.test(path)) && ![...visited].some((shape) => shape.split("?")[0].startsWith(path)));
    // The invitation and the key of one's own need a person of their own: service_story.js and passkeys have them.
    assertEqual(missing.filter((path) => path !== "/admin/invitation").join(" "), "", "addresses that nobody was led to");
  });
}

/** What a head of school is led to by forms: readings, refusals, a search without anybody. */
async function headPages({ visitor, see, report, round }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);
  await step("the head reads a reminder before it is sent", async () => {
    await visitor.goto(`${PROVIDER}${SCHOOL}`);
    await visitor.use("#rappeler");
    await see("/admin/etablissements/rappel/*");
  });
  await step("the head reads a reminder by mail before it is sent", async () => {
    await visitor.goto(`${PROVIDER}${SCHOOL}`);
    await visitor.use("#rappeler-par-courriel");
    await see("/admin/etablissements/rappel/*?courriel");
  });
  await step("an order of reminders is read while it goes on, and stopped", async () => {
    const isOrder = (href) => /\/admin\/etablissements\/rappels\/[0-9a-f]{32}$/.test(href);
    const order = async () => (await links(visitor)).find(isOrder);
    await visitor.goto(`${PROVIDER}${SCHOOL}`);
    // Whoever came before ordered them already, and nobody is reminded twice in a week.
    if ((await order()) === undefined) {
      await visitor.use("#rappeler-par-courriel");
      await visitor.use("#confirmer");
      await visitor.goto(`${PROVIDER}${SCHOOL}`);
    }
    await visitor.goto(await order());
    await see("/admin/etablissements/rappels/*");
    if (await visitor.has("#arreter")) {
      await visitor.use("#arreter");
      await see("/admin/etablissements/rappels/*?arrete");
    }
  });
  await step("the head reads a change of the campaign", async () => {
    await visitor.goto(`${PROVIDER}${SCHOOL}`);
    await visitor.use("#relire");
    await see(shapeOf(visitor.url()));
  });
  await step("a search finds nobody, and says what to do", async () => {
    await visitor.goto(`${PROVIDER}/admin/personnes?q=zzzz`);
    await see("/admin/personnes?personne");
  });
  await step("a code that nobody has", async () => {
    await visitor.goto(`${PROVIDER}/admin/codes/K7P-4MX`);
    await see("/admin/codes/inconnu");
  });
  await step("letters without a class and a reason are refused", async () => {
    await visitor.goto(`${PROVIDER}/admin/lettres?uai=0349999J`);
    await visitor.use("#imprimer");
    assertEqual(visitor.tab.status, 422, "status");
    await see("/admin/lettres?refus");
  });
  await step("a batch of letters is not taken back without a reason", async () => {
    await visitor.goto(`${PROVIDER}/admin/lettres`);
    const batch = (await links(visitor)).find((href) => /\/admin\/lettres\/[0-9a-f]{32}$/.test(href));
    await visitor.goto(batch);
    await visitor.use("#retirer-lot");
    assertEqual(visitor.tab.status, 422, "status");
    await see("/admin/lettres/*?refus");
  });
  await step("an upload without files is refused", async () => {
    await visitor.goto(`${PROVIDER}/admin/bases`);
    await visitor.use("#deposer");
    assertEqual(visitor.tab.status, 422, "status");
    await see("/admin/bases?refus");
  });
  await step("an invitation without a name is refused, and a whole one is read again", async () => {
    await visitor.goto(`${PROVIDER}/admin/equipe`);
    await visitor.use("#relire");
    assertEqual(visitor.tab.status, 422, "status");
    await see("/admin/equipe?refus");
    await visitor.fill("nom", "Lise Aubin");
    await visitor.fill("courriel", "l.aubin@ac-montpellier.example");
    await visitor.fill("territoire", "0349999J");
    await visitor.use("#relire");
    await see("/admin/equipe/relire");
  });
  await step("uploads in each state", async () => {
    await visitor.goto(`${PROVIDER}/admin/bases`);
    const all = (await links(visitor)).filter((href) => /\/admin\/bases\/[0-9a-f-]{20,}$/.test(href));
    assert(all.length > 1, `${all.length} uploads`);
    for (const [index, href] of [...new Set(all)].slice(0, 3).entries()) {
      await visitor.goto(href);
      await see(`/admin/bases/*?${index}`);
    }
  });
  await step("people with different things in their way", async () => {
    await visitor.goto(`${PROVIDER}${SCHOOL}`);
    const all = (await links(visitor)).filter((href) => /\/admin\/personnes\/[0-9a-f-]{20,}$/.test(href));
    for (const [index, href] of [...new Set(all)].slice(0, 5).entries()) {
      await visitor.goto(href);
      await see(`/admin/personnes/*?${index}`);
      if (index === 0 && (await visitor.has("#faire"))) {
        await visitor.use("#faire");
        assertEqual(visitor.tab.status, 422, "status");
        await see("/admin/personnes/*?refus");
      }
    }
  });
  await step("a token without a name is refused", async () => {
    await visitor.goto(`${PROVIDER}/admin/moi/jetons/nouveau`);
    await visitor.use("#creer");
    assertEqual(visitor.tab.status, 422, "status");
    await see("/admin/moi/jetons/nouveau?refus");
  });
  await step("a day that does not exist", async () => {
    await visitor.goto(`${PROVIDER}/admin/journal?du=2026-02-30`);
    await see("/admin/journal?refus");
  });
}

/** What an academy is led to by forms. */
async function academyPages({ visitor, see, report, round }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);
  await step("an announcement is refused, and a whole one is read again", async () => {
    await visitor.goto(`${PROVIDER}/admin/annonces`);
    await visitor.use("#relire");
    assertEqual(visitor.tab.status, 422, "status");
    await see("/admin/annonces?refus");
    await visitor.fill("texte_fr", "Les codes arrivent avec retard ce soir.");
    await visitor.fill("texte_en", "Codes are late this evening.");
    await visitor.choose("niveau", "information");
    // How a date is typed is the browser's own, and differs by its language.
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 16);
    await visitor.tab.read((time) => { document.querySelector('[name="fin"]').value = time; }, tomorrow);
    await visitor.use("#relire");
    await see(shapeOf(visitor.url()));
  });
  await step("an empty request is refused, field by field", async () => {
    await visitor.goto(`${PROVIDER}/admin/services/demander`);
    await visitor.use("#relire");
    assertEqual(visitor.tab.status, 422, "status");
    await see("/admin/services/demander?refus");
  });
  await step("requests of others and of one's own", async () => {
    await visitor.goto(`${PROVIDER}/admin/services`);
    const all = (await links(visitor)).filter((href) => href.includes("/admin/services/relire/"));
    assert(all.length > 1, `${all.length} requests`);
    for (const [index, href] of all.entries()) {
      await visitor.goto(href);
      await see(`/admin/services/relire/*?${index}`);
    }
  });
  await testSignIn({ visitor, see }, "mon-ent-montpellier");
}

async function contactPages({ visitor, see }) {
  await visitor.goto(`${PROVIDER}/admin/services`);
  await see("/admin/services");
  await visitor.goto(`${PROVIDER}/admin/services/bourses`);
  await see("/admin/services/*");
  await testSignIn({ visitor, see }, "bourses");
}

async function testSignIn({ visitor, see }, client) {
  await visitor.goto(`${PROVIDER}/admin/services/${client}/essai`);
  await see("/admin/services/*/essai");
  await visitor.use("#essayer");
  await see("/admin/services/*/essai?fait");
}
