// Ten tasks of a school's secretary, from the console's home to what says that they are done. Each counts what a hand
// does: clicks, fields, pages; and how long a machine walks it. More than four clicks, or a page that leads nowhere, is
// a fault of the page.

import { existsSync } from "node:fs";
import { PROVIDER } from "../demo.js";
import { assert, assertSays } from "../report.js";
import { enterConsole, leaveConsole } from "./console_steps.js";

const SCHOOL = "/admin/etablissements/0349999J";
const MOST_CLICKS = 4;
const REASON = "Vue au secrétariat";
const PRINTED_FOR = "Réunion de rentrée";

/** Counts what the visitor does. */
class Hand {
  constructor(visitor) {
    this.visitor = visitor;
    this.clicks = 0;
    this.fields = 0;
    this.pages = 0;
  }

  async use(selector) {
    this.clicks += 1;
    await this.visitor.use(selector);
    this.pages += 1;
  }

  async useSaying(...texts) {
    this.clicks += 1;
    await this.visitor.useSaying(...texts);
    this.pages += 1;
  }

  async choose(name, value, within = "") {
    this.clicks += 1;
    await this.visitor.press(`${within} input[name="${name}"][value="${value}"]`);
  }

  async select(name, value) {
    this.clicks += 1;
    await this.visitor.select(name, value);
  }

  async fill(name, text, within = "") {
    this.fields += 1;
    await this.visitor.fillAt(`${within} [name="${name}"]`, text);
  }

  async attach(name, files) {
    this.clicks += 1;
    await this.visitor.tab.attach(`[name="${name}"]`, files);
  }

  /** A button that answers with a file to print. */
  async download(selector) {
    this.clicks += 1;
    return this.visitor.tab.downloads(() => this.visitor.press(selector));
  }
}

const SEARCH = 'header [name="q"]';

async function find(hand, words) {
  hand.fields += 1;
  await hand.visitor.fillAt(SEARCH, words);
  await hand.use("#chercher");
}

