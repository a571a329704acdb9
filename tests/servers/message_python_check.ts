/**
 * What we compose, read by Python's email package.
 */
import { deepEqual, equal } from "node:assert/strict";
import {
  type Attachment,
  compileMessage,
  compose,
  type ComposedMessage,
  encodeBody,
  type InlinePart,
} from "@mailwright/mailwright/message";
import { seeded, textOf } from "../message/random.ts";
import { pythonTest, runPython } from "./python.ts";

/** Takes messages in base64 and tells their headers and parts as JSON. */
const READ = `
import base64, email, email.policy, json, sys
def part(p):
    if p.is_multipart() and p.get_content_maintype() == "multipart":
        return {"type": p.get_content_type(), "parts": [part(q) for q in p.iter_parts()],
                "defects": [repr(d) for d in p.defects]}
    octets = p.get_payload(decode=True)
    return {"type": p.get_content_type(), "name": p.get_filename(), "id": p["content-id"],
            "disposition": p.get_content_disposition(), "defects": [repr(d) for d in p.defects],
            "octets": base64.b64encode(octets).decode()}
said = []
for given in json.load(sys.stdin):
    m = email.message_from_bytes(base64.b64decode(given), policy=email.policy.default)
    said.append({"subject": m["subject"], "to": [[a.display_name, a.addr_spec] for a in m["to"].addresses],
                 "names": m.keys(), "body": part(m), "date": m["date"].datetime.isoformat(),
                 "header_defects": [repr(d) for h in m.values() for d in getattr(h, "defects", [])]})
json.dump(said, sys.stdout)
`;

interface ReadPart {
  readonly type: string;
  readonly parts?: readonly ReadPart[];
  readonly name?: string | null;
  readonly id?: string | null;
  readonly disposition?: string | null;
  readonly octets?: string;
  readonly defects: readonly string[];
}

interface ReadMessage {
  readonly subject: string;
  readonly to: readonly (readonly [string, string])[];
  readonly names: readonly string[];
  readonly body: ReadPart;
  readonly date: string;
  readonly header_defects: readonly string[];
}

async function readAll(messages: readonly ComposedMessage[]): Promise<ReadMessage[]> {
  const given = JSON.stringify(messages.map(({ bytes }) => bytes.toBase64()));
  return JSON.parse(await runPython(READ, given));
}

function leaves(part: ReadPart): ReadPart[] {
  return part.parts === undefined ? [part] : part.parts.flatMap(leaves);
}

/** The types of a part and those in it, as a tree. */
function shape({ type, parts }: ReadPart): string {
  return parts === undefined ? type : `${type}(${parts.map(shape).join(" ")})`;
}

function textIn(part: ReadPart | undefined): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(part?.octets ?? ""));
}

function octets(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => i * i >> 2);
}

const COMMON = {
  from: "Ann <ann@mail.example>",
  to: "bob@mail.example",
  subject: "Lunch",
  date: Date.UTC(2025, 10, 21, 9, 5),
  messageId: "<1@mail.example>",
} as const;
const LOGO: InlinePart = { contentId: "logo@mail.example", type: "image/png", content: octets(99) };
const crlf = (text: string): string => text.replace(/\r\n?|\n/g, "\r\n");

