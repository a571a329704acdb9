/**
 * Serves connections with one store, one ledger and one plan of faults.
 *
 * @module
 */

import {
  type CapabilityLists,
  type Intervention,
  type SeenCommand,
  type ServeOptions,
  servePop3,
  type ServePop3Options,
  serveSmtp,
} from "../server/mod.ts";
import { type Clock, type Connection, systemClock, type TranscriptEvent } from "../wire/mod.ts";
import { FaultPlan, type SandboxFault, type SandboxProtocol } from "./faults.ts";
import { faultyConnection } from "./faulty_connection.ts";
import type { ConnectOptions } from "../smtp/mod.ts";
import { HeldMails } from "./held_mail.ts";
import { Ledger, type LedgerEntry } from "./ledger.ts";
import { MailStore } from "./mailbox.ts";
import { Maildrops } from "./maildrops.ts";
import { withMechanisms } from "./mechanisms.ts";
import { misbehave } from "./misbehaviour.ts";
import { SANDBOX_CAPABILITIES, SANDBOX_POP3_CAPABILITIES, type SandboxOptions } from "./options.ts";
import { Logins, pop3Backend } from "./pop3_backend.ts";
import { SandboxBackend, type SandboxState } from "./sandbox_backend.ts";

/** How a connection is served. */
export interface HostedOptions {
  /** Which protocol. @default {"smtp"} */
  readonly protocol?: SandboxProtocol;
  /** Whether TLS comes before the greeting. @default {false} */
  readonly implicitTls?: boolean;
}