/** The task, how it is done, and what is true at its end. */
const TASKS = [
  {
    name: "Débloquer une famille au numéro fixe",
    async walk(hand) {
      await find(hand, "landry gérard");
      await hand.use("tbody th > a");
      const form = 'form[action$="/lettre"]';
      await hand.choose("preuve", "paper", form);
      await hand.fill("raison", REASON, form);
      assert((await hand.download(`${form} button`)).startsWith("%PDF"), "a letter");
    },
  },
  {
    name: "Imprimer les lettres d'une classe",
    async walk(hand) {
      await hand.useSaying("Lettres");
      await hand.choose("pour", "responsable");
      await hand.select("classe", await hand.visitor.tab.read(() =>
        [...document.querySelectorAll("#classe option")].map((one) => one.value).find((one) => one.startsWith("6"))));
      await hand.fill("raison", PRINTED_FOR);
      assert((await hand.download("#imprimer")).startsWith("%PDF"), "letters");
    },
  },
  {
    name: "Rouvrir l'activation pour une personne",
    who: "Nadia Kaci",
    async walk(hand) {
      await find(hand, "le goff yann");
      await hand.use("tbody th > a");
      await hand.choose("preuve", "called_back");
      await hand.fill("raison", "Arrivé en novembre");
      await hand.use("#faire");
      assertSays(await hand.visitor.text(), "L'activation est ouverte pour cette personne");
    },
  },
  {
    name: "Trouver ce que dit un code d'assistance",
    async before(visitor) {
      await visitor.goto(`${PROVIDER}${SCHOOL}`);
      const text = await visitor.text();
      this.code = /\b[A-Z0-9]{3}-[A-Z0-9]{3}\b/.exec(text)?.[0];
      assert(this.code, `no code on the school's page: ${text.slice(0, 400)}`);
    },
    async walk(hand) {
      await find(hand, this.code);
      assertSays(hand.visitor.path(), `/admin/codes/${this.code}`);
      assert(await hand.visitor.has('main a[href^="/admin/personnes/"]'), "the person of the code");
    },
  },
  {
    name: "Déconnecter un téléphone perdu",
    async walk(hand) {
      await find(hand, "marie-hélène tour d'olt");
      await hand.use("tbody th > a");
      const form = 'form:has([value="end_sessions"])';
      await hand.choose("preuve", "paper", form);
      await hand.fill("raison", "Téléphone volé", form);
      await hand.use("#deconnecter");
      assertSays(await hand.visitor.text(), "Toutes les connexions sont arrêtées");
    },
  },
  {
    name: "Rappeler les familles par SMS",
    async walk(hand) {
      await hand.use(`main a[href="${SCHOOL}"]`);
      await hand.use("#rappeler");
      await hand.use("#confirmer");
      assertSays(await hand.visitor.text(), "commandé");
    },
  },
  {
    name: "Déposer une base élèves et la prendre",
    async walk(hand, { rosters }) {
      await hand.useSaying("Bases élèves");
      await hand.attach("fichiers", rosters);
      await hand.use("#deposer");
      // The page renews itself while the files are read.
      for (let n = 0; n < 60 && !(await hand.visitor.has("#decider")); n += 1) {
        await new Promise((done) => { setTimeout(done, 500); });
        await hand.visitor.goto(hand.visitor.url());
      }
      if (!(await hand.visitor.tab.read(() => document.querySelector("#decision-take").checked))) {
        await hand.choose("decision", "take");
      }
      await hand.use("#decider");
      assertSays(await hand.visitor.text(), /Pris|écri/);
    },
  },
  {
    name: "Trouver qui a fait quoi",
    async walk(hand) {
      await hand.useSaying("Journal");
      await hand.fill("qui", "Vidal");
      await hand.use("#filtrer");
      assertSays(await hand.visitor.text(), "Anne Vidal");
      assertSays(await hand.visitor.text(), PRINTED_FOR);
    },
  },
  {
    name: "Ajouter une collègue",
    async walk(hand) {
      await hand.useSaying("Équipe");
      await hand.fill("nom", "Lise Aubin");
      await hand.fill("courriel", "l.aubin@ac-montpellier.example");
      // Whoever has one school alone finds it there.
      if ((await hand.visitor.value("territoire")) !== "0349999J") await hand.fill("territoire", "0349999J");
      await hand.use("#relire");
      await hand.use("#inviter");
      assertSays(await hand.visitor.text(), "Lise Aubin");
    },
  },
  {
    name: "Voir qui n'a pas de compte",
    async walk(hand) {
      await hand.use(`main a[href="${SCHOOL}"]`);
      await hand.use('main a[href*="liste=rien"]');
      assert(await hand.visitor.has('tbody a[href^="/admin/personnes/"]'), "nobody is listed");
    },
  },
];

/** Plays them and prints what each took. */
export async function tasks({ report, round, newVisitor, demo }) {
  const visitor = await newVisitor();
  await visitor.tab.width(1280);
  const rosters = ["ElevesAvecAdresses", "ResponsablesAvecAdresses"]
    .map((file) => `${demo.data}/rosters/montpellier/0349999J-${file}.xml`);
  assert(rosters.every((file) => existsSync(file)), rosters.join(" "));
  const rows = [];
  for (const task of TASKS) {
    await report.scenario(`${round.name}: ${task.name}`, async () => {
      await enterConsole(visitor, round, task.who ?? "Anne Vidal");
      await task.before?.(visitor);
      await visitor.goto(`${PROVIDER}/admin`);
      const hand = new Hand(visitor);
      const began = performance.now();
      await report.step(`${round.name}: task « ${task.name} »`, () => task.walk(hand, { rosters }));
      const seconds = (performance.now() - began) / 1000;
      rows.push([task.name, hand.clicks, hand.fields, hand.pages, seconds.toFixed(1)]);
      await report.check(`${round.name}: task « ${task.name} » takes ${MOST_CLICKS} clicks at most`, () =>
        assert(hand.clicks <= MOST_CLICKS, `${hand.clicks} clicks`));
      await visitor.goto(`${PROVIDER}/admin`);
      await leaveConsole(visitor);
    });
  }
  console.log(`\n${"".padEnd(44)}clicks  fields  pages  seconds`);
  for (const [name, clicks, fields, pages, seconds] of rows) {
    console.log(`${name.padEnd(44)}${String(clicks).padStart(6)}${String(fields).padStart(8)}${String(pages).padStart(7)}${seconds.padStart(9)}`);
  }
}
