// Two browsers, two drivers, one small interface: Chromium by Playwright, Firefox by Puppeteer (WebDriver BiDi).
//
// A Tab has only what both do alike, also with scripts switched off: synchronous reads of the page, real mouse and
// keyboard events, navigation, screenshots. Drivers' own click() and fill() wait by timers inside the page, which never
// fire in Firefox without scripts; that is why visitor.js clicks by coordinates.

import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";

const CHROMIUM = process.env.PREAU_CHROMIUM ?? "/usr/bin/chromium";
const FIREFOX = process.env.PREAU_FIREFOX ?? "/usr/bin/firefox-esr";

/** The size of an ordinary phone; the walk is done on it. */
export const PHONE = { width: 390, height: 844 };

const LANGUAGES = { fr: "fr-FR,fr", en: "en-GB,en" };

/**
 * Starts a browser.
 * @param {{browser: "chromium"|"firefox", javascript: boolean, language: "fr"|"en"}} wanted
 * @returns {Promise<{version: string, canAxe: boolean, jar(): Promise<Jar>, close(): Promise<void>}>}
 */
export async function open(wanted) {
  return wanted.browser === "chromium" ? openChromium(wanted) : openFirefox(wanted);
}

async function openChromium({ javascript, language }) {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    // Chromium refuses its sandbox to root and has little shared memory in a container.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  });
  return {
    version: `Chromium ${browser.version()}`,
    canAxe: true,
    async jar() {
      const context = await browser.newContext({
        javaScriptEnabled: javascript,
        locale: LANGUAGES[language].split(",")[0],
        viewport: PHONE,
      });
      return new Jar(context, (page) => new ChromiumTab(page));
    },
    close: () => browser.close(),
  };
}

async function openFirefox({ javascript, language }) {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: FIREFOX,
    headless: true,
    defaultViewport: PHONE,
    extraPrefsFirefox: {
      "javascript.enabled": javascript,
      "intl.accept_languages": LANGUAGES[language],
      // Nobody is there to answer.
      "signon.rememberSignons": false,
      "dom.confirm_repost.testing.always_accept": true,
    },
  });
  return {
    version: (await browser.version()).replace("firefox/", "Firefox "),
    // Without scripts, Firefox runs no microtask for axe.
    canAxe: javascript,
    async jar() {
      const context = await browser.createBrowserContext();
      return new Jar(context, (page) => new FirefoxTab(page));
    },
    close: () => browser.close(),
  };
}

/** One set of cookies, as of one person's browser; tabs share it. */
export class Jar {
  constructor(context, wrap) {
    this.context = context;
    this.wrap = wrap;
  }

  async tab() {
    const page = await this.context.newPage();
    const tab = this.wrap(page);
    await tab.width(PHONE.width);
    return tab;
  }

  close() {
    return this.context.close();
  }
}

/** What both drivers name alike. */
class Tab {
  constructor(page) {
    this.page = page;
    /** Addresses of the documents that were asked for, redirects included. */
    this.trail = [];
    /** What the browser complained about: script errors, refused content, and addresses outside of this machine. */
    this.complaints = [];
    this.status = 0;
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith("http") && !["localhost", "127.0.0.1"].includes(url.hostname)) {
        this.complaints.push(`asked ${url.origin}`);
      }
      if (request.isNavigationRequest()) this.trail.push(request.url());
    });
    page.on("response", (response) => {
      if (response.request().isNavigationRequest()) this.status = response.status();
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      // Chromium reports the 4xx of a refused form here: that is no mistake.
      if (message.type() === "error" && !/Failed to load resource.*status of 4\d\d/.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
  }

  /** Runs a synchronous function in the page and gives what it returns. */
  read(fn, argument) {
    return this.page.evaluate(fn, argument);
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  type(text) {
    return this.page.keyboard.type(text);
  }

  close() {
    return this.page.close();
  }
}

class ChromiumTab extends Tab {
  async goto(url) {
    await this.page.bringToFront();
    await this.page.goto(url, { waitUntil: "load" });
  }

  point(x, y, times = 1) {
    return this.page.mouse.click(x, y, { clickCount: times });
  }

  width(width) {
    return this.page.setViewportSize({ ...PHONE, width });
  }

  dark(on) {
    return this.page.emulateMedia({ colorScheme: on ? "dark" : "light" });
  }

  shot(path) {
    return this.page.screenshot({ path, fullPage: true });
  }

  async back() {
    await this.page.goBack({ waitUntil: "commit" });
  }

  async reload() {
    await this.page.bringToFront();
    await this.page.reload({ waitUntil: "load" });
  }

  /** Gives files to a field, as the browser's own window does after a click. */
  attach(selector, files) {
    return this.page.setInputFiles(selector, files);
  }

  /** The first signs of the file that an act is answered with. */
  async downloads(act) {
    const [file] = await Promise.all([this.page.waitForEvent("download"), act()]);
    const content = await readFile(await file.path());
    return content.subarray(0, 8).toString("latin1");
  }

  /** A device of this tab that holds passkeys and verifies its person (WebAuthn); Firefox has none to offer. */
  async authenticator(passkeys = []) {
    const device = await this.page.context().newCDPSession(this.page);
    await device.send("WebAuthn.enable", { enableUI: false });
    const options = {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: false,
    };
    const { authenticatorId } = await device.send("WebAuthn.addVirtualAuthenticator", { options });
    const all = async () => (await device.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
    const authenticator = {
      passkeys: all,
      /** Whether somebody touches the sensor whenever it asks. */
      touch: (enabled) => device.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled }),
      /** Puts passkeys in place of all others, as a cloud that synchronises them does. */
      async keep(credentials) {
        await device.send("WebAuthn.clearCredentials", { authenticatorId });
        for (const credential of credentials) {
          await device.send("WebAuthn.addCredential", { authenticatorId, credential });
        }
      },
    };
    await authenticator.keep(passkeys);
    return authenticator;
  }
}

class FirefoxTab extends Tab {
  async goto(url) {
    await this.page.bringToFront();
    await this.page.goto(url, { waitUntil: "load" });
  }

  point(x, y, times = 1) {
    return this.page.mouse.click(x, y, { count: times });
  }

  width(width) {
    return this.page.setViewport({ ...PHONE, width });
  }

  /** WebDriver BiDi cannot ask for dark colours; Chromium sees them. */
  async dark() {}

  shot(path) {
    return this.page.screenshot({ path, fullPage: true });
  }

  async back() {
    // Puppeteer would wait for a load that the page in the back-forward cache never fires.
    await Promise.race([this.page.goBack({ waitUntil: "load" }).catch(() => {}), pause(2000)]);
  }

  async reload() {
    await this.page.bringToFront();
    await this.page.reload({ waitUntil: "load" });
  }
}

/** Waits; ms in milliseconds. */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
