// Who signs in: so many modules run beside one another, each for a person of its own.

import { moreParents } from "../interop/roster.js";

export const BESIDE = 6;
export const PARENTS = moreParents(BESIDE);
