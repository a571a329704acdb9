import { deepEqual, equal } from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import { message, servedMaildrop } from "./pop3_served.ts";

const pure = { permissions: "none" } as const;

Deno.test("servePop3() answers a line that is too long and goes on", pure, async () => {
  for (const chunk of [1, 65_536]) {
    await using session = await servedMaildrop({ chunk, limits: { lineOctets: 100 } });
    deepEqual(
      await session.client.askAll(`FOO ${"x".repeat(96)}`, `FOO ${"x".repeat(97)}`, "NOOP"),
      ["-ERR Command not recognized", "-ERR Line too long", "+OK Nothing done"],
    );
  }
});

Deno.test("servePop3() ends with a line without end [T-V04]", pure, async () => {
  for (const chunk of [7, 65_536]) {
    await using session = await servedMaildrop({ chunk, limits: { floodOctets: 1000 } });
    await session.client.send("x".repeat(1100));
    equal(await session.client.line(), "-ERR Line too long");
    equal(await session.end, "dismissed");
    equal(session.course.closed, 1);
  }
});

Deno.test(
  "servePop3() ends after many refusals, and nothing is removed [T-V04] [T-V05]",
  pure,
  async () => {
    await using session = await servedMaildrop({
      messages: [message("a", "1\r\n")],
      limits: { refusals: 3 },
    });
    const replies = await session.client.askAll("DELE 1", "A", "B", "NOOP", "C", "D", "NOOP");
    deepEqual(replies.slice(3), [
      "+OK Nothing done",
      "-ERR Command not recognized",
      "-ERR Command not recognized",
      "-ERR Too many bad commands",
    ]);
    equal(await session.end, "dismissed");
    deepEqual(session.course, { opened: ["ann"], removed: [], closed: 1 });
  },
);

Deno.test("servePop3() waits for a login only so long [T-V04]", pure, async () => {
  const clock = new FakeClock();
  const limits = { loginMs: 1000, commandMs: 600 };
  await using slow = await servedMaildrop({ clock, limits, until: "greeting" });
  await using fast = await servedMaildrop({ clock, limits });
  await clock.advance(500);
  for (const { client } of [slow, fast]) {
    equal(await client.ask("LANG *"), "+OK en The language is English");
  }
  await clock.advance(501);
  equal(await slow.end, "timeout");
  equal(await slow.client.line(), null);
  equal(await fast.client.ask("NOOP"), "+OK Nothing done");
});

Deno.test(
  "servePop3() waits for a client that reads nothing only so long [T-V04]",
  pure,
  async () => {
    const clock = new FakeClock();
    const content = "x".repeat(1_000_000);
    await using session = await servedMaildrop({
      messages: [message("a", content)],
      capacity: 1000,
      clock,
      limits: { writeMs: 1000 },
    });
    await session.client.send("RETR 1\r\n");
    await clock.advance(1001);
    equal(await session.end, "timeout");
    equal(session.course.closed, 1);
  },
);

Deno.test("servePop3() refuses a lone LF behind a command unless it is lenient", pure, async () => {
  for (const strict of [true, false]) {
    await using session = await servedMaildrop({ strict });
    await session.client.send("NOOP\n");
    equal(await session.client.line(), strict ? "-ERR A line ends in CRLF" : "+OK Nothing done");
  }
});

Deno.test("servePop3() refuses control characters and what is no UTF-8 [T-V03]", pure, async () => {
  await using session = await servedMaildrop({ until: "greeting" });
  for (const text of ["a\0b", "a\rb", "a\x1bb", "a\tb", "a\x7fb", "a\xc2\x85b"]) {
    await session.client.send(`USER ${text}\r\n`);
    equal(await session.client.line(), "-ERR Control characters are refused");
  }
  await session.client.send("USER \xff\r\n");
  equal(await session.client.line(), "-ERR This is not UTF-8");
});

Deno.test("servePop3() shows nothing of what a client says [T-V03]", pure, async () => {
  await using session = await servedMaildrop({ until: "greeting" });
  const replies = await session.client.askAll(
    "EVIL",
    "USER EVIL",
    "PASS EVIL",
    "LANG EVIL",
    "AUTH EVIL",
  );
  equal(replies.some((reply) => reply === null || reply.includes("EVIL")), false);
});
