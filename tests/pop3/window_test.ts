import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import type { MsgNo, Pop3Session } from "../../src/pop3/mod.ts";
import { Pop3LocalError } from "../../src/pop3/mod.ts";
import { ClosedError, ProtocolError } from "../../src/wire/mod.ts";
import { FakeClock, settle } from "../fake_clock.ts";
import { list, loggedIn, someMessages, type TestServerOptions } from "./test_server.ts";

const none = { permissions: "none" } as const;
const COUNT = 1_000;
const messages = someMessages(COUNT, 100);

/** How many turns of the server something takes. */
async function turnsOf(
  options: TestServerOptions,
  work: (session: Pop3Session, numbers: readonly MsgNo[]) => Promise<unknown>,
  window?: number,
): Promise<number> {
  const { session, server } = await loggedIn({ messages, ...options }, { window });
  await using _session = session;
  const { numbers } = await session.snapshot();
  const before = server.turns();
  await work(session, numbers);
  return server.turns() - before;
}

async function topAll(session: Pop3Session, numbers: readonly MsgNo[]): Promise<void> {
  let seen = 0;
  for await (const { ok, no } of session.top(numbers, 0)) {
    equal(ok, true);
    equal(no, numbers[seen++]);
  }
  equal(seen, COUNT);
}

async function retrieveAll(session: Pop3Session, numbers: readonly MsgNo[]): Promise<void> {
  for await (const item of session.retrieve(numbers)) {
    ok(item.ok);
    const content = await item.value.bytes();
    deepEqual(content, messages[item.no.value - 1]);
  }
}

async function markAll(session: Pop3Session, numbers: readonly MsgNo[]): Promise<void> {
  const marks = await session.markDeleted(numbers);
  deepEqual(marks.map(({ no }) => no), numbers);
  deepEqual(session.marked, numbers);
}

Deno.test.each([
  { name: "top()", work: topAll },
  { name: "retrieve()", work: retrieveAll },
  { name: "markDeleted()", work: markAll },
])("$name asks about 64 messages in a turn, with one result each", none, async ({ work }) => {
  equal(await turnsOf({}, work), Math.ceil(COUNT / 64));
  equal(await turnsOf({}, work, 128), Math.ceil(COUNT / 128));
  equal(await turnsOf({}, work, 1), COUNT);
});

Deno.test(
  "windows need PIPELINING: without it one message is asked about at a time [Q21]",
  none,
  async () => {
    equal(await turnsOf({ capabilities: ["TOP", "USER"] }, topAll, 256), COUNT);
    equal(await turnsOf({ capabilities: null }, topAll, 256), COUNT);
  },
);

Deno.test("planning 10,000 messages with headers takes 250 turns at the most", none, async () => {
  const many = someMessages(10_000, 80);
  const { session, server } = await loggedIn({ messages: many });
  await using _session = session;
  const { numbers } = await session.snapshot();
  let seen = 0;
  for await (const top of session.top(numbers, 0)) seen += Number(top.ok);
  equal(seen, 10_000);
  ok(server.turns() <= 250, `${server.turns()} turns`);
});

Deno.test(
  "a window is refilled when three quarters of it are answered, so that a write has many commands",
  none,
  async () => {
    for (const work of [topAll, retrieveAll, markAll]) {
      const { session, server } = await loggedIn({ messages, chunk: 500 });
      await using _session = session;
      const { numbers } = await session.snapshot();
      const { writes, reads } = session.turns;
      const before = server.commands.length;
      await work(session, numbers);
      const turns = session.turns;
      ok(turns.reads - reads > COUNT / 64, "the answers come in many reads");
      ok(turns.writes - writes <= Math.ceil(COUNT / 48), `${turns.writes - writes} writes`);
      equal(server.commands.length - before, COUNT);
    }
  },
);

Deno.test("5,000 marks are 79 writes and as many reads", none, async () => {
  const { session } = await loggedIn({ messages: someMessages(5_000, 60) });
  await using _session = session;
  const { numbers } = await session.snapshot();
  const before = session.turns;
  await session.markDeleted(numbers);
  const { writes, reads } = session.turns;
  const least = Math.ceil(5_000 / 64);
  deepEqual([writes - before.writes, reads - before.reads], [least, least]);
});

