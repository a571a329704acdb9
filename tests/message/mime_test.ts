import {
  type Attachment,
  compose,
  composeStream,
  describeContent,
  encodeBody,
  mediaTypeOf,
  type MessageFields,
  type StreamedAttachment,
} from "@mailwright/mailwright/message";
import { deepEqual, equal, match, notEqual, ok, rejects, throws } from "node:assert/strict";
import { type Email, PostalMime } from "../../src/deps/postal_mime.ts";
import { base64Size } from "../../src/message/base64.ts";
import { seeded, textOf } from "./random.ts";

const pure = { permissions: "none" } as const;
const FIELDS = {
  from: "Ann <ann@mail.example>",
  to: "bob@mail.example",
  subject: "Lunch",
  date: Date.UTC(2025, 10, 21, 9, 5),
  messageId: "<1@mail.example>",
} as const;
const LOGO = { contentId: "logo@mail.example", type: "image/png", content: octets(99) } as const;
const FILE: Attachment = { filename: "a.pdf", content: octets(3) };
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function octets(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => i * i >> 2);
}

/** Composes a message and gives it as text. */
function composed(fields: Partial<MessageFields>, options = {}): string {
  return text(compose({ ...FIELDS, ...fields }, options).bytes);
}

/** The types of a message and its parts, as a tree. */
function shape(message: string): string {
  const [, type = "", boundary] =
    /^Content-Type: ([^;\r]+)(?:[^\r]*;\r\n boundary="(.*)")?/m.exec(message) ?? [];
  if (boundary === undefined) return type;
  const [, ...parts] = message.split(`--${boundary}`);
  match(parts.pop() ?? "", /^--(?:\r\n)+$/);
  return `${type}(${parts.map((part) => shape(part.slice(2))).join(" ")})`;
}

async function read(fields: Partial<MessageFields>, options = {}): Promise<Email> {
  return await PostalMime.parse(compose({ ...FIELDS, ...fields }, options).bytes);
}

const TEXT = { text: "Hi\n" };
const HTML = { html: "<p>Hi\n" };
Deno.test.each<[Partial<MessageFields>, string]>([
  [TEXT, "text/plain"],
  [HTML, "text/html"],
  [{ ...TEXT, ...HTML }, "multipart/alternative(text/plain text/html)"],
  [{ ...HTML, inline: [LOGO] }, "multipart/related(text/html image/png)"],
  [
    { ...TEXT, ...HTML, inline: [LOGO] },
    "multipart/alternative(text/plain multipart/related(text/html image/png))",
  ],
  [{ ...TEXT, attachments: [FILE] }, "multipart/mixed(text/plain application/pdf)"],
  [
    {
      ...TEXT,
      ...HTML,
      inline: [LOGO, { ...LOGO, contentId: "b@mail.example" }],
      attachments: [FILE, FILE],
    },
    "multipart/mixed(multipart/alternative(text/plain multipart/related(text/html image/png image/png))" +
    " application/pdf application/pdf)",
  ],
  [
    { body: encodeBody({ ...TEXT, ...HTML }), attachments: [FILE] },
    "multipart/mixed(multipart/alternative(text/plain text/html) application/pdf)",
  ],
])("compose() puts parts together: $1", pure, async (fields, tree) => {
  const source = composed(fields);
  equal(shape(source), tree);
  equal(source, composed(fields));
  const email = await read(fields);
  equal(email.html?.trim(), fields.body || fields.html ? "<p>Hi" : undefined);
  equal(email.text?.trim(), fields.body || fields.text ? "Hi" : undefined);
  const given = [...fields.inline ?? [], ...fields.attachments ?? []];
  deepEqual(
    email.attachments.map(({ content, disposition, contentId }) => [
      new Uint8Array(content as ArrayBuffer),
      disposition,
      contentId,
    ]),
    given.map((part) => [
      part.content,
      "contentId" in part ? "inline" : "attachment",
      "contentId" in part ? `<${part.contentId}>` : undefined,
    ]),
  );
});

