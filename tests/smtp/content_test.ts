import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { Capabilities } from "../../src/smtp/capabilities.ts";
import {
  cancelContent,
  type Content,
  type ContentOptions,
  prepareContent,
} from "../../src/smtp/content.ts";
import { DotUnstuffer } from "../../src/wire/mod.ts";

const NONE = new Capabilities();
const ALL = new Capabilities(
  new Map([["8BITMIME", []], ["CHUNKING", []], ["BINARYMIME", []], ["SMTPUTF8", []]]),
);

/** Octets of a text, one for each character. */
function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

interface How extends ContentOptions {
  readonly offered?: Capabilities;
  readonly chunking?: boolean;
}

/** What goes over the wire for content, its end included. */
async function framed(content: Content, how: How = {}): Promise<string> {
  const { offered = NONE, chunking = false, ...options } = how;
  const ready = prepareContent(content, options, offered, chunking);
  let out = "";
  if (ready.whole !== undefined) out = text(ready.whole);
  else for await (const piece of ready.chunks(new AbortController().signal)) out += text(piece);
  return out + text(ready.end());
}

async function* stream(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? octets(chunk) : chunk;
}

Deno.test.each([
  { given: "a\nb", becomes: "a\r\nb\r\n.\r\n" },
  { given: "a\rb", becomes: "a\r\nb\r\n.\r\n" },
  { given: "a\r\r\nb\r\n", becomes: "a\r\n\r\nb\r\n.\r\n" },
  { given: "a\n.\nb\n", becomes: "a\r\n..\r\nb\r\n.\r\n" },
  { given: "a\r.\rb\r", becomes: "a\r\n..\r\nb\r\n.\r\n" },
  { given: "a\n.\r\nb\r\n", becomes: "a\r\n..\r\nb\r\n.\r\n" },
])("prepareContent() makes every line end CRLF [S46] [T-I26] $given", {
  permissions: "none",
}, async ({ given, becomes }) => {
  equal(await framed(given), becomes);
  equal(await framed(stream(given)), becomes);
});

Deno.test.each([
  { given: "a\nb\r\n" },
  { given: "a\rb\r\n" },
  { given: "a\r\n.\nb\r\n" },
  { given: "a\r\n\r" },
])("prepareContent() refuses other line ends where they must stay [S46] [T-I26] $given", {
  permissions: "none",
}, async ({ given }) => {
  throws(() => prepareContent(given, { lineEnds: "exact" }, NONE, false), {
    name: "SmtpLocalError",
    enhanced: "5.6.0",
  });
  throws(() => prepareContent(given, { lineEnds: "exact" }, ALL, true), { name: "SmtpLocalError" });
  await rejects(framed(stream(given), { lineEnds: "exact" }), { name: "SmtpLocalError" });
});

Deno.test.each([
  { given: ".", becomes: "..\r\n.\r\n" },
  { given: ".\r\n", becomes: "..\r\n.\r\n" },
  { given: "..\r\n", becomes: "...\r\n.\r\n" },
  { given: ".a\r\n.b\r\nc.\r\n", becomes: "..a\r\n..b\r\nc.\r\n.\r\n" },
])("prepareContent() adds one dot to a line that begins with one [S47] [T-I24] $given", {
  permissions: "none",
}, async ({ given, becomes }) => {
  equal(await framed(given), becomes);
});

Deno.test("prepareContent() gives the same octets however a stream is cut [S47] [T-I24]", {
  permissions: "none",
}, async () => {
  const content = ".\r\n..\r\na\r\n.\r\n\r\n.b\r.\n.\r\n";
  const whole = await framed(content);
  for (let first = 0; first <= content.length; first++) {
    for (let second = first; second <= content.length; second++) {
      const cut = [content.slice(0, first), content.slice(first, second), content.slice(second)];
      equal(await framed(stream(...cut)), whole);
    }
  }
  equal(await framed(stream(...content)), whole);
});

Deno.test.each([
  { given: "", becomes: ".\r\n" },
  { given: "a", becomes: "a\r\n.\r\n" },
  { given: "a\r\n", becomes: "a\r\n.\r\n" },
  { given: "a\r", becomes: "a\r\n.\r\n" },
  { given: "a\n", becomes: "a\r\n.\r\n" },
  { given: "a\r\n\r\n", becomes: "a\r\n\r\n.\r\n" },
])("prepareContent() ends in one CRLF and the dot [S48] [T-I25] $given", {
  permissions: "none",
}, async ({ given, becomes }) => {
  equal(await framed(given), becomes);
  equal(await framed(stream(given)), becomes);
});