Deno.test("the unanswered commands never have more than 4 KiB", none, async () => {
  const numbers = Array.from({ length: 600 }, (_, index) => 1_000_000_000 + index);
  let most = 0;
  const { session, server } = await loggedIn({
    answer: (verb) =>
      verb === "LIST"
        ? list("", numbers.map((number) => `${number} 100`))
        : verb === "TOP"
        ? list("", [""])
        : undefined,
  }, { window: 256 });
  await using _session = session;
  const listed = await session.list();
  ok(listed.ok);
  const before = server.commands.length;
  for await (const top of session.top(listed.value.map(({ no }) => no), 999_999)) {
    ok(top.ok);
    most = Math.max(most, server.commands.length - before);
    break;
  }
  const [command = ""] = server.commands.slice(-1);
  equal(most, Math.floor(4096 / (command.length + 2)));
});

Deno.test("listed sizes bound what is under way; one message may be larger", none, async () => {
  const sizes = [1_500_000, 1_500_000, 1_500_000, 9_000_000, 10, 10];
  const asked: number[] = [];
  const { session, server } = await loggedIn({
    messages: someMessages(sizes.length),
    answer: (verb) =>
      verb === "LIST" ? list("", sizes.map((size, at) => `${at + 1} ${size}`)) : undefined,
  });
  await using _session = session;
  const listed = await session.list();
  ok(listed.ok);
  for await (const item of session.retrieve(listed.value.map(({ no }) => no))) {
    ok(item.ok);
    asked.push(server.commands.filter((line) => line.startsWith("RETR")).length);
    await item.value.bytes();
  }
  deepEqual(asked, [2, 2, 3, 4, 6, 6]);
});

Deno.test("a refusal in the middle does not disturb the others [T-P14]", none, async () => {
  const { session } = await loggedIn({
    messages: someMessages(200),
    answer: (verb, argument) =>
      verb === "DELE" && Number(argument) % 3 === 0 ? "-ERR locked\r\n" : undefined,
  });
  await using _session = session;
  const { numbers } = await session.snapshot();
  const marks = await session.markDeleted(numbers);
  deepEqual(marks.map(({ ok }) => ok), numbers.map(({ value }) => value % 3 !== 0));
  equal(session.marked.length, marks.filter(({ ok }) => ok).length);
});

Deno.test(
  "after more than five refusals in a row nothing more is asked, and each message has its result [P26] [Q16]",
  none,
  async () => {
    const { session, server } = await loggedIn({
      messages: someMessages(30),
      answer: (verb, argument) =>
        verb === "DELE" && Number(argument) > 4 ? "-ERR too many\r\n" : undefined,
    }, { window: 4 });
    await using _session = session;
    const { numbers } = await session.snapshot();
    const marks = await session.markDeleted(numbers);
    equal(marks.length, 30);
    deepEqual(marks.slice(0, 4).map(({ ok }) => ok), [true, true, true, true]);
    const asked = server.commands.filter((line) => line.startsWith("DELE")).length;
    ok(asked >= 10 && asked < 15, `${asked} commands`);
    const [untried] = marks.slice(-1);
    ok(untried && !untried.ok);
    deepEqual([untried.reply, untried.error.name], [undefined, "Pop3LocalError"]);
    match(untried.error.message, /^Cannot say DELE 30: not tried after 6 refusals in a row$/);
    equal((await session.noop()).ok, true);
  },
);

Deno.test("five refusals in a row, again and again, stop nothing [P26]", none, async () => {
  const { session } = await loggedIn({
    messages: someMessages(30),
    answer: (verb, argument) =>
      verb === "DELE" && Number(argument) % 6 !== 0 ? "-ERR no\r\n" : undefined,
  });
  await using _session = session;
  const { numbers } = await session.snapshot();
  const marks = await session.markDeleted(numbers);
  equal(marks.every(({ reply }) => reply !== undefined), true);
});

Deno.test("20,000 marks are one session and one QUIT [P32]", none, async () => {
  const many = someMessages(20_000, 60);
  const { session, server } = await loggedIn({ messages: many }, { window: 256 });
  await using _session = session;
  const { numbers } = await session.snapshot();
  await session.markDeleted(numbers);
  const { kind, marked } = await session.commit();
  deepEqual([kind, marked.length, server.left().length], ["committed", 20_000, 0]);
  equal(server.commands.filter((line) => line === "QUIT").length, 1);
});

