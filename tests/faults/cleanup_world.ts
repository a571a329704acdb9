/**
 * A small cleanup against the sandbox, and what must be true of it whatever has happened.
 *
 * @module
 */

import { ok } from "node:assert/strict";
import {
  allOf,
  type CleanupReport,
  definePolicy,
  eml,
  type FileStore,
  header,
  maildir,
  mbox,
  openCleanup,
  remove,
  subject,
} from "../../src/jobs/mod.ts";
import { connectPop3, type Pop3Session, Secret } from "../../src/pop3/mod.ts";
import { type Sandbox, type SandboxFault, startSandbox } from "../../src/sandbox/mod.ts";
import { type Connection, memoryPair } from "../../src/wire/mod.ts";
import { listMail, OPEN_GUARDS, plainMail, USER } from "../jobs/cleanup/job_world.ts";
import { EagerClock } from "./eager_clock.ts";
import { MemoryStore } from "./memory_store.ts";
import { PatientClock } from "./patient_clock.ts";

const ACCOUNT = `${USER}@pop.example:995`;
/** A server that says too little is not waited for long once it has made a fault, in milliseconds. */
const TIMERS = { greeting: 300, login: 300, reply: 300, read: 300, listing: 600, quit: 300 };
const LIST = header("List-Id").exists();

/** List mail goes, into an archive of each kind; the rest stays. */
const POLICY = definePolicy({
  rules: [
    remove("one", allOf(LIST, subject.matches("[12]$")), { archive: "folder" }),
    remove("two", allOf(LIST, subject.matches("[34]$")), { archive: "files" }),
    remove("three", LIST, { archive: "file" }),
  ],
  age: { basis: ["date"] },
  guards: OPEN_GUARDS,
  archives: {
    folder: maildir("archive/folder"),
    files: eml("archive/files"),
    file: mbox("archive/file.mbox"),
  },
});

/** Uid and content of every message: list mail first, then what must stay. */
const MAILS: readonly (readonly [uid: string, content: string])[] = [
  ["l1", listMail(1)],
  ["l2", listMail(2, "..\r\nFrom here on\r\n>From there\r\n")],
  ["l3", listMail(3, ".\r\n..\r\n")],
  ["l4", listMail(4, `${"long ".repeat(300)}\r\n`)],
  ["l5", listMail(5, "From me\r\n\r\n")],
  ["l6", listMail(6, "")],
  ["p1", plainMail(7)],
  ["p2", plainMail(8)],
];
const MAY_GO: ReadonlySet<string> = new Set(["l1", "l2", "l3", "l4", "l5", "l6"]);

/** A mailbox, its server, and the files of the job. */
export class CleanupWorld implements AsyncDisposable {
  readonly box: Sandbox;
  readonly clock: EagerClock = new EagerClock();
  store: MemoryStore = new MemoryStore();

  private constructor(box: Sandbox) {
    this.box = box;
  }

  static async make(): Promise<CleanupWorld> {
    const box = await startSandbox({ users: { [USER]: "pencil" } });
    box.fill(USER, MAILS.map(([uid, content]) => ({ uid, content })));
    return new CleanupWorld(box);
  }

  /**
   * Runs the job, perhaps with something broken in its way.
   *
   * @param broken A store that fails, or what to do with each connection.
   */
  async run(
    broken: {
      readonly store?: FileStore;
      readonly wrap?: (connection: Connection) => Connection;
      readonly server?: readonly SandboxFault[];
    } = {},
  ): Promise<CleanupReport> {
    const { store = this.store, wrap = (connection) => connection, server = [] } = broken;
    this.box.misbehave(...server);
    const patient = new PatientClock(this.box.ledger);
    const connect = async (): Promise<Pop3Session> => {
      const [ours, theirs] = memoryPair();
      this.box.serve(theirs, { protocol: "pop3" }).catch(() => {}); // it ends with the world
      const auth = { user: USER, password: new Secret("pencil") };
      const connection = wrap(ours);
      return await connectPop3({ connection, auth, timers: TIMERS, clock: patient });
    };
    // Several groups and several QUITs, so that a fault may fall between them.
    const limits = { marksPerQuit: 4, groupMessages: 2 };
    await using job = await openCleanup({
      ...{ account: ACCOUNT, folder: "job", policy: POLICY, clock: this.clock, limits },
      store,
      connect,
    });
    return await job.run({ maxDelete: 100, maxFraction: 1 });
  }

  /**
   * Checks the promises (I1 to I3): each message is on the server or durably in the archive, and only
   * what the plan named is gone.
   *
   * @param where What was done, for the message of a failure.
   */
  check(where: string): void {
    const left = new Map(
      this.box.maildrop(USER).map(({ uid, content }) => [uid, new TextDecoder().decode(content)]),
    );
    const archive = archivedTexts(this.store.powerLoss());
    for (const [uid, content] of MAILS) {
      if (left.get(uid) === content) continue;
      ok(!left.has(uid), `${where}: ${uid} has changed`);
      ok(MAY_GO.has(uid), `${where}: ${uid} was not in the plan, and is gone`);
      ok(isArchived(archive, content), `${where}: ${uid} is lost`);
    }
  }

  /** Checks that all is done that the policy wants, without a second copy of anything. */
  checkDone(where: string): void {
    this.check(where);
    const uids = this.box.maildrop(USER).map(({ uid }) => uid);
    ok(uids.join() === "p1,p2", `${where}: ${uids} are left`);
    const archive = archivedTexts(this.store.powerLoss());
    ok(archive.files.length === 4, `${where}: ${archive.files.length} files are in the archive`);
    const records = archive.mbox.split(/^From [0-9a-f]{64}\./m).length - 1;
    ok(records === 2, `${where}: ${records} messages are in the mbox`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.box[Symbol.asyncDispose]();
  }
}

/** What an archive holds that has just lost its power. */
interface Archived {
  readonly files: readonly string[];
  readonly mbox: string;
}

/** Reads archives as anybody would, without the code that wrote them. */
function archivedTexts(store: MemoryStore): Archived {
  const files: string[] = [];
  let mbox = "";
  for (const [path, octets] of store.files()) {
    const text = new TextDecoder().decode(octets);
    if (path === "archive/file.mbox") mbox = text;
    else if (/^archive\/(?:folder\/new|files\/[0-9a-f]{2})\//.test(path)) files.push(text);
  }
  return { files, mbox };
}

function isArchived({ files, mbox }: Archived, content: string): boolean {
  return files.includes(content) || mbox.includes(content.replaceAll(/^(>*From )/gm, ">$1"));
}
