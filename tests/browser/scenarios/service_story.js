// The life of a service: an academy invites a colleague, one asks for the service, the other approves it, a family tries
// it, a program of its own uses it with one secret and then another, it is suspended and goes on.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pause } from "../browsers.js";
import { PROVIDER, mails } from "../demo.js";
import { PASSWORD, SEPARATED } from "../people.js";
import { assert, assertEqual, assertSays } from "../report.js";
import { enterConsole, leaveConsole } from "./console_steps.js";
import { confirmChildren, identifyAndConfirm, onPage } from "./steps.js";

const SERVICE = "carnet-de-liaison";
const NAME = "Carnet de liaison";
const PORT = 8091;
const SITE = `http://localhost:${PORT}`;
const COLLEAGUE = { name: "Inès Morel", email: "i.morel@ac-montpellier.example" };

/** The settings as the console shows them; openid-client takes no issuer without TLS unless told to, as here. */
function forThisMachine(settings) {
  const secret = "(process.env.PREAU_SECRET));";
  assertSays(settings, secret);
  return settings.replace(secret, "(process.env.PREAU_SECRET), { execute: [client.allowInsecureRequests] });");
}

/** Runs the service's program, with the secret that it is given at each start. */
class Program {
  constructor(folder) {
    this.folder = folder;
    this.settings = "";
  }

