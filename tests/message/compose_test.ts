import {
  AddressError,
  compose,
  createHeader,
  decodeBase64,
  decodeQuotedPrintable,
  describeContent,
  encodeText,
  Header,
  HeaderError,
  type MessageFields,
  parseAddress,
  parseAddressList,
  parseMailbox,
  textHeader,
} from "@mailwright/mailwright/message";
import { deepEqual, equal, match, notEqual, ok, throws } from "node:assert/strict";
import { seeded, textOf } from "./random.ts";

const pure = { permissions: "none" } as const;
const FIELDS = {
  from: "Ann <ann@mail.example>",
  to: "bob@mail.example",
  subject: "Lunch",
  date: Date.UTC(2025, 10, 21, 9, 5),
  messageId: "<1@mail.example>",
} as const;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Composes a message and gives it as text. */
function composed(fields: Partial<MessageFields>, options = {}): string {
  const body = fields.body === undefined ? { text: "At noon?\n" } : {};
  return text(compose({ ...FIELDS, ...body, ...fields }, options).bytes);
}

/** The text of a body, decoded by what its fields say. */
function read(source: string, options = {}): string {
  const { headers, bytes } = encodeText(source, options);
  const encoding = headers.find(({ name }) => name === "Content-Transfer-Encoding")?.line;
  if (encoding?.includes("quoted-printable")) return text(decodeQuotedPrintable(bytes));
  return text(encoding?.includes("base64") ? decodeBase64(bytes) : bytes);
}

Deno.test("compose() writes a message, octet by octet", pure, () => {
  const message = compose({
    ...FIELDS,
    to: ["Bob <bob@mail.example>", parseAddress("carol@mail.example")],
    cc: { name: "Doe, Dan", address: parseAddress("dan@münchen.example") },
    bcc: ["eve@mail.example"],
    replyTo: "office@mail.example",
    subject: "Café at noon",
    text: "Hello,\nworld\n",
    offsetMinutes: 60,
    headers: [createHeader("In-Reply-To", "<0@mail.example>"), createHeader("X-Campaign", "7")],
    userAgent: "mailwright",
  });
  deepEqual(text(message.bytes).split("\r\n"), [
    "Date: Fri, 21 Nov 2025 10:05:00 +0100",
    "From: Ann <ann@mail.example>",
    "Reply-To: office@mail.example",
    "To: Bob <bob@mail.example>, carol@mail.example",
    'Cc: "Doe, Dan" <dan@xn--mnchen-3ya.example>',
    "Message-ID: <1@mail.example>",
    "Subject: =?UTF-8?Q?Caf=C3=A9_at_noon?=",
    "In-Reply-To: <0@mail.example>",
    "X-Campaign: 7",
    "User-Agent: mailwright",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 7bit",
    "",
    "Hello,",
    "world",
    "",
  ]);
  equal(message.eightBit, false);
  equal(message.utf8Headers, false);
  equal(`${message.envelope.from}`, "ann@mail.example");
  equal(text(message.header) + text(message.body), text(message.bytes));
});

Deno.test("compose() gives the same octets for the same fields", pure, () => {
  equal(composed({ text: "Grüße" }), composed({ text: "Grüße", date: new Date(FIELDS.date) }));
  notEqual(composed({}), composed({ messageId: "<2@mail.example>" }));
});

Deno.test("compose() keeps Bcc in the envelope alone [S59]", pure, () => {
  const message = compose({
    ...FIELDS,
    to: [],
    bcc: ["b@mail.example", "c@mail.example"],
    text: "Hi",
  });
  deepEqual(message.envelope.to.map(String), ["b@mail.example", "c@mail.example"]);
  equal(/bcc|b@mail|c@mail|^To:|^Cc:/im.test(text(message.bytes)), false);
  throws(() => composed({ headers: [new Header("BCC", "x@mail.example")] }), HeaderError);
});

Deno.test("compose() names each recipient once [T-I34]", pure, () => {
  const { envelope } = compose({
    ...FIELDS,
    to: ["a@münchen.example", "A@münchen.example"],
    cc: ["Ann <a@XN--MNCHEN-3YA.example>"],
    bcc: ["b@mail.example", "a@MÜNCHEN.example"],
    text: "",
  });
  deepEqual(envelope.to.map(String), [
    "a@xn--mnchen-3ya.example",
    "A@xn--mnchen-3ya.example",
    "b@mail.example",
  ]);
});

