/**
 * ANONYMOUS (RFC 4505): nobody in particular, with a word about who it is.
 *
 * @module
 */

import { checkedAndPrepared } from "./credentials.ts";
import { type Conversation, converse, oneMessage, refuse } from "./exchange.ts";
import type { SaslMechanism, SaslServer } from "./mechanism.ts";
import { EMPTY, fromUtf8, utf8 } from "./octets.ts";
import { prepare } from "./prepare.ts";

// RFC 4505 section 2: a token of up to 255 characters.
const LONGEST_TRACE = 255;

/** What ANONYMOUS says. */
export interface AnonymousOptions {
  /**
   * A mail address or another word, for the server's log.
   *
   * @default {""}
   */
  readonly trace?: string;
}

/**
 * The client's end of ANONYMOUS.
 *
 * @param options What to say.
 * @returns The mechanism.
 * @throws {TypeError} If the trace is empty, cannot be sent or is longer than 255 characters.
 *
 * @example Usage
 * ```ts
 * import { anonymous } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * const message = await anonymous({ trace: "sirhc" }).start().initial();
 * equal(new TextDecoder().decode(message?.bytes), "sirhc");
 * ```
 */
export function anonymous(options: AnonymousOptions = {}): SaslMechanism {
  const trace = options.trace === undefined ? "" : checkedAndPrepared("trace", options.trace);
  if ([...trace].length > LONGEST_TRACE) {
    throw new TypeError(`Cannot use the trace: it is longer than ${LONGEST_TRACE} characters`);
  }
  return {
    name: "ANONYMOUS",
    exposesSecret: false,
    start: () => oneMessage("ANONYMOUS", { bytes: utf8(trace), shown: "${hidden}" }),
  };
}

/**
 * The server's end of ANONYMOUS; the user of its success is `anonymous`.
 *
 * @returns The server's end of one exchange.
 *
 * @example Usage
 * ```ts
 * import { anonymousServer } from "@mailwright/mailwright/sasl";
 * import { deepEqual } from "node:assert/strict";
 *
 * const end = await anonymousServer().step(new TextEncoder().encode("sirhc"));
 * deepEqual(end, { kind: "success", user: "anonymous" });
 * ```
 */
export function anonymousServer(): SaslServer {
  return converse("ANONYMOUS", false, async function* (initial): Conversation {
    const trace = fromUtf8(initial ?? (yield EMPTY));
    const refused = trace === undefined || [...trace].length > LONGEST_TRACE ||
      trace !== "" && prepare(trace) === undefined;
    return refused
      ? refuse("the trace is not of the form of RFC 4505")
      : { kind: "success", user: "anonymous" };
  });
}
