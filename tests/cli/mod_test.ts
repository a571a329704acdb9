import { deepEqual } from "node:assert/strict";
import { visitImports } from "../architecture/imports.ts";

Deno.test("cli/mod.ts loads commander at start, everything else when it is used", () => {
  const files = new Set(["src/cli/mod.ts"]);
  const packages = new Set<string>();
  // A set that grows while it is iterated: the loop visits what it adds.
  for (const file of files) {
    const rules = {
      all: {
        create: () =>
          visitImports(({ kind, specifier }) => {
            if (kind !== "static" || specifier === undefined) return;
            if (specifier.startsWith("npm:")) packages.add(specifier);
            else files.add(new URL(specifier, `file:///${file}`).pathname.slice(1));
          }),
      },
    };
    Deno.lint.runPlugin({ name: "graph", rules }, file, Deno.readTextFileSync(file));
  }
  deepEqual([...packages], ["npm:commander@15.1.0"]);
});
