// What every program in JavaScript here has around it: its settings from the environment, TLS, and a page to look at.

import { readFileSync } from "node:fs";
import { createServer } from "node:https";

export const { ISSUER, CLIENT_ID, CLIENT_SECRET, SITE } = process.env;
/** Of sessions and cookies, for this run only. */
export const SECRET = "only for this run 0123456789abcdef";

export function page(shown) {
  const text = JSON.stringify(shown ?? null).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<!doctype html><main><pre id="shown">${text}</pre></main>`;
}

export function listen(application) {
  const files = { cert: readFileSync(process.env.CERTIFICATE), key: readFileSync(process.env.KEY) };
  // Said on one line where the test looks for it when something fails.
  application.use((error, _request, response, _next) => {
    console.error(error);
    response.status(500).send(page({ failed: `${error.name}: ${error.message}` }));
  });
  createServer(files, application).listen(Number(new URL(SITE).port), "127.0.0.1");
}
