import {
  compose,
  composeStream,
  DkimKey,
  DkimSigner,
  encodeBody,
  encodeText,
} from "@mailwright/mailwright/message";
import {
  deepEqual,
  doesNotMatch,
  equal,
  match,
  notEqual,
  ok,
  rejects,
  throws,
} from "node:assert/strict";
import { BodyHash } from "../../src/message/dkim_canonical.ts";
import { Sha256 } from "../../src/message/sha256.ts";
import { keyPair, pemOf } from "./dkim_keys.ts";
import { canonicalBody, verifyDkim } from "./dkim_verifier.ts";
import { chunksOf, seeded, textOf } from "./random.ts";

const pure = { permissions: "none" } as const;
const [RSA, ED25519] = await Promise.all([keyPair("rsa-sha256"), keyPair("ed25519-sha256")]);
const RSA_KEY = await DkimKey.fromPem(RSA.pem);
const ED25519_KEY = await DkimKey.fromPem(ED25519.pem);
const IDENTITIES = [
  { domain: "mail.example", selector: "rsa", key: RSA_KEY },
  { domain: "mail.example", selector: "ed.2025", key: ED25519_KEY },
];
const KEYS = new Map([
  ["rsa.mail.example", RSA.publicKey],
  ["ed.2025.mail.example", ED25519.publicKey],
]);
const FIELDS = {
  from: "Ann <ann@mail.example>",
  to: "Jürgen <juergen@mail.example>",
  subject: "A subject that is long enough to be folded, with two  blanks and a tab\there",
  date: Date.UTC(2025, 10, 21),
  messageId: "<1@mail.example>",
  text: "Hello \t world  \n\n  indented\t\n\n\n",
} as const;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const octets = (source: string): Uint8Array => new TextEncoder().encode(source);
const FORMS = ["relaxed", "simple"] as const;

Deno.test.each(FORMS.flatMap((headerForm) => FORMS.map((bodyForm) => ({ headerForm, bodyForm }))))(
  "DkimSigner signs by RSA and Ed25519 at once, $headerForm/$bodyForm",
  pure,
  async ({ headerForm, bodyForm }) => {
    const signer = new DkimSigner(IDENTITIES, { headerForm, bodyForm });
    for (const source of [FIELDS.text, "", "\n\n", "x", "Grüße\n", "a  b\n \n\t\n"]) {
      const { bytes, body } = await signer.sign(compose({ ...FIELDS, text: source }));
      const found = await verifyDkim(bytes, KEYS);
      deepEqual(found.map(({ algorithm }) => algorithm), ["rsa-sha256", "ed25519-sha256"]);
      equal(text(bytes).endsWith(text(body)), true);
    }
  },
);

Deno.test(
  "DkimSigner seals who wrote what to whom, so that nothing can be added",
  pure,
  async () => {
    const signer = new DkimSigner(IDENTITIES.slice(0, 1), { headers: ["X-Campaign"] });
    const { bytes } = await signer.sign(compose(FIELDS));
    const [signature] = await verifyDkim(bytes, KEYS);
    const count = (name: string): number =>
      signature?.names.filter((one) => one === name).length ?? 0;
    deepEqual(["from", "to", "subject", "content-type"].map(count), [2, 2, 2, 2]);
    deepEqual(["cc", "reply-to", "sender", "x-campaign"].map(count), [1, 1, 0, 0]);
    for (
      const field of [
        "From: Eve <eve@x.test>",
        "Subject: Win",
        "Cc: eve@x.test",
        "Reply-To: eve@x.test",
        "Content-Type: text/html",
      ]
    ) {
      for (
        const forged of [
          `${field}\r\n${text(bytes)}`,
          text(bytes).replace("\r\n\r\n", `\r\n${field}\r\n\r\n`),
        ]
      ) {
        await rejects(verifyDkim(octets(forged), KEYS), /does not hold/);
      }
    }
    await rejects(verifyDkim(octets(`${text(bytes)}more\r\n`), KEYS), /bh= does not hold/);
    // What is not signed may come on the way.
    await verifyDkim(octets(`Received: by x.test\r\n${text(bytes)}`), KEYS);
  },
);

Deno.test("DkimSigner writes what it is told, folded", pure, async () => {
  const signer = new DkimSigner([{ domain: "MÜNCHEN.example", selector: "s1", key: RSA_KEY }], {
    expiresAfterSeconds: 3600,
  });
  const signed = await signer.sign(compose(FIELDS), { timeMs: 1_763_683_200_999 });
  const field = /^DKIM-Signature:.*(?:\r\n[ \t].*)*\r\n/.exec(text(signed.header))?.[0] ?? "";
  match(
    field,
    /^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed;\r\n d=xn--mnchen-3ya\.example;/,
  );
  match(field, / t=1763683200; x=1763686800;\r\n h=/);
  ok(field.split("\r\n").every((line) => line.length <= 78), field);
  const again = await signer.sign(compose(FIELDS), { timeMs: 1_763_683_200_999 });
  deepEqual(again.bytes, signed.bytes);
});

