import {
  type Attachment,
  compileMessage,
  compose,
  type ComposeOptions,
  describeContent,
  DkimKey,
  DkimSigner,
  type MessageRow,
  type MessageTemplate,
  Template,
} from "@mailwright/mailwright/message";
import { deepEqual, doesNotMatch, equal, match, notEqual, ok, throws } from "node:assert/strict";
import { PostalMime } from "../../src/deps/postal_mime.ts";
import { keyPair } from "./dkim_keys.ts";
import { verifyDkim } from "./dkim_verifier.ts";
import { seeded, textOf } from "./random.ts";

const pure = { permissions: "none" } as const;
const TEMPLATE = {
  from: "Ann <ann@mail.example>",
  subject: "Welcome, {{name}}",
  text: "Dear {{name}},\n\nyour {{fruit|fruit}} have arrived.\n",
} as const;
const ROW = {
  to: "bob@mail.example",
  fields: { name: "Bob", fruit: "apples" },
  date: Date.UTC(2025, 10, 21),
  messageId: "<welcome.1@mail.example>",
} as const;
const FILE: Attachment = {
  filename: "a.bin",
  content: Uint8Array.from({ length: 999 }, (_, i) => i),
};
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** One message, as text. */
function rendered(
  template: Partial<MessageTemplate> = {},
  row: Partial<MessageRow> = {},
  options: ComposeOptions = {},
): string {
  const { bytes } = compileMessage({ ...TEMPLATE, ...template }, options).render({
    ...ROW,
    ...row,
  });
  return text(bytes);
}

Deno.test("compileMessage() gives the octets that compose() gives, for a text", pure, () => {
  const template = {
    ...TEMPLATE,
    replyTo: "office@mail.example",
    cc: "Doe <doe@mail.example>",
    bcc: "eve@mail.example",
    headers: [{ name: "X-Campaign", value: "{{fruit}}" }, { name: "Precedence", value: "bulk" }],
    userAgent: "mailwright",
  };
  const compiled = compileMessage(template);
  for (const [name, fruit] of [["Bob", "apples"], ["Jürgen", "Äpfel"], ["Doe, J", "x"]] as const) {
    const to = `"${name}" <bob@münchen.example>`;
    const message = compiled.render({ ...ROW, to, offsetMinutes: 60, fields: { name, fruit } });
    const expected = compose({
      ...template,
      ...ROW,
      to,
      offsetMinutes: 60,
      subject: `Welcome, ${name}`,
      text: `Dear ${name},\n\nyour ${fruit} have arrived.\n`,
      headers: [],
    });
    const further = /X-Campaign: .*\r\nPrecedence: bulk\r\n/;
    match(text(message.bytes), further);
    equal(text(message.header).replace(further, ""), text(expected.header));
    deepEqual(message.envelope, expected.envelope);
    equal(text(message.header) + text(message.body), text(message.bytes));
    // In quoted-printable the breaks may stand elsewhere.
    if (name !== "Jürgen") equal(text(message.body), text(expected.body));
  }
});

Deno.test("compileMessage() shares what no row changes", pure, async () => {
  const compiled = compileMessage({
    ...TEMPLATE,
    text: "The same for all: 100 %",
    html: "<p>The same</p>",
    attachments: [FILE],
  });
  const messages = ["a@b.example", "c@d.example"].map((to) => compiled.render({ ...ROW, to }));
  equal(messages[0]?.body, messages[1]?.body);
  const { publicKey, pem } = await keyPair("ed25519-sha256");
  const key = await DkimKey.fromPem(pem);
  const signer = new DkimSigner([{ domain: "mail.example", selector: "s", key }]);
  for (const message of messages) {
    const { bytes } = await signer.sign(message);
    equal((await verifyDkim(bytes, new Map([["s.mail.example", publicKey]]))).length, 1);
  }
});

const VALUES = [
  ..."ab é日😀=._-'\"&<>",
  "\r\n",
  "\n",
  "\r",
  " \n",
  "\n.\n",
  "From ",
  "{{name}}",
  "long ".repeat(30),
  "x".repeat(1000),
];
const TEXTS = [
  "{{a}}",
  "{{b}}{{a}}",
  "Dear {{a}},\n{{b}}\n",
  "é {{a}} = {{b}} \n\n",
  `${"w ".repeat(480)}{{a}} {{b}}`,
  "日本語日本語 {{a}}{{b}}",
  "{{#list}}{{.}},{{/list}} {{a}}{{b}}",
  "{{a}}\r\n.\r\n{{b}}",
];