Deno.test("compose() uses one spelling of a domain in header and envelope [T-I08]", pure, () => {
  const { envelope, header } = compose({ ...FIELDS, to: "user@ex。ample.com", text: "" });
  deepEqual(envelope.to.map(String), ["user@ex.ample.com"]);
  match(text(header), /^To: user@ex\.ample\.com\r$/m);
});

Deno.test.each(
  ["\r\nBcc: v@x.test", "\r", "\n", "\0", "\v", "\f", "\x7f", "\u0085", "\u2028", "\ud800"]
    .map((bad) => [bad]),
)("compose() rejects %j in any header slot [T-I01] [T-I10] [T-I15]", pure, (bad) => {
  const { address } = parseMailbox("a@b.example");
  for (
    const fields of [
      { subject: `Hi${bad}` },
      { to: `a@b.example${bad}` },
      { to: `Ann${bad} <a@b.example>` },
      { cc: { name: `Ann${bad}`, address } },
      { replyTo: `${bad}a@b.example` },
      { messageId: `<1@b.example>${bad}` },
      { userAgent: `x${bad}` },
    ]
  ) throws(() => composed(fields), SyntaxError);
});

Deno.test("compose() gives exactly the mailboxes of the envelope back [T-I18]", pure, () => {
  for (const name of ['a"', "\\", "=?utf-8?Q?=0D=0ABcc:_x?=", "a, b", "<evil@x.test>", "é <e@x>"]) {
    const message = compose({
      ...FIELDS,
      to: { name, address: parseAddress("a@b.example") },
      text: "",
    });
    const to = /^To:((?:.|\r\n[ \t])*)\r\n/m.exec(text(message.header))?.[1] ?? "";
    const list = parseAddressList(to.replaceAll("\r\n", ""));
    deepEqual(list, [{ name, address: message.envelope.to[0] }]);
  }
});

Deno.test.each([
  ["From"],
  ["to"],
  ["Bcc"],
  ["Subject"],
  ["Date"],
  ["Message-ID"],
  ["MIME-Version"],
  ["content-type"],
  ["Content-Transfer-Encoding"],
])("compose() rejects a further %s [T-I17]", pure, (name) => {
  throws(() => composed({ headers: [new Header(name, "x")] }), {
    name: "HeaderError",
    field: name,
  });
});

Deno.test("compose() takes reserved fields of the author, each once [T-I17]", pure, () => {
  const sender = createHeader("Sender", "office@mail.example");
  match(composed({ headers: [sender] }), /^Sender: office@mail\.example\r$/m);
  throws(
    () => composed({ headers: [sender, createHeader("sender", "x@mail.example")] }),
    HeaderError,
  );
});

Deno.test(
  "compose() writes UTF-8 headers only for addresses that need them, and only if allowed [T-I11] [S54] [S55]",
  pure,
  () => {
    const to = "jörg@mail.example";
    throws(() => composed({ to }), { name: "HeaderError", field: "To" });
    throws(() => composed({ headers: [new Header("X-A", "Grüße")] }), HeaderError);
    const fields = { ...FIELDS, subject: "Grüße", text: "Hi" };
    const message = compose({ ...fields, to }, { smtpUtf8: true });
    equal(message.utf8Headers && message.eightBit, true);
    match(text(message.bytes), /^To: jörg@mail\.example\r$/m);
    match(text(message.bytes), /^Subject: =\?UTF-8\?/m);
    equal(text(message.header) + text(message.body), text(message.bytes));
    equal(compose(fields, { smtpUtf8: true, eightBit: true }).eightBit, false);
  },
);

Deno.test("compose() needs a recipient, one body and a date", pure, () => {
  throws(() => compose({ ...FIELDS, to: [], text: "" }), RangeError);
  throws(() => compose(FIELDS), TypeError);
  throws(() => compose({ ...FIELDS, text: "", body: encodeText("") }), TypeError);
  throws(() => composed({ date: new Date(NaN) }), RangeError);
  throws(() => composed({ to: "a@b.example, c@d.example" }), AddressError);
});

Deno.test("compose() shares a body between messages", pure, () => {
  const body = encodeText("Grüße\n");
  const messages = ["a@b.example", "c@d.example"].map((to) => compose({ ...FIELDS, to, body }));
  for (const message of messages) equal(message.body, body.bytes);
  equal(composed({ body }), composed({ text: "Grüße\n" }));
  const eightBit = encodeText("Grüße\n", { eightBit: true });
  throws(() => composed({ body: eightBit }), TypeError);
  match(composed({ body: eightBit }, { eightBit: true }), /Encoding: 8bit\r\n\r\nGrüße\r\n$/);
});

