import { deepEqual, equal, rejects } from "node:assert/strict";
import type { Connection } from "@mailwright/mailwright";
import { message, servedMaildrop } from "./pop3_served.ts";

const pure = { permissions: "none" } as const;
const MESSAGES = Array.from(
  { length: 10 },
  (_, n) => message(`m${n}`, `Subject: ${n}\r\n\r\n${n}\r\n`),
);

Deno.test("servePop3() writes the replies of one batch at once", pure, async () => {
  await using session = await servedMaildrop({ messages: MESSAGES });
  const { client } = session;
  const before = session.writes();
  const retrieves = MESSAGES.map((_, n) => `RETR ${n + 1}\r\n`).join("");
  await client.send(`STAT\r\nLIST\r\nUIDL\r\n${retrieves}TOP 99 0\r\nDELE 1\r\nQUIT\r\n`);
  const lines = (await client.rest()).split("\r\n");
  equal(session.writes() - before, 1);
  equal(lines[0], "+OK 10 170");
  deepEqual(lines.slice(-4), [
    "-ERR No such message",
    "+OK Marked as deleted",
    "+OK pop.example closing the connection",
    "",
  ]);
  deepEqual(session.course.removed, ["m0"]);
});

Deno.test("servePop3() gives the same replies one octet at a time", pure, async () => {
  const batch =
    "USER ann\r\nPASS pencil\r\nCAPA\r\nUIDL\r\nRETR 3\r\nTOP 4 0\r\nDELE 3\r\nQUIT\r\n";
  const seen = await Promise.all([1, 65_536].map(async (chunk) => {
    await using session = await servedMaildrop({ messages: MESSAGES, chunk, until: "greeting" });
    await session.client.send(batch);
    const rest = await session.client.rest();
    return [rest, session.course];
  }));
  deepEqual(seen[0], seen[1]);
});

Deno.test("servePop3() does not gather a list without end", pure, async () => {
  const messages = Array.from({ length: 100_000 }, (_, n) => message(`uid-${n}`, ""));
  await using session = await servedMaildrop({ messages });
  const before = session.writes();
  await session.client.send("UIDL\r\nQUIT\r\n");
  const rest = await session.client.rest();
  equal(rest.split("\r\n").length, 100_000 + 4);
  const writes = session.writes() - before;
  // In pieces of about 16 KiB.
  equal(writes > rest.length / 20_000 && writes < rest.length / 16_000 + 2, true);
});

Deno.test("servePop3() reads nothing more until its replies are read", pure, async () => {
  // Both directions hold little: a client that only writes comes to a halt.
  await using session = await servedMaildrop({ capacity: 4096 });
  const { client } = session;
  let written = 0;
  const writing = (async () => {
    for (; written < 4000; written++) await client.send("NOOP\r\n");
  })();
  for (let turn = 0; turn < 20_000; turn++) await Promise.resolve();
  equal(written < 4000, true);
  for (let n = 0; n < 4000; n++) equal(await client.line(), "+OK Nothing done");
  await writing;
});

Deno.test.each(["USER ann\r\nPASS pencil\r\nDELE 1\r\nQUIT\r\n", "US"])(
  "what stands behind STLS is never obeyed, and the session is over [T-V01]",
  pure,
  async (behind) => {
    await using session = await servedMaildrop({ messages: MESSAGES, until: "greeting" });
    await session.client.send(`STLS\r\n${behind}`);
    equal(await session.client.rest(), "-ERR Nothing may follow this command\r\n");
    equal(await session.end, "dismissed");
    deepEqual(session.course, { opened: [], removed: [], closed: 0 });
  },
);

Deno.test(
  "what comes in the clear behind the reply to STLS is never obeyed [T-V01]",
  pure,
  async () => {
    await using session = await servedMaildrop({ messages: MESSAGES, until: "greeting" });
    const { client } = session;
    equal(await client.ask("STLS"), "+OK Begin TLS");
    await client.send("USER ann\r\nPASS pencil\r\nDELE 1\r\nQUIT\r\n");
    const connection = client.octets as Connection; // memoryPair made it
    await rejects(connection.startTls({ hostname: "pop.example" }), { name: "TlsError" });
    equal(await session.end, "tls");
    deepEqual(session.course.opened, []);
  },
);

Deno.test("what stands behind AUTH is a response to it and no command", pure, async () => {
  await using session = await servedMaildrop({ messages: MESSAGES, until: "greeting" });
  await session.client.send("AUTH PLAIN\r\nDELE 1\r\nQUIT\r\n");
  equal(await session.client.line(), "+ ");
  equal(await session.client.line(), "-ERR Cannot decode the base64");
  equal(await session.end, "quit");
  deepEqual(session.course.opened, []);
});
