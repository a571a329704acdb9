/**
 * Serves connections with one store, one ledger and one plan of faults.
 *
 * @module
 */

import { type CapabilityLists, type SeenCommand, serveSmtp } from "../server/mod.ts";
import { type Clock, type Connection, systemClock, type TranscriptEvent } from "../wire/mod.ts";
import { FaultPlan, type SandboxFault } from "./faults.ts";
import { faultyConnection } from "./faulty_connection.ts";
import type { ConnectOptions } from "../smtp/mod.ts";
import { HeldMails } from "./held_mail.ts";
import { Ledger, type LedgerEntry } from "./ledger.ts";
import { MailStore } from "./mailbox.ts";
import { misbehave } from "./misbehaviour.ts";
import { SANDBOX_CAPABILITIES, type SandboxOptions } from "./options.ts";
import { SandboxBackend, type SandboxState } from "./sandbox_backend.ts";

/** How a connection is served. */
export interface HostedOptions {
  readonly protocol?: "smtp" | "lmtp";
  readonly implicitTls?: boolean;
}

/** What all connections of a sandbox share. */
export class SandboxHost {
  readonly ledger: Ledger = new Ledger();
  readonly store: MailStore = new MailStore();
  readonly held: HeldMails = new HeldMails();
  readonly #options: SandboxOptions;
  readonly #capabilities: CapabilityLists;
  readonly #clock: Clock;
  readonly #state: SandboxState;
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #plan: FaultPlan;
  #connections = 0;

  /**
   * Makes one.
   *
   * @param options What the sandbox is like.
   */
  constructor(options: SandboxOptions) {
    this.#options = options;
    this.#capabilities = { ...SANDBOX_CAPABILITIES, ...options.capabilities };
    this.#clock = options.clock ?? systemClock;
    this.#plan = new FaultPlan(options.faults ?? []);
    const { signal } = this.#stop;
    this.#state = {
      users: options.users ?? {},
      recipients: options.recipients,
      lists: options.lists ?? {},
      nodes: options.nodes ?? {},
      keepOctets: options.keepOctets ?? Infinity,
      store: this.store,
      held: this.held,
      turned: (domains, connection) => this.#send(domains, { connection, tls: "none", signal }),
      send: (domains, { url, caCerts = [] }) =>
        this.run(this.#send(domains, { url, caCerts, signal })),
    };
  }

  /**
   * Replaces the faults.
   *
   * @param faults What goes wrong from now on.
   */
  setFaults(faults: readonly SandboxFault[]): void {
    this.#plan = new FaultPlan(faults);
  }

  /**
   * Owns a task until it is done. What goes wrong in it stands in the ledger.
   *
   * @param task The task.
   */
  run(task: Promise<unknown>): void {
    const owned = task.then(() => {}, (error) => {
      if (!this.#stop.signal.aborted) this.#note(-1, "failure", String(error));
    }).finally(() => this.#running.delete(owned));
    this.#running.add(owned);
  }

  /** Ends all sessions. */
  stop(): void {
    this.#stop.abort(new Error("The sandbox is closed"));
  }

  /** Resolves when all tasks are done. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  /**
   * Serves one connection until it ends.
   *
   * @param connection The connection.
   * @param hosted Protocol, and whether TLS comes first.
   */
  async serve(connection: Connection, hosted: HostedOptions = {}): Promise<void> {
    const index = this.#connections++;
    const { strict, requires, limits, onEvent } = this.#options;
    const faulty = faultyConnection(connection, this.#plan.wire(index), this.#clock);
    const backend = new SandboxBackend(this.#state, ({ from, to }) => {
      this.#note(index, "stored", `from <${from}>`, to);
    });
    const play = misbehave({
      find: (verb, argument) => this.#plan.at(verb, argument, index),
      note: (fault) => this.#note(index, "fault", JSON.stringify(fault)),
      pause: (ms) => this.#clock.sleep(ms, { signal: this.#stop.signal }),
      end: (ending) => faulty.end(ending),
    });
    await serveSmtp(faulty, backend, {
      ...hosted,
      capabilities: this.#capabilities,
      ...(strict === undefined ? {} : { strict }),
      ...(requires === undefined ? {} : { requires }),
      ...(limits === undefined ? {} : { limits }),
      clock: this.#clock,
      signal: this.#stop.signal,
      intervene: (command) => {
        this.#noteTerminator(index, command, backend);
        return play(command);
      },
      onEvent: (event) => {
        this.#noteEvent(index, event);
        onEvent?.(event);
      },
    });
  }

  async #send(domains: readonly string[], options: ConnectOptions): Promise<void> {
    try {
      await this.held.send(domains, options, ({ to }, outcome) => {
        this.#note(-1, "sent", outcome, to);
      });
    } catch (error) {
      // Who asked for the mail may go away: that is its business, and nobody waits for us.
      this.#note(-1, "failure", String(error));
    }
  }

  #noteTerminator(index: number, { verb, argument }: SeenCommand, backend: SandboxBackend): void {
    if (verb === "." || (verb === "BDAT" && /LAST$/i.test(argument))) {
      const recipients = backend.envelope?.recipients.map(({ address }) => address) ?? [];
      this.#note(index, "terminator", verb, recipients);
    } else if (verb === "MAIL") backend.envelope = undefined;
  }

  #noteEvent(index: number, { kind, end, text, bytes }: TranscriptEvent): void {
    if (kind === "line") this.#note(index, end === "C" ? "command" : "reply", text);
    // Only a fault writes a reply as octets.
    else if (kind === "content") this.#note(index, "reply", new TextDecoder().decode(bytes));
    else if (kind !== "note") this.#note(index, kind, text);
  }

  #note(
    connection: number,
    kind: LedgerEntry["kind"],
    text: string,
    recipients?: readonly string[],
  ): void {
    this.ledger.add({
      connection,
      kind,
      text,
      ...(recipients === undefined ? {} : { recipients }),
    });
  }
}
