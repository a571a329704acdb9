/**
 * A whole list, looked at before anybody is written to: every row is read, and its message made.
 *
 * @module
 */

import { TemplateError } from "../../../message/mod.ts";
import type { BulkMessage } from "../message/bulk_message.ts";
import type { NewRow } from "../journal/journal.ts";
import { KeySet } from "./key_set.ts";
import { ListError } from "./list_error.ts";
import { type ListOptions, readList } from "./rows.ts";

/** How a list is checked. */
export interface CheckOptions extends ListOptions {
  /** The message that is made for each row. Without one, only the list is read. */
  readonly message?: BulkMessage;
  /** What the messages say for their date, in milliseconds since 1970. */
  readonly nowMs: number;
  /** How many mistakes are kept; all are counted. @default {20} */
  readonly maxErrors?: number;
  /** How many messages are kept, to be looked at. @default {1} */
  readonly samples?: number;
  /** Ends the work. */
  readonly signal?: AbortSignal;
  /** Hears how many rows were read. */
  readonly onProgress?: (rows: number) => void;
}

/** Two rows for one person. */
export interface Duplicate {
  /** The line of the later one. */
  readonly line: number;
  /** The line of the first one. */
  readonly first: number;
  /** The address. */
  readonly recipient: string;
}

/** A message as it would be sent. */
export interface SampleMessage {
  /** The line of its row. */
  readonly line: number;
  /** Who would get it. */
  readonly recipient: string;
  /** The message. */
  readonly octets: Uint8Array;
}

/** What was found. */
export interface ListCheck {
  /** How many rows there are, wrong ones included. */
  readonly rows: number;
  /** How many people would be written to. */
  readonly recipients: number;
  /** How many rows name somebody who was named before. */
  readonly duplicates: number;
  /** The first of them. */
  readonly firstDuplicates: readonly Duplicate[];
  /** How many rows are wrong. */
  readonly wrong: number;
  /** The first mistakes. */
  readonly errors: readonly ListError[];
  /** Fields of the message that rows lack: how many rows, and the first line. */
  readonly missing: readonly {
    readonly field: string;
    readonly rows: number;
    readonly line: number;
  }[];
  /** The octets of all messages together. */
  readonly octets: number;
  /** The first messages. */
  readonly samples: readonly SampleMessage[];
}

/**
 * Checks a list.
 *
 * @param octets The list.
 * @param options How.
 * @returns What was found.
 *
 * @example Usage
 * ```ts
 * import { checkList } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * const list = new TextEncoder().encode("email\nann@mail.example\nben@\nann@MAIL.example\n");
 * const { rows, recipients, wrong, errors } = await checkList([list], { nowMs: Date.now() });
 * deepEqual([rows, recipients, wrong, errors[0]?.line], [3, 1, 1, 3]);
 * ```
 */
export async function checkList(
  octets: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: CheckOptions,
): Promise<ListCheck> {
  const check = new Check(options);
  try {
    for await (const row of readList(octets, options)) {
      options.signal?.throwIfAborted();
      check.take(row);
    }
  } catch (error) {
    // The rest of the list means nothing; what was found so far does.
    if (!(error instanceof ListError)) throw error;
    check.refuse(error);
  }
  return check.end();
}

class Check {
  readonly #options: CheckOptions;
  readonly #keys = new KeySet();
  readonly #errors: ListError[] = [];
  readonly #duplicates: Duplicate[] = [];
  readonly #missing = new Map<string, { rows: number; line: number }>();
  readonly #samples: SampleMessage[] = [];
  readonly #maxErrors: number;
  #rows = 0;
  #wrong = 0;
  #repeated = 0;
  #octets = 0;

  constructor(options: CheckOptions) {
    this.#options = options;
    this.#maxErrors = options.maxErrors ?? 20;
  }

  take(row: NewRow | ListError): void {
    this.#rows++;
    this.#options.onProgress?.(this.#rows);
    if (row instanceof ListError) return this.refuse(row);
    const octets = this.#made(row);
    if (octets === undefined) return;
    const { line, recipient } = row;
    const first = this.#keys.add(row.key, line);
    if (first !== undefined) {
      this.#repeated++;
      if (this.#duplicates.length < this.#maxErrors) {
        this.#duplicates.push({ line, first, recipient });
      }
      return;
    }
    this.#octets += octets.length;
    if (octets.length > 0 && this.#samples.length < (this.#options.samples ?? 1)) {
      this.#samples.push({ line, recipient, octets });
    }
  }

  refuse(error: ListError): void {
    this.#wrong++;
    if (this.#errors.length < this.#maxErrors) this.#errors.push(error);
  }

  end(): ListCheck {
    return {
      rows: this.#rows,
      recipients: this.#keys.size,
      duplicates: this.#repeated,
      firstDuplicates: this.#duplicates,
      wrong: this.#wrong,
      errors: this.#errors,
      missing: [...this.#missing].map(([field, found]) => ({ field, ...found })),
      octets: this.#octets,
      samples: this.#samples,
    };
  }

  /** The message of a row; `undefined` if it cannot be made. */
  #made({ line, recipient, fields }: NewRow): Uint8Array | undefined {
    const { message, nowMs: dateMs } = this.#options;
    if (message === undefined) return new Uint8Array(0);
    try {
      return message.render({ recipient, fields, dateMs });
    } catch (error) {
      const known = error instanceof SyntaxError || error instanceof RangeError ||
        error instanceof TypeError;
      if (!known) throw error;
      if (error instanceof TemplateError && error.field !== undefined) this.#lacks(error, line);
      this.refuse(new ListError(line, reasonOf(error)));
      return undefined;
    }
  }

  #lacks({ field = "" }: TemplateError, line: number): void {
    const known = this.#missing.get(field);
    if (known === undefined) this.#missing.set(field, { rows: 1, line });
    else known.rows++;
  }
}

function reasonOf(error: Error): string {
  if (!(error instanceof TemplateError)) return error.message;
  return `${error.reason} (${error.template}, ${error.line}:${error.column})`;
}
