import { deepEqual, equal, ok } from "node:assert/strict";
import { type Import, visitImports } from "./imports.ts";

/** The paths of the `.ts` files under a folder. */
function* sources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}

function importsOf(path: string): Import[] {
  const found: Import[] = [];
  const rules = { all: { create: () => visitImports((one) => found.push(one)) } };
  Deno.lint.runPlugin({ name: "graph", rules }, path, Deno.readTextFileSync(path));
  return found;
}

/** The file that a relative specifier means, as a path inside the repository. */
function resolve(specifier: string, from: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

/** Everything an entry point reaches: its files, and as `KIND SPECIFIER` what is no file of ours. */
function reach(entry: string): { files: ReadonlySet<string>; outside: ReadonlySet<string> } {
  const files = new Set([entry]);
  const outside = new Set<string>();
  // A set that grows while it is iterated: the loop visits what it adds.
  for (const file of files) {
    for (const { kind, specifier } of importsOf(file)) {
      if (specifier?.startsWith(".")) files.add(resolve(specifier, file));
      else outside.add(`${kind} ${specifier ?? "computed"}`);
    }
  }
  return { files, outside };
}

/** The files of one cycle, in order; empty if there is none. */
function cycleIn(edges: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  function visit(file: string, trail: readonly string[]): readonly string[] {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next, [...trail, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  }
  for (const file of edges.keys()) {
    const cycle = visit(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

Deno.test("cycleIn() names the files of a cycle", { permissions: "none" }, () => {
  const edges = new Map([["a", ["b", "d"]], ["b", ["c"]], ["c", ["d"]], ["d", []]]);
  deepEqual(cycleIn(edges), []);
  deepEqual(cycleIn(new Map([...edges, ["d", ["b"]]])), ["b", "c", "d", "b"]);
});

const FOLDERS = [...Deno.readDirSync("src")].map(({ name }) => name).sort();

Deno.test("mod.ts reaches no package, no sandbox, no job and no node: by its plain name", () => {
  const { files, outside } = reach("mod.ts");
  ok(files.size > 20, `only ${files.size} files were walked`);
  const strays = [...files].filter((file) =>
    /^(scripts|tests|src\/(sandbox|jobs|cli|deps))\//.test(file)
  );
  deepEqual(strays, []);
  deepEqual([...outside].filter((one) => one !== "dynamic computed"), []);
});

Deno.test("folders other than cli and deps reach no package", async (t) => {
  for (const folder of FOLDERS.filter((name) => name !== "cli" && name !== "deps")) {
    await t.step(folder, () => {
      const { outside } = reach(`src/${folder}/mod.ts`);
      deepEqual([...outside].filter((one) => !/^\w+ (node:|computed$)/.test(one)), []);
    });
  }
});

Deno.test("every folder of src has its door and no cycle", async (t) => {
  for (const folder of FOLDERS) {
    await t.step(folder, () => {
      const files = [...sources(`src/${folder}`)];
      if (folder !== "deps") ok(files.includes(`src/${folder}/mod.ts`), "Cannot find its mod.ts");
      const edges = new Map(files.map((file) => {
        const relative = importsOf(file).flatMap(({ specifier }) =>
          specifier?.startsWith(".") ? [resolve(specifier, file)] : []
        );
        return [file, relative.filter((to) => to.startsWith(`src/${folder}/`))];
      }));
      equal(cycleIn(edges).join(" imports "), "");
    });
  }
});

Deno.test("a file of src and scripts imports by relative path, node: or a seam's npm:", () => {
  const odd = [...sources("src"), ...sources("scripts"), "mod.ts"].flatMap((file) =>
    importsOf(file)
      .filter(({ specifier = "node:" }) => !/^(\.\.?\/.*\.(ts|txt)$|node:|npm:)/.test(specifier))
      .map(({ specifier }) => `${file}: ${specifier}`)
  );
  deepEqual(odd, []);
});

Deno.test("mod.ts hands on every name of its folders", async () => {
  const names = new Set<string>();
  for (const { specifier } of importsOf("mod.ts")) {
    for (const name of Object.keys(await import(`../../${specifier}`))) names.add(name);
  }
  // `export *` drops a name that two folders give to different things, without an error.
  deepEqual(Object.keys(await import("../../mod.ts")).sort(), [...names].sort());
});
