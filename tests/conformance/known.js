// Warnings that stay: to silence one, a claim would have to be invented. Any other warning counts as a failure.

const SCHOOLS_DO_NOT_HOLD = ["middle_name", "nickname", "preferred_username", "profile", "picture", "website", "gender",
  "birthdate", "zoneinfo", "locale"];

/** Module, what it says, why it stays; `dynamic`: only for clients that registered themselves. */
export const KNOWN = SCHOOLS_DO_NOT_HOLD.map((claim) => ({
  module: "oidcc-scope-profile",
  warning: `${claim} is not told`,
  why: claim === "preferred_username"
    ? "the identifiant is a credential, and would undo pairwise subjects"
    : "a school's roster of parents does not hold it, or not for this",
}));

export const isKnown = ({ name, dynamic }, warning) =>
  KNOWN.some((k) => k.module === name && k.warning === warning && (!k.dynamic || dynamic));
