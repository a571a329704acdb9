import { deepEqual, equal } from "node:assert/strict";
import { connectSmtp } from "../../src/smtp/connect.ts";
import { SmtpSession } from "../../src/smtp/session.ts";
import type { Connection } from "../../src/wire/mod.ts";
import { at, cut, every } from "./cuts.ts";
import { mailTo } from "./deliveries.ts";
import { play } from "./scripted_server.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };

/** A session with everything in it that a cut could hurt. */
const DIALOGUE = String.raw`
  S: 220-mx.example
  S: 220 ready
  C: EHLO client.example
  S: 250-mx.example
  S: 250-PIPELINING
  S: 250-SIZE 1000
  S| 250 HELP\n
  C: VRFY joe
  S| 252 \xfc\xc3\xbc\r\n
  C: MAIL FROM:<ann@client.example> SIZE=13
  C: RCPT TO:<bob@mx.example>
  C: RCPT TO:<eve@mx.example>
  C: DATA
  S: 250 2.1.0 sender
  S| 251-2.1.5\r\n251 2.1.5 will forward to <bob@other.example>\r\n
  S: 550 5.1.1 Größe
  S: 354 go
  C: Subject: hi
  C: .
  S: 250 2.0.0 Ok: queued as 4ABC12
  C: QUIT
  S: 221 bye`;

/** What a user and a listener see of it. */
async function seen(through: (connection: Connection) => Connection): Promise<string> {
  const { connection, done } = play(DIALOGUE);
  const events: string[] = [];
  const session = new SmtpSession(through(connection), {
    host: "mx.example",
    name: "client.example",
    onEvent: ({ end, kind, text }) => events.push(`${kind} ${end} ${text}`),
  });
  const results: unknown[] = [await session.readGreeting(), await session.ehlo()];
  results.push(session.capabilities.size, await session.vrfy("joe"));
  const { envelope, content } = mailTo(["bob@mx.example", "eve@mx.example"]);
  results.push(await session.send(envelope, content), await session.quit());
  await done;
  return JSON.stringify({ results, events });
}

Deno.test(
  "SmtpSession hears the same, byte by byte and cut anywhere [S2] [T-R01]",
  PURE,
  async () => {
    let octets = 0;
    const measure = (offset: number): number => {
      octets = offset;
      return Infinity;
    };
    const whole = await seen((connection) => cut(connection, measure));
    equal(JSON.parse(whole).results[4].outcome, "partial");
    equal(await seen((connection) => cut(connection, every(1))), whole);
    for (let position = 1; position < octets; position++) {
      equal(await seen((connection) => cut(connection, at(position))), whole, `cut at ${position}`);
    }
  },
);

Deno.test("SmtpSession keeps capabilities whose reply comes in two parts [S1]", PURE, async () => {
  const { connection, done } = play(`
    S: 220 mx.example
    C: EHLO client.example
    S: 250-mx.example
    S: 250-STARTTLS
    <turn>
    S: 250-SIZE 1000
    S: 250 HELP
    C: STARTTLS
    S: 220 go
    <tls>
    C: EHLO client.example
    S: 250 mx.example
    C: QUIT
    S: 221 bye`);
  const session = await connectSmtp({ connection, host: "mx.example", name: "client.example" });
  equal(session.secure, true);
  await session.quit();
  await done;
});

Deno.test("SmtpSession reads a reply across every end of its buffer [S2] [S11]", PURE, async () => {
  // 20 KiB in lines with bare LF: more than the reader's first buffer, and read in odd pieces.
  const lines = Array.from({ length: 100 }, (_, line) => `${line} ${"x".repeat(190 + line % 7)}`);
  const text = lines.map((line, i) => `214${i + 1 < lines.length ? "-" : " "}${line}`).join("\\n");
  for (const size of [4096, 4095, 1021, 16384, 16383]) {
    const { connection, done } = play(`C: HELP\nS| ${text}\\n`);
    const session = new SmtpSession(cut(connection, every(size)), {
      host: "mx",
      name: "c.example",
    });
    const reply = await session.help();
    deepEqual(reply.lines, lines, `${size}`);
    deepEqual(reply.notes, ["bare LF"]);
    session.close();
    await done;
  }
});

Deno.test("SmtpSession gives each of several replies to its command [S3]", PURE, async () => {
  const { connection, done } = play(`
    S: 220 mx.example
    C: EHLO client.example
    S: 250-mx.example
    S: 250 PIPELINING
    C: MAIL FROM:<ann@client.example>
    C: RCPT TO:<a@mx.example>
    C: RCPT TO:<b@mx.example>
    C: RCPT TO:<c@mx.example>
    C: DATA
    S: 250 sender
    S: 250 a
    S: 450 b
    S: 251 c
    S: 354 go
    C: Subject: hi
    C: .
    C: MAIL FROM:<ann@client.example>
    C: RCPT TO:<d@mx.example>
    C: DATA
    S: 250 taken
    S: 250 sender
    S: 252 d
    S: 354 go
    C: Subject: hi
    C: .
    S: 250 taken, too`);
  const session = new SmtpSession(connection, { host: "mx.example", name: "client.example" });
  await session.readGreeting();
  await session.ehlo();
  const said: string[] = [];
  const messages = [
    mailTo(["a@mx.example", "b@mx.example", "c@mx.example"]),
    mailTo(["d@mx.example"]),
  ];
  for await (const { accepted, rejected, reply } of session.sendAll(messages)) {
    said.push(...[...accepted, ...rejected].map(({ reply }) => `${reply}`), `${reply}`);
  }
  deepEqual(said, ["250 a", "251 c", "450 b", "250 taken", "252 d", "250 taken, too"]);
  session.close();
  await done;
});

Deno.test(
  "SmtpSession shows what is odd about a reply [S6] [S9] [T-R02] [T-R06] [T-R11]",
  PURE,
  async () => {
    const { connection, done } = play(String.raw`
    S| \r\n220 mx.example\r\n
    C: NOOP
    S| \r\n250 fine\n
    C: NOOP
    S| 250 Gr\xfc\xdfe\r\n`);
    const notes: string[] = [];
    const session = new SmtpSession(connection, {
      host: "mx.example",
      name: "client.example",
      onEvent: ({ kind, text }) => kind === "note" && notes.push(text),
    });
    deepEqual((await session.readGreeting()).notes, ["blank line before the reply"]);
    deepEqual((await session.noop()).notes, ["blank line before the reply", "bare LF"]);
    const latin1 = await session.noop();
    equal(latin1.text, "Grüße");
    deepEqual(latin1.raw?.[0], Uint8Array.of(71, 114, 252, 223, 101));
    deepEqual(notes, ["blank line before the reply", "blank line before the reply", "bare LF"]);
    session.close();
    await done;
  },
);

Deno.test("SmtpSession splits UTF-8 across segments without harm [T-R11]", PURE, async () => {
  const { connection, done } = play("S: 220 Grüße aus München");
  const session = new SmtpSession(cut(connection, every(1)), { host: "mx", name: "c.example" });
  equal((await session.readGreeting()).text, "Grüße aus München");
  session.close();
  await done;
});
