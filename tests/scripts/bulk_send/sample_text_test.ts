import { equal } from "node:assert/strict";
import { sampleText } from "../../../scripts/bulk_send/sample_text.ts";
import { compose } from "../../../src/message/mod.ts";

const pure = { permissions: "none" } as const;

/** What is shown of a message, without its first lines. */
function shown(octets: Uint8Array): string {
  const text = sampleText({ line: 2, recipient: "ann@x.example", octets });
  equal(text.startsWith("\nline 2, to ann@x.example:\n\n"), true, text);
  return text.slice(text.indexOf("\n\n") + 2);
}

Deno.test("sampleText() shows what people will read", pure, () => {
  const { bytes } = compose({
    from: "Jürgen 🎉 <news@here.example>",
    to: ["ann@x.example"],
    subject: "Grüße an alle, die du kennst, und noch an viele andere, in mehr als einer Zeile",
    text: "Liebe Ann,\n\näöü 🎉\n",
    html: "<p>Liebe Ann, äöü</p>\n",
    attachments: [
      { filename: 'Preise für "alle".pdf', content: new Uint8Array(200_000) },
      { filename: "terms.txt", content: new TextEncoder().encode("ü") },
    ],
    date: Date.UTC(2026, 10, 21),
    messageId: "<1@here.example>",
  });
  equal(
    shown(bytes),
    "  Date: Sat, 21 Nov 2026 00:00:00 +0000\n" +
      "  From: Jürgen 🎉 <news@here.example>\n" +
      "  To: ann@x.example\n" +
      "  Message-ID: <1@here.example>\n" +
      "  Subject: Grüße an alle, die du kennst, und noch an viele andere, in mehr als einer Zeile\n\n" +
      "  Liebe Ann,\n\n  äöü 🎉\n\n" +
      "  (text/html)\n  <p>Liebe Ann, äöü</p>\n\n" +
      '  (application/pdf, 200000 octets: Preise für "alle".pdf)\n\n' +
      "  (text/plain, 2 octets: terms.txt)\n",
  );
});

Deno.test("sampleText() shows no control characters, wherever they stand", pure, () => {
  const text =
    "Subject: =?utf-8?q?a=1b[2Jb?=\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nx=07";
  equal(shown(new TextEncoder().encode(text)), "  Subject: a\\x1b[2Jb\n\n  x\\x07\n");
});

Deno.test("sampleText() tells HTML from text, also where there is nothing else", pure, () => {
  const text = "Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello</p>\r\n";
  equal(shown(new TextEncoder().encode(text)), "  Subject: x\n\n  (text/html)\n  <p>Hello</p>\n");
});

Deno.test("sampleText() bears a message in parts that lacks them", pure, () => {
  const text = "Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nhello\r\n--x--\r\n";
  equal(shown(new TextEncoder().encode(text)), "\n");
});