/** What all connections of a sandbox share. */
export class SandboxHost {
  readonly ledger: Ledger = new Ledger();
  readonly store: MailStore = new MailStore();
  readonly held: HeldMails = new HeldMails();
  readonly maildrops: Maildrops;
  readonly logins: Logins;
  readonly #options: SandboxOptions;
  readonly #capabilities: CapabilityLists;
  readonly #pop3Capabilities: CapabilityLists;
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
    const { users = {}, sasl = {}, capabilities, pop3 = {} } = options;
    this.#capabilities = withMechanisms({ ...SANDBOX_CAPABILITIES, ...capabilities }, sasl);
    this.#pop3Capabilities = withMechanisms(
      { ...SANDBOX_POP3_CAPABILITIES, ...pop3.capabilities },
      sasl,
    );
    this.#clock = options.clock ?? systemClock;
    this.maildrops = new Maildrops(users);
    this.logins = new Logins(this.maildrops, {
      clock: this.#clock,
      capabilities: this.#pop3Capabilities,
      quirks: pop3.quirks,
    });
    this.#plan = new FaultPlan(options.faults ?? []);
    const { signal } = this.#stop;
    this.#state = {
      users,
      sasl,
      recipients: options.recipients,
      lists: options.lists ?? {},
      nodes: options.nodes ?? {},
      keepOctets: options.keepOctets ?? Infinity,
      store: this.store,
      maildrops: this.maildrops,
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
   * @returns Resolves when it is done, well or not.
   */
  run(task: Promise<unknown>): Promise<void> {
    const owned = task.then(() => {}, (error) => {
      if (!this.#stop.signal.aborted) this.#note(-1, { kind: "failure", text: String(error) });
    }).finally(() => this.#running.delete(owned));
    this.#running.add(owned);
    return owned;
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
   * Removes messages, as a client of POP3 that nobody here sees.
   *
   * @param uids Which messages.
   */
  expunge(uids: readonly string[]): void {
    const mails = this.maildrops.find(uids);
    this.maildrops.remove(mails);
    this.#note(-1, { kind: "removed", text: "", uids: mails.map(({ uid }) => uid) });
  }

  /**
   * Serves one connection until it ends.
   *
   * @param connection The connection.
   * @param hosted Protocol, and whether TLS comes first.
   */
  async serve(connection: Connection, hosted: HostedOptions = {}): Promise<void> {
    const { protocol = "smtp", implicitTls = false } = hosted;
    const index = this.#connections++;
    const session = { connection: index, protocol };
    const note = (fault: SandboxFault): void => {
      this.#note(index, { kind: "fault", text: JSON.stringify(fault, octetsAsText) });
    };
    const faulty = faultyConnection(connection, this.#plan.wire(session), {
      clock: this.#clock,
      note,
    });
    const play = misbehave({
      find: (verb, argument) => this.#plan.at(verb, argument, session),
      note,
      expunge: (uids) => this.expunge(uids),
      pause: (ms) => this.#clock.sleep(ms, { signal: this.#stop.signal }),
      end: (ending) => faulty.end(ending),
    });
    const { strict, onEvent } = this.#options;
    const shared = {
      implicitTls,
      ...(strict === undefined ? {} : { strict }),
      clock: this.#clock,
      signal: this.#stop.signal,
    };
    let replaced = false;
    const intervene = async (command: SeenCommand): Promise<Intervention | undefined> => {
      const intervention = await play(command);
      replaced = intervention?.reply !== undefined || intervention?.after !== undefined;
      return intervention;
    };
    const heard = (event: TranscriptEvent): void => {
      // Octets are a reply where a fault writes them, else they are the content of a message.
      if (event.kind !== "content" || replaced) this.#noteEvent(index, event);
      onEvent?.(event);
    };
    if (protocol === "pop3") {
      return await this.#servePop3(faulty, index, { ...shared, intervene, onEvent: heard });
    }
    await this.#serveSmtp(faulty, index, { ...shared, protocol, intervene, onEvent: heard });
  }

  async #serveSmtp(connection: Connection, index: number, options: ServeOptions): Promise<void> {
    const { requires, limits } = this.#options;
    const backend = new SandboxBackend(this.#state, ({ from, to }) => {
      this.#note(index, { kind: "stored", text: `from <${from}>`, recipients: to });
    });
    await serveSmtp(connection, backend, {
      ...options,
      capabilities: this.#capabilities,
      ...(requires === undefined ? {} : { requires }),
      ...(limits === undefined ? {} : { limits }),
      intervene: (command) => {
        this.#noteTerminator(index, command, backend);
        return options.intervene?.(command);
      },
    });
  }

  async #servePop3(
    connection: Connection,
    index: number,
    options: ServePop3Options,
  ): Promise<void> {
    const { users = {}, pop3: { apop = true, limits } = {} } = this.#options;
    const { sasl } = this.#state;
    const backend = pop3Backend({ users, sasl }, this.logins, (entry) => this.#note(index, entry));
    await servePop3(connection, backend, {
      ...options,
      capabilities: this.#pop3Capabilities,
      apop,
      ...(limits === undefined ? {} : { limits }),
    });
  }

  async #send(domains: readonly string[], options: ConnectOptions): Promise<void> {
    try {
      await this.held.send(domains, options, ({ to }, outcome) => {
        this.#note(-1, { kind: "sent", text: outcome, recipients: to });
      });
    } catch (error) {
      // Who asked for the mail may go away: that is its business, and nobody waits for us.
      this.#note(-1, { kind: "failure", text: String(error) });
    }
  }

  #noteTerminator(index: number, { verb, argument }: SeenCommand, backend: SandboxBackend): void {
    if (verb === "." || (verb === "BDAT" && /LAST$/i.test(argument))) {
      const recipients = backend.envelope?.recipients.map(({ address }) => address) ?? [];
      this.#note(index, { kind: "terminator", text: verb, recipients });
    } else if (verb === "MAIL") backend.envelope = undefined;
  }

  #noteEvent(index: number, { kind, end, text, bytes }: TranscriptEvent): void {
    if (kind === "line") this.#note(index, { kind: end === "C" ? "command" : "reply", text });
    else if (kind === "content") {
      this.#note(index, { kind: "reply", text: new TextDecoder().decode(bytes) });
    } else if (kind !== "note") this.#note(index, { kind, text });
  }

  #note(connection: number, entry: Omit<LedgerEntry, "connection">): void {
    this.ledger.add({ connection, ...entry });
  }
}

/** JSON would make a table of octets. */
function octetsAsText(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}
