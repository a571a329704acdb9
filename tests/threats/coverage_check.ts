/**
 * Which pitfalls and threats no test names yet (task `threats`).
 *
 * @module
 */

import { equal } from "node:assert/strict";
import { DUE } from "./ids.ts";
import { namedIds } from "./named_ids.ts";

Deno.test("every due id is in the name of a test", () => {
  const named = namedIds();
  const due = Object.entries(DUE);
  const open = due.filter(([id]) => !named.has(id));
  const list = open.map(([id, words]) => `\n  ${id}: ${words}`).join("");
  equal(
    open.length,
    0,
    `Cannot find ${open.length} of ${due.length} due ids in test names:${list}`,
  );
});
