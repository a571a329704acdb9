/**
 * What every POP3 server is asked, with what is known of each: logins, messages octet by octet,
 * commits.
 *
 * @module
 */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import {
  connectPop3,
  type MsgNo,
  Pop3AuthError,
  type Pop3ConnectOptions,
  type Pop3Session,
  type Pop3Snapshot,
  Secret,
} from "@mailwright/mailwright/pop3";
import { TlsError } from "@mailwright/mailwright/wire";
import { CONTENTS, letter } from "./contents.ts";
import { list } from "./maildir.ts";
import type { Maildrops, Pop3Server } from "./maildrop.ts";
import { BROWN, credentials, JONES } from "./our_client.ts";
import { poll } from "./poll.ts";
import type { Step } from "./programs.ts";
import { TurnCounter } from "./turn_counter.ts";
import { splitAddress } from "./users.ts";

/** What is known of a server. */
export interface Pop3Facts {
  /** The ways to log in that it offers and we know, the strongest first. */
  readonly ways: readonly string[];
  /** The response code for a wrong password, where it gives one. */
  readonly refusal?: string;
  /** Takes away what it adds to messages. @default nothing */
  readonly without?: (message: Uint8Array) => Uint8Array;
  /** Whether it loses a message that is only a header. @default {false} */
  readonly losesHeaders?: boolean;
  /** Whether a session may read what another one has deleted. @default {false} */
  readonly keepsForOthers?: boolean;
}

/** How many messages are read in windows. */
const MANY = 500;
/** How many are deleted in turns. */
const SOME = 200;
/** How many are read one by one. */
const FEW = 50;
const ONE_BY_ONE: Readonly<Record<string, Pop3ConnectOptions>> = {
  "in a window of 1": { window: 1 },
  "without PIPELINING": { without: ["PIPELINING"] },
};
const MISTAKES = ["PLAIN", "USER", "APOP"];

/** A session by STLS; where another one has the maildrop, as soon as it is free. */
export async function open(
  server: Pop3Server,
  options: Pop3ConnectOptions = {},
): Promise<Pop3Session> {
  const url = `pop3://${server.host}:${server.ports.pop3}`;
  const caCerts = [server.caPem];
  return await poll("the maildrop", async () => {
    try {
      return await connectPop3({ url, caCerts, auth: credentials(server), ...options });
    } catch (error) {
      // A server notices after us that the last session is over.
      if (error instanceof Pop3AuthError && error.reply?.code === "IN-USE") return undefined;
      throw error;
    }
  });
}

/** What a session sees of messages. */
export async function contentsOf(
  session: Pop3Session,
  numbers: readonly MsgNo[],
): Promise<Uint8Array[]> {
  const contents: Uint8Array[] = [];
  for await (const item of session.retrieve(numbers)) {
    ok(item.ok, item.ok ? "" : item.error.message);
    contents.push(await item.value.bytes());
  }
  return contents;
}

/** A digest of each message; the order is that of the digests. */
export async function digestsOf(contents: Iterable<Uint8Array>): Promise<string[]> {
  const digests = Array.from(contents, async (content) => {
    const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(content));
    return new Uint8Array(digest).toHex();
  });
  return (await Promise.all(digests)).sort();
}

function same(message: Uint8Array): Uint8Array {
  return message;
}

function hasBody(content: Uint8Array): boolean {
  return new TextDecoder().decode(content).includes("\r\n\r\n");
}