Deno.test("compose() writes parts, octet by octet", pure, () => {
  const source = composed({
    text: "Hi",
    html: "<p>Grüße from Ann",
    attachments: [{ ...FILE, description: "A file" }],
  });
  const [mixed, alternative] = [...source.matchAll(/boundary="(=_[0-9a-f]{32})"/g)]
    .map(([, boundary]) => boundary);
  deepEqual(source.split("\r\n").slice(5), [
    "MIME-Version: 1.0",
    "Content-Type: multipart/mixed;",
    ` boundary="${mixed}"`,
    "",
    `--${mixed}`,
    "Content-Type: multipart/alternative;",
    ` boundary="${alternative}"`,
    "",
    `--${alternative}`,
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 7bit",
    "",
    "Hi",
    "",
    `--${alternative}`,
    "Content-Type: text/html; charset=utf-8",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    "<p>Gr=C3=BC=C3=9Fe from Ann",
    "",
    `--${alternative}--`,
    "",
    `--${mixed}`,
    "Content-Type: application/pdf",
    "Content-Transfer-Encoding: base64",
    'Content-Disposition: attachment; filename="a.pdf"',
    "Content-Description: A file",
    "",
    "AAAB",
    "",
    `--${mixed}--`,
    "",
  ]);
});

Deno.test(
  "compose() gives attachments of every size back, whole and streamed [T-I24]",
  pure,
  async () => {
    for (const size of [...Array(130).keys(), 998, 4095, 4096, 4097, 57 * 1024, 57 * 1024 + 1]) {
      const content = octets(size);
      const { attachments: [file] } = await read({ ...TEXT, attachments: [{ content }] });
      deepEqual(new Uint8Array(file?.content as ArrayBuffer), content);
      const streamed = composeStream({
        ...FIELDS,
        ...TEXT,
        attachments: [{ content: () => inChunks(content, 1 + size % 60), size }],
      });
      const bytes = await new Response(ReadableStream.from(streamed)).bytes();
      equal(bytes.length, streamed.size);
      equal(text(bytes), composed({ ...TEXT, attachments: [{ content }] }));
    }
    for (let size = 0; size < 200; size++) {
      const [, encoded = ""] = /base64\r\n.*\r\n\r\n((?:[^-\r].*\r\n)*)/
        .exec(composed({ ...TEXT, attachments: [{ content: octets(size) }] })) ?? [];
      equal(encoded.length, base64Size(size));
    }
  },
);

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

Deno.test("compose() names each shape by its content, and no part holds a boundary", pure, () => {
  const boundaryOf = (source: string): string => /boundary="(.*)"/.exec(source)?.[1] ?? "";
  const fields = { text: "Hi\n", attachments: [FILE] };
  const boundary = boundaryOf(composed(fields));
  notEqual(boundaryOf(composed({ ...fields, text: "Ho\n" })), boundary);
  // A text cannot hold its own boundary, for that comes from the text; one that is looked for can.
  const raw = new TextEncoder().encode(`Subject: x\r\n\r\n--${boundary}\r\n`);
  const forwarded = composed({ ...TEXT, attachments: [{ content: raw, type: "message/rfc822" }] });
  equal(shape(forwarded), "multipart/mixed(text/plain message/rfc822)");
  const all = composed({ ...TEXT, ...HTML, inline: [LOGO], attachments: [FILE] });
  equal(new Set(all.match(/boundary=".*"/g)).size, 3);
});

Deno.test.each([
  ["a.pdf", 'filename="a.pdf"'],
  ["a b (1).pdf", 'filename="a b (1).pdf"'],
  ["Grüße.pdf", "filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf"],
  ['a"; filename="b.exe', "filename*=utf-8''a%22%3B%20filename%3D%22b.exe"],
  ["../../x", 'filename="x"'],
  ["C:\\docs\\x.txt", 'filename="x.txt"'],
  ["/etc/passwd", 'filename="passwd"'],
  ["a\r\nBcc: v@x.test", "filename*=utf-8''a%0D%0ABcc%3A%20v%40x.test"],
  ["a\tb", "filename*=utf-8''a%09b"],
  ["a\x7f", "filename*=utf-8''a%7F"],
  ["a\u202efdp.exe", "filename*=utf-8''a%E2%80%AEfdp.exe"],
  ["50%.txt", "filename*=utf-8''50%25.txt"],
  ["=?utf-8?Q?x?=", "filename*=utf-8''%3D%3Futf-8%3FQ%3Fx%3F%3D"],
  [
    "日".repeat(9),
    `filename*0*=utf-8''${"%E6%97%A5".repeat(5)}%E6%97;\r\n filename*1*=%A5${
      "%E6%97%A5".repeat(3)
    }`,
  ],
])("compose() names the attachment %j [T-I21] [T-I15]", pure, async (filename, parameter) => {
  const source = composed({
    ...TEXT,
    attachments: [{ filename, type: "x/y", content: octets(1) }],
  });
  const [field = ""] = /^Content-Disposition:.*(?:\r\n .*)*/m.exec(source) ?? [];
  equal(
    field.replaceAll("\r\n ", " "),
    `Content-Disposition: attachment; ${parameter}`.replaceAll("\r\n ", " "),
  );
  ok(field.split("\r\n").every((line) => line.length <= 78), field);
  equal(/^Bcc/m.test(source), false);
  const { attachments: [file, ...others] } = await PostalMime.parse(source);
  equal(others.length, 0);
  // The other reader decodes what looks like an encoded word, too.
  const base = filename.replace(/^.*[/\\]/s, "").replace("=?utf-8?Q?x?=", "x");
  equal(file?.filename, base);
});