Deno.test("DkimSigner hashes a body once for all messages that share it", pure, async () => {
  const signer = new DkimSigner(IDENTITIES);
  let reads = 0;
  const shared = encodeBody({ text: "Hello\n", html: "<p>Hello\n" });
  const bytes = new Proxy(shared.bytes, {
    get(target, key) {
      if (key === "0") reads++;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  for (const to of ["a@mail.example", "b@mail.example", "c@mail.example"]) {
    await signer.sign(compose({ ...noText, to, body: { ...shared, bytes } }));
  }
  equal(reads, 1);
  const hash = async (source: string) =>
    (await signer.sign(compose({ ...noText, body: encodeText(source) }))).header;
  notEqual(text(await hash("a")), text(await hash("b")));
});
const { text: _text, ...noText } = FIELDS;

Deno.test("DkimSigner signs a streamed message, which it reads once for it", pure, async () => {
  const signer = new DkimSigner(IDENTITIES);
  const content = Uint8Array.from({ length: 100_000 }, (_, i) => i * i >> 4);
  let opened = 0;
  const open = () => {
    opened++;
    return new Blob([content]).stream();
  };
  const message = composeStream({
    ...FIELDS,
    attachments: [{ content: open, size: content.length }],
  });
  const signed = await signer.sign(message);
  const bytes = await new Response(ReadableStream.from(signed)).bytes();
  equal(bytes.length, signed.size);
  equal((await verifyDkim(bytes, KEYS)).length, 2);
  equal(opened, 2);
  const whole = await signer.sign(compose({ ...FIELDS, attachments: [{ content }] }));
  equal(text(whole.bytes), text(bytes));
  const once = composeStream({ ...FIELDS, attachments: [{ content: open() }] });
  await rejects(signer.sign(once), { name: "DkimError" });
});

Deno.test("DkimSigner signs a raw message as it goes over the wire [S53]", pure, async () => {
  const signer = new DkimSigner(IDENTITIES);
  const twice = "X-A: 1\r\nFrom: a@b.example\r\nX-A: 2\r\nX-A: 3\r\n\r\n";
  const all = new DkimSigner(IDENTITIES, { headers: ["x-a"] });
  equal(
    (await verifyDkim(await all.sign(octets(twice)), KEYS))[0]?.names.join().match(/x-a/g)?.length,
    3,
  );
  const raw = "From : Ann\r\n <ann@mail.example>\r\nsubject:x \r\nX: 1\r\n\r\nHello ";
  for (const source of [raw, `${raw}\r\n`, raw.replace(/\r\n\r\n.*/, "\r\n\r\n")]) {
    equal((await verifyDkim(await signer.sign(octets(source)), KEYS)).length, 2);
  }
  for (const bad of ["\n", "\r", "\0"]) {
    await rejects(signer.sign(octets(`${raw}${bad}x`)), { name: "DkimError" });
  }
  for (
    const bad of [
      raw.replace("From", "X-From"),
      `From: eve@x.test\r\n${raw}`,
      "",
    ]
  ) await rejects(signer.sign(octets(bad)), /exactly one From/);
  const latin1 = Uint8Array.from([
    ...octets("From: a@b.example\r\nX: "),
    0xfc,
    ...octets("\r\n\r\n"),
  ]);
  await rejects(signer.sign(latin1), /not UTF-8/);
});

Deno.test("DkimSigner keeps UTF-8 headers as they are", pure, async () => {
  const signer = new DkimSigner(IDENTITIES);
  const message = compose({ ...FIELDS, to: "jörg@mail.example" }, { smtpUtf8: true });
  const signed = await signer.sign(message);
  equal(signed.utf8Headers && signed.eightBit, true);
  equal((await verifyDkim(signed.bytes, KEYS)).length, 2);
});

Deno.test("DkimSigner refuses what would sign nothing", pure, async () => {
  const identity = { domain: "mail.example", selector: "s", key: RSA_KEY };
  throws(() => new DkimSigner([]), { name: "DkimError" });
  for (const selector of ["", "a b", "a;d=x.test", "-a", "a..b", "a\r\nb"]) {
    throws(() => new DkimSigner([{ ...identity, selector }]), { name: "DkimError" });
  }
  throws(() => new DkimSigner([{ ...identity, domain: "a; d=b" }]), { name: "AddressError" });
  for (const name of ["DKIM-Signature", "Received", "Bcc", "a:b", "a;b", ""]) {
    throws(() => new DkimSigner([identity], { headers: [name] }), { name: "DkimError" });
  }
  throws(() => new DkimSigner([identity], { expiresAfterSeconds: 0 }), { name: "DkimError" });
  const expiring = new DkimSigner([identity], { expiresAfterSeconds: 1 });
  await rejects(expiring.sign(compose(FIELDS)), { name: "DkimError" });
  await rejects(expiring.sign(compose(FIELDS), { timeMs: NaN }), { name: "DkimError" });
});

Deno.test(
  "DkimKey.fromPem() reads PKCS#8 and PKCS#1, and shows nothing of a key",
  pure,
  async () => {
    equal(RSA_KEY.algorithm, "rsa-sha256");
    equal(ED25519_KEY.algorithm, "ed25519-sha256");
    const pkcs8 = Uint8Array.fromBase64(RSA.pem.replace(/-----.*-----|\n/g, ""));
    const pkcs1 = pkcs8.subarray(26); // behind the heads of PKCS#8 for a key of this length
    const old = await DkimKey.fromPem(pemOf("RSA PRIVATE KEY", pkcs1));
    const bytes = octets("x") as Uint8Array<ArrayBuffer>;
    deepEqual(await old.sign(bytes), await RSA_KEY.sign(bytes));
    for (const shown of [`${RSA_KEY}`, JSON.stringify({ RSA_KEY }), Deno.inspect(RSA_KEY)]) {
      match(shown, /\*\*\*/);
      doesNotMatch(shown, /[A-Za-z0-9+/]{20}/);
    }
  },
);

Deno.test("DkimKey.fromPem() says what is wrong, but nothing of the key", pure, async () => {
  const secret = "c2VjcmV0c2VjcmV0c2VjcmV0";
  const block = (label: string, body: string) =>
    `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`;
  for (
    const [pem, hint] of [
      ["", /not one block/],
      [secret, /not one block/],
      [RSA.pem + ED25519.pem, /not one block/],
      [block("ENCRYPTED PRIVATE KEY", secret), /password/],
      [
        block("RSA PRIVATE KEY", `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0\n\n${secret}`),
        /password/,
      ],
      [block("OPENSSH PRIVATE KEY", secret), /not PKCS#8/],
      [block("EC PRIVATE KEY", secret), /not PKCS#8/],
      [block("PRIVATE KEY", `${secret}!`), /base64/],
      [block("PRIVATE KEY", secret), /neither/],
      [RSA.pem.replace(/\n(.{64})\n(?=.{64}\n-|.{1,64}\n-)/, "\n"), /no private key/],
    ] as const
  ) {
    const error = await DkimKey.fromPem(pem).then(() => undefined, (reason) => reason);
    ok(error instanceof SyntaxError, pem);
    match(error.message, hint);
    doesNotMatch(Deno.inspect(error), /c2VjcmV0/);
  }
  const short = await keyPair("rsa-sha256", 512);
  await rejects(DkimKey.fromPem(short.pem), RangeError);
});

Deno.test("BodyHash is the same however a body is cut, and follows both forms", pure, async () => {
  const random = seeded(3);
  for (let round = 0; round < 300; round++) {
    const source = textOf(random, [..."ab \t.", "\r\n", "\r\n", " \r\n", "\r", "\n", "é"], 60);
    const bytes = octets(source);
    const binary = Array.from(bytes, (octet) => String.fromCharCode(octet)).join("");
    for (const form of FORMS) {
      const canonical = Uint8Array.from(canonicalBody(binary, form), (c) => c.charCodeAt(0));
      const want = new Uint8Array(await crypto.subtle.digest("SHA-256", canonical)).toBase64();
      const hash = new BodyHash(form);
      for (const chunk of chunksOf(random, bytes)) hash.push(chunk);
      equal(hash.digest(), want, JSON.stringify({ source, form }));
    }
  }
});

Deno.test("Sha256 hashes as Web Crypto does, however octets are cut", pure, async () => {
  const random = seeded(5);
  for (const length of [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 4099]) {
    const bytes = Uint8Array.from({ length }, () => random(256));
    const hash = new Sha256();
    for (const chunk of chunksOf(random, bytes)) hash.update(chunk);
    deepEqual(hash.digest(), new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
    const once = new Sha256().update(bytes).digest();
    deepEqual(once, new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  }
});
