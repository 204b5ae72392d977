// Who is signed in, and who must sign in again.

import { checkRefusal } from "../checks.js";
import { ask, pause, read, setUp, signIn, text } from "../flow.js";

export const NOT_SIGNED_IN = ["login_required", "interaction_required", "account_selection_required",
  "consent_required"];

const sameSignIn = (m, one, two) => {
  m.F(one.claims.sub === two.claims.sub, "the second sub is another");
  m.F(one.claims.auth_time === two.claims.auth_time, "the second auth_time is another");
};

/** The second sign-in: a page must have asked. */
async function again(m, first, more) {
  const before = m.agent.signIns;
  const second = await signIn(m, more);
  m.page("second sign-in", m.agent.signIns > before, "nobody was asked again", m.agent.signInPage());
  m.F(first.claims.sub === second.claims.sub, "the second sub is another");
  return second;
}

/** prompt=none for somebody who is not signed in (any more). */
export async function notSignedIn(m, agent = m.agent) {
  const asked = await ask(m, { prompt: "none", state: text(128) }, { agent });
  checkRefusal(m, read(m, asked, agent), asked.sent, m.issuer, NOT_SIGNED_IN);
}

export default {
  "oidcc-prompt-login": async (m) => {
    await setUp(m);
    const first = await signIn(m);
    await pause(1100);
    const second = await again(m, first, { prompt: "login" });
    if (first.claims.auth_time !== undefined) {
      m.F(second.claims.auth_time > first.claims.auth_time, "auth_time is not later");
    }
  },
  "oidcc-prompt-none-not-logged-in": async (m) => {
    await setUp(m);
    await notSignedIn(m);
    m.F(m.agent.signIns === 0, "somebody was asked to sign in");
  },
  "oidcc-prompt-none-logged-in": async (m) => {
    await setUp(m);
    const first = await signIn(m);
    const before = m.agent.signIns;
    sameSignIn(m, first, await signIn(m, { prompt: "none" }));
    m.F(m.agent.signIns === before, "a page was shown");
  },
  "oidcc-id-token-hint": async (m) => {
    await setUp(m);
    const first = await signIn(m);
    const before = m.agent.signIns;
    sameSignIn(m, first, await signIn(m, { prompt: "none", id_token_hint: first.idToken }));
    m.F(m.agent.signIns === before, "a page was shown");
  },
  "oidcc-max-age-1": async (m) => {
    await setUp(m);
    const first = await signIn(m);
    await pause(2100);
    const { claims } = await again(m, first, { max_age: "1" });
    m.F(claims.auth_time !== undefined, "ID token: no auth_time although max_age was asked");
    if (first.claims.auth_time !== undefined) m.F(claims.auth_time > first.claims.auth_time, "auth_time is not later");
    m.F(Math.abs(Date.now() / 1000 - claims.auth_time) < 300, "auth_time is not recent");
  },
  "oidcc-max-age-10000": async (m) => {
    await setUp(m);
    const first = await signIn(m, { max_age: "15000" });
    const before = m.agent.signIns;
    await pause(1100);
    const second = await signIn(m, { max_age: "10000" });
    m.F(m.agent.signIns === before, "asked again");
    for (const { claims } of [first, second]) m.F(claims.auth_time !== undefined, "ID token: no auth_time");
    sameSignIn(m, first, second);
  },
};
