/**
 * Turns the faults of commands into what the engine does instead.
 *
 * @module
 */

import type { Intervene, Intervention } from "../server/mod.ts";
import type { CommandFault, FaultEnding } from "./faults.ts";

/** What one connection's misbehaviour works with. */
export interface Stage {
  /** The fault that is due at a command. */
  find(verb: string, argument: string): CommandFault | undefined;
  /** Told of a fault that takes effect. */
  note(fault: CommandFault): void;
  /** Removes messages, as another client. */
  expunge(uids: readonly string[]): void;
  /** Waits. */
  pause(ms: number): Promise<void>;
  /** Ends the connection. */
  end(ending: FaultEnding): void;
}

/**
 * The intervention that plays the faults of commands.
 *
 * @param stage What it works with.
 * @returns A function for the engine.
 */
export function misbehave(stage: Stage): Intervene {
  return async ({ verb, argument }) => {
    const fault = stage.find(verb, argument);
    if (fault === undefined) return undefined;
    stage.note(fault);
    if (fault.delayMs !== undefined) await stage.pause(fault.delayMs);
    if (fault.expunge !== undefined) stage.expunge(fault.expunge);
    return intervention(fault, stage);
  };
}

function intervention(fault: CommandFault, stage: Stage): Intervention {
  const reply = fault.silent ? new Uint8Array() : octets(fault.reply, "\r\n");
  const after = octets(fault.extra, "");
  const [first] = reply ?? [];
  const refuses = first === FOUR || first === FIVE || first === MINUS;
  const ending = fault.then ?? (isClosing(reply) ? "close" : undefined);
  return {
    execute: fault.effect ?? !refuses,
    ...(reply === undefined ? {} : { reply }),
    ...(after === undefined ? {} : { after }),
    ...(ending === undefined ? {} : { end: () => stage.end(ending) }),
  };
}

const [FOUR, FIVE, MINUS] = new TextEncoder().encode("45-");

function octets(text: string | Uint8Array | undefined, lineEnd: string): Uint8Array | undefined {
  return typeof text === "string" ? new TextEncoder().encode(text + lineEnd) : text;
}

function isClosing(reply: Uint8Array | undefined): boolean {
  return reply !== undefined && new TextDecoder().decode(reply.subarray(0, 3)) === "421";
}