Deno.test(
  "compileMessage() suits every server and says what was meant, whatever the values [T-I23] [T-I27] [T-I32]",
  pure,
  async () => {
    const random = seeded(21);
    const lines = (source: string): string => source.replace(/\r\n?/g, "\n");
    for (const source of TEXTS) {
      for (const eightBit of [false, true]) {
        for (const rich of [false, true]) {
          const template = {
            ...TEMPLATE,
            subject: "x",
            text: source,
            ...(rich ? { html: `<p>${source}`, attachments: [FILE] } : {}),
          };
          const compiled = compileMessage(template, { eightBit });
          for (let round = 0; round < 12; round++) {
            const fields = {
              a: `${textOf(random, VALUES, round)}.`,
              b: `-${textOf(random, VALUES.slice(0, 14), round)}`,
              list: ["x", "y"],
            };
            const message = compiled.render({ ...ROW, fields });
            const seen = describeContent(message.bytes);
            equal(seen.bareCr || seen.bareLf || seen.nul || seen.utf8Headers, false);
            ok(seen.longestLine <= 998);
            equal(seen.eightBit, message.eightBit);
            equal(text(message.bytes).endsWith("\r\n"), true);
            const parsed = await PostalMime.parse(message.bytes);
            equal(
              lines(parsed.text ?? "").trimEnd(),
              lines(new Template(source).render(fields)).trimEnd(),
            );
            if (rich) {
              const html = new Template(`<p>${source}`, { kind: "html" }).render(fields);
              equal(lines(parsed.html ?? "").trimEnd(), lines(html).trimEnd());
              deepEqual(
                new Uint8Array(parsed.attachments[0]?.content as ArrayBuffer),
                FILE.content,
              );
            }
          }
        }
      }
    }
  },
);

Deno.test("compileMessage() writes each text in the shortest way that a row allows", pure, () => {
  const encoding = (
    name: string,
    options: ComposeOptions = {},
    source: string = TEMPLATE.text,
  ): string => {
    const message = rendered({ subject: "x", text: source }, { fields: { name } }, options);
    return /^Content-Transfer-Encoding: (.*)\r$/m.exec(message)?.[1] ?? "";
  };
  equal(encoding("Bob"), "7bit");
  equal(encoding("Zoë"), "quoted-printable");
  equal(encoding("Zoë", { eightBit: true }), "8bit");
  equal(encoding("x".repeat(999), { eightBit: true }), "quoted-printable");
  equal(encoding("a\0"), "quoted-printable");
  equal(encoding("Bob", {}, "日本語日本語 {{name}}"), "base64");
  match(rendered({ flowed: true, text: `${"long ".repeat(40)}{{name}}` }), /format=flowed/);
  match(rendered({ flowed: true, text: `${"long ".repeat(40)}{{name}}` }), /long \r\nlong/);
});

Deno.test("compileMessage() lets no value end a part [T-I29]", pure, async () => {
  const boundariesOf = (source: string): string[] =>
    [...source.matchAll(/boundary="(.*)"/g)].map(([, boundary]) => boundary ?? "");
  const start = "\n--=_";
  for (const flowed of [false, true]) {
    // The author's text may come close to a boundary, and values make the rest of it.
    for (let known = 0; known <= start.length; known++) {
      const near = start.slice(0, known);
      const source = `x${near.slice(0, 4)}{{#no}}z{{/no}}${near.slice(4)}{{a}}{{b}}`;
      const template = {
        ...TEMPLATE,
        subject: "x",
        text: source,
        html: `<p>${source}`,
        flowed,
        attachments: [FILE],
      };
      const found = boundariesOf(rendered(template, { fields: { a: "a", b: "b", no: "" } }));
      equal(found.length, 2);
      for (const boundary of found) {
        const rest = `\n--${boundary}`.slice(known);
        for (let cut = known === 0 ? 2 : 1; cut <= rest.length; cut++) {
          const more = "--\nContent-Type: text/evil\n\n";
          const fields = { a: rest.slice(0, cut), b: `${rest.slice(cut)}${more}`, no: "" };
          const { bytes } = compileMessage(template).render({ ...ROW, fields });
          const { text: read = "", attachments } = await PostalMime.parse(bytes);
          deepEqual(attachments.map(({ mimeType }) => mimeType), ["application/octet-stream"]);
          if (flowed) continue;
          equal(
            read.replaceAll("\r\n", "\n").trimEnd(),
            new Template(source).render(fields).trimEnd(),
          );
        }
      }
    }
  }
  notEqual(
    boundariesOf(rendered({ html: "<p>{{name}}" })).join(),
    boundariesOf(rendered({ html: "<b>{{name}}" })).join(),
  );
});