Deno.test("leaving a loop reads what is under way, and the session goes on", none, async () => {
  for (const chunk of [undefined, 333]) {
    const { session, server } = await loggedIn({ messages, ...(chunk && { chunk }) });
    await using _session = session;
    const { numbers } = await session.snapshot();
    for await (const item of session.retrieve(numbers)) {
      ok(item.ok);
      if (item.no.value === 3) break;
    }
    const asked = server.commands.filter((line) => line.startsWith("RETR")).length;
    equal(asked, 64);
    equal((await session.noop()).ok, true);
    // An exception leaves it too, and stays what it is.
    const wrong = new Error("wrong");
    await rejects(async () => {
      for await (const _ of session.top(numbers, 0)) throw wrong;
    }, wrong);
    equal((await session.noop()).ok, true);
  }
});

Deno.test("marks of a loop that was left count as they were answered", none, async () => {
  const { session } = await loggedIn({ messages: someMessages(10) });
  await using _session = session;
  const { numbers } = await session.snapshot();
  await session.markDeleted(numbers.slice(0, 3));
  await session.markDeleted([]);
  deepEqual(session.marked, numbers.slice(0, 3));
});

Deno.test(
  "a message that is not read, or only begun, is passed over by the next of its loop",
  none,
  async () => {
    const { session } = await loggedIn({ messages: someMessages(20, 5_000), chunk: 700 });
    await using _session = session;
    const { numbers } = await session.snapshot();
    let whole = 0;
    for await (const item of session.retrieve(numbers)) {
      ok(item.ok);
      if (item.no.value % 3 === 0) {
        for await (const _ of item.value.body) break; // cancels it
      } else if (item.no.value % 3 === 1) whole += (await item.value.bytes()).length > 0 ? 1 : 0;
    }
    equal(whole, 7);
  },
);

Deno.test("a loop waits for a stream that somebody else still reads", none, async () => {
  const contents = someMessages(5, 5_000);
  const { session } = await loggedIn({ messages: contents, chunk: 700 });
  await using _session = session;
  const { numbers } = await session.snapshot();
  const reading: Promise<Uint8Array>[] = [];
  for await (const item of session.retrieve(numbers)) {
    ok(item.ok);
    reading.push(new Response(item.value.body).bytes());
  }
  deepEqual(await Promise.all(reading), contents);
});

Deno.test(
  "a call inside a loop over messages is refused, for it would wait for itself",
  none,
  async () => {
    const { session } = await loggedIn({ messages: someMessages(3) });
    await using _session = session;
    const { numbers } = await session.snapshot();
    for await (const item of session.retrieve(numbers)) {
      await rejects(session.dele(item.no), {
        name: "Pop3LocalError",
        message: /^Cannot say anything inside a loop over messages/,
      });
      await rejects(session.commit(), Pop3LocalError);
    }
    equal((await session.dele(numbers[0] as MsgNo)).ok, true);
  },
);

Deno.test("marks are set in one go: a call meanwhile waits for its turn", none, async () => {
  const { session, server } = await loggedIn({ messages: someMessages(200), chunk: 100 });
  await using _session = session;
  const { numbers } = await session.snapshot();
  const marks = session.markDeleted(numbers);
  while (session.marked.length === 0) await settle();
  equal((await session.noop()).ok, true);
  equal((await marks).length, 200);
  equal(server.commands.at(-1), "NOOP");
});

Deno.test("two loops and a call at once take their turns", none, async () => {
  const { session } = await loggedIn({ messages: someMessages(100) });
  await using _session = session;
  const { numbers } = await session.snapshot();
  const [first, noop, second] = await Promise.all([
    session.markDeleted(numbers.slice(0, 50)),
    session.noop(),
    session.markDeleted(numbers.slice(50)),
  ]);
  deepEqual([first.length, noop.ok, second.length, session.marked.length], [50, true, 50, 100]);
});

