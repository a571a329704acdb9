/**
 * The engine of bulk jobs in the hand of a test: rows in memory, a server in memory, time that goes only
 * as the engine asks for it.
 *
 * @module
 */

import { ok } from "node:assert/strict";
import {
  type BulkEvent,
  type BulkOptions,
  type BulkRun,
  type ClaimedRow,
  type JobJournal,
  type ReportedRow,
  type RowOutcome,
  sendBulk,
} from "../../../src/jobs/mod.ts";
import { type HeldRow, RowBook } from "../../../src/jobs/bulk/journal/row_book.ts";
import { ROW_STATES, type RowState } from "../../../src/jobs/bulk/journal/states.ts";
import {
  type Sandbox,
  type SandboxFault,
  type SandboxOptions,
  startSandbox,
} from "../../../src/sandbox/mod.ts";
import { memoryPair } from "../../../src/wire/mod.ts";
import { FakeClock, settle } from "../../fake_clock.ts";

/** A row as the journal in memory keeps it. */
type KeptRow = { -readonly [K in keyof ReportedRow]: ReportedRow[K] } & { firstClaimMs?: number };

/** A call of the engine that a test may fail or hold up. */
export type JournalCall = "claim" | "committing" | "outcome";

/** A journal in memory, as strict about states as those on disks. */
export class MemoryJournal implements JobJournal {
  readonly job: JobJournal["job"];
  readonly kept: readonly KeptRow[];
  readonly book: RowBook = new RowBook();
  /** Called before each change; what it throws, the call throws. */
  before: (call: JournalCall, id: number) => void | Promise<void> = () => {};
  /** The most rows that the engine had at once, and that were committing at once. */
  mostHeld = 0;
  mostCommitting = 0;
  /** Rows whose outcome is being written. */
  readonly #unwritten = new Set<number>();
  /** Changes are written in the order in which they came. */
  #written: Promise<void> = Promise.resolve();

  constructor(recipients: readonly string[]) {
    this.kept = recipients.map((recipient, at) => ({
      id: at + 1,
      line: at + 2,
      recipient,
      domain: recipient.slice(recipient.lastIndexOf("@") + 1),
      state: "pending",
      attempt: 0,
      changedMs: 0,
    }));
    this.job = {
      ...{ id: 1, name: "job", fingerprint: "", contentHash: "", settings: {}, createdMs: 0 },
      rows: recipients.length,
    };
  }

  async claim(limit: number, nowMs: number): Promise<readonly ClaimedRow[]> {
    await this.before("claim", 0);
    const free = this.kept.filter(({ id }) => !this.book.has(id) && !this.#unwritten.has(id));
    const pending = free.filter(({ state }) => state === "pending");
    const deferred = free
      .filter(({ state, notBeforeMs = 0 }) => state === "deferred" && notBeforeMs <= nowMs)
      .sort((a, b) => (a.notBeforeMs ?? 0) - (b.notBeforeMs ?? 0));
    const rows = [...pending, ...deferred].slice(0, limit).map((row): ClaimedRow => {
      const { id, line, recipient, firstClaimMs = nowMs } = row;
      const attempt = row.attempt + 1;
      const from = row.state === "deferred" ? "deferred" : "pending";
      this.book.claim(id, { attempt, firstClaimMs, from });
      return { id, line, recipient, fields: {}, attempt, firstClaimMs };
    });
    this.mostHeld = Math.max(this.mostHeld, this.book.size);
    return rows;
  }

  committing(id: number): Promise<void> {
    const held = this.book.move(id, "committing");
    return this.#write("committing", id, () => {
      this.#put(id, held, { state: "committing" });
      const committing = this.kept.filter(({ state }) => state === "committing").length;
      this.mostCommitting = Math.max(this.mostCommitting, committing);
    });
  }

  outcome({ id, ...rest }: RowOutcome): Promise<void> {
    const held = this.book.move(id, rest.state);
    this.#unwritten.add(id);
    return this.#write("outcome", id, () => {
      this.#put(id, held, rest);
      this.#unwritten.delete(id);
    });
  }

  #write(call: JournalCall, id: number, change: () => void): Promise<void> {
    const written = this.#written.then(() => this.before(call, id)).then(change);
    this.#written = written.catch(() => {}); // who asked for it hears of it
    return written;
  }

  #put(id: number, { attempt, firstClaimMs }: HeldRow, change: Partial<KeptRow>): void {
    const row = this.row(id);
    for (const name of ["stage", "code", "enhanced", "text", "queueId", "notBeforeMs"] as const) {
      delete row[name];
    }
    const counted = change.state === "pending" ? attempt - 1 : attempt;
    Object.assign(row, change, { attempt: counted, firstClaimMs });
  }

  /** A row. */
  row(id: number): KeptRow {
    const row = this.kept[id - 1];
    ok(row !== undefined, `row ${id}`);
    return row;
  }

  nextDueMs(): Promise<number | undefined> {
    const due = this.kept.filter(({ state }) => state === "deferred")
      .map(({ notBeforeMs = 0 }) => notBeforeMs);
    return Promise.resolve(due.length === 0 ? undefined : Math.min(...due));
  }

  counts(): Promise<Record<RowState, number>> {
    const counts = ROW_STATES.map((state) =>
      [state, this.kept.filter((row) => row.state === state).length] as const
    );
    return Promise.resolve(Object.fromEntries(counts) as Record<RowState, number>);
  }

  async *rows(): AsyncGenerator<ReportedRow> {
    await undefined;
    yield* this.kept;
  }

  release(): Promise<number> {
    return Promise.resolve(0);
  }
}

