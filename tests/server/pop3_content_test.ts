import { deepEqual, equal, rejects } from "node:assert/strict";
import { DotUnstuffer, type MaildropMessage, Pop3RefusalError } from "@mailwright/mailwright";
import { askOctets, latin1, message, servedMaildrop } from "./pop3_served.ts";

const pure = { permissions: "none" } as const;
const BYE = "+OK pop.example closing the connection\r\n";

/** What a client that reads by the letter makes of a body, and what is left. */
function read(stream: string): [content: string, rest: string] {
  const dots = new DotUnstuffer();
  let content = "";
  for (const octet of dots.push(latin1(stream))) content += String.fromCharCode(octet);
  return [content, stream.slice(dots.consumed)];
}

Deno.test.each<[string, string]>([
  ["dots", "..\r\n.\r\n...\r\n.x\r\n"],
  ["lone CR and LF", "a\n.\nb\r.\rc\r\n"],
  ["8-bit octets and NUL", "\0\xff\xfe\r\n\x80\r\n"],
  ["what looks like replies", "\r\n.\r\n+OK\r\n-ERR\r\n"],
  ["nothing", ""],
  ["a line of a megabyte", `${"x".repeat(1024 * 1024)}\r\n`],
])("RETR gives %s octet by octet", pure, async (_name, content) => {
  const whole = latin1(content);
  const halves = [whole.subarray(0, whole.length / 2), whole.subarray(whole.length / 2)];
  for (
    const pieces of [
      [whole],
      halves,
      [...whole.subarray(0, 100)].map((o) => Uint8Array.of(o)),
    ]
  ) {
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    await using session = await servedMaildrop({
      messages: [{ uid: "a", size, read: () => pieces }],
    });
    await session.client.send("RETR 1\r\nQUIT\r\n");
    equal(await session.client.line(), `+OK ${size} octets`);
    const [seen, rest] = read(await session.client.rest());
    equal(rest, BYE);
    equal(seen, size === content.length ? content : `${content.slice(0, 100)}\r\n`);
  }
});

Deno.test("RETR ends a last line that has no end, for the dot must begin one", pure, async () => {
  await using session = await servedMaildrop({ messages: [message("a", "x\r\n.y")] });
  equal(await askOctets(session.client, "RETR 1"), "x\r\n..y\r\n");
});

/** A message without end, and how much of it was asked for. */
function endless() {
  const seen = { pieces: 0, over: false };
  const piece = latin1(`${"x".repeat(998)}\r\n`.repeat(64));
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      yield latin1("Subject: endless\r\n\r\n");
      while (true) {
        seen.pieces++;
        await Promise.resolve();
        yield piece;
      }
    } finally {
      seen.over = true;
    }
  }
  return { seen, messages: [{ uid: "a", size: 2 ** 53, read }] };
}

/** Lets everything run that waits for no time. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
}

Deno.test("RETR asks the backend for no more than the client takes", pure, async () => {
  const { seen, messages } = endless();
  await using session = await servedMaildrop({ messages, capacity: 100_000 });
  const { client } = session;
  await client.send("RETR 1\r\n");
  await turns();
  equal(seen.pieces <= 4, true);
  const before = seen.pieces;
  for (let n = 0; n < 640; n++) await client.line(); // ten pieces
  await turns();
  equal(seen.pieces > before + 5 && seen.pieces < before + 15, true);
  client.octets.close();
  equal(await session.end, "closed");
  equal(seen.over, true);
});

Deno.test("TOP asks the backend for no more than it gives, and lets go of it", pure, async () => {
  const { seen, messages } = endless();
  await using session = await servedMaildrop({ messages });
  equal((await askOctets(session.client, "TOP 1 3")).length, 20 + 3 * 1000);
  deepEqual(seen, { pieces: 1, over: true });
});

Deno.test("RETR refuses what cannot be read any more, and the session goes on", pure, async () => {
  const gone: MaildropMessage = {
    uid: "a",
    size: 1,
    read() {
      throw new Pop3RefusalError({ ok: false, text: "The message is expunged" });
    },
  };
  await using session = await servedMaildrop({ messages: [gone] });
  deepEqual(await session.client.askAll("RETR 1", "TOP 1 0", "DELE 1", "STAT"), [
    "-ERR The message is expunged",
    "-ERR The message is expunged",
    "+OK Marked as deleted",
    "+OK 0 0",
  ]);
});

Deno.test.each<[string, Error, string | undefined]>([
  ["fails", new Error("The disk is away"), undefined],
  ["is refused too late", new Pop3RefusalError({ ok: false, text: "Expunged" }), "dismissed"],
])("a message that %s in its middle is never ended", pure, async (_name, error, end) => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield latin1("x".repeat(40_000));
    await Promise.resolve();
    throw error;
  }
  await using session = await servedMaildrop({
    messages: [{ uid: "a", size: 2, read: broken }],
  });
  await session.client.send("RETR 1\r\nDELE 1\r\nQUIT\r\n");
  // No end of the body, and no word of anything else.
  equal((await session.client.rest()).replaceAll("x", ""), "+OK 2 octets\r\n");
  if (end === undefined) await rejects(session.end, error);
  else equal(await session.end, end);
  deepEqual(session.course, { opened: ["ann"], removed: [], closed: 1 });
});

Deno.test("a maildrop hears what was retrieved to its end", pure, async () => {
  const heard: string[] = [];
  const { messages } = endless();
  await using session = await servedMaildrop({
    messages: [message("a", "x\r\n"), message("b", "y\r\n"), ...messages],
    maildrop: { retrieved: ({ uid }) => void heard.push(uid) },
    capacity: 1000,
  });
  const { client } = session;
  await askOctets(client, "RETR 2");
  await askOctets(client, "TOP 1 100");
  await client.ask("RETR 3");
  client.octets.close();
  await session.end;
  deepEqual(heard, ["b"]);
});
