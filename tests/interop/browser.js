// As much of a browser as forms need: cookies, redirects, meta refresh, fields by name, buttons by id.

import { parse } from "node-html-parser";

const MOST_STEPS = 20;

export class Browser {
  #cookies = new Map();

  /** Headers that each request has besides. */
  headers = {};

  /** How an address is asked. */
  fetch = fetch;

  /** The address of the page that is shown. */
  url = "about:blank";
  status = 0;
  /** When to come back, if the page says so. */
  retryAfter = undefined;
  page = parse("");

  text(selector = "main") {
    const element = this.page.querySelector(selector) ?? this.page;
    return element.text.replaceAll(/[\s\u00a0\u202f]+/g, " ").replaceAll("\u2019", "'").trim();
  }

  has(selector) {
    return this.page.querySelector(selector) !== null;
  }

  /**
   * Opens an address and follows what it leads to. Where it leads outside (to `stop`), nothing is asked there.
   * @returns {Promise<URL|undefined>} the address at `stop`, if it led there
   */
  async open(address, { stop, method = "GET", body, site = "none", origin } = {}) {
    let url = new URL(address, this.url === "about:blank" ? undefined : this.url);
    for (let step = 0; step < MOST_STEPS; step += 1) {
      if (stop && url.href.startsWith(stop)) return url;
      const headers = { ...this.headers, "Accept-Language": "fr", "Sec-Fetch-Site": site, Cookie: this.#jar(url) };
      if (body !== undefined) {
        headers["Content-Type"] = "application/x-www-form-urlencoded";
        headers.Origin = origin ?? url.origin;
      }
      const response = await this.fetch.call(undefined, url, { method, body, headers, redirect: "manual" });
      this.#keep(url, response);
      const location = response.headers.get("location");
      if (location && response.status >= 300 && response.status < 400) {
        await response.arrayBuffer();
        if (response.status !== 307 && response.status !== 308) [method, body] = ["GET", undefined];
        url = new URL(location, url);
        continue;
      }
      this.url = url.href;
      this.status = response.status;
      this.retryAfter = response.headers.get("retry-after") ?? undefined;
      this.page = parse(await response.text());
      await this.shown();
      const refresh = this.page.querySelector('meta[http-equiv="refresh"]')?.getAttribute("content");
      const next = /^\s*\d\s*[;,]\s*url\s*=\s*['"]?([^'"]+)/i.exec(refresh ?? "")?.[1];
      if (!next) return undefined;
      [method, body, site] = ["GET", undefined, "same-origin"];
      url = new URL(next, url);
    }
    throw new Error(`more than ${MOST_STEPS} steps from ${address}`);
  }

  /** Forgets a cookie, as a browser that was closed does. */
  forget(name) {
    for (const [key, cookie] of this.#cookies) if (cookie.name === name) this.#cookies.delete(key);
  }

  /** The same browser once more: its cookies, and the page that it shows. */
  copy() {
    const other = new Browser();
    other.#cookies = new Map(this.#cookies);
    const { headers, fetch: asks, url, status, page } = this;
    return Object.assign(other, { headers, fetch: asks, url, status, page });
  }

  /** Called with each page, before what it does by itself. */
  async shown() {}

  /** Fills fields by name and uses the button. */
  submit(button, fields = {}, stop = undefined) {
    const pressed = this.page.querySelector(button);
    const form = pressed?.closest("form");
    if (!form) throw new Error(`no form with ${button} on ${this.url}: ${this.text().slice(0, 300)}`);
    const values = new Map();
    for (const input of form.querySelectorAll("input, select, textarea")) {
      const name = input.getAttribute("name");
      const type = input.getAttribute("type") ?? "text";
      if (!name || ["submit", "button"].includes(type)) continue;
      if (["radio", "checkbox"].includes(type) && !input.hasAttribute("checked")) continue;
      values.set(name, input.getAttribute("value") ?? (type === "checkbox" ? "on" : ""));
    }
    for (const [name, value] of Object.entries(fields)) {
      if (!form.querySelector(`[name="${name}"]`)) throw new Error(`no field ${name} on ${this.url}`);
      values.set(name, value);
    }
    if (pressed.getAttribute("name")) values.set(pressed.getAttribute("name"), pressed.getAttribute("value") ?? "");
    const action = new URL(pressed.getAttribute("formaction") ?? form.getAttribute("action") ?? "", this.url);
    const method = (form.getAttribute("method") ?? "get").toUpperCase();
    const body = new URLSearchParams([...values]);
    if (method === "GET") {
      action.search = body.toString();
      return this.open(action, { stop, site: "same-origin" });
    }
    return this.open(action, { stop, method, body: body.toString(), site: "same-origin" });
  }

  /** Follows a link. */
  follow(link, stop = undefined) {
    const href = this.page.querySelector(link)?.getAttribute("href");
    if (!href) throw new Error(`no link ${link} on ${this.url}: ${this.text().slice(0, 300)}`);
    return this.open(new URL(href, this.url), { stop, site: "same-origin" });
  }

  #jar(url) {
    const now = Date.now();
    return [...this.#cookies.values()]
      .filter((cookie) => cookie.host === url.hostname && cookie.until > now)
      .filter((cookie) => url.pathname.startsWith(cookie.path) && (!cookie.secure || url.protocol === "https:"))
      .map((cookie) => `${cookie.name}=${cookie.value}`)
      .join("; ");
  }

  #keep(url, response) {
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(";").map((part) => part.trim());
      const [name, ...rest] = pair.split("=");
      const of = Object.fromEntries(
        attributes.map((attribute) => {
          const [key, ...value] = attribute.split("=");
          return [key.toLowerCase(), value.join("=")];
        }),
      );
      if (name.startsWith("__Host-") && (!("secure" in of) || of.path !== "/" || "domain" in of)) {
        throw new Error(`a browser refuses ${line}`);
      }
      let until = Number.POSITIVE_INFINITY;
      if ("max-age" in of) until = Date.now() + Number(of["max-age"]) * 1000;
      else if ("expires" in of) until = Date.parse(of.expires);
      const path = of.path ?? "/";
      this.#cookies.set(`${url.hostname} ${path} ${name}`, {
        host: url.hostname, path, name, value: rest.join("="), secure: "secure" in of, until,
      });
    }
  }
}