/** Logs in in every way, and is refused. */
export async function checkLogins(
  server: Pop3Server,
  facts: Pop3Facts,
  step: Step,
): Promise<void> {
  const { host, ports, caPem, users } = server;
  const [strongest] = facts.ways;
  await server.fill(JONES, [letter("one", "Hello\r\n")]);

  await step("by STLS, in the strongest way that is offered", async () => {
    await using session = await open(server, { until: "hello" });
    ok(session.capabilities.has("STLS"));
    ok(!session.secure);
    await using ready = await open(server);
    deepStrictEqual([ready.secure, ready.authenticated], [true, strongest]);
    ok(ready.capabilities.pipelining);
    ok((await ready.quit()).ok);
  });

  await step("within TLS from the first octet", async () => {
    await using session = await open(server, { url: `pop3s://${host}:${ports.pop3s}` });
    ok(session.secure);
    ok((await session.stat()).ok);
  });

  for (const name of facts.ways) {
    await step(`by ${name}`, async () => {
      const auth = { ...credentials(server), mechanisms: [name] };
      await using session = await open(server, { auth });
      strictEqual(session.authenticated, name);
      ok((await session.noop()).ok);
    });
  }

  await step("a wrong password is refused for good, in one way only", async () => {
    const password = new Secret(`not ${users[JONES]}`);
    const ways = MISTAKES.filter((name) => facts.ways.includes(name)).map((name) => [name]);
    // All at once: servers take their time to say no.
    await Promise.all([undefined, ...ways].map((mechanisms) => {
      const auth = { user: JONES, password, ...(mechanisms && { mechanisms }) };
      return rejects(open(server, { auth }), (error) => {
        ok(error instanceof Pop3AuthError);
        deepStrictEqual([error.temporary, error.tried.length], [false, 1]);
        strictEqual(error.reply?.code, facts.refusal);
        ok(!error.message.includes(`${users[JONES]}`));
        return true;
      });
    }));
  });

  await step("a certificate that nobody trusts, or of another name, ends it before", async () => {
    const refused = (failure: string) => (error: unknown) =>
      error instanceof TlsError && error.failure === failure;
    await rejects(open(server, { caCerts: [] }), refused("unknown-issuer"));
    await rejects(open(server, { tlsName: "other.example" }), refused("wrong-name"));
    const url = `pop3s://${host}:${ports.pop3}`;
    await rejects(open(server, { url, caCerts: [caPem] }), refused("not-tls"));
  });
}

/** Reads many messages in windows, and those that careless framing spoils. */
export async function checkReading(
  server: Pop3Server,
  { without = same, losesHeaders = false }: Pop3Facts,
  step: Step,
): Promise<void> {
  const many = Array.from(
    { length: MANY },
    (_, i) => letter(`number ${i}`, `.first line of ${i}\r\n${"x".repeat(i)}\r\n.\r\n`),
  );
  await server.fill(JONES, many);
  // The last line of some has no end: a reply gives it one.
  const whole = CONTENTS.filter((content) => !losesHeaders || hasBody(content)).map((content) =>
    content.at(-1) === 0x0a ? content : Uint8Array.from([...content, 13, 10])
  );
  await server.fill(BROWN, whole);
  const stored = await digestsOf((await server.mailbox(JONES, MANY)).map(without));
  deepStrictEqual(stored, await digestsOf(many));

  for (const window of [64, 256]) {
    await step(`${MANY} messages in a window of ${window}`, async () => {
      const counter = new TurnCounter();
      await using session = await open(server, { window, onEvent: counter.hear });
      const { numbers, contradictions, duplicates, stat } = await session.snapshot();
      deepStrictEqual([stat.count, contradictions, duplicates.size], [MANY, [], 0]);
      const before = counter.turns;
      const seen = await contentsOf(session, numbers);
      deepStrictEqual(await digestsOf(seen.map(without)), stored);
      // Not the writes: as many as answers that come one by one.
      const turns = counter.turns - before;
      ok(turns <= MANY / 10, `${turns} turns`);
    });
  }

  for (const [name, options] of Object.entries(ONE_BY_ONE)) {
    await step(`one by one: ${name}`, async () => {
      await using session = await open(server, options);
      const { numbers } = await session.snapshot();
      const { writes } = session.turns;
      const seen = await contentsOf(session, numbers.slice(0, FEW));
      deepStrictEqual(await digestsOf(seen.map(without)), await digestsOf(many.slice(0, FEW)));
      ok(session.turns.writes - writes >= FEW);
    });
  }

  await step("headers by TOP", async () => {
    await using session = await open(server);
    const { numbers } = await session.snapshot();
    let seen = 0;
    for await (const top of session.top(numbers, 0)) {
      ok(top.ok && top.value.complete && top.value.body.length === 0);
      const text = new TextDecoder().decode(top.value.header);
      ok(text.includes(`Subject: number ${seen++}\r\n`) && text.endsWith("\r\n\r\n"));
    }
    strictEqual(seen, MANY);
  });

  await step("unique-ids are the same in the next session", async () => {
    const uids: string[][] = [];
    for (const _ of [1, 2]) {
      await using session = await open(server);
      const { messages } = await session.snapshot();
      uids.push(messages.map(({ uid = "" }) => uid));
      await session.quit();
    }
    deepStrictEqual(uids[1], uids[0]);
    strictEqual(new Set(uids[0]).size, MANY);
  });

  await step("contents that careless framing spoils", async () => {
    await using session = await open(server, { auth: credentials(server, BROWN) });
    const { numbers } = await session.snapshot();
    const seen = await contentsOf(session, numbers);
    deepStrictEqual(await digestsOf(seen.map(without)), await digestsOf(whole));
  });

  await step("one of them as a stream that is left, and the session goes on", async () => {
    await using session = await open(server, { auth: credentials(server, BROWN) });
    const { messages } = await session.snapshot();
    const [longest] = messages.toSorted((a, b) => b.size - a.size);
    ok(longest);
    const answer = await session.retr(longest.no);
    ok(answer.ok);
    for await (const piece of answer.value.body) {
      ok(piece.length > 0);
      break;
    }
    ok((await session.noop()).ok);
  });
}

