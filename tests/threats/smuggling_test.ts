/**
 * SMTP smuggling: content whose line ends some reader takes for the end of the message, with commands
 * behind them. Whatever it is, the wire has no lone CR, no lone LF and one CRLF.CRLF, and a strict and a
 * lenient receiver store one message each.
 *
 * @module
 */

import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import {
  compose,
  type Connection,
  connectSmtp,
  type Content,
  type ContentOptions,
  memoryPair,
  type Receipt,
  serveSmtp,
} from "@mailwright/mailwright";
import { keeper, type Kept } from "../server/served.ts";
import { passed } from "../smtp/scripted_session.ts";

const PURE = { permissions: "none" } as const;

/** What different readers take for the end of data, and what ends it. */
const ENDS = [
  ...["\n.\n", "\n.\r", "\r.\n", "\r.\r", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r\n.\r"],
  ...["\r\n.\r\r\n", "\r\r\n.\r\r\n", "\r\n.\r\n"],
].map((end) => ({ end, name: JSON.stringify(end) }));
const COMMANDS = "MAIL FROM:<evil@mail.example>\r\nRCPT TO:<victim@mail.example>\r\nDATA\r\n" +
  "Subject: forged\r\n\r\nforged\r\n.\r\nQUIT\r\n";

interface Sent {
  readonly receipt: Receipt;
  readonly mails: readonly Kept[];
  /** What was written behind the 354, or the BDAT line. */
  readonly content: string;
}

interface How extends ContentOptions {
  readonly strict: boolean;
  readonly chunking?: boolean;
}

/** Sends content to a receiver of ours and looks at the wire between. */
async function sent(
  content: Content,
  { strict, ...options }: How,
  mails: Kept[] = [],
): Promise<Sent> {
  const [ours, theirs] = memoryPair();
  let wire = "";
  const spied: Connection = {
    ...passed(ours),
    write: (bytes) => {
      wire += String.fromCharCode(...bytes);
      return ours.write(bytes);
    },
  };
  const served = serveSmtp(theirs, keeper(mails), { strict });
  const session = await connectSmtp({ connection: spied, tls: "none", name: "client.example" });
  const envelope = { from: "ann@mail.example", to: ["bob@mail.example"], policy: "any" } as const;
  const sending = session.send(envelope, content, options).finally(() => session.quit());
  const [receipt] = await Promise.all([sending, sending.then(() => served, () => served)]);
  const start = /^(?:DATA|BDAT \d+ LAST)\r\n/m.exec(wire);
  ok(start !== null && wire.endsWith("QUIT\r\n"));
  return { receipt, mails, content: wire.slice(start.index + start[0].length, -6) };
}

function check({ receipt, mails, content }: Sent): void {
  equal(receipt.outcome, "accepted");
  equal(mails.length, 1);
  deepEqual(mails[0]?.envelope.recipients.map(({ address }) => address), ["bob@mail.example"]);
  equal(/(?<!\r)\n|\r(?!\n)/.test(content), false);
}

function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

async function* bytewise(text: string): AsyncGenerator<Uint8Array> {
  for (const octet of octets(text)) yield Uint8Array.of(octet);
}

Deno.test.each(ENDS)(
  "$name in content ends no message [S46] [T-I23] [T-V02]",
  PURE,
  async ({ end }) => {
    const message = `From: ann@mail.example\r\nSubject: x\r\n\r\nHello${end}${COMMANDS}`;
    const inHeader = `Subject: x${end}${COMMANDS}\r\nHello\r\n`;
    for (const strict of [true, false]) {
      for (const text of [message, inHeader]) {
        const contents = [text, octets(text), bytewise(text), ReadableStream.from([octets(text)])];
        for (const content of contents) {
          const seen = await sent(content, { strict });
          check(seen);
          // The one end that any reader can see is the last thing that was written.
          equal(seen.content.search(/(?:\r\n|\r|\n)\.(?:\r\n|\r|\n)/), seen.content.length - 5);
        }
      }
    }
  },
);

Deno.test.each(ENDS)(
  "$name by BDAT is content, counted and not interpreted [S49] [T-I23]",
  PURE,
  async ({ end }) => {
    const message = `Subject: x\r\n\r\nHello${end}${COMMANDS}`;
    for (const strict of [true, false]) {
      for (const content of [message, bytewise(message)]) {
        const seen = await sent(content, { strict, chunking: true });
        check(seen);
        // Byte by byte what was sent, for BDAT has no dots.
        equal(seen.mails[0]?.content, seen.content);
      }
    }
  },
);

Deno.test.each(ENDS)("$name in a composed text ends no message [T-I23]", PURE, async ({ end }) => {
  const { bytes, envelope } = compose({
    from: "ann@mail.example",
    to: "bob@mail.example",
    subject: "x",
    text: `Hello${end}${COMMANDS}`,
    date: 0,
    messageId: "<1@mail.example>",
  });
  equal(envelope.to.length, 1);
  for (const strict of [true, false]) check(await sent(bytes, { strict }));
});

Deno.test.each(ENDS)("$name gets into no header field [T-I23] [T-I15]", PURE, ({ end }) => {
  const fields = {
    from: "ann@mail.example",
    to: "bob@mail.example",
    subject: "x",
    text: "Hello\n",
    date: 0,
    messageId: "<1@mail.example>",
  };
  for (const name of ["subject", "from", "to", "messageId", "userAgent"] as const) {
    throws(() => compose({ ...fields, [name]: `${fields.subject}${end}${COMMANDS}` }), SyntaxError);
  }
});

/** What is refused stores nothing, however far it came. */
async function refused(content: Content, how: How): Promise<void> {
  const mails: Kept[] = [];
  await rejects(sent(content, how, mails), { name: "SmtpLocalError" });
  deepEqual(mails, []);
}

Deno.test("NUL before a dot is refused, and nothing is stored [T-I23]", PURE, async () => {
  const message = `Subject: x\r\n\r\nHello\r\n\0.\r\n${COMMANDS}`;
  for (const strict of [true, false]) {
    await refused(message, { strict });
    await refused(bytewise(message), { strict });
  }
});

Deno.test(
  "content that must stay exact is refused rather than sent [S46] [T-I26]",
  PURE,
  async () => {
    for (const { end } of ENDS.filter(({ end }) => end !== "\r\n.\r\n")) {
      const message = `DKIM-Signature: v=1\r\n\r\nHello${end}${COMMANDS}`;
      await refused(message, { strict: false });
      await refused(bytewise(message), { strict: false, lineEnds: "exact" });
    }
  },
);
