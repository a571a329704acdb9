/**
 * Pop3Session at a real Dovecot: TLS and logins, windows, messages octet by octet, commits.
 */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import {
  connectPop3,
  type MsgNo,
  Pop3AuthError,
  type Pop3ConnectOptions,
  type Pop3Session,
  Secret,
} from "@mailwright/mailwright/pop3";
import { TlsError } from "@mailwright/mailwright/wire";
import { CONTENTS, letter } from "./contents.ts";
import { type DovecotServer, startDovecot } from "./dovecot.ts";
import { largeMessage, type LargeOrder, type LargeReport } from "./large_reader.ts";
import { fillMaildrop, maildropOf } from "./maildrop.ts";
import { BROWN, credentials, JONES } from "./our_client.ts";
import { run } from "./process.ts";
import { serverTest } from "./programs.ts";

const NEEDS = ["dovecot", "openssl", "root"] as const;
/** Those of Dovecot that we know, the strongest first. */
const MECHANISMS = ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"];

/** A session of Jones, by STLS. */
function open(server: DovecotServer, options: Pop3ConnectOptions = {}): Promise<Pop3Session> {
  return connectPop3({
    url: `pop3://${server.host}:${server.ports.pop3}`,
    caCerts: [server.caPem],
    auth: credentials(server),
    ...options,
  });
}

/** What a session sees of messages, by unique-id. */
async function contentsOf(
  session: Pop3Session,
  numbers: readonly MsgNo[],
): Promise<Map<string, Uint8Array>> {
  const { messages } = await session.snapshot();
  const uids = new Map(messages.map(({ no, uid }) => [no, uid]));
  const contents = new Map<string, Uint8Array>();
  for await (const item of session.retrieve(numbers)) {
    ok(item.ok, item.ok ? "" : item.error.message);
    contents.set(uids.get(item.no) ?? "", await item.value.bytes());
  }
  return contents;
}

/** The octets of each message as one text: equal maps have equal octets. */
async function digests(contents: ReadonlyMap<string, Uint8Array>): Promise<string[]> {
  const lines = [...contents].map(async ([uid, content]) => {
    const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(content));
    return `${uid} ${new Uint8Array(digest).toHex()}`;
  });
  return (await Promise.all(lines)).sort();
}

await serverTest("Pop3Session logs in at Dovecot and is refused there", NEEDS, async (step) => {
  await using dovecot = await startDovecot();
  const { host, ports, caPem, users } = dovecot;

  await step("by STLS and the strongest mechanism", async () => {
    await using session = await open(dovecot, { until: "hello" });
    ok(session.capabilities.has("STLS"));
    ok(!session.secure);
    await using ready = await open(dovecot);
    deepStrictEqual([ready.secure, ready.authenticated], [true, "SCRAM-SHA-256"]);
    // What is offered after the login is another set (P38).
    ok(ready.capabilities.pipelining);
    deepStrictEqual(ready.capabilities.sasl, []);
    await ready.quit();
  });

  await step("within TLS from the first octet", async () => {
    await using session = await connectPop3({
      url: `pop3s://${host}:${ports.pop3s}`,
      caCerts: [caPem],
      auth: credentials(dovecot),
    });
    ok(session.secure);
    ok((await session.stat()).ok);
  });

  for (const name of [...MECHANISMS, "USER", "APOP"]) {
    await step(`by ${name}`, async () => {
      await using session = await open(dovecot, {
        auth: { ...credentials(dovecot), mechanisms: [name] },
      });
      strictEqual(session.authenticated, name);
      ok((await session.noop()).ok);
    });
  }

  await step("a wrong password is refused for good, in one way only", async () => {
    const password = new Secret(`not ${users[JONES]}`);
    for (const mechanisms of [undefined, ["PLAIN"], ["USER"], ["APOP"]]) {
      const auth = { user: JONES, password, ...(mechanisms && { mechanisms }) };
      await rejects(open(dovecot, { auth }), (error) => {
        ok(error instanceof Pop3AuthError);
        deepStrictEqual([error.temporary, error.tried.length], [false, 1]);
        strictEqual(error.reply?.code, "AUTH");
        ok(!error.message.includes(`${users[JONES]}`));
        return true;
      });
    }
  });

  await step("a certificate that nobody trusts, or of another name, ends it before", async () => {
    const refused = (failure: string) => (error: unknown) =>
      error instanceof TlsError && error.failure === failure;
    await rejects(open(dovecot, { caCerts: [] }), refused("unknown-issuer"));
    await rejects(open(dovecot, { tlsName: "other.example" }), refused("wrong-name"));
    const url = `pop3s://${host}:${ports.pop3}`;
    await rejects(open(dovecot, { url }), refused("not-tls"));
  });
});