Deno.test("compileMessage() keeps the lines of quoted-printable short [T-I27]", pure, () => {
  const random = seeded(31);
  const pieces = ["word ", "é", "long".repeat(9), "{{a}}", "{{b}}", "{{a}}", " ", "\n", "="];
  for (let round = 0; round < 300; round++) {
    const source = `é${textOf(random, pieces, 30)}`;
    const fields = { a: "A".repeat(1 + random(80)), b: `é ${"b ".repeat(random(50))}` };
    const message = rendered({ subject: "x", text: source }, { fields });
    if (!message.includes("quoted-printable")) continue;
    const longest = Math.max(...message.split("\r\n").map(({ length }) => length));
    ok(longest <= 76, message);
  }
});

Deno.test.each(
  ["\r\nBcc: v@x.test", "\r", "\n", "\0", "\v", "\u0085", "\u2028"].map((bad) => [bad]),
)(
  "CompiledMessage.render() rejects the row whose %j would stand in a header [T-I15]",
  pure,
  (bad) => {
    for (
      const template of [{ subject: "Hi {{name}}" }, {
        headers: [{ name: "X-A", value: "{{name}}" }],
      }]
    ) {
      throws(() => rendered(template, { fields: { name: `Bob${bad}x` } }), SyntaxError);
    }
    // The same value is no harm in a body [T-I32].
    match(rendered({ subject: "Hi", text: "{{name}}" }, { fields: { name: `Bob${bad}x` } }), /Bob/);
    throws(() =>
      rendered({}, { to: { name: `Bob${bad}`, address: compose(PLAIN).envelope.from } })
    );
  },
);
const PLAIN = { ...TEMPLATE, ...ROW, text: "" };

Deno.test(
  "CompiledMessage.render() leaves a value the one thing it is, in any header",
  pure,
  () => {
    const headers = [
      {
        name: "List-Unsubscribe",
        value: "<https://a.example/u?t={{token}}>, <mailto:u@a.example?subject={{token}}>",
      },
      { name: "List-Unsubscribe-Post", value: "List-Unsubscribe=One-Click" },
      { name: "List-Help", value: "<{{link}}>" },
      { name: "References", value: "<{{id}}@a.example>" },
      { name: "Sender", value: "{{who}} <office@a.example>" },
    ];
    const fields = {
      name: "x",
      token: "a b&>,<c",
      link: "https://a.example/?x",
      id: "7",
      who: "Ann",
    };
    const unfolded = rendered({ headers }, { fields }).replace(/\r\n /g, " ");
    match(
      unfolded,
      /^List-Unsubscribe: <https:\/\/a\.example\/u\?t=a%20b%26%3E%2C%3Cc>, <mailto:u@a\.example\?subject=a%20b%26%3E%2C%3Cc>\r$/m,
    );
    match(unfolded, /^List-Help: <https:\/\/a\.example\/\?x>\r$/m);
    match(unfolded, /^References: <7@a\.example>\r$/m);
    match(unfolded, /^Sender: Ann <office@a\.example>\r$/m);
    for (
      const bad of [
        { link: "javascript:x" },
        { link: "https://a.example>, <https://evil.example" },
        { link: "https://a.example,https://evil.example" },
        { id: "1@x> <2" },
        { id: "a b" },
        { who: "Eve <eve@x.test>," },
        { who: "a@b" },
      ]
    ) {
      throws(
        () => rendered({ headers }, { fields: { ...fields, ...bad } }),
        SyntaxError,
        JSON.stringify(bad),
      );
    }
  },
);

Deno.test(
  "compileMessage() takes names of fields from its author alone [T-I16] [T-I17]",
  pure,
  () => {
    for (
      const name of [
        "X-A\r\nBcc",
        "X A",
        "",
        "X:Y",
        "__proto__",
        "Bcc",
        "Resent-Bcc",
        "Content-Type",
        "Subject",
      ]
    ) {
      throws(() => compileMessage({ ...TEMPLATE, headers: [{ name, value: "x" }] }), {
        name: "HeaderError",
      }, name);
    }
    const fields = {
      name: "Bob",
      Bcc: "v@x.test",
      "Content-Type": "text/evil",
      "Return-Path": "x",
    };
    doesNotMatch(rendered({}, { fields }), /v@x|evil|Return-Path/);
    throws(() =>
      compileMessage({
        ...TEMPLATE,
        headers: [{ name: "Sender", value: "a@b.example" }, {
          name: "sender",
          value: "a@b.example",
        }],
      }), {
      name: "HeaderError",
    });
  },
);

