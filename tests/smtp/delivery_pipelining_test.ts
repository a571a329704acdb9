import { deepEqual, equal, ok } from "node:assert/strict";
import { SmtpSession } from "../../src/smtp/session.ts";
import { Channel, type Connection, memoryPair } from "../../src/wire/mod.ts";
import { mailTo, names, sendOver, SMALL } from "./deliveries.ts";
import { greeted } from "./scripted_session.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };

const TAKEN = `
  C: MAIL FROM:<ann@client.example>
  C: RCPT TO:<bob@mx.example>
  C: DATA
  S: 250 sender
  S: 250 recipient
  S: 354 go`;
const CONTENT = `
  C: Subject: hi
  C: .`;
const BOB = ["bob@mx.example"];

Deno.test(
  "SmtpSession.sendAll() costs one write per message and one for the first envelope",
  PURE,
  async () => {
    const { receipts, writes } = await sendOver(
      "PIPELINING",
      `${TAKEN}${CONTENT}${
        `${TAKEN.replace("S: 250 sender", "S: 250 taken\nS: 250 sender")}${CONTENT}`.repeat(9)
      }
    S: 250 taken`,
      Array(10).fill(mailTo(BOB)),
    );
    deepEqual(receipts.map(({ outcome }) => outcome), Array(10).fill("accepted"));
    equal(writes, 11);
  },
);

Deno.test(
  "SmtpSession.sendAll() costs the same from an async source that keeps up",
  PURE,
  async () => {
    async function* messages(): AsyncGenerator<ReturnType<typeof mailTo>> {
      for (let i = 0; i < 3; i++) yield await Promise.resolve(mailTo(BOB));
    }
    const { receipts, writes } = await sendOver(
      "PIPELINING",
      `${TAKEN}${CONTENT}${
        `${TAKEN.replace("S: 250 sender", "S: 250 taken\nS: 250 sender")}${CONTENT}`.repeat(2)
      }
    S: 250 taken`,
      messages(),
    );
    equal(receipts.length, 3);
    equal(writes, 4);
  },
);

Deno.test.each([
  ["absent", "SIZE 1000", []],
  ["masked", "PIPELINING, SIZE 1000", ["PIPELINING"]],
  ["masked in lower case", "PIPELINING, SIZE 1000", ["pipelining"]],
])(
  "SmtpSession.send() says one command at a time where PIPELINING is %s [S31]",
  PURE,
  async (_, offered, without) => {
    await using made = await greeted(
      offered,
      `
      C: MAIL FROM:<ann@client.example> SIZE=13
      S: 250 sender
      C: RCPT TO:<bob@mx.example>
      S: 250 recipient
      C: RCPT TO:<eve@mx.example>
      S: 250 recipient
      C: DATA
      S: 354 go
      ${CONTENT}
      S: 250 taken`,
      { without },
    );
    const before = made.session.turns.writes;
    const { envelope } = mailTo([...BOB, "eve@mx.example"]);
    equal((await made.session.send(envelope, SMALL)).outcome, "accepted");
    equal(made.session.turns.writes - before, 5);
    await made.done;
  },
);

Deno.test(
  "SmtpSession pipelines nothing on the word of an EHLO before TLS [S31]",
  PURE,
  async () => {
    await using made = await greeted(
      "PIPELINING, STARTTLS",
      `
    C: STARTTLS
    S: 220 go
    <tls>
    C: EHLO client.example
    S: 250 mx.example
    C: MAIL FROM:<ann@client.example>
    S: 250 sender
    C: RCPT TO:<bob@mx.example>
    S: 250 recipient
    C: DATA
    S: 354 go
    ${CONTENT}
    S: 250 taken`,
    );
    await made.session.startTls();
    await made.session.ehlo();
    const before = made.session.turns.writes;
    const receipt = await made.session.send(mailTo(BOB).envelope, SMALL);
    equal(receipt.tls, true);
    equal(made.session.turns.writes - before, 4);
    await made.done;
  },
);

