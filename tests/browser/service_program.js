// The program of a service, as its technician runs it: the settings that the console shows, and around them a site of
// three pages. The secret is read where the settings read it.
//
//   node service_program.js SETTINGS PORT     with PREAU_SECRET in the environment

import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const [, , settings, port] = process.argv;
const { aller, retour } = await import(pathToFileURL(settings).href);
/** What each request was sent with, by its state. */
const asked = new Map();

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function page(response, status, title, lines) {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  const text = lines.map((line) => `<p>${escaped(line)}</p>`).join("");
  response.end(`<!doctype html><html lang="fr"><title>${title}</title><main><h1>${title}</h1>${text}` +
    '<p><a id="connexion" href="/connexion">Se connecter</a></p></main></html>');
}

async function answer(request, response) {
  const url = new URL(request.url, `http://localhost:${port}`);
  if (url.pathname === "/connexion") {
    const begun = await aller();
    asked.set(begun.state, begun);
    response.writeHead(302, { location: begun.url.href }).end();
  } else if (url.pathname === "/retour") {
    const begun = asked.get(url.searchParams.get("state"));
    asked.delete(url.searchParams.get("state"));
    const told = await retour(url, begun ?? {});
    page(response, 200, "Connecté", [`${told.given_name} ${told.family_name}`, `sub ${told.sub}`]);
  } else {
    page(response, url.pathname === "/" ? 200 : 404, "Le service", []);
  }
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    page(response, 403, "Non connecté", [error.error ?? error.cause?.error ?? error.code ?? "", String(error.message)]);
  });
});
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));
