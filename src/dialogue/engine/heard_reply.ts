/**
 * A reply as a whole, and how its lines are put together.
 *
 * @module
 */

import { ProtocolError, type ReceivedLine } from "../../wire/mod.ts";
import { MAX_REPLY_LINES, MAX_REPLY_OCTETS } from "../limits.ts";
import { cut, Stop } from "./stop.ts";

/** The indicator of a reply of POP3. */
export type Pop3Indicator = "+OK" | "-ERR" | "+";

/** A line of a reply. */
export interface HeardLine {
  /** All of it. */
  readonly whole: string;
  /** What stands behind the code; all of a further line of POP3. */
  readonly text: string;
}

/** A reply. */
export interface HeardReply {
  /** Its code; of POP3 its indicator. */
  readonly code: number | Pop3Indicator;
  /** Its lines. */
  readonly lines: readonly HeardLine[];
  /** Whether a line of it ended in a lone LF. */
  readonly bareLf: boolean;
}

/** Puts lines together to a reply of one kind. */
export interface ReplyAssembler {
  /** What has come so far. */
  readonly lines: readonly HeardLine[];
  /**
   * Takes the next line.
   *
   * @param line The line.
   * @returns The reply that it ends, or nothing.
   * @throws {ProtocolError} If it does not belong into a reply.
   * @throws {ReplyLimitError} If there is too much.
   */
  add(line: ReceivedLine): HeardReply | undefined;
}

/** A reply beyond its limit. */
export class ReplyLimitError extends ProtocolError {
  /** The class, for programs that compare names. */
  override readonly name = "ReplyLimitError";
}

/** Replies of SMTP and LMTP: all lines have one code, the last one no hyphen. */
export class SmtpAssembler implements ReplyAssembler {
  readonly lines: HeardLine[] = [];
  #code: number | undefined;
  #octets = 0;
  #bareLf = false;

  add({ text: whole, bareLf }: ReceivedLine): HeardReply | undefined {
    const [, digits, separator = " ", text = ""] = /^([2-5]\d\d)(?:([ -])(.*))?$/s.exec(whole) ??
      [];
    if (digits === undefined) throw unreadable(whole, "it does not begin with a reply code");
    const code = Number(digits);
    this.#code ??= code;
    if (code !== this.#code) {
      throw unreadable(whole, `its code is not ${this.#code} as in the line before`);
    }
    this.#octets += whole.length + 2;
    this.lines.push({ whole, text });
    if (this.lines.length > MAX_REPLY_LINES || this.#octets > MAX_REPLY_OCTETS) {
      throw new ReplyLimitError(
        `Cannot read a reply: it is longer than ${MAX_REPLY_LINES} lines or ${MAX_REPLY_OCTETS} octets`,
      );
    }
    this.#bareLf ||= bareLf;
    return separator === "-" ? undefined : { code, lines: this.lines, bareLf: this.#bareLf };
  }
}

/** Replies of POP3: one line, or a body that ends in a lone dot. */
export class Pop3Assembler implements ReplyAssembler {
  readonly lines: HeardLine[] = [];
  readonly #multiline: boolean;
  readonly #maxOctets: number;
  #indicator: Pop3Indicator | undefined;
  #octets = 0;
  #bareLf = false;

  /**
   * Begins a reply.
   *
   * @param multiline Whether a body follows `+OK`.
   * @param maxOctets The largest body.
   */
  constructor(multiline: boolean, maxOctets: number) {
    this.#multiline = multiline;
    this.#maxOctets = maxOctets;
  }

  add({ text: whole, bareLf }: ReceivedLine): HeardReply | undefined {
    this.#bareLf ||= bareLf;
    // A short line takes more memory than octets.
    this.#octets += Math.max(whole.length + 2, 32);
    if (this.#octets > this.#maxOctets) {
      throw new ReplyLimitError(`Cannot read a reply: it is longer than ${this.#maxOctets} octets`);
    }
    if (this.#indicator === undefined) {
      const [, indicator, text = ""] = /^(\+OK|-ERR|\+)(?: (.*))?$/s.exec(whole) ?? [];
      if (indicator !== "+OK" && indicator !== "-ERR" && indicator !== "+") {
        throw unreadable(whole, "it does not begin with +OK, -ERR or +");
      }
      this.#indicator = indicator;
      this.lines.push({ whole, text });
      return this.#multiline && indicator === "+OK" ? undefined : this.#reply(indicator);
    }
    if (whole === ".") return this.#reply(this.#indicator);
    const text = whole.startsWith(".") ? whole.slice(1) : whole;
    this.lines.push({ whole: text, text });
    return undefined;
  }

  #reply(code: Pop3Indicator): HeardReply {
    return { code, lines: this.lines, bareLf: this.#bareLf };
  }
}

/**
 * Adds a line to a reply.
 *
 * @param assembler The reply so far.
 * @param line The line.
 * @returns The reply, if that was its end.
 * @throws {Stop} If the line does not belong into it, or there is too much.
 */
export function assemble(
  assembler: ReplyAssembler,
  line: ReceivedLine,
): HeardReply | undefined {
  try {
    return assembler.add(line);
  } catch (error) {
    if (error instanceof ReplyLimitError) {
      const { message } = error;
      throw new Stop({ id: "limit", expected: "a shorter reply", actual: "a longer one", message });
    }
    if (!(error instanceof ProtocolError)) throw error;
    throw new Stop({
      id: "reply-shape",
      expected: assembler.lines.length === 0 ? "a reply" : "a further line of the reply",
      actual: `"${cut(line.text)}"`,
      message: error.message,
      lost: true,
    });
  }
}

function unreadable(line: string, why: string): ProtocolError {
  return new ProtocolError(
    `Cannot read the line "${cut(line)}" as part of a reply: ${why}`,
  );
}