/** Waits until a session finds that many messages: Courier deletes after its answer to QUIT. */
async function untilLeft(server: Pop3Server, count: number): Promise<Pop3Snapshot> {
  return await poll(`${count} messages`, async () => {
    await using session = await open(server);
    const snapshot = await session.snapshot();
    return snapshot.messages.length === count ? snapshot : undefined;
  });
}

/** Deletes by `commit()`, and in no other way. */
export async function checkDeleting(
  server: Pop3Server,
  { without = same }: Pop3Facts,
  step: Step,
): Promise<void> {
  const letters = Array.from({ length: SOME }, (_, i) => letter(`number ${i}`, "Hello\r\n"));
  await server.fill(JONES, letters);

  await step("leaving the scope, rollback() and a lost connection keep all", async () => {
    {
      await using session = await open(server);
      const { numbers } = await session.snapshot();
      const marks = await session.markDeleted(numbers);
      strictEqual(marks.filter(({ ok }) => ok).length, SOME);
    }
    {
      await using session = await open(server);
      const { numbers } = await session.snapshot();
      strictEqual(numbers.length, SOME);
      await session.markDeleted(numbers);
      strictEqual((await session.rollback()).kind, "rolled-back");
    }
    await using lost = await open(server);
    await lost.markDeleted((await lost.snapshot()).numbers);
    lost.connection.close();
    strictEqual((await lost.commit()).kind, "not-committed");
    await untilLeft(server, SOME);
    strictEqual((await server.mailbox(JONES, SOME)).length, SOME);
  });

  await step("rset() takes marks back, and marked ones leave gaps [Q4]", async () => {
    await using session = await open(server);
    const { numbers } = await session.snapshot();
    await session.markDeleted(numbers.filter(({ value }) => value % 2 === 1));
    const after = await session.snapshot();
    deepStrictEqual(after.numbers, numbers.filter(({ value }) => value % 2 === 0));
    deepStrictEqual(after.contradictions.map(({ kind }) => kind), ["beyond-count"]);
    ok((await session.rset()).ok);
    strictEqual((await session.snapshot()).messages.length, SOME);
    strictEqual((await session.commit()).kind, "committed");
    strictEqual((await server.mailbox(JONES, SOME)).length, SOME);
  });

  await step("commit() deletes what is marked, and nothing else", async () => {
    await using session = await open(server);
    const { messages } = await session.snapshot();
    const gone = messages.filter(({ no }) => no.value <= SOME - 50);
    await session.markDeleted(gone.map(({ no }) => no));
    const { kind, marked, reply } = await session.commit();
    deepStrictEqual([kind, marked.length, reply?.ok], ["committed", SOME - 50, true]);
    deepStrictEqual(
      (await untilLeft(server, 50)).messages.map(({ uid }) => uid),
      messages.slice(SOME - 50).map(({ uid }) => uid),
    );
    deepStrictEqual(
      await digestsOf((await server.mailbox(JONES, 50)).map(without)),
      await digestsOf(letters.slice(SOME - 50)),
    );
  });

  await step("TOP without a number of lines is refused, ours never is [Q7]", async () => {
    await using session = await open(server);
    const { numbers: [first] } = await session.snapshot();
    ok(first);
    strictEqual((await session.command("TOP 1", { lines: true })).reply.ok, false);
    ok((await session.top(first, 0)).ok);
  });
}

