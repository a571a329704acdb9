/**
 * Composed messages with attachments, sent by session and pool to the sandbox and read there.
 */

import {
  compileMessage,
  compose,
  composeStream,
  DkimKey,
  DkimSigner,
} from "@mailwright/mailwright/message";
import { startSandbox } from "@mailwright/mailwright/sandbox";
import { connectSmtp, SmtpPool } from "@mailwright/mailwright/smtp";
import { deepEqual, equal, rejects } from "node:assert/strict";
import { Capabilities } from "../../src/smtp/capabilities.ts";
import { cancelContent, isReplayable, prepareContent } from "../../src/smtp/content.ts";
import { PostalMime } from "../../src/deps/postal_mime.ts";
import { DotUnstuffer } from "../../src/wire/mod.ts";
import { keyPair } from "../message/dkim_keys.ts";
import { verifyDkim } from "../message/dkim_verifier.ts";

const FIELDS = {
  from: "Ann <ann@mail.example>",
  to: "bob@mail.example",
  subject: "The log",
  text: "As promised.\n",
  html: "<p>As promised.\n",
  date: Date.UTC(2025, 10, 21),
  messageId: "<1@mail.example>",
} as const;
const OCTETS = Uint8Array.from({ length: 200_001 }, (_, i) => i * i >> 3);
const pure = { permissions: "none" } as const;
const gone = new AbortController().signal;

/** Gives octets in chunks of odd sizes. */
async function* inChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 7001) yield bytes.subarray(at, at + 7001);
}

function streamed(size: number | undefined = OCTETS.length) {
  return composeStream({
    ...FIELDS,
    attachments: [{
      filename: "octets.bin",
      content: () => inChunks(OCTETS),
      ...(size === undefined ? {} : { size }),
    }],
  });
}

Deno.test(
  "SmtpSession and SmtpPool send composed messages, whole and streamed, by DATA and BDAT",
  { timeout: 60_000 },
  async () => {
    await using server = await startSandbox({ recipients: ["bob@mail.example"] });
    const options = { url: server.smtpUrl, caCerts: server.caCerts };
    const whole = compose({
      ...FIELDS,
      attachments: [{ filename: "octets.bin", content: OCTETS }],
    });
    const envelope = { ...whole.envelope, policy: "any" } as const;
    {
      await using session = await connectSmtp(options);
      for (const chunking of [false, true]) {
        for (const content of [whole, streamed(), streamed(undefined)]) {
          equal((await session.send(envelope, content, { chunking })).outcome, "accepted");
        }
      }
      await using pool = new SmtpPool(options);
      const once = composeStream({
        ...FIELDS,
        attachments: [{ filename: "octets.bin", content: new Blob([OCTETS]).stream() }],
      });
      for (const content of [whole, streamed(), once]) {
        equal((await pool.send(envelope, content)).outcome, "accepted");
      }
    }
    equal(server.mails.length, 9);
    for (const { content } of server.mails) {
      const { attachments: [file], html } = await PostalMime.parse(content);
      deepEqual(new Uint8Array(file?.content as ArrayBuffer), OCTETS);
      equal(html?.trimEnd(), FIELDS.html.trimEnd());
      equal(file?.filename, "octets.bin");
    }
  },
);

Deno.test(
  "SmtpSession.send() leaves signatures intact, by DATA and BDAT [S53] [S47]",
  { timeout: 60_000 },
  async () => {
    await using server = await startSandbox({ recipients: ["bob@mail.example"] });
    await using session = await connectSmtp({ url: server.smtpUrl, caCerts: server.caCerts });
    const { pem, publicKey } = await keyPair("ed25519-sha256");
    const keys = new Map([["s.mail.example", publicKey]]);
    const key = await DkimKey.fromPem(pem);
    const identity = { domain: "mail.example", selector: "s", key };
    const fields = { ...FIELDS, text: ".\n..\nGrüße \t\n\n" };
    for (const form of ["relaxed", "simple"] as const) {
      const signer = new DkimSigner([identity], { headerForm: form, bodyForm: form });
      const attachments = [{ content: () => inChunks(OCTETS) }];
      const contents = [
        await signer.sign(compose(fields)),
        await signer.sign(compose(fields, { eightBit: true })),
        await signer.sign(composeStream({ ...fields, attachments })),
        await signer.sign(compose({ ...fields, html: fields.text }).bytes),
      ];
      for (const content of contents) {
        for (const chunking of [false, true]) {
          const envelope = { from: null, to: [FIELDS.to], policy: "any" } as const;
          equal((await session.send(envelope, content, { chunking })).outcome, "accepted");
        }
      }
    }
    equal(server.mails.length, 16);
    for (const { content } of server.mails) {
      // What the server writes stands above.
      equal((await verifyDkim(content, keys)).length, 1);
    }
  },
);

