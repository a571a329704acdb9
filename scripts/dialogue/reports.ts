/**
 * Results to paper: in the forms that were asked for, each to its place.
 *
 * @module
 */

import {
  type FormatTarget,
  Printer,
  type ScriptIo,
  type TestCase,
  testReport,
  type TestSuite,
  visible,
} from "../../src/cli/mod.ts";
import {
  type DialogueFailure,
  type DialogueResult,
  isBreakdown,
  reportOf,
  reportText,
} from "../../src/dialogue/mod.ts";
import { reading } from "../shared/files.ts";
import { NAME, type ReportCall, type ReportFormat } from "./calls.ts";
import { fail } from "./failure.ts";
import { problemOf, type TextBlock, textOfBlock } from "./text_block.ts";

/** The texts of files, by path. */
export type Sources = Readonly<Record<string, string>>;

/**
 * The forms of a call.
 *
 * @param call What was typed.
 * @returns The forms; text if none was typed.
 */
export function formatsOf(
  { format = [], json }: ReportCall,
): readonly FormatTarget<ReportFormat>[] {
  const all: readonly FormatTarget<ReportFormat>[] = json
    ? [...format, { format: "json" }]
    : format;
  if (all.filter(({ path }) => path === undefined).length > 1) {
    fail("Cannot report: one form goes to standard output, give the others a path, FORMAT:PATH");
  }
  return all.length === 0 ? [{ format: "text" }] : all;
}

/** Where reports go. Their files are opened before anything is played. */
export class Reports implements Disposable {
  readonly #io: ScriptIo;
  readonly #formats: readonly FormatTarget<ReportFormat>[];
  readonly #files = new Map<string, Deno.FsFile>();

  /** @param io The script. @param call What was typed. */
  constructor(io: ScriptIo, call: ReportCall) {
    this.#io = io;
    this.#formats = formatsOf(call);
  }

  /** Opens the files. */
  async open(): Promise<void> {
    for (const { path } of this.#formats) {
      if (path === undefined) continue;
      const options = { write: true, create: true, truncate: true };
      this.#files.set(path, await reading("--format", path, () => Deno.open(path, options)));
    }
  }

  /** Writes results. */
  async results(results: readonly DialogueResult[], sources: Sources): Promise<void> {
    await this.#write((format) => {
      if (format === "text") return reportText(results, sources);
      if (format === "json") return `${JSON.stringify(reportOf(results))}\n`;
      return testReport(suitesOf(results), format, NAME);
    });
  }

  /** Writes what is wrong with files; each of them is a test. */
  async findings(
    files: readonly string[],
    blocks: readonly TextBlock[],
    sources: Sources,
  ): Promise<void> {
    await this.#write((format) => {
      if (format === "text") return blocksText(blocks, sources);
      if (format === "json") {
        const findings = blocks.map(({ length: _, ...block }) => block);
        return `${JSON.stringify({ schema: "mailwright-dialogue-findings/1", findings })}\n`;
      }
      const cases = files.map((name) => ({
        name,
        ms: 0,
        problems: blocks.filter(({ file, at }) => (at?.file ?? file) === name).map(problemOf),
      }));
      return testReport([{ name: NAME, cases }], format, NAME);
    });
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const file of this.#files.values()) file[Symbol.dispose]();
  }

  async #write(textOf: (format: ReportFormat) => string): Promise<void> {
    for (const { format, path } of this.#formats) {
      const file = path === undefined ? undefined : this.#files.get(path);
      const printer = file === undefined ? this.#io.out : new Printer(file, path ?? "");
      await printer.print(textOf(format));
    }
  }
}

/** Blocks one after the other, and how many there are. */
export function blocksText(blocks: readonly TextBlock[], sources: Sources): string {
  const texts = new Map(Object.entries(sources));
  const all = blocks.map((block) => textOfBlock(block, texts.get(block.at?.file ?? "")));
  return all.join("\n");
}

/** Results as tests: one suite for each file. */
function suitesOf(results: readonly DialogueResult[]): readonly TestSuite[] {
  return [...Map.groupBy(results, ({ file }) => file)].map(([file, of]) => ({
    name: file,
    cases: of.map(caseOf),
  }));
}

function caseOf({ name, file, status, reason = "", ms, failures }: DialogueResult): TestCase {
  return {
    name: name === "" ? file : name,
    ms,
    ...(status === "skipped" ? { skipped: reason } : {}),
    problems: failures.map((failure) => ({
      kind: isBreakdown(failure.id) ? "error" : "failure",
      id: failure.id,
      message: failure.message,
      ...failure.at,
      details: detailsOf(failure),
    })),
  };
}

function detailsOf(
  { expected, actual, after, waitedMs }: DialogueFailure,
): Readonly<Record<string, string | number>> {
  return {
    expected,
    actual,
    ...(after === undefined ? {} : { after }),
    waited_ms: Math.round(waitedMs),
  };
}

/** What happens, for a person who waits. */
export async function talk(io: ScriptIo, text: string): Promise<void> {
  await io.err.line(visible(text));
}