await serverTest("Pop3Session reads Dovecot's messages octet by octet", NEEDS, async (step) => {
  await using dovecot = await startDovecot();
  const many = Array.from(
    { length: 1_000 },
    (_, i) => letter(`number ${i}`, `.first line of ${i}\r\n${"x".repeat(i)}\r\n.\r\n`),
  );
  await fillMaildrop(dovecot, JONES, many);
  // The last line of some has no end: a reply gives it one.
  const whole = CONTENTS.map((content) =>
    content.at(-1) === 0x0a ? content : Uint8Array.from([...content, 13, 10])
  );
  await fillMaildrop(dovecot, BROWN, whole);
  const stored = await maildropOf(dovecot, JONES);
  const expected = await digests(stored);

  for (const window of [1, 64, 256]) {
    await step(`1,000 of them in a window of ${window}`, async () => {
      await using session = await open(dovecot, { window });
      const { numbers, contradictions, duplicates, stat } = await session.snapshot();
      deepStrictEqual([stat.count, contradictions, duplicates.size], [1_000, [], 0]);
      const { writes } = session.turns;
      deepStrictEqual(await digests(await contentsOf(session, numbers)), expected);
      if (window === 1) ok(session.turns.writes - writes >= 1_000);
      else ok(session.turns.writes - writes < 700);
    });
  }

  await step("without PIPELINING", async () => {
    await using session = await open(dovecot, { without: ["PIPELINING"] });
    const { numbers } = await session.snapshot();
    const some = numbers.slice(0, 50);
    strictEqual((await contentsOf(session, some)).size, 50);
  });

  await step("their headers by TOP", async () => {
    await using session = await open(dovecot);
    const { numbers } = await session.snapshot();
    let seen = 0;
    for await (const top of session.top(numbers, 0)) {
      ok(top.ok && top.value.complete && top.value.body.length === 0);
      const text = new TextDecoder().decode(top.value.header);
      ok(text.includes(`Subject: number ${seen++}\r\n`) && text.endsWith("\r\n\r\n"));
    }
    strictEqual(seen, 1_000);
  });

  await step("contents that careless framing spoils", async () => {
    await using session = await open(dovecot, { auth: credentials(dovecot, BROWN) });
    const { numbers } = await session.snapshot();
    const seen = await contentsOf(session, numbers);
    deepStrictEqual(await digests(seen), await digests(await maildropOf(dovecot, BROWN)));
  });

  await step("one of them as a stream that is left, and the session goes on", async () => {
    await using session = await open(dovecot, { auth: credentials(dovecot, BROWN) });
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
});

await serverTest("Pop3Session deletes at Dovecot by commit() alone", NEEDS, async (step) => {
  await using dovecot = await startDovecot();
  const left = async (): Promise<number> => (await maildropOf(dovecot, JONES)).size;
  const letters = Array.from({ length: 200 }, (_, i) => letter(`number ${i}`, "Hello\r\n"));
  await fillMaildrop(dovecot, JONES, letters);

  await step("leaving the scope, rollback() and a lost connection keep all", async () => {
    {
      await using session = await open(dovecot);
      const { numbers } = await session.snapshot();
      const marks = await session.markDeleted(numbers);
      strictEqual(marks.filter(({ ok }) => ok).length, 200);
    }
    strictEqual(await left(), 200);
    await using session = await open(dovecot);
    const { numbers } = await session.snapshot();
    await session.markDeleted(numbers);
    strictEqual((await session.rollback()).kind, "rolled-back");
    strictEqual(await left(), 200);
    await using lost = await open(dovecot);
    await lost.markDeleted((await lost.snapshot()).numbers);
    lost.connection.close();
    strictEqual((await lost.commit()).kind, "not-committed");
    strictEqual(await left(), 200);
  });

  await step("rset() takes marks back, and marked ones leave gaps [Q4]", async () => {
    await using session = await open(dovecot);
    const { numbers } = await session.snapshot();
    await session.markDeleted(numbers.filter(({ value }) => value % 2 === 1));
    const after = await session.snapshot();
    deepStrictEqual(after.numbers, numbers.filter(({ value }) => value % 2 === 0));
    deepStrictEqual(after.contradictions.map(({ kind }) => kind), ["beyond-count"]);
    await session.rset();
    strictEqual((await session.snapshot()).messages.length, 200);
    strictEqual((await session.commit()).kind, "committed");
    strictEqual(await left(), 200);
  });

  await step("commit() deletes what is marked, and nothing else", async () => {
    await using session = await open(dovecot);
    const { messages } = await session.snapshot();
    const gone = messages.filter(({ no }) => no.value <= 150);
    await session.markDeleted(gone.map(({ no }) => no));
    const { kind, marked, reply } = await session.commit();
    deepStrictEqual([kind, marked.length, reply?.ok], ["committed", 150, true]);
    const uids = await maildropOf(dovecot, JONES);
    deepStrictEqual(
      messages.map(({ uid = "" }) => uids.has(uid)),
      messages.map(({ no }) => no.value > 150),
    );
  });

  await step("somebody else is faster: a result of its own, and no error [P14]", async () => {
    await using slow = await open(dovecot);
    const { numbers } = await slow.snapshot();
    await using fast = await open(dovecot);
    const { numbers: [first] } = await fast.snapshot();
    ok(first);
    await fast.dele(first);
    strictEqual((await fast.commit()).kind, "committed");
    const [expunged] = numbers;
    ok(expunged);
    const answer = await slow.retr(expunged);
    ok(!answer.ok && !answer.error.temporary);
    strictEqual((await slow.dele(expunged)).ok, true);
    // Dovecot says +OK to both: who has deleted it only the next listing can tell.
    strictEqual((await slow.commit()).kind, "committed");
    strictEqual(await left(), 49);
  });

  await step("TOP without a number of lines is refused, ours never is [Q7]", async () => {
    await using session = await open(dovecot);
    const { numbers: [first] } = await session.snapshot();
    ok(first);
    strictEqual((await session.command("TOP 1", { lines: true })).reply.ok, false);
    ok((await session.top(first, 0)).ok);
  });

  await step("a maildrop that others renumbered is used by its own listing [P15]", async () => {
    await using session = await open(dovecot);
    await using other = await open(dovecot);
    await other.markDeleted((await other.snapshot()).numbers.slice(0, 10));
    await other.commit();
    const { messages } = await session.snapshot();
    for await (const item of session.retrieve(messages.slice(-1).map(({ no }) => no))) ok(item.ok);
    strictEqual(await left(), 39);
  });
});

await serverTest("Pop3Session streams 200 MB from Dovecot and stays small", NEEDS, async () => {
  await using dovecot = await startDovecot();
  await fillMaildrop(dovecot, JONES, [largeMessage()]);
  const order: LargeOrder = {
    url: `pop3://${dovecot.host}:${dovecot.ports.pop3}`,
    caPem: dovecot.caPem,
    user: JONES,
    password: dovecot.users[JONES] ?? "",
  };
  const reader = new URL("large_reader.ts", import.meta.url).pathname;
  const args = ["run", "--no-prompt", "--quiet", "--allow-net=127.0.0.1", reader];
  const { stdout } = await run(Deno.execPath(), args, { stdin: JSON.stringify(order) });
  const { whole, first, most }: LargeReport = JSON.parse(stdout);
  ok(whole);
  ok(most - first < 64 * 1024 ** 2, `${Math.round((most - first) / 1024 ** 2)} MB`);
});