/** A server that answers each command, and knows how many octets of them were unanswered. */
async function bounded(
  connection: Connection,
  options: { readonly answerAfter: number },
): Promise<{ readonly most: number; readonly partial: number }> {
  const buffer = new Uint8Array(64 * 1024);
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let text = "";
  let unanswered = 0;
  let most = 0;
  let partial = 0;
  while (true) {
    const count = await connection.read(buffer);
    if (count === null) return { most, partial };
    text += decoder.decode(buffer.subarray(0, count));
    unanswered += count;
    most = Math.max(most, unanswered);
    if (!text.endsWith("\r\n")) partial++;
    const lines = text.split("\r\n");
    text = lines.pop() ?? "";
    if (unanswered < options.answerAfter && !lines.includes("DATA")) continue;
    for (const line of lines) {
      const reply = line === "DATA" ? "354 go" : "250 ok, and a reply that takes some room";
      await connection.write(encoder.encode(`${reply}\r\n`));
    }
    unanswered = 0;
    if (lines.includes("DATA")) break;
  }
  // The content is one line and the dot.
  while (!text.endsWith("\r\n.\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) return { most, partial };
    text += decoder.decode(buffer.subarray(0, count));
  }
  await connection.write(encoder.encode("250 taken\r\n"));
  return { most, partial };
}

async function ready(connection: Connection, offered: string): Promise<void> {
  const channel = new Channel(connection, { end: "S" });
  await channel.readLine();
  channel.putContent(new TextEncoder().encode(`250-mx.example\r\n250 ${offered}\r\n`));
  await channel.flush();
}

const CROWD = Array.from({ length: 3000 }, (_, i) => `recipient-number-${i}@mx.example`);

Deno.test(
  "SmtpSession.send() never has more than 16 KiB of commands unanswered [S29] [S30]",
  PURE,
  async () => {
    const [connection, server] = memoryPair();
    const session = new SmtpSession(connection, { host: "mx.example", name: "c.example" });
    const served = (async () => {
      await ready(server, "PIPELINING");
      return await bounded(server, { answerAfter: 0 });
    })();
    await session.ehlo();
    const { envelope } = mailTo(CROWD);
    const receipt = await session.send(envelope, SMALL);
    equal(receipt.accepted.length, 3000);
    const { most, partial } = await served;
    ok(most <= 16 * 1024, `${most} octets`);
    ok(most > 14 * 1024, `${most} octets: groups are worth it`);
    equal(partial, 0); // each write ended with a command
    session.close();
    server.close();
  },
);

Deno.test(
  "SmtpSession.send() gets along with a server that reads only after its replies were read [S30]",
  PURE,
  async () => {
    // Pipes that hold hardly more than one reply: whoever writes without reading waits for ever.
    const [connection, server] = memoryPair({ capacity: 64 });
    const session = new SmtpSession(connection, { host: "mx.example", name: "c.example" });
    const served = (async () => {
      await ready(server, "PIPELINING");
      return await bounded(server, { answerAfter: 0 });
    })();
    await session.ehlo();
    const { envelope } = mailTo(CROWD);
    equal((await session.send(envelope, SMALL)).accepted.length, 3000);
    await served;
    session.close();
    server.close();
  },
);

Deno.test(
  "SmtpSession.send() ends a group with DATA and puts nothing behind it [S32]",
  PURE,
  async () => {
    const { heard } = await sendOver("PIPELINING", `${TAKEN}${CONTENT}\nS: 250 taken`, [
      mailTo(BOB),
    ]);
    ok(heard.includes("RCPT TO:<bob@mx.example>\r\nDATA\r\nSubject"));
  },
);

Deno.test("SmtpSession puts nothing behind the verbs that end a group [S32]", PURE, async () => {
  await using made = await greeted(
    "PIPELINING, STARTTLS, ETRN",
    `
    C: VRFY joe
    S: 252 perhaps
    C: EXPN list
    S: 250 Joe <joe@mx.example>
    C: NOOP
    S: 250 ok
    C: STARTTLS
    S: 454 not now
    C: EHLO client.example
    S: 250 mx.example
    C: QUIT
    S: 221 bye`,
  );
  const { session } = made;
  const before = session.turns.writes;
  // All at once: each waits for the reply to the one before, so a write holds one of them.
  await Promise.all([
    session.vrfy("joe"),
    session.expn("list"),
    session.noop(),
    session.startTls(),
    session.ehlo(),
    session.quit(),
  ]);
  equal(session.turns.writes - before, 6);
  await made.done;
});

Deno.test(
  "SmtpSession.sendAll() lets the next envelope begin anew behind what was left open",
  PURE,
  async () => {
    // DATA was refused: the server still holds the envelope. RSET rides with the next one.
    const { receipts, writes } = await sendOver(
      "PIPELINING",
      `
    C: MAIL FROM:<ann@client.example>
    C: RCPT TO:<bob@mx.example>
    C: DATA
    S: 250 sender
    S: 250 recipient
    S: 451 not now
    C: RSET
    C: MAIL FROM:<ann@client.example>
    C: RCPT TO:<bob@mx.example>
    C: DATA
    S: 250 reset
    S: 250 sender
    S: 250 recipient
    S: 354 go
    ${CONTENT}
    S: 250 taken`,
      [mailTo(BOB), mailTo(BOB)],
    );
    deepEqual(receipts.map(({ outcome }) => outcome), ["deferred", "accepted"]);
    equal(writes, 3);
  },
);

Deno.test(
  "SmtpSession.sendAll() does not begin anew where nothing was left open",
  PURE,
  async () => {
    const { receipts } = await sendOver(
      "PIPELINING",
      `
    ${TAKEN}
    ${CONTENT}
    ${TAKEN.replace("S: 250 sender", "S: 554 no, thanks\nS: 250 sender")}
    ${CONTENT}
    S: 250 taken`,
      [mailTo(BOB), mailTo(BOB)],
    );
    deepEqual(receipts.map(({ outcome }) => outcome), ["refused", "accepted"]);
  },
);

Deno.test.each([
  [
    "after the first reply",
    "C: MAIL FROM:<ann@client.example>\nS: 250 sender\nS: 250 again\n<eof>",
  ],
  [
    "after a later one",
    `C: MAIL FROM:<ann@client.example>
    S: 250 sender
    C: RCPT TO:<bob@mx.example>
    S: 250 recipient
    S: 250 again
    <eof>`,
  ],
])(
  "SmtpSession.send() says nothing more to a server that says too much %s [T-R07]",
  PURE,
  async (_, script) => {
    const { receipts, error } = await sendOver("", script, [mailTo(BOB)]);
    equal((error as Error).name, "ProtocolError");
    equal(receipts[0]?.outcome, "not-sent");
  },
);

Deno.test(
  "SmtpSession.sendAll() finds out that replies are shifted by one before content is written [T-R07]",
  PURE,
  async () => {
    const { receipts, error } = await sendOver(
      "PIPELINING",
      `${TAKEN}${CONTENT}
      ${TAKEN.replace("S: 250 sender", "S: 250 taken\nS: 250 stray\nS: 250 sender")}
      <eof>`,
      [mailTo(BOB), mailTo(BOB)],
    );
    equal((error as Error).name, "ProtocolError");
    deepEqual(receipts.map(({ outcome }) => outcome), ["accepted", "not-sent"]);
    deepEqual(names(receipts[1]?.rejected ?? []), BOB);
  },
);
