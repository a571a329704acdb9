import { deepEqual } from "node:assert/strict";
import { DUE, FACTS } from "./ids.ts";
import { idsIn, namedIds } from "./named_ids.ts";

Deno.test(
  "idsIn() reads names, templates and tables, not comments",
  { permissions: "none" },
  () => {
    const open = "[";
    const source = `
    // ${open}S1]
    Deno.test("a ${open}S2] ${open}T-R03]", () => {});
    Deno.test(\`b \${c} ${open}T-RO4]\`, () => {});
    Deno.test.each([{ name: "d ${open}S5, S6]", list: e${open}S7] }])("$name", () => {});
  `;
    deepEqual(idsIn("a_test.ts", source), ["S2", "T-R03", "T-RO4", "S5, S6"]);
  },
);

Deno.test("ids.ts knows every id that a test names", () => {
  const unknown = [...namedIds()].filter(([id]) => !(id in DUE || id in FACTS));
  deepEqual(unknown.map(([id, files]) => `${id} in ${[...files].join(", ")}`), []);
});

Deno.test("ids.ts lists each id once", { permissions: "none" }, () => {
  const all = [DUE, FACTS].flatMap(Object.keys);
  deepEqual(all.filter((id, index) => all.indexOf(id) !== index), []);
});
