import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { Pop3ConnectOptions, Pop3Session } from "../../src/pop3/mod.ts";
import type { TranscriptEvent } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { list, loggedIn, someMessages, type TestServerOptions, wrap } from "./test_server.ts";

const none = { permissions: "none" } as const;

/** A session with two of three messages marked. */
async function withMarks(options: TestServerOptions = {}, how: Pop3ConnectOptions = {}) {
  const { session, server } = await loggedIn({ messages: someMessages(3), ...options }, how);
  const { numbers } = await session.snapshot();
  await session.markDeleted(numbers.slice(0, 2));
  return { session, server };
}

/** An answer to one verb, and from the second time on if `after` is given. */
function answer(
  wanted: string,
  text: string,
  after: number = 0,
): NonNullable<TestServerOptions["answer"]> {
  let seen = 0;
  return (verb) => verb === wanted && seen++ >= after ? text : undefined;
}

Deno.test("commit() checks STAT, says QUIT, and its +OK is committed", none, async () => {
  const { session, server } = await withMarks();
  const outcome = await session.commit();
  deepEqual(
    [outcome.kind, outcome.marked.map(({ value }) => value), outcome.reply?.text, outcome.cause],
    ["committed", [1, 2], "bye", undefined],
  );
  deepEqual(server.commands.slice(-2), ["STAT", "QUIT"]);
  equal(server.left().length, 1);
  deepEqual([session.usable, session.marked], [false, []]);
});

Deno.test("commit() without marks says QUIT alone", none, async () => {
  const { session, server } = await loggedIn({ messages: someMessages(1) });
  const { kind, marked } = await session.commit();
  deepEqual([kind, marked, server.commands.at(-2), server.commands.at(-1)], [
    "committed",
    [],
    "CAPA",
    "QUIT",
  ]);
});

Deno.test.each([
  "-ERR some deleted messages not removed",
  "-ERR [SYS/TEMP] disk full",
  "+ERR not removed",
])("commit() answered by %s is partial [P18] [T-P15] [T-P14]", none, async (line) => {
  const { session } = await withMarks({ answer: answer("QUIT", `${line}\r\n`) });
  const { kind, marked, reply } = await session.commit();
  deepEqual([kind, marked.length, reply?.ok], ["partial", 2, false]);
});

Deno.test.each([
  { name: "no answer and a close", text: "<close>" },
  { name: "half an answer", text: "+O" },
  { name: "half a line", text: "+OK by" },
  { name: "junk", text: "goodbye\r\n" },
  { name: "an empty line", text: "\r\n" },
])("commit() that gets $name is unknown [P17] [T-P15] [T-D08]", none, async ({ text }) => {
  const { session } = await withMarks({ answer: answer("QUIT", text) });
  const { kind, marked, reply, cause } = await session.commit();
  deepEqual([kind, marked.length, reply], ["unknown", 2, undefined]);
  ok(cause instanceof Error);
  equal(session.usable, false);
});

Deno.test(
  "commit() that is answered by silence is unknown after the timer of QUIT [P17] [T-D08]",
  none,
  async () => {
    const clock = new FakeClock();
    const { session } = await withMarks({ answer: answer("QUIT", "<silence>") }, { clock });
    const committing = session.commit();
    await clock.advance(119_000);
    equal(session.usable, true);
    await clock.advance(1_000);
    const { kind, cause } = await committing;
    equal(kind, "unknown");
    match(`${cause}`, /TimeoutError.*reply to QUIT/);
  },
);

Deno.test.each([
  { verb: "STAT", kind: "not-committed" },
  { verb: "QUIT", kind: "unknown" }, // some of it may have left
])(
  "commit() whose write of $verb fails is $kind [P16] [T-D07] [T-D08]",
  none,
  async ({ verb, kind }) => {
    const { session } = await withMarks({
      through: (connection) =>
        wrap(connection, {
          write(bytes) {
            if (new TextDecoder().decode(bytes) !== `${verb}\r\n`) return connection.write(bytes);
            connection.close();
            return Promise.reject(new Deno.errors.BrokenPipe("broken"));
          },
        }),
    });
    equal((await session.commit()).kind, kind);
  },
);