  async start(secret) {
    await this.stop();
    const file = join(this.folder, "settings.mjs");
    await writeFile(file, forThisMachine(this.settings), { mode: 0o600 });
    const program = resolve(import.meta.dirname, "../service_program.js");
    this.child = spawn(process.execPath, [program, file, String(PORT)], {
      env: { ...process.env, PREAU_SECRET: secret },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await Promise.race([
      once(this.child.stdout, "data"),
      once(this.child, "exit").then(([code]) => { throw new Error(`the program ended with ${code}`); }),
    ]);
  }

  async stop() {
    const { child } = this;
    this.child = undefined;
    if (child && child.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  }
}

/** Waits for the mail with an invitation and gives its address. */
async function invitationOf(address) {
  for (let n = 0; n < 200; n += 1) {
    const found = (await mails(address)).map((mail) => /\S+\/admin\/invitation\/\S+/.exec(mail.text)?.[0]).find(Boolean);
    if (found) return found;
    await pause(100);
  }
  throw new Error(`no invitation to ${address} within 20 s`);
}

export async function serviceStory(context) {
  // Inside of this folder, so that the library is found.
  const folder = await mkdtemp(join(import.meta.dirname, "../artefacts/program-"));
  const program = new Program(folder);
  try {
    await story(context, program);
  } finally {
    await program.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function story({ report, round, look, newVisitor }, program) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);
  const french = round.language === "fr";
  const says = async (visitor, fr, en) => assertSays(await visitor.text(), french ? fr : en);
  const author = await newVisitor();
  const approver = await newVisitor();

  await step("the academy invites a colleague, reads it again, and the colleague gets a mail", async () => {
    await enterConsole(author, round, "Nadia Kaci");
    await author.goto(`${PROVIDER}/admin/equipe`);
    await author.fill("nom", COLLEAGUE.name);
    await author.fill("courriel", COLLEAGUE.email);
    await author.select("role", "academy");
    await author.fill("territoire", "montpellier");
    await author.use("#relire");
    await onPage(author, "/admin/equipe/relire");
    await look.at(author, "recit-role-relire");
    await author.use("#inviter");
    await onPage(author, "/admin/equipe");
    await says(author, "Le rôle est donné", "The role is given");
  });
  await step("what the colleague opens shows the invitation, and a role over an academy waits for somebody else", async () => {
    await approver.goto(await invitationOf(COLLEAGUE.email));
    assertSays(await approver.text(), COLLEAGUE.name);
    await look.at(approver, "recit-invitation");
    await says(author, "Attend un accord", "Waits for");
  });
  if (round.browser === "chromium" && round.javascript) {
    await step("the colleague accepts it with a passkey of this device, and has no role yet", async () => {
      const device = await approver.tab.authenticator();
      await device.touch(true);
      await approver.use("#accepter");
      assertEqual((await device.passkeys()).length, 1, "passkeys");
    });
  }
  await step("somebody else of the academy agrees with the role", async () => {
    await author.use("#quitter");
    await enterConsole(author, round, "Paul Faure");
    await author.goto(`${PROVIDER}/admin/equipe`);
    await author.use('form[action="/admin/equipe/approuver"] button');
    await onPage(author, "/admin/equipe");
    await says(author, "le rôle commence", "the role begins");
    await leaveConsole(author);
  });

  let draft = "";
  await step("the form says what is wrong with an address and a reason, beside the field, and keeps what was typed", async () => {
    await enterConsole(author, round, "Nadia Kaci");
    await author.goto(`${PROVIDER}/admin/services/demander`);
    await author.fill("client_name", NAME);
    await author.fill("client_id", SERVICE);
    await author.fill("client_uri", `${SITE}/`);
    await author.fill("contacts", "numerique@ac-montpellier.example");
    await author.fill("redirect_uris", "https://*.carnet.example/retour");
    await author.tick("scope_profile");
    await author.tick("profil_responsable", true);
    await author.fill("perimeter_schools", "0349999K");
    await author.use("#relire");
    await onPage(author, "/admin/services/demander");
    assertEqual(author.tab.status, 422, "status");
    await says(author, "une étoile laisserait revenir", "a star would let return");
    await says(author, "la lettre devrait être J", "the letter should be J");
    await says(author, "Réponse qui manque : Pourquoi le nom et le prénom", "An answer is missing");
    assertEqual(await author.value("client_name"), NAME, "what was typed");
  });
  await look.at(author, "recit-demande-refusee");
  await step("mended, it is read before it is sent, and its author is told that somebody else decides", async () => {
    await author.fill("redirect_uris", `${SITE}/retour`);
    await author.fill("raison_profile", "Nom du responsable en tête du carnet");
    await author.fill("perimeter_schools", "0349999J");
    await author.use("#relire");
    assertSays(author.path(), /^\/admin\/services\/relire\/[0-9a-f-]+$/);
    draft = author.url();
    await look.at(author, "recit-relecture");
    await author.use("#envoyer");
    await says(author, "La demande est partie", "The request has left");
    await says(author, "C'est votre demande", "It is your request");
  });
  await step("the colleague finds it at home, reads what changes, and approves with a word", async () => {
    await enterConsole(approver, round, COLLEAGUE.name);
    await approver.useSaying(french ? `Voir ${NAME}` : `See ${NAME}`);
    assertEqual(approver.path(), new URL(draft).pathname, "the reading");
    assertEqual(approver.path(), new URL(draft).pathname, "the reading");
    assertSays(await approver.text(), `${SITE}/retour`);
    await look.at(approver, "recit-decision");
    await approver.choose("decision", "approve");
    await approver.fill("mot", "Lu avec le collège.");
    await approver.use("#decider");
    await says(approver, "Votre décision est prise", "Your decision is taken");
  });

  let first = "";
  let second = "";
  const secretOf = async () => {
    const secret = await author.textOf("#secret");
    assert(secret && secret.length >= 32, `no secret: ${secret}`);
    return secret;
  };
  await step("its first secret is shown once, beside settings that are ready to copy", async () => {
    await author.goto(`${PROVIDER}/admin/services/${SERVICE}?b=openid-client`);
    await says(author, "À l'essai", "On trial");
    program.settings = await author.tab.read(() => document.querySelector("main pre").textContent);
    assertSays(program.settings, `"${SERVICE}"`);
    await author.use("#tirer");
    first = await secretOf();
    await look.at(author, "recit-secret");
    await author.goto(`${PROVIDER}/admin/services/${SERVICE}`);
    assert(!(await author.text()).includes(first), "the secret is shown twice");
  });

  const family = await newVisitor();
  let sub = "";
  await step("a mother who comes from the service activates her account and is told that it is on trial", async () => {
    await program.start(first);
    await family.goto(`${SITE}/`);
    await family.use("#connexion");
    await onPage(family, "/connexion");
    assertSays(await family.text(), NAME);
    await family.use('main a[href*="/activation"]');
    await identifyAndConfirm(family, SEPARATED);
    await confirmChildren(family, SEPARATED);
    await family.fill("mot_de_passe", PASSWORD);
    await family.fill("confirmation", PASSWORD);
    await family.use("#terminer");
    await family.use("#continuer");
    await says(family, "Service à l'essai", "Service on trial");
  });
  await look.at(family, "recit-accord");
  const comesIn = async () => {
    await family.goto(`${SITE}/`);
    await family.use("#connexion");
    assertSays(family.url(), new RegExp(`^${SITE}/retour`));
    assertSays(await family.text(), SEPARATED.prenom);
    return (await family.text()).match(/sub \S+/)?.[0];
  };
  await step("she agrees, and the program reads her name; the next time nothing is asked", async () => {
    await family.use("#continuer");
    assertSays(await family.text(), SEPARATED.prenom);
    sub = (await family.text()).match(/sub \S+/)?.[0];
    assertEqual(await comesIn(), sub, "sub");
  });
  await step("another secret is drawn: the program goes on with the former one, and with the new one", async () => {
    await author.goto(`${PROVIDER}/admin/services/${SERVICE}`);
    await author.select("delai", "14");
    await author.use("#tirer");
    second = await secretOf();
    assert(second !== first, "the same secret");
    assertEqual(await comesIn(), sub, "sub with the former secret");
    await program.start(second);
    assertEqual(await comesIn(), sub, "sub with the new secret");
  });
  await step("the former one is closed: the program fails with it, and works with the new one", async () => {
    await author.goto(`${PROVIDER}/admin/services/${SERVICE}`);
    await look.at(author, "recit-deux-secrets");
    await author.use("#fermer");
    await says(author, "L'ancien secret est fermé", "The former secret is closed");
    await program.start(first);
    await family.goto(`${SITE}/`);
    await family.use("#connexion");
    assertEqual(family.tab.status, 403, "status");
    assertSays(await family.text(), "invalid_client");
    await program.start(second);
    assertEqual(await comesIn(), sub, "sub");
  });
  await step("suspended with a reason, nobody comes in: the page says that it is not the family's fault", async () => {
    await author.goto(`${PROVIDER}/admin/services/${SERVICE}`);
    await author.use("#suspendre");
    assertEqual(author.tab.status, 422, "status without a reason");
    await author.fill("raison", "Le domaine change de mains");
    await author.use("#suspendre");
    await says(author, "Le service est suspendu", "The service is suspended");
    await look.at(author, "recit-suspendu");
    await family.goto(`${SITE}/`);
    await family.use("#connexion");
    assertSays(family.url(), new RegExp(`^${PROVIDER}/`));
    assert(family.tab.status >= 400, `status ${family.tab.status}`);
    await says(family, "Ce service est suspendu", "This service is suspended");
    await says(family, "Votre compte fonctionne", "Your account works");
  });
  await look.at(family, "recit-suspendu-famille");
  await step("resumed, the same person comes in under the same sub, and the history tells all of it", async () => {
    await author.fill("raison", "Le domaine est de nouveau à nous");
    await author.use("#reprendre");
    await says(author, "La suspension est terminée", "The suspension has ended");
    assertEqual(await comesIn(), sub, "sub");
    await author.goto(`${PROVIDER}/admin/services/${SERVICE}`);
    for (const who of ["Nadia Kaci", COLLEAGUE.name]) assertSays(await author.text(), who);
    for (const why of ["Le domaine change de mains", "Le domaine est de nouveau à nous"]) {
      assertSays(await author.text(), why);
    }
  });
  await look.at(author, "recit-service");
  await leaveConsole(author);
  await leaveConsole(approver);
}
