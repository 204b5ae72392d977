// Only improves: every page works without it. No inline code anywhere (the policy forbids it).

// A refusal takes the focus, so that a screen reader begins there and the page is scrolled to it.
document.querySelector(".wrong[role=alert]")?.focus();

// A double click is sent once. Ten seconds later, or when the page is shown again by "back", one may send again.
const free = (form) => {
  delete form.dataset.sent;
  form.removeAttribute("aria-busy");
};
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
    setTimeout(() => free(form), 10_000);
  });
}
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(free));

// The answer to a relying party that wants it as a form sends itself.
document.querySelector("form[data-send]")?.requestSubmit();

// "Afficher le mot de passe": the box is hidden in the page, since without script it could do nothing.
for (const line of document.querySelectorAll("[data-show-password]")) {
  const box = line.querySelector("input");
  const fields = line.closest("form").querySelectorAll("input[type=password]");
  line.hidden = false;
  const show = () => fields.forEach((field) => { field.type = box.checked ? "text" : "password"; });
  box.addEventListener("change", show);
  // Sent as a password, so that the browser offers to keep it and never fills it in as a text elsewhere.
  line.closest("form").addEventListener("submit", () => { box.checked = false; show(); });
}

// The leaflet's rules, ticked while typing. The server decides; this only helps.
const RULES = {
  length: (text) => [...text].length >= 8,
  lower: (text) => /\p{Ll}/u.test(text),
  upper: (text) => /\p{Lu}/u.test(text),
  digit: (text) => /[0-9]/.test(text),
  sign: (text) => /[+\-*\/&@.!?;:()[\]$£,%µ]/.test(text.normalize("NFC")),
};
for (const list of document.querySelectorAll("[data-rules-for]")) {
  const field = document.getElementById(list.dataset.rulesFor);
  const said = document.getElementById(list.dataset.said);
  let timer;
  const tick = () => {
    let met = 0;
    const lines = list.querySelectorAll("[data-rule]");
    for (const line of lines) {
      const good = RULES[line.dataset.rule]?.(field.value) ?? false;
      line.classList.toggle("met", good);
      const word = line.querySelector("[data-state]");
      if (word) word.textContent = good ? list.dataset.met : list.dataset.unmet;
      if (good) met += 1;
    }
    clearTimeout(timer);
    timer = setTimeout(() => { if (said) said.textContent = `${said.dataset.text} ${met} / ${lines.length}`; }, 900);
  };
  field.addEventListener("input", tick);
  if (field.value) tick();
}

// A letter's QR code opens the page with identifiant and code in the fragment, which reaches no server. They are filled
// in, and taken out of the address, so that they stay in no history. Only the form sends them.
for (const form of document.querySelectorAll("form[data-from-fragment]")) {
  const told = new URLSearchParams(location.hash.slice(1));
  if (told.has("i") || told.has("c")) {
    form.elements.identifiant.value = told.get("i") ?? "";
    form.elements.code.value = told.get("c") ?? "";
    history.replaceState(history.state, "", location.pathname + location.search);
  }
}

// The sheet: a button to print, hidden in the page for the same reason.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// Signed out: the services' own pages are loading unseen. Once all have, or one takes too long (the page's refresh would
// wait for it), it goes on.
for (const onward of document.querySelectorAll("a[data-when-framed]")) {
  const go = () => location.replace(onward.href);
  if (document.readyState === "complete") go();
  addEventListener("load", go, { once: true });
  setTimeout(go, 4_000);
}