Deno.test.each([["a\ud800.txt"], ["docs/"], ["a\\"], [""], ["."], [".."], ["a/.."]])(
  "compose() rejects the attachment name %j [T-I21] [T-I10]",
  pure,
  (filename) => {
    throws(() => composed({ ...TEXT, attachments: [{ filename, content: octets(1) }] }), {
      name: "HeaderError",
      field: "Content-Disposition",
    });
  },
);

Deno.test(
  "compose() keeps long names of files on lines that all readers take [T-I19] [T-I21]",
  pure,
  async () => {
    const random = seeded(9);
    for (let round = 0; round < 100; round++) {
      const filename = `x${textOf(random, [..."ab é日😀\"%'=?.;"], 300)}x`;
      const source = composed({ ...TEXT, attachments: [{ filename, content: octets(1) }] });
      ok(source.split("\r\n").every((line) => line.length <= 78));
      equal((await PostalMime.parse(source)).attachments[0]?.filename, filename);
    }
  },
);

Deno.test.each([
  [{ type: "text/html\r\nBcc: v@x.test" }],
  [{ type: "text" }],
  [{ type: "text/" }],
  [{ type: "text/plain; charset" }],
  [{ type: 'text/plain; name="a"b"' }],
  [{ type: "multipart/mixed" }],
  [{ type: "" }],
  [{ description: "x\r\nBcc: v@x.test" }],
  [{ type: `x/${"y".repeat(200)}` }],
])("compose() rejects an attachment of %j [T-I15] [T-I17]", pure, (fields) => {
  throws(() => composed({ ...TEXT, attachments: [{ ...fields, content: octets(1) }] }), {
    name: "HeaderError",
  });
});

Deno.test.each([["logo"], ["a b@c"], ["a@b>"], ["<a@b>"], ["a@b\r\nBcc: x"], ["@b"], [""]])(
  "compose() rejects the content id %j [T-I20]",
  pure,
  (contentId) => {
    throws(() => composed({ ...HTML, inline: [{ ...LOGO, contentId }] }), {
      name: "HeaderError",
      field: "Content-ID",
    });
  },
);

Deno.test("compose() says what an attachment is", pure, async () => {
  for (
    const [attachment, type] of [
      [{ filename: "x.ICS" }, "text/calendar"],
      [{ filename: "x.unknown" }, "application/octet-stream"],
      [{ filename: "constructor" }, "application/octet-stream"],
      [{}, "application/octet-stream"],
      [{ type: "text/calendar; method=REQUEST" }, "text/calendar; method=REQUEST"],
      [{ type: 'text/x; a="b; c"' }, 'text/x; a="b; c"'],
    ] as const
  ) {
    const source = composed({ ...TEXT, attachments: [{ ...attachment, content: octets(2) }] });
    equal(source.match(/^Content-Type: .*$/gm)?.[2], `Content-Type: ${type}`);
  }
  equal(mediaTypeOf("a.tar.gz"), "application/gzip");
  const string = await read({ ...TEXT, attachments: [{ filename: "é.csv", content: "é;\n" }] });
  const [file] = string.attachments;
  equal(file?.mimeType, "text/csv");
  equal(text(new Uint8Array(file?.content as ArrayBuffer)), "é;\n");
  match(
    composed({ ...TEXT, attachments: [{ content: "é", type: "text/csv" }] }),
    /text\/csv; charset=utf-8\r/,
  );
  throws(() => composed({ ...TEXT, attachments: [{ content: "\ud800" }] }), SyntaxError);
});