/** Two sessions in one maildrop, where a server lets them. */
export async function checkSharing(
  server: Pop3Server,
  { keepsForOthers = false }: Pop3Facts,
  step: Step,
): Promise<void> {
  const letters = Array.from({ length: SOME }, (_, i) => letter(`number ${i}`, "Hello\r\n"));
  await server.fill(JONES, letters);

  await step("somebody else is faster: a result of its own, and no error [P14]", async () => {
    await using slow = await open(server);
    const { numbers: [expunged] } = await slow.snapshot();
    await using fast = await open(server);
    const { numbers: [first] } = await fast.snapshot();
    ok(first && expunged);
    await fast.dele(first);
    strictEqual((await fast.commit()).kind, "committed");
    await untilLeft(server, SOME - 1);
    const answer = await slow.retr(expunged);
    strictEqual(answer.ok, keepsForOthers);
    ok(answer.ok || !answer.error.temporary);
    ok((await slow.dele(expunged)).ok);
    // Both are told +OK: who has deleted it only the next listing can tell.
    strictEqual((await slow.commit()).kind, "committed");
    await untilLeft(server, SOME - 1);
  });

  await step("a maildrop that others renumbered is used by its own listing [P15]", async () => {
    await using session = await open(server);
    await using other = await open(server);
    await other.markDeleted((await other.snapshot()).numbers.slice(0, 10));
    await other.commit();
    await untilLeft(server, SOME - 11);
    const { messages } = await session.snapshot();
    const [last] = await contentsOf(session, messages.slice(-1).map(({ no }) => no));
    ok(new TextDecoder().decode(last).includes(`Subject: number ${SOME - 1}\r\n`));
  });
}

/** Looks at the flags of Maildirs: what has been read is seen, what was only looked at is not. */
export async function checkSeen(server: Pop3Server & Maildrops, step: Step): Promise<void> {
  const { local, domain } = splitAddress(JONES);
  // Behind the comma of ":2," stands an S for a message that was seen.
  const untilSeen = async (count: number): Promise<void> => {
    await poll(`${count} seen messages`, async () => {
      const names = await list(`${server.mail}/${domain}/${local}/Maildir/cur`);
      return names.filter((name) => /:2,.*S/.test(name)).length === count || undefined;
    });
  };

  await step("RETR marks a message as seen, TOP does not [Q9]", async () => {
    await server.fill(JONES, [letter("one", "Hello\r\n"), letter("two", "Hello\r\n")]);
    {
      await using session = await open(server);
      const { numbers } = await session.snapshot();
      for await (const top of session.top(numbers, 0)) ok(top.ok);
      await contentsOf(session, numbers.slice(0, 1));
      await session.quit();
    }
    await untilSeen(1);
    await using session = await open(server);
    await contentsOf(session, (await session.snapshot()).numbers);
    await session.quit();
    await untilSeen(2);
  });
}
