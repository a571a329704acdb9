/**
 * A dialogue as the client.
 *
 * @module
 */

import { parsePop3Url } from "../pop3/mod.ts";
import { parseHostPort, parseSmtpUrl } from "../smtp/mod.ts";
import {
  type Connection,
  dial,
  type DialOptions,
  type Target,
  TlsError,
  WireError,
} from "../wire/mod.ts";
import { judged } from "./judged.ts";
import { MAX_WAIT_MS, REPLY_MS } from "./limits.ts";
import type { RunDialogueOptions } from "./options.ts";
import { perform } from "./perform.ts";
import { withPrelude } from "./prelude.ts";
import type { DialogueFailure, DialogueResult } from "./result.ts";
import { outsideOf, settle } from "./settle.ts";
import type { Dialogue } from "./step.ts";
import { cut } from "./stop.ts";

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
    result = unreached(dialogue, error, settled.clock.monotonic() - began);
  }
  return judged(result, options.throwOnFailure);
}

/** How the server is reached. */
type Way =
  & { readonly hostname: string }
  & (
    | { readonly connection: Connection }
    | { readonly connection?: never; readonly target: Target; readonly dial: DialOptions }
  );

const USUAL_PORTS: Readonly<Record<Dialogue["protocol"], number | undefined>> = {
  smtp: 25,
  lmtp: undefined,
  pop3: 110,
};

function wayOf({ protocol }: Dialogue, { to, connection, tls = {} }: RunDialogueOptions): Way {
  if (connection !== undefined && to === undefined) return { connection, hostname: "localhost" };
  if (to === undefined || connection !== undefined) {
    throw new TypeError("Cannot run a dialogue: expected either where to or a connection");
  }
  const { target, implicit } = typeof to === "string"
    ? readTarget(to, protocol)
    : { target: to, implicit: false };
  const hostname = "hostname" in target ? target.hostname : "localhost";
  const { proxy, ...starting } = tls;
  return {
    hostname,
    target,
    dial: { proxy, tls: implicit ? { hostname, ...starting } : undefined },
  };
}

function readTarget(
  to: string,
  protocol: Dialogue["protocol"],
): { readonly target: Target; readonly implicit: boolean } {
  if (to.startsWith("unix:")) return { target: parseSmtpUrl(to).target, implicit: false };
  if (to.includes("://")) {
    const read = protocol === "pop3" ? parsePop3Url(to) : parseSmtpUrl(to);
    return { target: read.target, implicit: read.tls === "implicit" };
  }
  const { hostname, port = USUAL_PORTS[protocol] } = parseHostPort(to);
  if (port === undefined) {
    throw new SyntaxError(`Cannot connect to "${to}": ${protocol} needs a port`);
  }
  return { target: { hostname, port }, implicit: false };
}

/** The result of a dialogue whose server was not reached. */
function unreached(dialogue: Dialogue, error: WireError, ms: number): DialogueResult {
  const at = dialogue.steps[0]?.at ?? { file: "", line: 1, column: 1 };
  const failure: DialogueFailure = {
    id: error instanceof TlsError ? "tls-handshake" : "connect",
    at,
    expected: "a connection",
    actual: cut(error.message),
    message: error.message,
    waitedMs: ms,
  };
  return {
    name: dialogue.name,
    file: at.file,
    role: "C",
    status: "error",
    delivery: "untried",
    vars: {},
    recipients: [],
    replies: [],
    failures: [failure],
    transcript: [],
    ms,
  };
}