Deno.test("compose() attaches a message as it is, or not at all [T-I26] [T-I27]", pure, () => {
  const type = "message/rfc822";
  const attached = (content: string, options = {}): string =>
    composed({ ...TEXT, attachments: [{ content, type }] }, options);
  match(
    attached("Subject: x\r\n\r\nHello"),
    /rfc822\r\nContent-Transfer-Encoding: 7bit\r\n.*\r\n\r\nSubject: x\r\n\r\nHello\r\n--/,
  );
  match(
    attached("Subject: é\r\n\r\n", { eightBit: true }),
    /Encoding: 8bit\r\n boundary|Encoding: 8bit/,
  );
  for (const bad of ["Subject: é\r\n", "a\nb", "a\rb", "a\0", "x".repeat(999)]) {
    throws(() => attached(bad), { name: "HeaderError" }, bad);
  }
  const content = new Blob(["x"]).stream();
  throws(
    () => composeStream({ ...FIELDS, ...TEXT, attachments: [{ content, type }] }),
    HeaderErrorLike,
  );
});
const HeaderErrorLike = { name: "HeaderError" };

Deno.test("compose() says 8bit at each level that holds it [T-I27] [S51]", pure, () => {
  const source = composed({ text: "Grüße\n", html: "<p>x", attachments: [FILE] }, {
    eightBit: true,
  });
  deepEqual(source.match(/^Content-Transfer-Encoding: .*(?=\r)/gm), [
    "Content-Transfer-Encoding: 8bit",
    "Content-Transfer-Encoding: 8bit",
    "Content-Transfer-Encoding: 8bit",
    "Content-Transfer-Encoding: 7bit",
    "Content-Transfer-Encoding: base64",
  ]);
  const seen = describeContent(
    compose({ ...FIELDS, text: "é", ...HTML, attachments: [FILE] }).bytes,
  );
  equal(seen.eightBit, false);
});

Deno.test("compose() leaves no line end but CRLF in HTML, names and ids [T-I23]", pure, () => {
  const ends =
    "\n.\n|\n.\r|\r.\n|\r.\r|\n.\r\n|\r.\r\n|\r\n.\n|\r\n.\r|\r\n.\r\r\n|\r\r\n.\r\r\n|\r\n\0.\r\n";
  for (const end of ends.split("|")) {
    const evil = `Hi${end}MAIL FROM:<x@x.test>\r\n`;
    const { bytes } = compose({
      ...FIELDS,
      text: evil,
      html: evil,
      attachments: [{ filename: `a${evil}`, content: evil }],
    });
    const { bareCr, bareLf, nul, longestLine } = describeContent(bytes);
    deepEqual({ bareCr, bareLf, nul }, { bareCr: false, bareLf: false, nul: false });
    ok(longestLine <= 998);
    equal(text(bytes).split("\r\n.\r\n").length <= 3, true); // a dot line in a text is doubled by DATA
  }
});

Deno.test("compose() rejects what does not belong together", pure, () => {
  throws(() => composed({}), TypeError);
  throws(() => composed({ attachments: [FILE] }), TypeError);
  throws(() => composed({ ...TEXT, inline: [LOGO] }), TypeError);
  throws(() => composed({ ...HTML, body: encodeBody(TEXT) }), TypeError);
  throws(() => composed({ html: "\ud800" }), SyntaxError);
  const streamed: StreamedAttachment = { content: new ReadableStream() };
  throws(
    () => compose({ ...FIELDS, ...TEXT, attachments: [streamed as unknown as Attachment] }),
    TypeError,
  );
  for (const size of [-1, 1.5, NaN]) {
    throws(
      () => composeStream({ ...FIELDS, ...TEXT, attachments: [{ ...streamed, size }] }),
      RangeError,
    );
  }
});

Deno.test(
  "composeStream() reads its streams one after the other, when they are wanted",
  pure,
  async () => {
    const asked: string[] = [];
    const source = (name: string, chunks: number) => () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          asked.push(name);
          if (asked.filter((one) => one === name).length > chunks) controller.close();
          else controller.enqueue(octets(100));
        },
      }, { highWaterMark: 0 });
    const message = composeStream({
      ...FIELDS,
      ...TEXT,
      attachments: [{ content: source("a", 2) }, { content: source("b", 1) }],
    });
    equal(message.size, undefined);
    equal(message.replayable, true);
    deepEqual(asked, []);
    for await (const chunk of message) ok(chunk.length > 0);
    deepEqual(asked, ["a", "a", "a", "b", "b"]);
  },
);

