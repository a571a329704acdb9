/**
 * A dialogue as the client.
 *
 * @module
 */

import { type Connection, dial, WireError } from "../../wire/mod.ts";
import { judged } from "./judged.ts";
import { MAX_WAIT_MS, REPLY_MS } from "../limits.ts";
import type { RunDialogueOptions } from "../options.ts";
import { perform } from "./perform.ts";
import { withPrelude } from "./prelude.ts";
import type { DialogueResult } from "../result.ts";
import { outsideOf, settle } from "./settle.ts";
import type { Dialogue } from "../step.ts";
import { type Route, routeTo } from "./route.ts";
import { unreached } from "./unreached.ts";

/**
 * Plays a dialogue as the client: says its `C:` lines and judges what is answered.
 *
 * @param dialogue The dialogue.
 * @param options The server, secrets, limits.
 * @returns What came of it.
 * @throws {DialogueError} If it fails, unless `throwOnFailure` is false.
 * @throws {TypeError} If something it needs is missing, a secret for example.
 * @throws {RangeError} If it goes beyond a limit.
 *
 * @example Usage
 * ```ts
 * import { parseDialogue, runDialogue, serveDialogue } from "@mailwright/mailwright/dialogue";
 * import { memoryPair } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * const dialogue = parseDialogue("@smtp\nS: 220 ${host=mx.example} ready\nC: NOOP\nS: 250 ok\n");
 * const [connection, other] = memoryPair();
 * const served = serveDialogue(dialogue, other);
 * const result = await runDialogue(dialogue, { connection });
 * equal(result.status, "passed");
 * equal(result.vars.host, "mx.example");
 * await served;
 * ```
 */
export async function runDialogue(
  dialogue: Dialogue,
  options: RunDialogueOptions,
): Promise<DialogueResult> {
  const whole = withPrelude(dialogue, options.helloName ?? "localhost");
  const way = wayOf(dialogue, options);
  const settled = settle(whole, options, {
    role: "C",
    samples: false,
    tls: { hostname: way.hostname, ...options.tls },
    patient: options.patient,
    cleartextAuth: options.cleartextAuth,
  });
  for (const { name } of dialogue.secrets) {
    if (settled.bindings.secret(name) === undefined) {
      way.connection?.close();
      throw new TypeError(
        `Cannot run the dialogue "${dialogue.name}": the secret "${name}" is missing`,
      );
    }
  }
  const began = settled.clock.monotonic();
  let result: DialogueResult;
  try {
    const connection = way.connection ?? await dial(way.target, {
      ...way.dial,
      clock: settled.clock,
      signal: options.signal,
      timeoutMs: Math.min(MAX_WAIT_MS, settled.timeout ?? dialogue.timeout ?? REPLY_MS),
    });
    result = await perform(connection, settled, outsideOf(options));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    result = unreached(settled, error, settled.clock.monotonic() - began);
  }
  return judged(result, options.throwOnFailure);
}

/** How the server is reached. */
type Way =
  & { readonly hostname: string }
  & ({ readonly connection: Connection } | ({ readonly connection?: never } & Route));

function wayOf({ protocol }: Dialogue, { to, connection, tls }: RunDialogueOptions): Way {
  if (connection !== undefined && to === undefined) return { connection, hostname: "localhost" };
  if (to === undefined || connection !== undefined) {
    throw new TypeError("Cannot run a dialogue: expected either where to or a connection");
  }
  return routeTo(to, protocol, tls);
}
