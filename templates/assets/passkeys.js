// Passkeys (WebAuthn): what only a browser can do. The page has the challenge, its form carries the answer back, and the
// server judges it. Every page has another way beside this one.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const base64url = (buffer) => {
  const signs = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(signs).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};

const readOptions = (json) => {
  const options = JSON.parse(json);
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const list of [options.excludeCredentials, options.allowCredentials]) {
    for (const credential of list ?? []) credential.id = bytes(credential.id);
  }
  return options;
};

const writeCredential = ({ id, rawId, type, response }) => {
  const told = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) told[part] = base64url(response[part]);
  }
  return JSON.stringify({ id, rawId: base64url(rawId), type, response: told });
};

// A challenge is valid for five minutes; a page that was open for longer is loaded again, and asks at once.
const VALID_MS = 270_000;
const drawn = performance.now();
const AGAIN = "maintenant";

let pending;
const ask = async (form, mediation) => {
  pending?.abort();
  const here = new AbortController();
  pending = here;
  for (const line of form.querySelectorAll("[data-failed], [data-known]")) line.hidden = true;
  try {
    const how = { publicKey: readOptions(form.dataset.options), signal: here.signal };
    if (mediation) how.mediation = mediation;
    const creates = form.dataset.passkey === "create";
    const credential = await navigator.credentials[creates ? "create" : "get"](how);
    if (performance.now() - drawn > VALID_MS) {
      const again = new URL(location.href);
      again.searchParams.set(AGAIN, "1");
      location.replace(again);
      return;
    }
    form.elements.reponse.value = writeCredential(credential);
    form.requestSubmit();
  } catch (error) {
    if (here.signal.aborted || mediation) return;
    const known = error.name === "InvalidStateError" && form.querySelector("[data-known]");
    const line = known || form.querySelector("[data-failed]");
    if (line) line.hidden = false;
  }
};

const able = Boolean(window.PublicKeyCredential && navigator.credentials?.create);

if (able) {
  const address = new URL(location.href);
  const now = address.searchParams.has(AGAIN);
  if (now) {
    address.searchParams.delete(AGAIN);
    history.replaceState(history.state, "", address);
  }
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.querySelector("button[type=button]").addEventListener("click", () => ask(form));
    if (now || form.dataset.start !== undefined) {
      ask(form);
    } else if (form.dataset.autofill !== undefined) {
      PublicKeyCredential.isConditionalMediationAvailable?.().then((can) => can && ask(form, "conditional"));
    }
  }
  for (const element of document.querySelectorAll("[data-passkey-only]")) element.hidden = false;
}
for (const element of document.querySelectorAll("[data-no-passkey]")) element.hidden = able;
