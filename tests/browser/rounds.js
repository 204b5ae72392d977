// A round is one browser with one setting and a demo started afresh. Together: both browsers, with scripts and without,
// both languages, and once with nothing but a keyboard. A round with `only` plays one scenario: each page of the console
// for each role, and the tasks of a secretary, which are counted.

export const ROUNDS = [
  { name: "chromium-plain", browser: "chromium", javascript: false, language: "fr", hands: "mouse", whole: true },
  { name: "chromium-script", browser: "chromium", javascript: true, language: "en", hands: "mouse", whole: true },
  { name: "firefox-plain", browser: "firefox", javascript: false, language: "en", hands: "mouse", whole: true },
  { name: "firefox-script", browser: "firefox", javascript: true, language: "fr", hands: "mouse", whole: true },
  { name: "keyboard", browser: "chromium", javascript: true, language: "fr", hands: "keyboard", whole: false },
  { name: "console-plain", browser: "chromium", javascript: false, language: "fr", hands: "mouse", only: "console" },
  { name: "console-script", browser: "chromium", javascript: true, language: "en", hands: "mouse", only: "console" },
  { name: "console-firefox", browser: "firefox", javascript: true, language: "fr", hands: "mouse", only: "console" },
  { name: "tasks", browser: "chromium", javascript: false, language: "fr", hands: "mouse", only: "tasks" },
];