Deno.test.each([
  { name: "a count that did not go down", text: "+OK 3 600" },
  { name: "a count that went down too far", text: "+OK 0 0" },
  { name: "a refusal", text: "-ERR no" },
  { name: "what is no count", text: "+OK many" },
])("commit() takes the marks back where STAT gives $name [T-P14]", none, async ({ text }) => {
  const { session, server } = await withMarks({ answer: answer("STAT", `${text}\r\n`, 1) });
  const { kind, cause, reply, marked } = await session.commit();
  deepEqual([kind, `${reply}`, marked.length], ["not-committed", text, 2]);
  equal((cause as Error).name, "Pop3ReplyError");
  deepEqual(server.commands.slice(-3), ["STAT", "RSET", "QUIT"]);
  equal(server.left().length, 3);
});

Deno.test(
  "commit() says no QUIT where RSET is refused too: closing voids the marks [P16]",
  none,
  async () => {
    const refusing = (verb: string): string | undefined =>
      verb === "RSET" ? "-ERR no\r\n" : verb === "STAT" ? "+OK 3 600\r\n" : undefined;
    const { session, server } = await withMarks({ answer: refusing });
    equal((await session.commit()).kind, "not-committed");
    equal(server.commands.at(-1), "RSET");
    equal(server.left().length, 3);
  },
);

Deno.test("commit() checks against a listing where STAT was never asked", none, async () => {
  const { session, server } = await loggedIn({
    messages: someMessages(3),
    answer: (verb) => verb === "STAT" ? "+OK 3 600\r\n" : undefined,
  });
  const listed = await session.uidl();
  ok(listed.ok && listed.value[0]);
  await session.dele(listed.value[0].no);
  const { kind, cause } = await session.commit();
  equal(kind, "not-committed");
  match(`${cause}`, /it has 3 messages, where 1 of 3 are marked/);
  equal(server.left().length, 3);
});

Deno.test(
  "commit() lets its caller write down what is about to happen, before QUIT",
  none,
  async () => {
    const seen: string[] = [];
    const { session, server } = await withMarks();
    const { kind } = await session.commit({
      beforeQuit: async () => {
        await Promise.resolve();
        seen.push(server.commands.at(-1) ?? "");
      },
    });
    deepEqual([kind, seen], ["committed", ["STAT"]]);
  },
);

Deno.test(
  "commit() takes the marks back where its caller cannot write that down",
  none,
  async () => {
    const { session, server } = await withMarks();
    const disk = new Error("disk full");
    const { kind, cause } = await session.commit({ beforeQuit: () => Promise.reject(disk) });
    deepEqual([kind, cause, server.left().length], ["not-committed", disk, 3]);
    deepEqual(server.commands.slice(-2), ["RSET", "QUIT"]);
  },
);

Deno.test(
  "an abort before QUIT is not committed, one behind it is unknown [T-D07] [T-D08]",
  none,
  async () => {
    const reason = new Error("enough");
    const before = await withMarks();
    const aborted = await before.session.commit({ signal: AbortSignal.abort(reason) });
    deepEqual([aborted.kind, aborted.cause], ["not-committed", reason]);
    equal(before.server.left().length, 3);
    const controller = new AbortController();
    const behind = await withMarks({
      answer: (verb) => {
        if (verb === "QUIT") controller.abort(reason);
        return undefined;
      },
    });
    const cut = await behind.session.commit({ signal: controller.signal });
    deepEqual([cut.kind, cut.cause], ["unknown", reason]);
  },
);

