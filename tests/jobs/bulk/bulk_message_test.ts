import { equal, match, notEqual, ok, throws } from "node:assert/strict";
import { BulkMessage, type StoredMessage } from "../../../src/jobs/bulk/message/bulk_message.ts";
import { hashJob } from "../../../src/jobs/bulk/message/fingerprint.ts";
import { DkimKey, DkimSigner } from "../../../src/message/mod.ts";

const PURE = { permissions: "none" } as const;
const WRITTEN: StoredMessage = {
  kind: "written",
  from: "News <news@here.example>",
  subject: "Hello {{name}}",
  text: "Dear {{name}},\n",
  attachments: [],
  headers: [],
};
const ROW = {
  recipient: "ann@there.example",
  fields: { email: "ann@there.example", name: "Ann" },
  firstClaimMs: Date.UTC(2026, 10, 21),
};

function rendered(message: BulkMessage, row = ROW): string {
  return new TextDecoder().decode(message.render({ ...row, dateMs: row.firstClaimMs }));
}

function idOf(text: string): string | undefined {
  return /^Message-ID: (.*)\r$/m.exec(text)?.[1];
}

Deno.test("BulkMessage gives the same octets for a row, always [T-B25]", PURE, async () => {
  const pem = "-----BEGIN PRIVATE KEY-----\n" +
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" +
    "-----END PRIVATE KEY-----\n";
  const identity = { domain: "here.example", selector: "s", key: await DkimKey.fromPem(pem) };
  const signer = new DkimSigner([identity]);
  const made = async (): Promise<string> => {
    const message = new BulkMessage(WRITTEN, { fingerprint: "f", signer });
    const { content } = await message.outgoing(ROW);
    ok(typeof content === "object" && "bytes" in content);
    return new TextDecoder().decode(content.bytes);
  };
  const first = await made();
  match(first, /^DKIM-Signature: [^]*\r\nDate: Sat, 21 Nov 2026 00:00:00 \+0000\r\n/);
  equal(await made(), first);
});

Deno.test("BulkMessage names each message by job and recipient", PURE, () => {
  const one = new BulkMessage(WRITTEN, { fingerprint: "one" });
  const two = new BulkMessage(WRITTEN, { fingerprint: "two" });
  const id = idOf(rendered(one));
  match(id ?? "", /^<[0-9a-f]{32}@here\.example>$/);
  equal(idOf(rendered(one, { ...ROW, recipient: "ann@THERE.example" })), id);
  notEqual(idOf(rendered(one, { ...ROW, recipient: "ben@there.example" })), id);
  notEqual(idOf(rendered(two)), id);
});

Deno.test(
  "BulkMessage sends to the one recipient of the row, from the return path",
  PURE,
  async () => {
    const message = new BulkMessage(WRITTEN, {
      fingerprint: "f",
      sender: null,
      dsn: ["failure"],
      chunking: true,
    });
    const { envelope, chunking } = await message.outgoing(ROW);
    equal(envelope.from, null);
    equal(envelope.to.length, 1);
    equal(envelope.parameters?.ret, "HDRS");
    equal(chunking, true);
    const plain = await new BulkMessage(WRITTEN, { fingerprint: "f" }).outgoing(ROW);
    equal(plain.envelope.from, "news@here.example");
    equal(plain.envelope.parameters, undefined);
  },
);

Deno.test("BulkMessage refuses what no row could make right", PURE, () => {
  const made = (message: Partial<StoredMessage>, options = {}) => () =>
    new BulkMessage({ ...WRITTEN, ...message } as StoredMessage, { fingerprint: "f", ...options });
  throws(made({ from: "a@b.example, c@d.example" }), { name: "AddressError" });
  throws(made({}, { sender: "nobody" }), { name: "AddressError" });
  throws(made({}, { listUnsubscribe: ["ftp://x.example"] }), /expected https:/);
  throws(
    made({ headers: [["list-unsubscribe", "<https://x.example>"]] }, {
      listUnsubscribe: ["https://x.example"],
    }),
    /Cannot add "List-Unsubscribe": the message has it already/,
  );
  throws(made({ headers: [["Bcc", "v@x.example"]] }), { name: "HeaderError" });
  throws(made({ text: "{{#open}}" }), { name: "TemplateError" });
});

Deno.test("BulkMessage puts on top of a raw message what it lacks, and nothing else", PURE, () => {
  const octets = new TextEncoder().encode("From: a@here.example\r\nDate: now\r\n\r\nHi\r\n");
  const raw = { kind: "raw", from: "a@here.example", base64: octets.toBase64() } as const;
  const message = new BulkMessage(raw, { fingerprint: "f", listUnsubscribe: ["mailto:{{email}}"] });
  equal(message.fields.map(({ name }) => name).join(), "email");
  match(
    rendered(message),
    /^List-Unsubscribe: <mailto:ann%40there\.example>\r\nMessage-ID: <\w+@here\.example>\r\nTo: ann@there\.example\r\nFrom: a@here\.example\r\nDate: now\r\n\r\nHi\r\n$/,
  );
});

Deno.test(
  "hashJob() tells changed inputs, whatever it was that changed [T-I36] [T-B28]",
  PURE,
  () => {
    const job = { name: "j", listHash: "l", message: WRITTEN, more: ["m"] };
    const attachments = [{ filename: "a", base64: "bc" }];
    const variants = [
      job,
      { ...job, name: "k" },
      { ...job, listHash: "m" },
      { ...job, more: [] },
      ...[
        { subject: "x" },
        { text: "x" },
        { html: "" },
        { replyTo: "x" },
        { attachments },
        { attachments: [{ filename: "ab", base64: "c" }] },
        { headers: [["a", "bc"]] as const },
      ].map((change) => ({ ...job, message: { ...WRITTEN, ...change } })),
    ];
    equal(new Set(variants.map((each) => hashJob(each).fingerprint)).size, variants.length);
    equal(new Set(variants.slice(0, 4).map((each) => hashJob(each).contentHash)).size, 1);
    equal(new Set(variants.slice(3).map((each) => hashJob(each).contentHash)).size, 8);
  },
);