Deno.test("CompiledMessage.render() follows sections in links and lists", pure, () => {
  const link = (value: string, fields: Record<string, string>): string => {
    const headers = [{ name: "List-Unsubscribe", value }];
    const source = rendered({ headers }, { fields: { name: "x", ...fields } });
    return /^List-Unsubscribe: (.*)\r$/m.exec(source)?.[1] ?? "";
  };
  const page = "https://a.example/u";
  equal(link("<{{#page}}{{page}}{{/page}}>", { page }), `<${page}>`);
  equal(link("<https://a.example/u{{#t}}?t={{t}}{{/t}}>", { t: "a>" }), `<${page}?t=a%3E>`);
  equal(link("<https://a.example/u{{#t}}?t={{t}}{{/t}}>", { t: "" }), `<${page}>`);
  equal(link("<{{^a}}{{page}}{{/a}}{{#a}}{{a}}{{/a}}>", { a: "", page }), `<${page}>`);
  equal(link("<{{#a}}{{a}}{{/a}}{{^a}}{{page}}{{/a}}>", { a: "", page }), `<${page}>`);
  throws(() => link("<{{#a}}{{a}}{{/a}}{{b}}>", { a: "", b: "javascript:x" }), SyntaxError);
  const headers = [{ name: "Sender", value: "{{#who}}{{who}} {{/who}}<office@a.example>" }];
  match(
    rendered({ headers }, { fields: { name: "x", who: "Ann" } }),
    /^Sender: Ann <office@a\.example>\r$/m,
  );
});

Deno.test("compileMessage() says what it needs and what is wrong", pure, () => {
  const compiled = compileMessage({ ...TEMPLATE, html: "{{plain|x}}{{name|you}}" });
  deepEqual(compiled.fields.map(({ name, optional }) => [name, optional]), [
    ["name", false],
    ["fruit", true],
    ["plain", true],
  ]);
  throws(() => compiled.render({ ...ROW, fields: {} }), {
    name: "TemplateError",
    template: "subject",
    field: "name",
  });
  throws(() => rendered({ subject: "x" }, { fields: {} }), {
    name: "TemplateError",
    template: "text",
    line: 1,
    column: 6,
  });
  const html = new Template("<p>{{name}}", { name: "a.html", kind: "html" });
  throws(() => rendered({ html, subject: "x", text: "x" }, { fields: {} }), { template: "a.html" });
  throws(() => compileMessage({ ...TEMPLATE, text: html }), TypeError);
  throws(() => compileMessage({ from: "a@b.example", subject: "x" }), TypeError);
  const stream = { content: new ReadableStream() } as unknown as Attachment; // types forbid it
  throws(() => compileMessage({ ...TEMPLATE, attachments: [stream] }), TypeError);
  throws(() => rendered({}, { to: [] }), { name: "HeaderError" });
  throws(() => rendered({}, { messageId: "<1@b.example> <2@c.example>" }), { name: "HeaderError" });
});

Deno.test("compileMessage() writes UTF-8 headers only where that is allowed [T-I11]", pure, () => {
  const row = { ...ROW, to: "jörg@mail.example" };
  throws(() => compileMessage(TEMPLATE).render(row), { name: "HeaderError", field: "To" });
  throws(() => compileMessage({ ...TEMPLATE, from: "jörg@mail.example" }), { name: "HeaderError" });
  for (const source of ["Hello", "Hello {{name}}"]) {
    const compiled = compileMessage({ ...TEMPLATE, text: source }, { smtpUtf8: true });
    const message = compiled.render(row);
    equal(message.utf8Headers && message.eightBit, true);
    equal(compiled.render(ROW).utf8Headers, false);
    match(text(message.bytes), /^To: jörg@mail\.example\r\n/m);
    equal(text(message.header) + text(message.body), text(message.bytes));
    equal(text(message.header).endsWith("\r\n\r\n"), true);
  }
});

Deno.test("CompiledMessage.render() gives the same octets for the same row", pure, () => {
  const template = { html: "<p>{{name}}", attachments: [FILE] };
  equal(rendered(template), rendered(template));
  notEqual(rendered(template), rendered(template, { messageId: "<2@mail.example>" }));
});
