/**
 * Keeps what was said: in a transcript, and as a dialogue.
 *
 * @module
 */

import { Printer, type ScriptIo, visible } from "../../src/cli/mod.ts";
import { reading } from "../shared/files.ts";
import { type Said, saveDialogue, transcriptLine } from "../shared/transcript.ts";
import type { KeepCall } from "./calls.ts";
import { fail } from "./failure.ts";

/** Keeps what was said. Files are opened before anything is played. */
export class Keeper implements Disposable {
  readonly #io: ScriptIo;
  readonly #call: KeepCall;
  #file: Deno.FsFile | undefined;
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
    if (saved !== undefined && !force && await exists(saved)) {
      fail(`Cannot save "${saved}": it exists already; --force replaces it`);
    }
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
    const { saveDialogue: saved, force } = this.#call;
    if (this.#file !== undefined) {
      await new Printer(this.#file, "--transcript").print(events.map(transcriptLine).join(""));
    }
    if (saved !== undefined && events.length > 0) {
      await saveDialogue(saved, events, { name, force });
    }
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    // Without the grant to look, the file is found out when it is written.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
      return false;
    }
    throw error;
  }
}