Deno.test(
  "a connection lost in a window throws, and the marks are void [T-D07]",
  none,
  async () => {
    const { session, server } = await loggedIn({
      messages: someMessages(100),
      answer: (verb, argument) => verb === "DELE" && argument === "70" ? "<close>" : undefined,
    });
    await using _session = session;
    const { numbers } = await session.snapshot();
    await rejects(session.markDeleted(numbers), ClosedError);
    const { kind, marked } = await session.commit();
    deepEqual([kind, server.left().length], ["not-committed", 100]);
    ok(marked.length <= 69);
  },
);

Deno.test("answers that are mixed up end the session [Q21]", none, async () => {
  const { session } = await loggedIn({
    messages: someMessages(4),
    answer: (verb, argument) =>
      verb === "TOP" && argument === "2 0" ? "Subject: b\r\n\r\n.\r\n+OK\r\n" : undefined,
  });
  await using _session = session;
  const { numbers } = await session.snapshot();
  const seen: number[] = [];
  await rejects(async () => {
    for await (const { no } of session.top(numbers, 0)) seen.push(no.value);
  }, ProtocolError);
  deepEqual(seen, [1]);
});

Deno.test(
  "an answer more than was asked for ends the session before the next command",
  none,
  async () => {
    const { session } = await loggedIn({
      messages: someMessages(2),
      answer: (verb, argument) =>
        verb === "DELE" && argument === "2" ? "+OK\r\n+OK\r\n" : undefined,
    });
    await using _session = session;
    const { numbers } = await session.snapshot();
    await session.markDeleted(numbers);
    const { kind, cause } = await session.commit();
    equal(kind, "not-committed");
    match(`${cause}`, /unsolicited data/);
  },
);

Deno.test("an abort ends a window with the signal's reason", none, async () => {
  const { session } = await loggedIn({ messages: someMessages(100), chunk: 50 });
  await using _session = session;
  const { numbers } = await session.snapshot();
  const controller = new AbortController();
  const reason = new Error("enough");
  await rejects(async () => {
    for await (const { no } of session.top(numbers, 0, { signal: controller.signal })) {
      if (no.value === 5) controller.abort(reason);
    }
  }, reason);
  equal(session.usable, false);
});

Deno.test("windows take 1 to 256 and numbers of this session", none, async () => {
  const { session } = await loggedIn({ messages: someMessages(2) });
  await using _session = session;
  const { numbers } = await session.snapshot();
  for (const window of [0, 257, 1.5]) {
    throws(() => session.retrieve(numbers, { window }), RangeError);
    throws(() => session.top(numbers, 0, { window }), RangeError);
  }
  throws(() => session.top(numbers, -1), RangeError);
});

Deno.test(
  "a silence of ours is broken by NOOP between replies, never inside one [P28] [Q20]",
  none,
  async () => {
    const clock = new FakeClock();
    const { session, server } = await loggedIn(
      { messages: someMessages(4, 5_000) },
      { clock, keepAliveMs: 25_000 },
    );
    await using _session = session;
    const noops = (): number => server.commands.filter((line) => line === "NOOP").length;
    const { numbers } = await session.snapshot();
    await clock.advance(60_000);
    equal(noops(), 2);
    for await (const item of session.retrieve(numbers)) {
      ok(item.ok);
      if (item.no.value === 1) await clock.advance(60_000); // inside the reply
      if (item.no.value === 1) equal(noops(), 2);
      await item.value.bytes();
      const before = noops();
      await clock.advance(30_000); // a slow archive, between replies
      ok(noops() > before);
    }
    for await (const top of session.top(numbers, 0)) {
      ok(top.ok);
      await clock.advance(30_000);
    }
    const marks = await session.markDeleted(numbers);
    equal(marks.every(({ ok }) => ok), true);
    equal((await session.commit()).kind, "committed");
    const last = server.commands.length;
    await clock.advance(60_000);
    equal(server.commands.length, last);
    await settle();
    equal(clock.sleeping, 0);
  },
);

Deno.test("without a limit no NOOP is said by itself", none, async () => {
  const clock = new FakeClock();
  const { session, server } = await loggedIn({ messages: someMessages(1) }, { clock });
  await using _session = session;
  const before = server.commands.length;
  await clock.advance(3_600_000);
  equal(server.commands.length, before);
});
