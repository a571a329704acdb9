/**
 * Contents that careless framing spoils, sent in every way we know and looked for octet by octet.
 *
 * @module
 */
import { strictEqual } from "node:assert/strict";
import type { Content, SendOptions, SmtpSession } from "@mailwright/mailwright/smtp";
import type { MailServer } from "./mail_server.ts";
import type { Step } from "./programs.ts";
import type { Users } from "./users.ts";

const encoder = new TextEncoder();
const LINE_END = encoder.encode("\r\n");
const HIGH_OCTETS = Uint8Array.from({ length: 128 }, (_, i) => 128 + i);

/** Whole messages; the last line of some has no end. */
export const CONTENTS: readonly Uint8Array[] = [
  letter("Dots at line starts", ".\r\n..\r\n...\r\n.a\r\n..b\r\n.\t.\r\nc.\r\n"),
  letter("A lone dot at the end", "Hello\r\n.\r\n"),
  letter("A lone dot at the end of an unfinished line", "Hello\r\n."),
  letter("No line end", "Hello"),
  letter("Blank lines at both ends", "\r\n\r\nHello\r\n\r\n\r\n"),
  letter("Nothing but an empty body", ""),
  encoder.encode(`${header("Only a header")}X-Dots: .\r\n .\r\n`),
  letter("The longest lines", `${"x".repeat(998)}\r\n.${"y".repeat(997)}\r\n`),
  letter("UTF-8", "Grüße, žluťoučký kůň, 二, 🐎\r\n"),
  joined(letter("All high octets", ""), HIGH_OCTETS),
  letter("Commands", "QUIT\r\n.\r\nRSET\r\nBDAT 5 LAST\r\nMAIL FROM:<>\r\n"),
  letter("More than one write takes", ".\r\n..\r\n".repeat(80_000)),
];

interface Way extends SendOptions {
  readonly name: string;
  readonly pieces?: boolean;
}

/** One recipient for each way. */
const WAYS: Readonly<Record<string, Way>> = {
  "data@ways.example": { name: "DATA" },
  "data.stream@ways.example": { name: "DATA from a stream", pieces: true },
  "bdat@ways.example": { name: "BDAT", chunking: true },
  "bdat.stream@ways.example": { name: "BDAT from a stream", chunking: true, pieces: true },
};

/** The recipients of {@linkcode checkContents}, whom the server must know. */
export const WAY_USERS: Users = Object.fromEntries(Object.keys(WAYS).map((user) => [user, "none"]));

/**
 * Sends every content in every way that the server offers, and looks for exactly that in the
 * mailboxes: the octets that were sent, and a line end where the last line had none.
 */
export async function checkContents(
  session: SmtpSession,
  server: Pick<MailServer, "mailbox">,
  step: Step,
): Promise<void> {
  const chunking = session.capabilities.has("CHUNKING");
  for (const [to, way] of Object.entries(WAYS)) {
    if (way.chunking && !chunking) continue;
    await step(`every content arrives as it was sent by ${way.name}`, async () => {
      for (const content of CONTENTS) {
        const envelope = { from: "sender@ways.example", to: [to], policy: "all" } as const;
        const { outcome } = await session.send(envelope, way.pieces ? cut(content) : content, way);
        strictEqual(outcome, "accepted");
      }
      const mailbox = await server.mailbox(to, CONTENTS.length);
      strictEqual(mailbox.length, CONTENTS.length);
      for (const content of CONTENTS) strictEqual(copies(mailbox, content), 1, subject(content));
    });
  }
}

/** How many of the stored messages end in a content, below the fields that delivery adds. */
export function copies(mailbox: readonly Uint8Array[], content: Uint8Array): number {
  const whole = content.at(-1) === 0x0a ? content : joined(content, LINE_END);
  const ends = [whole];
  // Exim ends a header with the line that belongs there.
  if (!new TextDecoder().decode(whole).includes("\r\n\r\n")) ends.push(joined(whole, LINE_END));
  return mailbox.filter((stored) => ends.some((end) => equal(stored.subarray(-end.length), end)))
    .length;
}

/** A message of a subject and a body. */
export function letter(subject: string, body: string): Uint8Array {
  return encoder.encode(`${header(subject)}\r\n${body}`);
}

// OpenSMTPD puts a date and a Message-ID behind the last field where they are missing.
function header(subject: string): string {
  return `Date: Mon, 25 Oct 2004 14:24:27 +0800
Message-ID: <letter@alpha.example>
Subject: ${subject}
`.replaceAll("\n", "\r\n");
}

// Cut behind every octet where that is bearable, so also within CRLF and beside every dot.
function cut(content: Uint8Array): Content {
  const size = content.length < 10_000 ? 1 : 4093;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
  }
  return pieces();
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}

function subject(content: Uint8Array): string {
  return /^Subject: .*$/m.exec(new TextDecoder().decode(content))?.[0] ?? "";
}
