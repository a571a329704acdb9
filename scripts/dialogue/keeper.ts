/**
 * Keeps what was said: in a transcript, and as a dialogue.
 *
 * @module
 */

import { Printer, type ScriptIo, visible } from "../../src/cli/mod.ts";
import { reading } from "../shared/files.ts";
import { dialogueText, openNew, type Said, transcriptLine } from "../shared/transcript.ts";
import type { KeepCall } from "./calls.ts";
import { fail } from "./failure.ts";

/** Keeps what was said. Files are opened before anything is played. */
export class Keeper implements Disposable {
  readonly #io: ScriptIo;
  readonly #call: KeepCall;
  #file: Deno.FsFile | undefined;
  #saved: Deno.FsFile | undefined;
  #talk: Promise<void> = Promise.resolve();

  /** @param io The script. @param call What was typed. */
  constructor(io: ScriptIo, call: KeepCall) {
    this.#io = io;
    this.#call = call;
  }

  /**
   * Opens the files.
   *
   * @param sessions How many there will be.
   */
  async open(sessions: number): Promise<void> {
    const { transcript: path, saveDialogue: saved, force = false } = this.#call;
    if (saved !== undefined && sessions !== 1) {
      fail(`Cannot save ${sessions} sessions as one dialogue: choose one of them by --filter`);
    }
    if (saved !== undefined) this.#saved = await openNew(saved, { force });
    if (path === undefined || path === "-") return;
    const options = { write: true, create: true, truncate: true, mode: 0o600 };
    this.#file = await reading("--transcript", path, () => Deno.open(path, options));
  }

  /** Shows what is said while it is said. */
  readonly show = (event: Said): void => {
    if (this.#call.transcript !== "-") return;
    const { kind, end, text, tls, bytes } = event;
    if (kind === "open") return;
    const said = kind === "line"
      ? text
      : kind === "content"
      ? `<${bytes?.length ?? 0} octets>`
      : `<${kind}>${text === "" ? "" : ` ${text}`}`;
    const line = `${tls ? "*" : " "}${end}: ${visible(said)}`;
    this.#talk = this.#talk.then(() => this.#io.err.line(line));
    this.#talk.catch(() => {}); // thrown to who waits for the end
  };

  /**
   * Keeps a session that is over.
   *
   * @param events What was said.
   * @param name The name of its dialogue.
   */
  async keep(events: readonly Said[], name: string): Promise<void> {
    await this.#talk;
    if (this.#file !== undefined) {
      await new Printer(this.#file, "--transcript").print(events.map(transcriptLine).join(""));
    }
    if (this.#saved !== undefined) {
      await new Printer(this.#saved, "--save-dialogue").print(dialogueText(events, { name }));
    }
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
    this.#saved?.[Symbol.dispose]();
  }
}