/** What a world is like. */
export interface EngineWorldOptions extends SandboxOptions {
  /** Who is written to, or how many. @default {1} */
  readonly to?: number | readonly string[];
}

/** A server, a journal, a clock, and what was told. */
export class EngineWorld implements AsyncDisposable {
  readonly box: Sandbox;
  readonly journal: MemoryJournal;
  readonly clock: FakeClock = new FakeClock();
  readonly events: BulkEvent[] = [];
  /** How often the engine has dialled. */
  dials = 0;

  private constructor(box: Sandbox, journal: MemoryJournal) {
    this.box = box;
    this.journal = journal;
  }

  static async make({ to = 1, ...options }: EngineWorldOptions = {}): Promise<EngineWorld> {
    const recipients = typeof to === "number"
      ? Array.from({ length: to }, (_, at) => `p${at + 1}@there.example`)
      : to;
    return new EngineWorld(await startSandbox(options), new MemoryJournal(recipients));
  }

  /** The events of one kind. */
  told<K extends BulkEvent["kind"]>(kind: K): Extract<BulkEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<BulkEvent, { kind: K }> =>
      event.kind === kind
    );
  }

  /** The state of each row, and how often it was tried. */
  get states(): string[] {
    return this.journal.kept.map(({ state, attempt }) => `${state} ${attempt}`);
  }

  /** How often the end of a message came to the server. */
  get ends(): number {
    return this.box.ledger.texts("terminator").length;
  }

  /** Begins to send; time stands still. */
  start(
    { pool, onEvent, ...options }: Partial<Omit<BulkOptions, "pool">> & {
      readonly pool?: Partial<BulkOptions["pool"]>;
    } = {},
    ...faults: readonly SandboxFault[]
  ): Promise<BulkRun> {
    this.box.misbehave(...faults);
    return sendBulk({
      journal: this.journal,
      pool: {
        url: "smtp://127.0.0.1:25",
        tls: "none",
        maxConnections: 1,
        clock: this.clock,
        dial: () => {
          this.dials++;
          const [client, server] = memoryPair();
          this.box.serve(server).catch(() => {}); // a test may be over before it
          return Promise.resolve(client);
        },
        ...pool,
      },
      render: ({ recipient }) => ({
        envelope: { from: "news@here.example", to: [recipient], policy: "any" },
        content: `To: ${recipient}\r\nSubject: Hello\r\n\r\nWelcome.\r\n`,
      }),
      clock: this.clock,
      random: () => 0.5,
      onEvent: (event) => {
        this.events.push(event);
        onEvent?.(event);
      },
      ...options,
    });
  }

  /** Sends, and lets time pass whenever there is nothing else to do. */
  async run(...args: Parameters<EngineWorld["start"]>): Promise<BulkRun> {
    return await this.drive(this.start(...args));
  }

  /** Lets time pass until a run is over. */
  async drive(run: Promise<BulkRun>): Promise<BulkRun> {
    let over = false;
    const end = (): void => void (over = true);
    run.then(end, end);
    while (true) {
      await settle();
      await settle();
      if (over) return await run;
      ok(this.clock.sleeping > 0, `the run hangs: ${this.states}`);
      await this.clock.advance(this.clock.nextWaking - this.clock.monotonic());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.box[Symbol.asyncDispose]();
  }
}