await pythonTest("Python reads every shape of what compose() writes", ["email"], async () => {
  const file: Attachment = { filename: "a.pdf", content: octets(300) };
  const shapes = [
    [{ text: "a\n" }, "text/plain"],
    [{ html: "<p>a\n" }, "text/html"],
    [{ text: "a\n", html: "<p>a\n" }, "multipart/alternative(text/plain text/html)"],
    [{ html: "<p>a\n", inline: [LOGO] }, "multipart/related(text/html image/png)"],
    [
      { text: "a\n", html: "<p>a\n", inline: [LOGO], attachments: [file, file] },
      "multipart/mixed(multipart/alternative(text/plain multipart/related(text/html image/png))" +
      " application/pdf application/pdf)",
    ],
    [
      { body: encodeBody({ text: "a\n" }), attachments: [file] },
      "multipart/mixed(text/plain application/pdf)",
    ],
  ] as const;
  const read = await readAll(shapes.map(([fields]) => compose({ ...COMMON, ...fields })));
  deepEqual(read.map(({ body }) => shape(body)), shapes.map(([, tree]) => tree));
  for (const { body, header_defects, names, date } of read) {
    deepEqual(header_defects, []);
    deepEqual(leaves(body).flatMap(({ defects }) => defects), []);
    equal(new Set(names).size, names.length);
    equal(date, "2025-11-21T09:05:00+00:00");
    for (const leaf of leaves(body)) {
      if (leaf.type === "text/plain") equal(textIn(leaf), "a\r\n");
      if (leaf.type === "text/html") equal(textIn(leaf), "<p>a\r\n");
      if (leaf.type === "application/pdf") {
        deepEqual(leaf.octets, octets(300).toBase64());
        deepEqual([leaf.name, leaf.disposition], ["a.pdf", "attachment"]);
      }
      if (leaf.type === "image/png") {
        deepEqual(leaf.octets, octets(99).toBase64());
        deepEqual([leaf.id, leaf.disposition], ["<logo@mail.example>", "inline"]);
      }
    }
  }
});

await pythonTest(
  "Python reads subjects, names, texts and files as they were given",
  ["email"],
  async () => {
    const random = seeded(17);
    const characters = [..."ab ,.\"'=?_%\\<>();:é日😀", "=?utf-8?Q?x?=", "long".repeat(30)];
    const rows = Array.from({ length: 150 }, (_, round) => ({
      subject: `x${textOf(random, characters, 40)}x`,
      // This Python keeps the blanks between the encoded words of a name: one word is enough for it.
      name: `x${textOf(random, characters.slice(0, -2), 6)}x`,
      filename: `x${textOf(random, characters.filter((c) => !/[\\"]/.test(c)), 40)}x`,
      text: `${textOf(random, [...characters, "\n", "\r\n", ".\n", " \n", "\t"], 200)}\n`,
      content: octets(round * 3 % 257),
      eightBit: round % 2 === 0,
    }));
    const address = COMMON.to;
    const messages = rows.map(({ subject, name, filename, text, content, eightBit }) =>
      compose({
        ...COMMON,
        subject,
        to: `"${name.replace(/["\\]/g, "\\$&")}" <${address}>`,
        text,
        html: text,
        attachments: [{ filename, content }],
      }, { eightBit })
    );
    const read = await readAll(messages);
    for (const [index, { subject, to, body }] of read.entries()) {
      const row = rows[index];
      equal(subject, row?.subject);
      deepEqual(to, [[row?.name, address]]);
      const [plain, html, file] = leaves(body);
      equal(textIn(plain), crlf(row?.text ?? ""));
      equal(textIn(html), crlf(row?.text ?? ""));
      equal(file?.octets, row?.content.toBase64());
      equal(file?.name, row?.filename);
    }
  },
);

await pythonTest("Python reads what compileMessage() fills in", ["email"], async () => {
  const source =
    "Dear {{name}},\n\n{{#orders}}\n- {{item}}: {{price}}\n{{/orders}}\nÜber {{sum}} = {{name}}\n";
  const job = compileMessage({
    from: COMMON.from,
    subject: "{{name}}: {{sum}}",
    text: source,
    html: `<p>${source}`,
    attachments: [{ filename: "a.bin", content: octets(5000) }],
  });
  const names = ["Ann", "Zoë", 'Bob = "x"', "日本", "a=", "_b", "x".repeat(1200)];
  const messages = names.map((name) =>
    job.render({
      ...COMMON,
      fields: { name, sum: 7.5, orders: [{ item: "é", price: 1 }, { item: "b  ", price: 2 }] },
    })
  );
  const read = await readAll(messages);
  for (const [index, { subject, body, header_defects }] of read.entries()) {
    const name = names[index];
    equal(subject, `${name}: 7.5`);
    deepEqual(header_defects, []);
    const [plain, , file] = leaves(body);
    equal(textIn(plain), crlf(`Dear ${name},\n\n- é: 1\n- b  : 2\nÜber 7.5 = ${name}\n`));
    equal(file?.octets, octets(5000).toBase64());
  }
});