Deno.test(
  "commit() of a dead session is not committed, with what killed it [P30] [T-D07]",
  none,
  async () => {
    const { session, server } = await withMarks({ answer: answer("NOOP", "<close>") });
    await rejects(session.noop(), { name: "ClosedError" });
    const { kind, marked, cause } = await session.commit();
    equal(kind, "not-committed");
    equal((cause as Error).name, "ClosedError");
    deepEqual([marked.length, server.left().length], [2, 3]);
  },
);

Deno.test("rollback() says RSET and QUIT, and nothing is deleted [P20]", none, async () => {
  const { session, server } = await withMarks();
  const { kind, marked, reply } = await session.rollback();
  deepEqual([kind, marked.length, reply?.ok], ["rolled-back", 2, true]);
  deepEqual(server.commands.slice(-2), ["RSET", "QUIT"]);
  deepEqual([server.left().length, session.marked, session.usable], [3, [], false]);
});

Deno.test("rollback() says no QUIT where RSET is refused or lost [P20]", none, async () => {
  for (const text of ["-ERR no\r\n", "<close>", "junk\r\n"]) {
    const { session, server } = await withMarks({ answer: answer("RSET", text) });
    const { kind, marked } = await session.rollback();
    deepEqual([kind, marked.length, server.commands.at(-1)], ["closed", 2, "RSET"]);
    equal(server.left().length, 3);
  }
});

Deno.test("rollback() stands where only the answer to QUIT is lost [P20]", none, async () => {
  const { session } = await withMarks({ answer: answer("QUIT", "<close>") });
  equal((await session.rollback()).kind, "rolled-back");
});

Deno.test("rset() takes marks back, and the session goes on [P20]", none, async () => {
  const { session, server } = await withMarks();
  equal((await session.rset()).ok, true);
  deepEqual(session.marked, []);
  equal((await session.commit()).kind, "committed");
  equal(server.left().length, 3);
});

Deno.test("leaving the scope never commits, and warns of marks [P19] [T-D07]", none, async () => {
  const events: TranscriptEvent[] = [];
  const onEvent = (event: TranscriptEvent): void => void events.push(event);
  const wrong = new Error("archive full");
  let server: Awaited<ReturnType<typeof withMarks>>["server"] | undefined;
  await rejects(async () => {
    const marked = await withMarks({}, { onEvent });
    server = marked.server;
    await using _session: Pop3Session = marked.session;
    throw wrong;
  }, wrong);
  equal(server?.commands.includes("QUIT"), false);
  equal(server?.left().length, 3);
  const [warning] = events.filter(({ kind }) => kind === "note");
  equal(warning?.text, "2 marked messages were not committed: they stay");
});

Deno.test("leaving the scope without marks warns of nothing and says no QUIT", none, async () => {
  const notes: string[] = [];
  const { session, server } = await loggedIn({}, {
    onEvent: ({ kind, text }) => kind === "note" && notes.push(text),
  });
  await session[Symbol.asyncDispose]();
  await session[Symbol.asyncDispose]();
  deepEqual([notes, server.commands.includes("QUIT")], [[], false]);
});

Deno.test(
  "mail that comes in the meantime is not in the listing, and stays [P24]",
  none,
  async () => {
    const { session, server } = await withMarks();
    // The maildrop is what the session has listed; a number beyond it has no object.
    equal(session.marked.length, 2);
    await rejects(async () => await session.dele(session.number(4)), { name: "Pop3LocalError" });
    equal((await session.commit()).kind, "committed");
    equal(server.left().length, 1);
  },
);

Deno.test(
  "an empty maildrop after one that was not is a value, no decision [P23]",
  none,
  async () => {
    const { session } = await loggedIn({
      answer: (verb) =>
        verb === "UIDL" ? "-ERR no\r\n" : verb === "LIST" ? list("", []) : undefined,
    });
    await using _session = session;
    const { stat, messages, uidlError } = await session.snapshot();
    deepEqual([stat.count, messages, uidlError?.reply.ok], [0, [], false]);
  },
);
