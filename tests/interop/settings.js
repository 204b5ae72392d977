// The settings that the console shows are run here: the same template, filled in as the console does it.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { assert, assertEqual } from "../browser/report.js";
import { POST } from "./clients.js";

const SNIPPETS = resolve(import.meta.dirname, "../../templates/snippets");
const ARTEFACTS = join(import.meta.dirname, "artefacts");

/** A template with its values, each in quotes: src/clients/snippets.rs does the same. */
function filled(name, values) {
  const text = readFileSync(join(SNIPPETS, name), "utf8");
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, key) => JSON.stringify(values[key]));
}

export async function settings(report, issuer, person) {
  await report.check("the console's settings for openid-client sign in and read the children", async () => {
    // Inside of this folder, so that the library is found.
    mkdirSync(ARTEFACTS, { recursive: true });
    const file = join(ARTEFACTS, "openid-client.mjs");
    const [redirect_uri] = POST.redirect_uris;
    writeFileSync(file, filled("openid-client.mjs", {
      issuer, client_id: POST.client_id, redirect_uri, scope: POST.scope,
    }));
    process.env.PREAU_SECRET = POST.client_secret;
    const { aller, retour } = await import(pathToFileURL(file).href);
    const asked = await aller();
    const landed = await person.answer(asked.url, redirect_uri);
    assert(landed, `rests on ${person.browser.url}: ${person.browser.text()}`);
    const told = await retour(landed, asked);
    assertEqual(told.given_name, person.parent.prenom, "given_name");
    assertEqual(told.children?.[0]?.given_name, person.parent.child.prenom, "child");
  });
}
