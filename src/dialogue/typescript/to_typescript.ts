/**
 * A dialogue to TypeScript: the calls of the typed builder, or its text where they cannot say it.
 *
 * @module
 */

import { printDialogue } from "../text/print.ts";
import type { Dialogue } from "../step.ts";
import { chainOf } from "./typescript_chain.ts";

/** How a dialogue becomes TypeScript. */
export interface TypeScriptOptions {
  /** What the code imports from. @default {"@mailwright/mailwright"} */
  readonly from?: string;
  /** The constant that holds the dialogue. By default its name in camel case. */
  readonly name?: string;
}

/**
 * Writes a dialogue as TypeScript.
 *
 * @param dialogue Its form.
 * @param options What the code imports, and the name of its constant.
 * @returns A module. It calls the builder; a dialogue with something that the builder has no call for
 * stays text, which `parseDialogue` reads.
 * @throws {TypeError} If the constant cannot have this name; as `printDialogue`, if the dialogue is
 * neither.
 *
 * @example Usage
 * ```ts
 * import { dialogueToTypeScript, parseDialogue } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const dialogue = parseDialogue("S: 220 mx\nC: EHLO me\nS: 250 mx\nC: QUIT\nS: 221 ${_}\n");
 * equal(
 *   dialogueToTypeScript(dialogue, { name: "hello" }),
 *   `import { smtp } from "@mailwright/mailwright";
 *
 * export const hello = smtp()
 *   .expect(220, "mx")
 *   .ehlo("me")
 *   .expect(250, "mx")
 *   .quit()
 *   .expect(221, "{_}");
 * `,
 * );
 * ```
 */
export function dialogueToTypeScript(dialogue: Dialogue, options: TypeScriptOptions = {}): string {
  const { from = "@mailwright/mailwright", name = constantOf(dialogue.name) } = options;
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) {
    throw new TypeError(`Cannot name a constant "${name}": expected letters, digits, _ and $`);
  }
  const chain = chainOf(dialogue);
  if (chain === undefined) {
    const text = printDialogue(dialogue).replace(/[\\`]|\$(?=\{)/g, "\\$&");
    return `import { parseDialogue } from ${
      JSON.stringify(from)
    };\n\nexport const ${name} = parseDialogue(\`${text}\`);\n`;
  }
  const imports = [...chain.imports, dialogue.protocol].sort().join(", ");
  const calls = [`${dialogue.protocol}()`, ...chain.calls].join("\n  ");
  return `import { ${imports} } from ${
    JSON.stringify(from)
  };\n\nexport const ${name} = ${calls};\n`;
}

/** A name as a constant: `auth login 2` is `authLogin2`. */
function constantOf(name: string): string {
  const words = name.match(/[A-Za-z0-9]+/g) ?? [];
  const joined = words.map((word, index) =>
    index === 0 ? word.slice(0, 1).toLowerCase() + word.slice(1) : capital(word)
  ).join("");
  return /^[A-Za-z]/.test(joined) ? `${joined}Dialogue` : "dialogue";
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
