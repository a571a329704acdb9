/**
 * `--save-dialogue`: what was said in a run, as a dialogue that can be played again.
 *
 * @module
 */

import { Printer } from "../../src/cli/mod.ts";
import { dialogueText, openNew } from "../shared/transcript.ts";
import { NAME, type SaveCall } from "./calls.ts";
import { KeptSession } from "./kept_session.ts";

/** The file of a dialogue. It is made before anything is sent, and gone if nothing was said. */
export class SavedDialogue implements Disposable {
  /** What was said. */
  readonly session: KeptSession = new KeptSession();
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Makes the file.
   *
   * @param call What was typed.
   * @returns The file; `undefined` if none is wanted.
   */
  static async open({ saveDialogue: path, force }: SaveCall): Promise<SavedDialogue | undefined> {
    return path === undefined ? undefined : new SavedDialogue(path, await openNew(path, { force }));
  }

  /** Writes what was said. */
  async write(): Promise<void> {
    const { events } = this.session;
    if (events.length === 0) return;
    await new Printer(this.#file, this.#path).print(dialogueText(events, { name: NAME }));
  }

  [Symbol.dispose](): void {
    this.#file.close();
    if (this.session.events.length === 0) Deno.removeSync(this.#path);
  }
}