Deno.test.each([
  ["", "", "7bit"],
  ["a", "a\r\n", "7bit"],
  ["a\n", "a\r\n", "7bit"],
  ["a\r\n", "a\r\n", "7bit"],
  ["a\r", "a\r\n", "7bit"],
  ["a\rb\nc\r\nd\n\re", "a\r\nb\r\nc\r\nd\r\n\r\ne\r\n", "7bit"],
  [".", ".\r\n", "7bit"],
  ["\r\r\n", "\r\n\r\n", "7bit"],
  ["x".repeat(998), `${"x".repeat(998)}\r\n`, "7bit"],
  ["x".repeat(999), `${"x".repeat(999)}\r\n`, "quoted-printable"],
  ["x\0y", "x\0y\r\n", "base64"],
  ["Café at noon", "Café at noon\r\n", "quoted-printable"],
  ["日本語", "日本語\r\n", "base64"],
])(
  "encodeText() normalises %j and takes the shortest way [T-I23] [T-I25] [T-I27] [T-I32] [S46] [S48] [S52]",
  pure,
  (source, lines, encoding) => {
    const { headers, eightBit } = encodeText(source);
    deepEqual(headers.map((header) => header.line), [
      "Content-Type: text/plain; charset=utf-8\r\n",
      `Content-Transfer-Encoding: ${encoding}\r\n`,
    ]);
    equal(eightBit, false);
    equal(read(source), lines);
  },
);

Deno.test(
  "encodeText() leaves 8-bit text as it is only where that is allowed [T-I27] [S51]",
  pure,
  () => {
    equal(encodeText("Grüße", { eightBit: true }).eightBit, true);
    equal(encodeText("é".repeat(600), { eightBit: true }).eightBit, false); // 1,200 octets in a line
    equal(encodeText("é\0", { eightBit: true }).eightBit, false);
    equal(encodeText("plain", { eightBit: true }).eightBit, false);
  },
);

Deno.test("encodeText() rejects half a character [T-I10]", pure, () => {
  throws(() => encodeText("a\ud83db"), SyntaxError);
});

const SMUGGLED = [
  ..."\n.\n|\n.\r|\r.\n|\r.\r|\n.\r\n|\r.\r\n|\r\n.\n|\r\n.\r|\r\n.\r\r\n|\r\r\n.\r\r\n|\r\n\0.\r\n"
    .split("|"),
];
Deno.test.each(SMUGGLED.map((end) => [end]))(
  "compose() leaves no line end but CRLF of %j [T-I23] [S46]",
  pure,
  (end) => {
    for (const more of ["", "é", "日本語日本語"]) {
      const { bytes } = compose({ ...FIELDS, text: `Hi${more}${end}MAIL FROM:<x@x.test>\r\n` });
      const { bareCr, bareLf, nul } = describeContent(bytes);
      deepEqual({ bareCr, bareLf, nul }, { bareCr: false, bareLf: false, nul: false });
    }
  },
);

const CHARACTERS = [..."ab .=\0\r\n\té日😀", "\r\n", "\n.\n", "From ", "long".repeat(300)];

Deno.test(
  "compose() suits every server, whatever the text [T-I23] [T-I24] [T-I25] [T-I27]",
  pure,
  () => {
    const random = seeded(7);
    for (let round = 0; round < 300; round++) {
      const source = textOf(random, random(2) === 0 ? CHARACTERS : CHARACTERS.slice(0, 10), round);
      const eightBit = random(2) === 0;
      const subject = textOf(random, [..."ab é日😀=?"], 60);
      const message = compose({ ...FIELDS, subject, text: source }, { eightBit });
      const seen = describeContent(message.bytes);
      equal(seen.bareCr || seen.bareLf || seen.nul || seen.utf8Headers, false);
      equal(seen.eightBit, message.eightBit);
      ok(seen.longestLine <= 998);
      equal(text(message.bytes).endsWith("\r\n"), true);
      const lines = source.replace(/\r\n?|\n/g, "\r\n");
      equal(
        read(source, { eightBit }),
        lines === "" || lines.endsWith("\r\n") ? lines : `${lines}\r\n`,
      );
    }
  },
);

Deno.test("compose() keeps characters whose low octet is CR or LF [T-I09]", pure, () => {
  const subject = "嘍嘊Bcc: x";
  const source = composed({ subject, text: subject }, { eightBit: true });
  match(source, /\r\n\r\n嘍嘊Bcc: x\r\n$/);
  equal(source.includes(textHeader("Subject", subject).line), true);
});
