/**
 * The walls of the house as a lint plugin: which folder may import which, where `node:` and `npm:`
 * may appear, and who may open a Secret. It runs in `deno lint`, so also in an editor.
 *
 * @module
 */

import { type Import, visitImports } from "./imports.ts";

/** What a folder of `src/`, or a file outside, may import of `src/`, besides its own folder. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  sasl: [],
  message: [],
  deps: [],
  cli: ["deps"],
  smtp: ["wire", "sasl", "message"],
  pop3: ["wire", "sasl", "message"],
  dialogue: ["smtp", "pop3", "sasl", "wire", "message"],
  server: ["wire", "sasl", "message"],
  sandbox: ["server", "smtp", "wire", "message"],
  jobs: ["dialogue", "smtp", "pop3", "message", "wire"],
  "mod.ts": ["wire", "message", "sasl", "smtp", "pop3", "dialogue", "server"],
  scripts: ["cli", "jobs", "smtp", "pop3", "message", "dialogue", "deps"],
};

/** Scripts that also start the sandbox, two of them with their folders; the probe is dry with it. */
const WITH_SANDBOX = [
  "scripts/probe/dry.ts",
  "scripts/dialogue.ts",
  "scripts/dialogue/",
  "scripts/sandbox.ts",
  "scripts/sandbox/",
  "scripts/demo.ts",
];

/** Files that may import `node:`: a static import makes every program start slower. */
const NODE: Readonly<Record<string, "static" | "dynamic">> = {
  "src/jobs/bulk/journal/sqlite_job.ts": "dynamic",
  "src/jobs/bulk/journal/sqlite_journal.ts": "dynamic",
  "src/jobs/probe/peer_certificate.ts": "dynamic",
};

/**
 * Files that import `node:` by a computed name: a plain one in the graph of `mod.ts` or of the sandbox
 * makes `deno check` fail in a project that has a package.json and no types of Node.
 */
const HIDDEN_NODE = ["src/sasl/md5.ts", "src/sandbox/node_sockets.ts"];

/** Where `expose()` may be called: of a Secret, and in wire of its WireLine. */
const EXPOSE = [
  "src/sasl/",
  "src/wire/",
  "src/pop3/commands.ts",
  "src/dialogue/codec.ts",
  "tests/",
];

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const SELF_NAME = /^@mailwright\/mailwright(\/|$)/;
const EXACT_VERSION = /^npm:(@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+(\/|$)/;

/** `smtp` for `src/smtp/reply.ts`, `scripts`, `tests`, or the name of a file at the top. */
function layerOf(path: string): string {
  const [top = "", folder = ""] = path.split("/");
  return top === "src" ? folder : top;
}

/** What is wrong with an import of the file at `path`; `undefined` if nothing is. */
function importBreach(path: string, { kind, specifier }: Import): string | undefined {
  const layer = layerOf(path);
  if (specifier === undefined) {
    const allowed = layer === "tests" || HIDDEN_NODE.includes(path);
    return allowed ? undefined : "only a plain string can be checked";
  }
  if (specifier.startsWith("node:")) {
    const allowed = layer === "tests" ? "static" : NODE[path];
    if (allowed === undefined) return "node: belongs to the few files that the layer table lists";
    return kind === "static" && allowed === "dynamic"
      ? "this file loads node: by import()"
      : undefined;
  }
  if (specifier.startsWith("npm:")) {
    if (layer !== "deps" && !path.startsWith("tests/bench/")) {
      return "packages come through the seams in src/deps";
    }
    return EXACT_VERSION.test(specifier) ? undefined : "the version must be exact";
  }
  if (!/^\.\.?\//.test(specifier)) {
    if (layer === "tests" && SELF_NAME.test(specifier)) return undefined;
    return "a specifier is relative, or it means something else in another project";
  }
  return layer === "tests" ? undefined : relativeBreach(path, layer, specifier);
}

function relativeBreach(path: string, layer: string, specifier: string): string | undefined {
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  const to = layerOf(target);
  if (to === layer) return undefined;
  const allowed = MAY_IMPORT[layer] ?? [];
  const sandbox = to === "sandbox" && WITH_SANDBOX.some((allowed) => path.startsWith(allowed));
  if (!target.startsWith("src/") || !(allowed.includes(to) || sandbox)) {
    return `${layer} may import ${allowed.join(", ") || "no other folder"}, not ${to}`;
  }
  return to === "deps" || target === `src/${to}/mod.ts`
    ? undefined
    : `the door of ${to} is its mod.ts`;
}

const plugin: Deno.lint.Plugin = {
  name: "layers",
  rules: {
    imports: {
      create(context) {
        const path = relativePath(context.filename);
        return visitImports((found) => {
          const breach = importBreach(path, found);
          if (breach === undefined) return;
          const what = found.specifier === undefined ? "a computed name" : `"${found.specifier}"`;
          context.report({ range: found.range, message: `Cannot import ${what}: ${breach}` });
        });
      },
    },
    expose: {
      create(context) {
        const path = relativePath(context.filename);
        if (EXPOSE.some((allowed) => path.startsWith(allowed))) return {};
        return {
          MemberExpression(node) {
            const { property } = node;
            const name = property.type === "Literal"
              ? property.value
              : context.sourceCode.getText(property);
            if (name !== "expose") return;
            context.report({
              node,
              message: "Cannot call expose() here: secrets are opened where they are written",
            });
          },
        };
      },
    },
  },
};

/** `deno lint` names files by their full path, a test by the path inside the repository. */
function relativePath(filename: string): string {
  return filename.startsWith(ROOT) ? filename.slice(ROOT.length) : filename;
}

export default plugin;
