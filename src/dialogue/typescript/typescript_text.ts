/**
 * Lines with holes as strings of the code.
 *
 * @module
 */

import type { Dialogue, Template } from "../step.ts";
import { printTemplate } from "../template.ts";
import { escaped, noCall, text } from "./typescript_call.ts";

/** What means something else where calls are written: their own names, and words of the language. */
const TAKEN: ReadonlySet<string> = new Set([
  ..."d b secret smtp lmtp pop3 Array Uint8Array".split(" "),
  ..."arguments await break case catch class const continue debugger default delete do else enum"
    .split(" "),
  ..."eval export extends false finally for function if implements import in instanceof".split(" "),
  ..."interface let new null package private protected public return static super switch".split(
    " ",
  ),
  ..."this throw true try typeof undefined var void while with yield".split(" "),
]);

/** The variable of a loop in the code. No name of a dialogue has a dollar. */
export function variable(loop: string): string {
  return TAKEN.has(loop) ? `${loop}$` : loop;
}

/** Writes the lines of a dialogue, or of a loop in it. */
export class TextWriter {
  readonly #dialogue: Pick<Dialogue, "vars" | "secrets">;
  /** Variables of loops, as the dialogue names them. */
  readonly #loops: readonly string[];
  /** The holes that are numbers: the builder wants them to stay numbers. */
  readonly #numbers: Set<string>;

  /**
   * Begins with a dialogue.
   *
   * @param dialogue What its names stand for.
   * @param loops The variables of the loops around.
   * @param numbers The holes that were seen to be numbers.
   */
  constructor(
    dialogue: Pick<Dialogue, "vars" | "secrets">,
    loops: readonly string[] = [],
    numbers: Set<string> = new Set(),
  ) {
    this.#dialogue = dialogue;
    this.#loops = loops;
    this.#numbers = numbers;
  }

  /** The writer for what is inside of a loop; one that counts only has no variable. */
  inside(loop: string | undefined): TextWriter {
    const loops = loop === undefined ? this.#loops : [...this.#loops, loop];
    return new TextWriter(this.#dialogue, loops, this.#numbers);
  }

  /** A line as the builder writes holes; between NULs stand the variables of loops. */
  line(template: Template): string {
    return template.map((part) => {
      if (part.kind === "text") return escaped(part.text);
      if (part.kind === "hole" && this.#loops.includes(part.name)) {
        return `\0${variable(part.name)}\0`;
      }
      const value = part.kind === "hole" ? this.#dialogue.vars[part.name] : undefined;
      if (value !== undefined) return escaped(value);
      const secret = part.kind === "hole" &&
        this.#dialogue.secrets.some(({ name }) => name === part.name);
      if (part.kind === "codec" || secret) return noCall();
      if (part.kind !== "hole") return printTemplate([part]).slice(1);
      if (part.int) this.#numbers.add(part.name);
      const int = this.#numbers.has(part.name);
      return printTemplate([{ ...part, int }]).slice(1);
    }).join("");
  }

  /** A line as a string of the code. */
  template(template: Template): string {
    return this.string(this.line(template));
  }

  /** A string of the code, of what {@linkcode TextWriter.line} gave or of a part of it. */
  string(line: string): string {
    if (!line.includes("\0")) return text(line);
    const whole = line.replace(/[\\`]|\$(?=\{)/g, "\\$&");
    return `\`${whole.replace(/\0([^\0]+)\0/g, "${$1}")}\``;
  }
}
