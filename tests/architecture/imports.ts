/**
 * Every import of a file, read from its syntax tree: `import`, `export … from`, `import()`, and
 * `import("…")` as a type. The lint plugin and the graph test share it.
 *
 * @module
 */

/** How a file imports: when it is loaded, for types alone, or while it runs. */
export type ImportKind = "static" | "type" | "dynamic";

/** One import of a file. */
export interface Import {
  /** How it imports. */
  readonly kind: ImportKind;
  /** What it imports; `undefined` where that is not a plain string. */
  readonly specifier: string | undefined;
  /** Where in the file. */
  readonly range: Deno.lint.Range;
}

/**
 * Makes the visitor that sees every import of a file.
 *
 * @param seen Called for each import.
 * @returns The visitor of a lint rule.
 */
export function visitImports(seen: (found: Import) => void): Deno.lint.LintVisitor {
  function note(source: Deno.lint.Node, kind: ImportKind): void {
    const literal = source.type === "TSLiteralType" ? source.literal : source;
    const plain = literal.type === "Literal" && typeof literal.value === "string";
    seen({ kind, specifier: plain ? literal.value : undefined, range: source.range });
  }
  const kindOf = (kind: "type" | "value"): ImportKind => kind === "type" ? "type" : "static";
  return {
    ImportDeclaration: (node) => note(node.source, kindOf(node.importKind)),
    ExportAllDeclaration: (node) => note(node.source, kindOf(node.exportKind)),
    ExportNamedDeclaration: (node) => node.source && note(node.source, kindOf(node.exportKind)),
    ImportExpression: (node) => note(node.source, "dynamic"),
    TSImportType: (node) => note(node.argument, "type"),
  };
}
