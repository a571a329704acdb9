/**
 * Ports at which something else is spoken than what was asked for, told by the first words.
 *
 * @module
 */

import type { ProbeProtocol } from "../result.ts";
import type { Sight } from "./check.ts";

/** Greetings, and what they are of. */
const GREETINGS: readonly (readonly [
  sign: RegExp,
  name: string,
  protocols: readonly ProbeProtocol[],
  fix: string,
])[] = [
  [/^220[ -]/, "SMTP", ["smtp", "lmtp"], "Use smtp:// or submission:// at this port"],
  [/^\+OK(?: |$)/, "POP3", ["pop3"], "Use pop3:// at this port"],
  [
    /^\* (?:OK|PREAUTH|BYE)(?: |$)/,
    "IMAP",
    [],
    "Ask for another port: IMAP is not probed; POP3 is usual on 110 and 995",
  ],
];

/** What is spoken there instead. */
export interface OtherProtocol {
  /** The line of the transcript that tells. */
  readonly line: number;
  /** What it tells. */
  readonly text: string;
  /** What to do. */
  readonly fix: string;
}

/**
 * Looks whether a server greets in another protocol.
 *
 * @param sight What to look at.
 * @returns What it speaks, if that is known and not what was asked for.
 */
export function otherProtocol({ odd, plan, result }: Sight): OtherProtocol | undefined {
  const [first] = odd.malformed;
  if (first?.stage !== "banner") return undefined;
  const text = result.transcript[first.line - 1]?.text ?? "";
  const [, name, protocols = [], fix] = GREETINGS.find(([sign]) => sign.test(text)) ?? [];
  if (name === undefined || fix === undefined) return undefined;
  if (protocols.includes(plan.target.protocol)) return undefined;
  return { line: first.line, text: `this is a greeting of ${name}`, fix };
}
