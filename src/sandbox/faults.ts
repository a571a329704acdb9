/**
 * Faults on demand: plain data, so that a test, a dialogue and a command line can say the same.
 *
 * @module
 */

/** What happens to the connection after a fault. */
export type FaultEnding =
  /** It is closed in good order. */
  | "close"
  /** It is broken: the client sees a reset, and inside TLS no farewell. */
  | "drop"
  /** Nothing is read or written any more, until the client goes away. */
  | "stall";

/** The protocols of the sandbox. */
export type SandboxProtocol = "smtp" | "lmtp" | "pop3";

/** Something goes wrong at a command. */
export interface CommandFault {
  /** The verb in capitals; `CONNECT` for the greeting, `.` for the end of DATA, `*` for every command. */
  readonly verb: string;
  /** Only in this protocol. */
  readonly protocol?: SandboxProtocol;
  /** Text that must stand in the rest of the line, in any case. */
  readonly pattern?: string;
  /** Only on this connection, counted from 0. */
  readonly connection?: number;
  /** How many such commands pass first. @default {0} */
  readonly after?: number;
  /** How many are then hit. @default {Infinity} */
  readonly times?: number;
  /** Said in place of the reply: lines without the last line end, or octets as they are. */
  readonly reply?: string | Uint8Array;
  /** Whether the reply is left away. @default {false} */
  readonly silent?: boolean;
  /** Whether the command takes effect. By default it does, unless `reply` is a 4xx, a 5xx or `-ERR`. */
  readonly effect?: boolean;
  /** Octets right behind the reply, in the same write. */
  readonly extra?: string | Uint8Array;
  /** A pause before anything is done, in milliseconds. */
  readonly delayMs?: number;
  /** The uids of messages that another client of POP3 removes before anything is done. */
  readonly expunge?: readonly string[];
  /** What happens when the reply is out. A 421 closes. */
  readonly then?: FaultEnding;
}

/** Something goes wrong with the octets, whatever they mean. TLS is not seen: they are counted inside. */
export interface WireFault {
  /** Only in this protocol. */
  readonly protocol?: SandboxProtocol;
  /** Only on this connection, counted from 0. */
  readonly connection?: number;
  /** The octets the server sends, or those it receives. @default {"sent"} */
  readonly side?: "sent" | "received";
  /** After how many octets `then` happens; `split` is for those sent. */
  readonly at?: number;
  /** What happens there. */
  readonly then?: FaultEnding | "split";
  /** The most octets of one write. */
  readonly chunk?: number;
  /** So many writes become one. */
  readonly coalesce?: number;
}

/** Any fault. */
export type SandboxFault = CommandFault | WireFault;

/** What decides whether a fault may hit. */
export interface FaultySession {
  /** Which connection, counted from 0. */
  readonly connection: number;
  /** What is spoken on it. */
  readonly protocol: SandboxProtocol;
}

/** Whether a fault belongs to a command. */
export function isCommandFault(fault: SandboxFault): fault is CommandFault {
  return "verb" in fault;
}

/** Finds the fault of a command, and counts. */
export class FaultPlan {
  readonly #rules: { readonly fault: CommandFault; seen: number }[];
  readonly #wire: readonly WireFault[];

  /**
   * Makes one.
   *
   * @param faults The faults; of several that fit a command, the first that is due counts.
   */
  constructor(faults: readonly SandboxFault[]) {
    this.#rules = faults.filter(isCommandFault).map((fault) => ({ fault, seen: 0 }));
    this.#wire = faults.filter((fault) => !isCommandFault(fault));
  }

  /**
   * The fault that is due at a command.
   *
   * @param verb The verb.
   * @param argument The rest of the line.
   * @param session Which connection, and what is spoken on it.
   */
  at(verb: string, argument: string, session: FaultySession): CommandFault | undefined {
    let due: CommandFault | undefined;
    for (const rule of this.#rules) {
      const { fault } = rule;
      const fits = (fault.verb === "*" ? verb !== "CONNECT" : fault.verb === verb) &&
        belongs(fault, session) &&
        argument.toLowerCase().includes((fault.pattern ?? "").toLowerCase());
      if (!fits || due !== undefined) continue;
      const turn = rule.seen++ - (fault.after ?? 0);
      if (turn >= 0 && turn < (fault.times ?? Infinity)) due = fault;
    }
    return due;
  }

  /**
   * The faults of one connection's octets.
   *
   * @param session Which connection, and what is spoken on it.
   */
  wire(session: FaultySession): readonly WireFault[] {
    return this.#wire.filter((fault) => belongs(fault, session));
  }
}

function belongs(fault: SandboxFault, { connection, protocol }: FaultySession): boolean {
  return (fault.connection ?? connection) === connection &&
    (fault.protocol ?? protocol) === protocol;
}
