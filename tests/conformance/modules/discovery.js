// The discovery documents of the plans.

import { checkKeys } from "../checks.js";
import { call } from "../flow.js";
import { checkDiscovery } from "../metadata.js";

const verifies = (booleans = [], endpoints = []) => async (m) => {
  const url = `${m.issuer}/.well-known/openid-configuration`;
  const answer = await call(url);
  checkDiscovery(m, answer, url, m.plan === "dynamic");
  for (const name of booleans) m.F(answer.json[name] === true, `discovery: ${name} is ${answer.json[name]}`);
  for (const name of endpoints) m.F(/^https:/.test(answer.json[name]), `discovery: ${name} is ${answer.json[name]}`);
  checkKeys(m, (await call(answer.json.jwks_uri)).json);
};

export default {
  "oidcc-discovery-endpoint-verification": verifies(),
  "oidcc-rp-initiated-logout-discovery-endpoint-verification": verifies([], ["end_session_endpoint"]),
  "oidcc-backchannel-logout-discovery-endpoint-verification":
    verifies(["backchannel_logout_supported", "backchannel_logout_session_supported"], ["end_session_endpoint"]),
  "oidcc-frontchannel-logout-discovery-endpoint-verification":
    verifies(["frontchannel_logout_supported", "frontchannel_logout_session_supported"], ["end_session_endpoint"]),
};
