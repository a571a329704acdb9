/**
 * A mailbox with its server, its files and its time, for tests of whole cleanups.
 *
 * @module
 */

import {
  type CleanupJob,
  type CleanupOptions,
  type CleanupReport,
  definePolicy,
  header,
  maildir,
  openCleanup,
  type PlanItem,
  type Policy,
  type PolicyInput,
  remove,
} from "../../../src/jobs/mod.ts";
import {
  connectPop3,
  type Pop3ConnectOptions,
  type Pop3Session,
  Secret,
} from "../../../src/pop3/mod.ts";
import {
  type FilledMail,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from "../../../src/sandbox/mod.ts";
import { type Clock, memoryPair } from "../../../src/wire/mod.ts";
import { FakeClock } from "../../fake_clock.ts";
import { MemoryStore } from "../../faults/memory_store.ts";
import { dateAt, DAY_MS, NOW_MS } from "./mailbox.ts";

export const USER = "ann@mail.example";
export const ACCOUNT: string = `${USER}@pop.example:995`;

/** Limits that stop nothing, for small mailboxes. */
export const OPEN_GUARDS = { maxFraction: 1, keepAtLeast: 0 } as const;

/** Removes what has a List-Id, and archives it. */
export function listsPolicy(input: Partial<PolicyInput> = {}): Policy {
  return definePolicy({
    rules: [remove("lists", header("List-Id").exists(), { archive: "lists" })],
    archives: { lists: maildir("archive/lists") },
    ...input,
    guards: { ...OPEN_GUARDS, ...input.guards },
  });
}

/** A message of a mailing list, with CRLF as line ends. */
export function listMail(n: number, body = `Body of ${n}\r\n`): string {
  return `${mailHead(n)}List-Id: <roses.lists.example>\r\n\r\n${body}`;
}

/** A message of a person. */
export function plainMail(n: number, body = `Body of ${n}\r\n`): string {
  return `${mailHead(n)}\r\n${body}`;
}

function mailHead(n: number): string {
  const at = dateAt(400);
  return `Received: by mail.example; ${at}\r\nDate: ${at}\r\nFrom: a${n}@alpha.example\r\n` +
    `Subject: Mail ${n}\r\nMessage-ID: <${n}@alpha.example>\r\n`;
}

/** Messages u1, u2 … of a mailing list. */
export function listMails(count: number): FilledMail[] {
  return Array.from(
    { length: count },
    (_, at) => ({ uid: `u${at + 1}`, content: listMail(at + 1) }),
  );
}

/** A mailbox with its server, its files and its time. */
export class World implements AsyncDisposable {
  readonly box: Sandbox;
  readonly clock: FakeClock;
  store: MemoryStore = new MemoryStore();
  readonly sessions: Pop3Session[] = [];
  /** How sessions are made. */
  how: Pop3ConnectOptions = {};
  /** Called before a session is made. */
  onConnect: (count: number) => void | Promise<void> = () => {};

  private constructor(box: Sandbox, clock: FakeClock) {
    this.box = box;
    this.clock = clock;
  }

  static async start(
    mails: readonly (string | FilledMail)[],
    options: SandboxOptions & { readonly clock?: FakeClock } = {},
  ): Promise<World> {
    const box = await startSandbox({ users: { [USER]: "pencil" }, ...options });
    box.fill(USER, mails);
    return new World(box, options.clock ?? new FakeClock(NOW_MS));
  }

  readonly connect = async (): Promise<Pop3Session> => {
    await this.onConnect(this.sessions.length);
    const [connection, theirs] = memoryPair();
    this.box.serve(theirs, { protocol: "pop3" });
    const auth = { user: USER, password: new Secret("pencil") };
    const session = await connectPop3({ connection, auth, ...this.how });
    this.sessions.push(session);
    return session;
  };

  open(options: Partial<CleanupOptions> = {}): Promise<CleanupJob> {
    const { connect, store } = this;
    const clock = this.eagerClock();
    return openCleanup({
      ...{ account: ACCOUNT, folder: "job", connect, store, clock, policy: listsPolicy() },
      ...options,
    });
  }

  /** The clock, going on by itself wherever somebody sleeps; it tells how long that was. */
  eagerClock(waited: number[] = []): Clock {
    const { clock } = this;
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: async (ms, options) => {
        if (options?.background) return await clock.sleep(ms, options);
        waited.push(ms);
        await clock.advance(ms);
      },
    };
  }

  /** Makes a plan and carries it out. */
  async cleanUp(options: Partial<CleanupOptions> = {}): Promise<CleanupReport> {
    await using job = await this.open(options);
    const { planId } = await job.plan();
    return await job.apply(planId);
  }

  /** The unique-ids that are on the server. */
  get uids(): string[] {
    return this.box.maildrop(USER).map(({ uid }) => uid);
  }

  /** The text of a file. */
  text(path: string): string {
    return new TextDecoder().decode(this.store.files().get(path));
  }

  /** The files of the archive. */
  get archivedPaths(): string[] {
    return [...this.store.files().keys()].filter((path) => path.startsWith("archive/"));
  }

  /** Their contents. */
  get archived(): string[] {
    return this.archivedPaths.map((path) => this.text(path)).sort();
  }

  /** What QUIT has removed, session by session. */
  get updates(): (readonly string[])[] {
    const updates = this.box.ledger.entries.filter(({ kind }) => kind === "update");
    return updates.map(({ uids = [] }) => uids).filter(({ length }) => length > 0);
  }

  /** The connections on which a verb was said, each time. */
  said(verb: string): number[] {
    const commands = this.box.ledger.entries.filter(({ kind, text }) =>
      kind === "command" && text.split(" ")[0] === verb
    );
    return commands.map(({ connection }) => connection);
  }

  /** The events in the journal. */
  get events(): string[] {
    return [...this.text("job/journal.jsonl").matchAll(/"event":"([\w-]+)"/g)].map((
      [, event = ""],
    ) => event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.box[Symbol.asyncDispose]();
  }
}

/** What became of each message, in words. */
export function fates({ items }: CleanupReport): string[] {
  return items.map(({ uid, outcome, reason }) =>
    reason === undefined ? `${uid} ${outcome}` : `${uid} ${outcome}: ${reason}`
  );
}

/** The unique-ids of a plan. */
export function uidsOf({ items }: { readonly items: readonly PlanItem[] }): string[] {
  return items.map(({ uid }) => uid);
}

export { DAY_MS, NOW_MS };
