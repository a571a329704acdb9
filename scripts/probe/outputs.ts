/**
 * Where results and transcript go.
 *
 * @module
 */

import { type FormatTarget, loadPalette, Printer, type ScriptIo } from "../../src/cli/mod.ts";
import type { ProbeEvent, ProbeRun } from "../../src/jobs/mod.ts";
import { reading } from "../shared/files.ts";
import type { Said } from "../shared/transcript.ts";

type Jobs = typeof import("../../src/jobs/mod.ts");

/** What is to be written, and where. */
export interface OutputCall {
  /** The formats of the result. @default Text on standard output. */
  readonly format?: readonly FormatTarget<"text" | "json">[] | undefined;
  /** Whether JSON goes to standard output. */
  readonly json?: boolean | undefined;
  /** Whether JSON is one line. */
  readonly compact?: boolean | undefined;
  /** Whether the result is one line. */
  readonly quiet?: boolean | undefined;
  /** Whether times are shown. */
  readonly times?: boolean | undefined;
  /** Where the transcript goes; `-` is standard error. */
  readonly transcript?: string | undefined;
  /** What of it is shown. */
  readonly onlyLines?: readonly ("sent" | "received")[] | undefined;
  /** Whether it shows octets. */
  readonly hex?: boolean | undefined;
  /** Where the dialogue goes. */
  readonly saveDialogue?: string | undefined;
  /** Whether it replaces a file. */
  readonly force?: boolean | undefined;
  /** Where the certificates of the server go. */
  readonly saveChain?: string | undefined;
}

/**
 * The files that a call writes, but for the dialogue.
 *
 * @param call What is to be written.
 * @returns The files, by option.
 */
export function writtenFiles(call: OutputCall): (readonly [option: string, path: string])[] {
  const { transcript, saveChain, format = [] } = call;
  return [
    ...transcript === undefined || transcript === "-"
      ? []
      : [["--transcript", transcript] as const],
    ...saveChain === undefined ? [] : [["--save-chain", saveChain] as const],
    ...format.flatMap(({ path }) => path === undefined ? [] : [["--format", path] as const]),
  ];
}

/** Where results and transcript go. Files are opened before anything is sent. */
export class Outputs implements Disposable {
  readonly #io: ScriptIo;
  readonly #call: OutputCall;
  readonly #jobs: Jobs;
  readonly #files = new Map<string, Deno.FsFile>();
  readonly #said: Said[] = [];
  #talk: Promise<void> = Promise.resolve();
  #chain = "";

  /**
   * Makes them.
   *
   * @param io Where standard output and standard error are.
   * @param call What is to be written.
   * @param jobs What writes it.
   */
  constructor(io: ScriptIo, call: OutputCall, jobs: Jobs) {
    this.#io = io;
    this.#call = call;
    this.#jobs = jobs;
  }

  /** Opens the files. */
  async open(): Promise<void> {
    for (const [option, path] of writtenFiles(this.#call)) {
      const mode = option === "--transcript" ? 0o600 : 0o644;
      const how = { write: true, create: true, truncate: true, mode };
      this.#files.set(path, await reading(option, path, () => Deno.open(path, how)));
    }
    const { saveDialogue: path, force } = this.#call;
    if (path === undefined) return;
    const { openNew } = await import("../shared/transcript.ts");
    this.#files.set(path, await openNew(path, { force }));
  }

  /**
   * Writes the transcript as it comes: who waits wants to see for what.
   *
   * @returns Who hears what happens.
   */
  async listen(): Promise<(event: ProbeEvent) => void> {
    const { transcript, onlyLines: only, times = false, hex = false } = this.#call;
    if (transcript === undefined) return (event) => this.#keep(event);
    const printer = transcript === "-" ? this.#io.err : this.#printer(transcript);
    const style = await loadPalette(printer.colors);
    return (event) => {
      this.#keep(event);
      const text = event.type === "line"
        ? this.#jobs.formatTranscriptLine(event.number, event.line, { only, times, style })
        : event.type === "octets" && hex
        ? this.#jobs.formatOctets(event.octets, { only, style })
        : undefined;
      if (text === undefined) return;
      this.#talk = this.#talk.then(() => printer.line(text));
      this.#talk.catch(() => {}); // thrown to who waits for the end
    };
  }

  /**
   * Writes the result.
   *
   * @param run The result.
   */
  async finish(run: ProbeRun): Promise<void> {
    await this.#talk;
    const { saveChain, compact = false, quiet = false, times = false } = this.#call;
    if (saveChain !== undefined) await this.#printer(saveChain).print(this.#chain);
    for (const { format, path } of formatsOf(this.#call)) {
      const printer = path === undefined ? this.#io.out : this.#printer(path);
      if (format === "json") {
        await printer.print(this.#jobs.renderJson(run, { compact: compact || quiet }));
        continue;
      }
      const style = await loadPalette(printer.colors);
      const { columns: width } = printer;
      await printer.print(this.#jobs.renderText(run, { style, width, quiet, times }));
    }
  }

  /** Writes the dialogue. */
  async save(): Promise<void> {
    const { saveDialogue: path } = this.#call;
    if (path === undefined) return;
    const { dialogueText } = await import("../shared/transcript.ts");
    await this.#printer(path).print(dialogueText(this.#said, { name: "probe" }));
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const file of this.#files.values()) file.close();
  }

  #keep(event: ProbeEvent): void {
    if (event.type === "said" && this.#call.saveDialogue !== undefined) this.#said.push(event.said);
    if (event.type === "chain") this.#chain += event.pem;
  }

  #printer(path: string): Printer {
    const file = this.#files.get(path);
    if (file === undefined) throw new TypeError(`Cannot write "${path}": it is not open`);
    return new Printer(file, path);
  }
}

/**
 * The formats of a call.
 *
 * @param call What is to be written.
 * @returns The formats, and where they go.
 */
export function formatsOf(
  { format = [], json }: OutputCall,
): readonly FormatTarget<"text" | "json">[] {
  const all: FormatTarget<"text" | "json">[] = json ? [...format, { format: "json" }] : [...format];
  return all.length === 0 ? [{ format: "text" }] : all;
}
