/**
 * A dialogue as the server.
 *
 * @module
 */

import { type Acceptor, type Connection, WireError } from "../../wire/mod.ts";
import { acceptTls } from "./accept_tls.ts";
import type { EndOptions } from "./end_options.ts";
import { judged } from "./judged.ts";
import { REPLY_MS } from "../limits.ts";
import type { ServeDialogueOptions } from "../options.ts";
import { perform } from "./perform.ts";
import { withPrelude } from "./prelude.ts";
import type { DialogueResult } from "../result.ts";
import { outsideOf, settle } from "./settle.ts";
import type { Dialogue } from "../step.ts";
import { unreached } from "./unreached.ts";

/**
 * Plays a dialogue as the server, once for each connection. Its `<tls>` is whatever the connection
 * makes of it: a listener brings its own certificate.
 *
 * @param dialogue The dialogue.
 * @param over Something that accepts connections, or one connection.
 * @param options Secrets, limits, how many sessions.
 * @returns What came of each connection, in the order in which they came.
 * @throws {DialogueError} If one fails, unless `throwOnFailure` is false.
 * @throws {TypeError} If something it needs is missing.
 * @throws {RangeError} If it goes beyond a limit.
 *
 * @example Usage
 * ```ts
 * import { parseDialogue, runDialogue, serveDialogue } from "@mailwright/mailwright/dialogue";
 * import { memoryPair } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * const dialogue = parseDialogue("@pop3\nS: +OK ready\nC: NOOP\nS: +OK\n");
 * const [connection, other] = memoryPair();
 * const served = serveDialogue(dialogue, other);
 * await runDialogue(dialogue, { connection });
 * equal((await served)[0]?.status, "passed");
 * ```
 */
export async function serveDialogue(
  dialogue: Dialogue,
  over: Acceptor | Connection,
  options: ServeDialogueOptions = {},
): Promise<readonly DialogueResult[]> {
  const { sessions = 1, rotate = false, onResult, throwOnFailure, signal } = options;
  const whole = withPrelude(dialogue, "localhost");
  const one = async (connection: Connection, index: number): Promise<DialogueResult> => {
    const settled = settle(whole, options, {
      role: "S",
      samples: true,
      optional: options.optional,
      timing: options.timing,
      turn: rotate ? index : 0,
    });
    const result = await meet(connection, settled, options);
    onResult?.(result);
    return result;
  };
  const results = "read" in over
    ? [await one(over, 0)]
    : await Promise.all(await accept(over, sessions, { serve: one, signal }));
  return results.map((result) => judged(result, throwOnFailure));
}

/** Plays it over a connection, inside TLS if that is how it begins. */
async function meet(
  connection: Connection,
  settled: EndOptions,
  options: ServeDialogueOptions,
): Promise<DialogueResult> {
  const { implicitTls = false, signal } = options;
  const { clock, dialogue } = settled;
  const timeout = settled.timeout ?? dialogue.timeout ?? REPLY_MS;
  const began = clock.monotonic();
  try {
    const open = implicitTls ? await acceptTls(connection, { clock, signal, timeout }) : connection;
    return await perform(open, settled, outsideOf(options));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return unreached(settled, error, clock.monotonic() - began);
  }
}

/** Takes so many connections; each is served while the next ones come. */
async function accept(
  acceptor: Acceptor,
  sessions: number,
  { serve, signal }: {
    readonly serve: (connection: Connection, index: number) => Promise<DialogueResult>;
    readonly signal: AbortSignal | undefined;
  },
): Promise<readonly Promise<DialogueResult>[]> {
  const stop = (): void => acceptor.close();
  signal?.throwIfAborted();
  signal?.addEventListener("abort", stop, { once: true });
  const served: Promise<DialogueResult>[] = [];
  try {
    for await (const connection of acceptor) {
      const result = serve(connection, served.length);
      result.catch(() => {}); // looked at when all have come
      served.push(result);
      if (served.length >= sessions) break;
    }
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  signal?.throwIfAborted();
  return served;
}
