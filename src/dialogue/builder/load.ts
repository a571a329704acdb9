/**
 * A dialogue from elsewhere as a program: played as those of the builder are.
 *
 * @module
 */

import type { Acceptor, Connection } from "../../wire/mod.ts";
import type { RunDialogueOptions, ServeDialogueOptions } from "../options.ts";
import { parseDialogue, type ParseOptions } from "../text/parse.ts";
import { runDialogue } from "../engine/play.ts";
import { printDialogue } from "../text/print.ts";
import type { DialogueResult } from "../result.ts";
import { serveDialogue } from "../engine/serve.ts";
import type { Dialogue } from "../step.ts";
import { checkText } from "./builder_text.ts";
import { checkName } from "./program_data.ts";

/** A dialogue that was loaded. It is never changed. */
export interface LoadedDialogue {
  /** The dialogue as data. */
  toDialogue(): Dialogue;
  /**
   * The dialogue as text.
   *
   * @returns The text.
   * @throws {TypeError} If no text says the same.
   */
  toText(): string;
  /**
   * Binds holes, before those that the dialogue itself binds.
   *
   * @param vars The values by name.
   * @returns The dialogue with them.
   * @throws {TypeError} If a name is none or that of a secret, or a value is no line.
   */
  with(vars: Readonly<Record<string, string>>): LoadedDialogue;
  /**
   * Plays the dialogue as the client.
   *
   * @param options The server, secrets, limits.
   * @returns What came of it.
   * @throws {DialogueError} If it fails, unless `throwOnFailure` is false.
   */
  run(options: RunDialogueOptions): Promise<DialogueResult>;
  /**
   * Plays the dialogue as the server, once for each connection.
   *
   * @param over Something that accepts connections, or one connection.
   * @param options Secrets, limits, how many sessions.
   * @returns What came of each connection.
   * @throws {DialogueError} If one fails, unless `throwOnFailure` is false.
   */
  serve(
    over: Acceptor | Connection,
    options?: ServeDialogueOptions,
  ): Promise<readonly DialogueResult[]>;
}

/**
 * Loads a dialogue from its text, or from its form. No file is read: reading one is for the caller, who
 * knows what may be read; `options.read` gives what the text includes, and a run's `readFile` what it
 * sends.
 *
 * @param source The text, or the form that `parseDialogue`, `toDialogue` or an importer gave.
 * @param options Where the text comes from, and how it reads what it includes.
 * @returns The dialogue, ready to be played.
 * @throws {DialogueSyntaxError} If the text is no dialogue.
 *
 * @example Usage
 * ```ts
 * import { load } from "@mailwright/mailwright";
 * import { memoryPair } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * const dialogue = load("S: 220 ${host} ready\nC: EHLO ${me=localhost}\nS: 250 ${host}\n");
 * const [connection, theirs] = memoryPair();
 * const served = dialogue.with({ host: "mx.example" }).serve(theirs);
 * const { vars } = await dialogue.with({ me: "client.example" }).run({ connection });
 * equal(vars.host, "mx.example");
 * await served;
 * ```
 */
export function load(source: string | Dialogue, options: ParseOptions = {}): LoadedDialogue {
  return loaded(typeof source === "string" ? parseDialogue(source, options) : source);
}

function loaded(dialogue: Dialogue): LoadedDialogue {
  return {
    toDialogue: () => dialogue,
    toText: () => printDialogue(dialogue),
    with: (vars) => {
      for (const [name, value] of Object.entries(vars)) {
        checkName("a hole", name);
        checkText(value);
        if (dialogue.secrets.some((secret) => secret.name === name)) {
          throw new TypeError(`Cannot bind "${name}": it is a secret`);
        }
      }
      return loaded({ ...dialogue, vars: { ...dialogue.vars, ...vars } });
    },
    run: (options) => runDialogue(dialogue, options),
    serve: (over, options) => serveDialogue(dialogue, over, options),
  };
}
