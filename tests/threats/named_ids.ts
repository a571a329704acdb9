/**
 * The ids that test names carry in brackets, as in `parseReply() rejects a code that changes [S4]`.
 *
 * @module
 */

/** Anything in brackets that looks like an id, also a misspelt one. */
const ID = /\[(T-[^\]]*|[A-Z]\d[^\]]*)\]/g;

/**
 * Finds the ids in the strings of a source; what stands in comments does not count.
 *
 * @param path Its path.
 * @param source Its text.
 * @returns The ids, as often as they occur.
 */
export function idsIn(path: string, source: string): string[] {
  const found: string[] = [];
  const note = (text: string): void => {
    found.push(...[...text.matchAll(ID)].map(([, id = ""]) => id));
  };
  const visitor: Deno.lint.LintVisitor = {
    Literal: ({ value }) => typeof value === "string" && note(value),
    TemplateElement: ({ cooked }) => note(cooked),
  };
  Deno.lint.runPlugin({ name: "ids", rules: { all: { create: () => visitor } } }, path, source);
  return found;
}

/**
 * Finds the ids that the tests name.
 *
 * @returns Each id with the files that name it.
 */
export function namedIds(): ReadonlyMap<string, ReadonlySet<string>> {
  const files = new Map<string, Set<string>>();
  for (const path of testFiles("tests")) {
    for (const id of idsIn(path, Deno.readTextFileSync(path))) {
      files.set(id, (files.get(id) ?? new Set()).add(path));
    }
  }
  return files;
}

function* testFiles(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    // What begins with a dot is scratch: other tests write there meanwhile.
    if (isDirectory && !name.startsWith(".")) yield* testFiles(`${folder}/${name}`);
    else if (/_(test|check|suite)\.ts$/.test(name)) yield `${folder}/${name}`;
  }
}
