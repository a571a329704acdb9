import { deepEqual, equal, rejects } from "node:assert/strict";
import { pop3CapabilityLists, Pop3RefusalError } from "@mailwright/mailwright";
import { FakeClock } from "../fake_clock.ts";
import { askOctets, message, servedMaildrop, type ServedMaildropOptions } from "./pop3_served.ts";

const pure = { permissions: "none" } as const;
const MESSAGES = [message("a", "1\r\n"), message("b", "2\r\n"), message("c", "3\r\n")];
const BYE = "+OK pop.example closing the connection";

Deno.test("QUIT removes what is marked, in the order of marking, then releases", pure, async () => {
  const order: string[] = [];
  await using session = await servedMaildrop({
    messages: MESSAGES,
    maildrop: {
      async update(removed) {
        await Promise.resolve();
        order.push(...removed.map(({ uid }) => uid));
        return 0;
      },
      async close() {
        await Promise.resolve();
        order.push("closed");
      },
    },
  });
  await session.client.askAll("DELE 3", "DELE 1");
  equal(await session.client.ask("QUIT"), BYE);
  equal(await session.end, "quit");
  deepEqual(order, ["c", "a", "closed"]);
});

Deno.test.each<[string, ServedMaildropOptions["maildrop"], string]>([
  ["some messages stay", { update: () => 1 }, "-ERR Some deleted messages not removed"],
  [
    "the maildrop says why",
    {
      update: () =>
        Promise.reject(new Pop3RefusalError({ ok: false, code: "SYS/TEMP", text: "Disk full" })),
    },
    "-ERR [SYS/TEMP] Disk full",
  ],
])("QUIT says no where %s, releases, and the session is over", pure, async (...row) => {
  const [, maildrop, reply] = row;
  await using session = await servedMaildrop({ messages: MESSAGES, maildrop: maildrop ?? {} });
  await session.client.ask("DELE 1");
  equal(await session.client.ask("QUIT"), reply);
  equal(await session.client.line(), null);
  equal(await session.end, "quit");
  equal(session.course.closed, 1);
});

Deno.test("QUIT at a backend with a defect is no success", pure, async () => {
  await using session = await servedMaildrop({
    messages: MESSAGES,
    maildrop: { update: () => Promise.reject(new Error("Broken")) },
  });
  equal(await session.client.ask("QUIT"), "-ERR [SYS/TEMP] Internal error");
  equal(await session.client.line(), null);
  await rejects(session.end, { message: "Broken" });
  equal(session.course.closed, 1);
});

Deno.test.each(["", "QUI", "QUIT", "QUIT\r"])(
  'a client that drops after DELE and "%s" has removed nothing [T-V05]',
  pure,
  async (last) => {
    await using session = await servedMaildrop({ messages: MESSAGES });
    await session.client.ask("DELE 1");
    await session.client.send(last);
    session.client.octets.close();
    equal(await session.end, "closed");
    deepEqual(session.course, { opened: ["ann"], removed: [], closed: 1 });
  },
);

Deno.test("a client that is silent for too long has removed nothing [T-V05]", pure, async () => {
  const clock = new FakeClock();
  await using session = await servedMaildrop({ messages: MESSAGES, clock });
  await session.client.ask("DELE 1");
  await clock.advance(599_000);
  equal(await session.client.ask("NOOP"), "+OK Nothing done");
  await clock.advance(601_000);
  equal(await session.client.rest(), ""); // RFC 1939 section 3: without a response
  equal(await session.end, "timeout");
  deepEqual(session.course, { opened: ["ann"], removed: [], closed: 1 });
});

Deno.test("a session that is aborted has removed nothing [T-V05]", pure, async () => {
  const stop = new AbortController();
  await using session = await servedMaildrop({ messages: MESSAGES, signal: stop.signal });
  await session.client.ask("DELE 1");
  stop.abort(new Error("Enough"));
  await rejects(session.end, { message: "Enough" });
  deepEqual(session.course, { opened: ["ann"], removed: [], closed: 1 });
});

Deno.test("with EXPIRE 0, QUIT also removes what was retrieved", pure, async () => {
  for (const expire of [0, "NEVER"] as const) {
    await using session = await servedMaildrop({
      messages: MESSAGES,
      capabilities: pop3CapabilityLists({ clearLogin: true, expire }),
    });
    const { client } = session;
    await askOctets(client, "RETR 2");
    await askOctets(client, "TOP 1 9");
    await client.ask("DELE 3");
    equal(await client.ask("QUIT"), BYE);
    deepEqual(session.course.removed, expire === 0 ? ["c", "b"] : ["c"]);
  }
});

Deno.test("a maildrop may refuse to have a message marked", pure, async () => {
  await using session = await servedMaildrop({
    messages: MESSAGES,
    maildrop: {
      mark({ uid }) {
        if (uid === "b") throw new Pop3RefusalError({ ok: false, text: "It is held" });
      },
    },
  });
  const { client } = session;
  deepEqual(await client.askAll("DELE 1", "DELE 2", "STAT"), [
    "+OK Marked as deleted",
    "-ERR It is held",
    "+OK 2 6",
  ]);
  await client.ask("QUIT");
  deepEqual(session.course.removed, ["a"]);
});

Deno.test("two messages of one uid are told apart", pure, async () => {
  const twins = [message("same", "1\r\n"), message("same", "22\r\n")];
  const sizes: number[] = [];
  await using session = await servedMaildrop({
    messages: twins,
    maildrop: {
      update(removed) {
        sizes.push(...removed.map(({ size }) => size));
        return 0;
      },
    },
  });
  await session.client.askAll("DELE 2", "QUIT");
  deepEqual(sizes, [4]);
});
