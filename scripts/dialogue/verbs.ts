/**
 * What each verb does; its work is in a file of its own.
 *
 * @module
 */

import { EXIT } from "../../src/cli/mod.ts";
import type {
  CheckCall,
  ConvertCall,
  DryCall,
  FmtCall,
  LintCall,
  PermissionsCall,
  RecordCall,
  RunCall,
  ServeCall,
  Verbs,
} from "./calls.ts";
import { check } from "./check.ts";
import type { VerbContext } from "./context.ts";
import { convert } from "./convert.ts";
import { dry } from "./dry.ts";
import { fmt } from "./fmt.ts";
import { callGrants } from "./grants.ts";
import { lint } from "./lint.ts";
import { record } from "./record.ts";
import { run } from "./run.ts";
import { serve } from "./serve.ts";

/** One call of the script. */
export class DialogueVerbs implements Verbs {
  /** What the script exits with; 0 of `--help` and `--version` too. */
  exit: number = EXIT.dialogue.ok;
  readonly #context: VerbContext;

  /** Nothing has been done yet. */
  constructor(context: VerbContext) {
    this.#context = context;
  }

  async permissions(call: PermissionsCall, files: readonly string[]): Promise<void> {
    const { io } = this.#context;
    await io.out.line((await callGrants(call, files, this.#context)).join(" "));
  }

  async run(call: RunCall, files: readonly string[]): Promise<void> {
    this.exit = await run(call, files, this.#context);
  }

  async serve(call: ServeCall, file: string): Promise<void> {
    this.exit = await serve(call, file, this.#context);
  }

  async record(call: RecordCall): Promise<void> {
    this.exit = await record(call, this.#context);
  }

  async check(call: CheckCall, file: string, transcript: string): Promise<void> {
    this.exit = await check(call, file, transcript, this.#context);
  }

  async dry(call: DryCall, file: string): Promise<void> {
    await dry(call, file, this.#context);
  }

  async lint(call: LintCall, files: readonly string[]): Promise<void> {
    this.exit = await lint(call, files, this.#context);
  }

  async fmt(call: FmtCall, files: readonly string[]): Promise<void> {
    this.exit = await fmt(call, files, this.#context);
  }

  async convert(call: ConvertCall, file: string): Promise<void> {
    await convert(call, file, this.#context);
  }
}
