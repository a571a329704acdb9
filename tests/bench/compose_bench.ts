/**
 * What composing costs: one message of about 1 KB, as a bulk job and as a single letter make it.
 *
 * @module
 */

import {
  compileMessage,
  compose,
  decodeBase64,
  decodeQuotedPrintable,
  describeContent,
  encodeBase64,
  encodeQuotedPrintable,
  encodeText,
  parseAddress,
} from "@mailwright/mailwright/message";

const line = "The quick brown fox jumps over the lazy dog, again and again.\n";
const ascii = line.repeat(16);
const german = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.\n".repeat(16);
const from = { name: "Ann Example", address: parseAddress("ann@mail.example") };
const to = { name: "Jürgen Groß", address: parseAddress("juergen@münchen.example") };
const cc = { name: "Doe, Bob", address: parseAddress("bob@mail.example") };
const shared = encodeText(german);
const common = { date: 1_763_712_000_000, messageId: "<42.abcdef@mail.example>", subject: "Hello" };

const group = "1 KB text message";
let kept = 0; // what is computed is used, so that nothing is left out

Deno.bench("compose(), shared body, 3 addresses, bytes", { group, baseline: true }, () => {
  kept += compose({ ...common, from, to, cc, body: shared }).bytes.length;
});
Deno.bench("compose(), shared body, 3 addresses, header alone", { group }, () => {
  kept += compose({ ...common, from, to, cc, body: shared }).header.length;
});
Deno.bench("compose(), shared body, parseAddress() of the recipient", { group }, () => {
  const address = parseAddress("juergen@mail.example");
  kept += compose({ ...common, from, to: address, body: shared }).bytes.length;
});
Deno.bench("compose(), ASCII text, 3 addresses", { group }, () => {
  kept += compose({ ...common, from, to, cc, text: ascii }).bytes.length;
});
Deno.bench("compose(), German text and subject, 3 addresses", { group }, () => {
  kept += compose({ ...common, from, to, cc, subject: "Schöne Grüße", text: german }).bytes.length;
});

const letter = (body: string) => ({
  from,
  subject: "Your order {{id}}, {{name}}",
  text: `Dear {{name}},\n\n${body}\nYour code is {{code}}.\n`,
});
const paragraph = `<p style="margin: 0">${german.replaceAll("\n", " ")}</p>\n`;
const jobs = {
  "1 KB text, 3 fields": compileMessage(letter(ascii)),
  "1 KB text and HTML, 3 fields": compileMessage({
    ...letter(ascii),
    html: `<p>Dear {{name}},</p>\n<p>${ascii}</p>\n<p>Your code is {{code}}.</p>\n`,
  }),
  "1 KB German text, 3 fields": compileMessage(letter(german)),
  "100 KB HTML, 3 fields": compileMessage({
    ...letter(""),
    html: `<p>Dear {{name}},</p>\n${paragraph.repeat(92)}<p>Your code is {{code}}.</p>\n`,
  }),
  "100 KB attachment, text of 3 fields": compileMessage({
    ...letter(ascii),
    attachments: [{ filename: "a.pdf", content: new Uint8Array(75_000) }],
  }),
};
let rows = 0;
for (const [name, job] of Object.entries(jobs)) {
  Deno.bench(`compileMessage(), ${name}`, { group: "a row of a job" }, () => {
    const id = ++rows;
    kept += job.render({
      to: `customer${id}@mail.example`,
      fields: { name: "Ann Example", id, code: `C-${id}` },
      date: common.date,
      messageId: `<job.${id}@mail.example>`,
    }).bytes.length;
  });
}

const megabyte = new TextEncoder().encode(german.replaceAll("\n", "\r\n").repeat(950));
const quoted = encodeQuotedPrintable(megabyte);
const base64 = encodeBase64(megabyte);
const mega = { group: "1 MB" };
Deno.bench(
  "encodeQuotedPrintable()",
  mega,
  () => void (kept += encodeQuotedPrintable(megabyte).length),
);
Deno.bench(
  "decodeQuotedPrintable()",
  mega,
  () => void (kept += decodeQuotedPrintable(quoted).length),
);
Deno.bench("encodeBase64()", mega, () => void (kept += encodeBase64(megabyte).length));
Deno.bench("decodeBase64()", mega, () => void (kept += decodeBase64(base64).length));
Deno.bench("describeContent()", mega, () => void (kept += describeContent(megabyte).longestLine));