const ODD_ENDS = [
  ...["\n.\n", "\n.\r", "\r.\n", "\r.\r", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r\n.\r"],
  ...["\r\n.\r\r\n", "\r\r\n.\r\r\n"],
];

Deno.test("prepareContent() leaves one end of data to any reader [S46] [T-I23]", {
  permissions: "none",
}, async () => {
  for (const end of ODD_ENDS) {
    const content = `Subject: x\r\n\r\na${end}MAIL FROM:<evil@x.example>\r\nRCPT TO:<b@x>\r\n`;
    for (const given of [content, stream(content), stream(...content)]) {
      const out = await framed(given);
      equal(/(?<!\r)\n|\r(?!\n)/.test(out), false);
      equal(out.split("\r\n.\r\n").length, 2);
      for (const bodyEnd of ["crlf", "lf"] as const) {
        const reader = new DotUnstuffer({ bodyEnd });
        reader.push(octets(out));
        deepEqual([reader.ended, reader.consumed], [true, out.length]);
      }
    }
  }
});

Deno.test("prepareContent() refuses NUL in text [T-I23]", { permissions: "none" }, async () => {
  const content = "a\r\n\0.\r\nMAIL FROM:<evil@x.example>\r\n";
  for (const chunking of [false, true]) {
    throws(() => prepareContent(content, {}, ALL, chunking), {
      name: "SmtpLocalError",
      message: "Cannot send octet 3: NUL is not text",
    });
    await rejects(framed(stream(content), { chunking, offered: ALL }), { name: "SmtpLocalError" });
  }
});

Deno.test("prepareContent() stuffs nothing for BDAT and counts every octet [S49]", {
  permissions: "none",
}, async () => {
  const content = ".a\r\n.\r\n..";
  const ready = prepareContent(content, {}, ALL, true);
  equal(text(ready.whole ?? octets("?")), `${content}\r\n`);
  equal(ready.size, 11);
  equal(ready.end().length, 0);
  equal(await framed(stream(".a\r", "\n.\r\n.."), { chunking: true }), `${content}\r\n`);
});

Deno.test("prepareContent() gives binary content to BDAT as it is, and never to DATA [S49]", {
  permissions: "none",
}, async () => {
  const content = "\0\r\n.\r\n\n\xff\r";
  const bytes = octets(content);
  const known = { bytes, eightBit: true, utf8Headers: false };
  const binary = { body: "BINARYMIME" as const };
  for (const given of [bytes, known, stream(bytes)]) {
    const ready = prepareContent(given, binary, ALL, true);
    equal(ready.body, "BINARYMIME");
    equal(await framed(given, { ...binary, chunking: true, offered: ALL }), content);
  }
  const chunkingOnly = ALL.without(["BINARYMIME"]);
  throws(() => prepareContent(bytes, binary, ALL, false), { name: "SmtpLocalError" });
  throws(() => prepareContent(bytes, binary, chunkingOnly, true), {
    name: "SmtpLocalError",
    enhanced: "5.6.1",
  });
});

Deno.test("prepareContent() refuses 8-bit content without 8BITMIME [S51] [T-I27]", {
  permissions: "none",
}, async () => {
  const refusal = { name: "SmtpLocalError", enhanced: "5.6.3" };
  const bytes = octets("Subject: x\r\n\r\nGr\xfc\xdfe\r\n");
  throws(() => prepareContent(bytes, {}, NONE, false), refusal);
  throws(() => prepareContent("Grüße\r\n", {}, NONE, false), refusal);
  // What the caller says of composed octets does not count against what they are.
  throws(
    () => prepareContent({ bytes, eightBit: false, utf8Headers: false }, {}, NONE, false),
    refusal,
  );
  throws(() => prepareContent(stream(bytes), { body: "8BITMIME" }, NONE, false), refusal);
  await rejects(framed(stream("abc", bytes)), refusal);
  await rejects(framed(stream(bytes), { body: "7BIT", offered: ALL }), refusal);
  equal(prepareContent(bytes, {}, ALL, false).body, "8BITMIME");
  equal(prepareContent(stream(bytes), {}, ALL, false).body, "8BITMIME");
});

Deno.test("prepareContent() refuses signed 8-bit content without 8BITMIME [S51] [S53]", {
  permissions: "none",
}, () => {
  const signed = "DKIM-Signature: v=1\r\nSubject: x\r\n\r\nGr\xfc\xdfe\r\n";
  throws(() => prepareContent(octets(signed), {}, NONE, false), { name: "SmtpLocalError" });
});

Deno.test("prepareContent() asks for nothing that ASCII does not need [S55]", {
  permissions: "none",
}, () => {
  const ready = prepareContent("Subject: x\r\n\r\nHello\r\n", {}, ALL, false);
  deepEqual([ready.body, ready.utf8Headers], [undefined, false]);
  const utf8 = prepareContent("Subject: Grüße\r\n\r\nHello\r\n", {}, ALL, false);
  deepEqual([utf8.body, utf8.utf8Headers], ["8BITMIME", true]);
});

Deno.test("prepareContent() refuses a line of more than 998 octets [S52] [T-I27]", {
  permissions: "none",
}, async () => {
  const line = (length: number) => `Subject: x\r\n\r\n${"a".repeat(length)}\r\nb\r\n`;
  const refusal = {
    name: "SmtpLocalError",
    message: "Cannot send a line of 2000 octets: 998 are the most; encode the text as " +
      "quoted-printable or base64",
  };
  equal(await framed(line(998)), `${line(998)}.\r\n`);
  throws(() => prepareContent(line(999), {}, ALL, false), { name: "SmtpLocalError" });
  throws(() => prepareContent(line(2000), {}, ALL, false), refusal);
  throws(() => prepareContent(line(2000), {}, ALL, true), refusal);
  await rejects(framed(stream(line(2000))), refusal);
  await rejects(framed(stream(...line(999).match(/[^]{1,100}/g) ?? [])), { enhanced: "5.6.0" });
  // Only binary content has no lines (RFC 3030 section 3).
  const binary = { body: "BINARYMIME" as const, offered: ALL, chunking: true };
  equal(await framed(line(2000), binary), line(2000));
});

Deno.test.each([
  { name: "DKIM", header: "DKIM-Signature: v=1; a=rsa-sha256" },
  { name: "ARC", header: "ARC-Seal: i=1" },
  { name: "S/MIME", header: "Content-Type: multipart/signed;\r\n boundary=x" },
])("prepareContent() never changes a message that is signed with $name [S53] [T-I26]", {
  permissions: "none",
}, async ({ header }) => {
  const message = `${header}\r\nSubject: x\r\n\r\nHello\r\n`;
  equal(await framed(message), `${message}.\r\n`);
  for (const odd of ["\n", "\r"]) {
    const changed = message.replace("Hello\r\n", `Hello${odd}.\r\n`);
    throws(() => prepareContent(changed, {}, NONE, false), { name: "SmtpLocalError" });
    // Unless the caller says so by name.
    const out = await framed(changed, { lineEnds: "normalize" });
    equal(out, `${message}..\r\n.\r\n`);
  }
});

Deno.test("prepareContent() counts a size without dots, and with the CRLF it adds [S56]", {
  permissions: "none",
}, () => {
  const size = (content: string) => prepareContent(content, {}, NONE, false).size;
  equal(size("a\r\n"), 3);
  equal(size("a"), 3);
  equal(size("a\nb\n"), 6);
  equal(size(".a\r\n.\r\nb.\r\n"), 11);
  equal(size(".\n..\n."), 10);
  equal(size("a\r"), 3);
  equal(size(""), 0);
  equal(prepareContent(stream("a"), { size: 7 }, NONE, false).size, 7);
  equal(prepareContent(stream("a"), {}, NONE, false).size, undefined);
});

Deno.test("prepareContent() cuts large content into pieces, and frames it as a whole", {
  permissions: "none",
}, async () => {
  const lines = ".23456789\n".repeat(60_000);
  const expected = `${"..23456789\r\n".repeat(60_000)}.\r\n`;
  const ready = prepareContent(octets(lines), {}, NONE, false);
  equal(ready.whole, undefined);
  let out = "";
  let longest = 0;
  for await (const piece of ready.chunks(new AbortController().signal)) {
    longest = Math.max(longest, piece.length);
    out += new TextDecoder().decode(piece);
  }
  equal(out + text(ready.end()) === expected, true);
  equal(longest <= 256 * 1024, true);
});

Deno.test("cancelContent() lets go of a stream and of an iterator [S45]", {
  permissions: "none",
}, async () => {
  let reason: unknown;
  const readable = new ReadableStream<Uint8Array>({
    cancel(why) {
      reason = why;
    },
  });
  await cancelContent(readable, "refused");
  equal(reason, "refused");
  let returned = false;
  const iterable = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new Error("Nobody reads this")),
      return: () => {
        returned = true;
        return Promise.reject(new Error("Not heard either"));
      },
    }),
  };
  await cancelContent(iterable, "refused");
  equal(returned, true);
  for (const content of ["text", octets("text")]) await cancelContent(content, "refused");
});