Deno.test("prepareContent() announces a composed stream for what it is [S55] [S56]", pure, () => {
  const offered = new Capabilities(new Map([["8BITMIME", []], ["SMTPUTF8", []]]));
  const ascii = prepareContent(streamed(), {}, offered, false);
  deepEqual([ascii.body, ascii.utf8Headers, ascii.size], [undefined, false, streamed().size]);
  const fields = { ...FIELDS, to: "jörg@mail.example", text: "Grüße" };
  const utf8 = composeStream(fields, { smtpUtf8: true, eightBit: true });
  const ready = prepareContent(utf8, {}, offered, false);
  deepEqual([ready.body, ready.utf8Headers, ready.size], ["8BITMIME", true, utf8.size]);
});

Deno.test("prepareContent() breaks off a stream that is longer or shorter than promised [S44]", {
  permissions: "none",
}, async () => {
  for (const size of [OCTETS.length - 1, OCTETS.length + 1]) {
    const ready = prepareContent(streamed(size), {}, new Capabilities(), false);
    await rejects(Array.fromAsync(ready.chunks(gone)), RangeError);
  }
});

Deno.test("cancelContent() lets go of the streams of a message that is not sent [S45]", {
  permissions: "none",
}, async () => {
  const reasons: unknown[] = [];
  const content = new ReadableStream<Uint8Array>({ cancel: (reason) => void reasons.push(reason) });
  const reason = new Error("The envelope was refused");
  const message = composeStream({ ...FIELDS, attachments: [{ content }] });
  await prepareContent(message, {}, new Capabilities(), false).cancel(reason);
  await cancelContent(message, reason);
  equal(reasons.length, 1);
});

Deno.test("isReplayable() tells what another transaction can send again", pure, () => {
  const attached = (content: ReadableStream<Uint8Array>) =>
    composeStream({ ...FIELDS, attachments: [{ content }] });
  for (const content of ["text", new Uint8Array(1), compose(FIELDS), streamed()]) {
    equal(isReplayable(content), true);
  }
  for (const content of [inChunks(OCTETS), attached(new ReadableStream())]) {
    equal(isReplayable(content), false);
  }
});

const ODD_ENDS = [
  ...["\n.\n", "\n.\r", "\r.\n", "\r.\r", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r\n.\r"],
  ...["\r\n.\r\r\n", "\r\r\n.\r\r\n", "\r\n\0.\r\n"],
];

Deno.test("compose() and DATA leave one end to any reader, wherever an odd one stands [T-I23]", {
  permissions: "none",
}, async () => {
  const { text: _text, html: _html, ...fields } = FIELDS;
  for (const end of ODD_ENDS) {
    for (const more of ["", "é", "日本語日本語"]) {
      const evil = `Hi${more}${end}MAIL FROM:<x@x.test>\r\n`;
      const parts = { text: evil, html: evil, attachments: [{ filename: evil, content: evil }] };
      const row = { ...fields, fields: { evil } };
      const job = { ...fields, text: "{{evil}}.", html: "{{{evil}}}" };
      for (
        const content of [
          compose({ ...fields, ...parts }),
          composeStream({ ...fields, ...parts }),
          compileMessage(job).render(row),
        ]
      ) {
        const ready = prepareContent(content, {}, new Capabilities(), false);
        const pieces = ready.whole === undefined
          ? await Array.fromAsync(ready.chunks(gone), (piece) => piece.slice())
          : [ready.whole];
        const wire = await new Response(ReadableStream.from([...pieces, ready.end()])).bytes();
        for (const bodyEnd of ["crlf", "lf"] as const) {
          const reader = new DotUnstuffer({ bodyEnd });
          reader.push(wire);
          deepEqual([reader.ended, reader.consumed], [true, wire.length], JSON.stringify(end));
        }
        const text = new TextDecoder().decode(wire);
        equal(/(?<!\r)\n|\r(?!\n)|\0/.test(text), false);
      }
    }
  }
});