Deno.test(
  "composeStream() holds no more than a chunk, however large an attachment is",
  pure,
  async () => {
    const piece = octets(1 << 20);
    async function* many(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 64; i++) yield piece;
    }
    const size = 64 * piece.length;
    const message = composeStream({ ...FIELDS, ...TEXT, attachments: [{ content: many, size }] });
    let octetsRead = 0;
    let largest = 0;
    for await (const chunk of message) {
      octetsRead += chunk.length;
      largest = Math.max(largest, chunk.length);
    }
    equal(octetsRead, message.size);
    ok(largest < 100_000, `${largest}`);
  },
);

Deno.test(
  "composeStream() reads a stream once, and a function as often as it is asked",
  pure,
  async () => {
    const whole = async (message: AsyncIterable<Uint8Array>): Promise<string> =>
      await new Response(ReadableStream.from(message)).text();
    const open = () => new Blob([octets(500)]).stream();
    const again = composeStream({
      ...FIELDS,
      ...TEXT,
      attachments: [{ content: () => Promise.resolve(open()) }],
    });
    equal(await whole(again), await whole(again));
    const once = composeStream({ ...FIELDS, ...TEXT, attachments: [{ content: open() }] });
    equal(once.replayable, false);
    equal(await whole(once), await whole(again));
    await rejects(whole(once), TypeError);
    const generated = { ...TEXT, attachments: [{ content: inChunks(octets(500), 9) }] };
    const twice = composeStream({ ...FIELDS, ...generated });
    equal(await whole(twice), await whole(again));
    await rejects(whole(twice), TypeError);
  },
);

Deno.test(
  "composeStream() lets go of all its streams when nobody reads on [S45]",
  pure,
  async () => {
    for (const reads of [0, 1, 2, 3]) {
      const ended: string[] = [];
      const stream = (name: string) =>
        new ReadableStream<Uint8Array>({
          pull: (controller) => controller.enqueue(octets(60)),
          cancel: () => void ended.push(name),
        });
      const message = composeStream({
        ...FIELDS,
        ...TEXT,
        attachments: [{ content: stream("a") }, { content: stream("b") }],
      });
      const reading = message[Symbol.asyncIterator]();
      for (let i = 0; i < reads; i++) await reading.next();
      await reading.return?.();
      deepEqual(ended, ["a", "b"]);
      deepEqual(await reading.next(), { done: true, value: undefined });
    }
  },
);

Deno.test(
  "composeStream() can be stopped while a stream is silent or opened [S45]",
  pure,
  async () => {
    for (const turns of [0, 1, 2, 3, 5, 8, 40]) {
      for (const late of [false, true]) {
        let cancelled: unknown;
        const silent = new ReadableStream<Uint8Array>({
          cancel: (reason) => void (cancelled = reason),
        });
        const content = late ? () => Promise.resolve(silent) : silent;
        const message = composeStream({ ...FIELDS, ...TEXT, attachments: [{ content }] });
        const reading = message[Symbol.asyncIterator]();
        const failed = rejects(reading.next(), { name: "AbortError" });
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        await reading.return?.();
        await failed;
        // A function that was not called has opened nothing.
        if (cancelled === undefined) equal(late && turns < 8, true);
        else equal((cancelled as DOMException).name, "AbortError"); // the reason that was given
      }
    }
  },
);

Deno.test("composeStream() passes on what goes wrong in a stream", pure, async () => {
  const broken = new Error("disk");
  const content = () =>
    new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(broken) });
  const message = composeStream({ ...FIELDS, ...TEXT, attachments: [{ content }] });
  await rejects(Array.fromAsync(message), broken);
  const refused = composeStream({
    ...FIELDS,
    ...TEXT,
    attachments: [{ content: () => Promise.reject(broken) }],
  });
  await rejects(Array.fromAsync(refused), broken);
  for (const size of [9, 11]) {
    const short = composeStream({
      ...FIELDS,
      ...TEXT,
      attachments: [{ filename: "x", content: () => new Blob([octets(10)]).stream(), size }],
    });
    await rejects(Array.fromAsync(short), {
      name: "RangeError",
      message: new RegExp(`"x" of ${size} octets: 10`),
    });
  }
});
