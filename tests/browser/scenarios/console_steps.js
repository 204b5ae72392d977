// What scenarios of the console do alike.

import { PROVIDER } from "../demo.js";
import { assert } from "../report.js";
import { onPage } from "./steps.js";

/** Enters by the demo's door of somebody. */
export async function enterConsole(visitor, round, name) {
  await visitor.goto(`${PROVIDER}/admin/connexion?lang=${round.language}`);
  if (visitor.path() === "/admin") await leaveConsole(visitor);
  const id = await visitor.tab.read(
    (wanted) => [...document.querySelectorAll("button[id^=entrer-]")].find((one) => one.innerText.includes(wanted))?.id,
    name,
  );
  assert(id, `no door for ${name} on ${visitor.url()}`);
  await visitor.use(`#${id}`);
  await onPage(visitor, "/admin");
}

export async function leaveConsole(visitor) {
  await visitor.use("#quitter");
  await onPage(visitor, "/admin/connexion");
}
