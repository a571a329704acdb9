import { deepEqual, equal, rejects } from "node:assert/strict";
import {
  capabilityLists,
  DotStuffer,
  type MessageSink,
  RefusalError,
  type ServerReply,
} from "@mailwright/mailwright";
import { served, type ServedOptions } from "./served.ts";

const QUEUED = "250 2.0.0 Queued as 1";
const ENVELOPE = ["EHLO client.example", "MAIL FROM:<a@x.example>", "RCPT TO:<b@x.example>"];

/** A session in which the envelope has been said. */
async function enveloped(options: ServedOptions = {}) {
  const session = await served(options);
  const { client } = session;
  const hello = options.protocol === "lmtp" ? "LHLO client.example" : "EHLO client.example";
  await client.askAll(hello, ...ENVELOPE.slice(1));
  return session;
}

Deno.test.each<[string, string, string]>([
  ["a message", "Subject: x\r\n\r\nhello\r\n.\r\n", "Subject: x\r\n\r\nhello\r\n"],
  ["doubled dots", "..\r\n...x\r\n.\r\n", ".\r\n..x\r\n"],
  ["an empty message", ".\r\n", ""],
  ["octets of 8 bits", "\u00e9\r\n.\r\n", "\u00e9\r\n"],
])("DATA keeps %s, however it is cut", { permissions: "none" }, async (_name, sent, kept) => {
  for (const chunk of [1, 2, 3, 5, Infinity]) {
    await using session = await enveloped({ chunk });
    equal(await session.client.ask("DATA"), "354 Send the message, end with a lone dot");
    await session.client.send(sent);
    equal(await session.client.reply(), QUEUED);
    deepEqual(session.mails.map(({ content }) => content), [kept]);
    equal(await session.client.ask("QUIT"), "221 2.0.0 mx.example closing the connection");
    equal(await session.end, "quit");
  }
});

/** What others take for the end of a message (SMTP smuggling). */
const SMUGGLING = [
  "\n.\n",
  "\n.\r",
  "\r.\n",
  "\r.\r",
  "\n.\r\n",
  "\r.\r\n",
  "\r\n.\n",
  "\r\n.\r",
  "\r\n.\r\r\n",
  "\r\r\n.\r\r\n",
  "\r\n\0.\r\n",
];
const rows = SMUGGLING.map((end): [string, string] => [JSON.stringify(end), end]);

/** A message with a false end and an envelope and a message behind it, and the true end. */
function smuggled(end: string): string {
  return `hello${end}MAIL FROM:<evil@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\nevil\r\n.\r\n`;
}

Deno.test.each(rows)(
  "DATA refuses %s in the strict manner, and the session goes on [T-V02]",
  { permissions: "none" },
  async (_name, end) => {
    for (const chunk of [1, 2, 3, Infinity]) {
      await using session = await enveloped({ chunk });
      const { client, mails } = session;
      await client.ask("DATA");
      await client.send(smuggled(end));
      equal((await client.reply())?.slice(0, 10), "554 5.6.11");
      deepEqual(mails, []);
      equal(
        (await client.askAll(...ENVELOPE, "DATA", "honest\r\n.")).at(-1),
        QUEUED,
      );
      deepEqual(mails.map(({ content }) => content), ["honest\r\n"]);
    }
  },
);

Deno.test.each(rows)(
  "DATA takes %s for content in the lenient manner [T-V02]",
  { permissions: "none" },
  async (_name, end) => {
    for (const chunk of [1, 2, 3, Infinity]) {
      await using session = await enveloped({ chunk, strict: false });
      const { client, mails } = session;
      await client.ask("DATA");
      await client.send(smuggled(end));
      equal(await client.reply(), QUEUED);
      equal(await client.ask("NOOP"), "250 2.0.0 OK");
      // A dot behind CRLF is a doubled one, and only that is taken away.
      const content = smuggled(end).slice(0, -3).replace(/\r\n\./, "\r\n");
      deepEqual(mails.map(({ content }) => content), [content]);
    }
  },
);

Deno.test.each(rows.filter(([, end]) => !end.includes("\0")))(
  "DATA stores one message of a client that stuffs %s, strict and lenient [T-I23]",
  { permissions: "none" },
  async (_name, end) => {
    for (const strict of [true, false]) {
      await using session = await enveloped({ strict });
      const stuffer = new DotStuffer();
      await session.client.ask("DATA");
      await session.client.send(stuffer.push(new TextEncoder().encode(smuggled(end))));
      await session.client.send(stuffer.end());
      equal(await session.client.reply(), QUEUED);
      equal(await session.client.ask("NOOP"), "250 2.0.0 OK");
      equal(session.mails.length, 1);
    }
  },
);

Deno.test.each<[string, readonly string[], readonly string[], string | undefined]>([
  ["one chunk", ["BDAT 5 LAST\r\nhel\n."], [QUEUED], "hel\n."],
  [
    "several chunks",
    ["BDAT 3\r\nhel", "BDAT 2\r\nlo", "BDAT 0 LAST\r\n"],
    ["250 2.0.0 3 octets received", "250 2.0.0 2 octets received", QUEUED],
    "hello",
  ],
  ["nothing at all", ["BDAT 0 LAST\r\n"], [QUEUED], ""],
  ["lower case", ["bdat 1 last\r\nx"], [QUEUED], "x"],
  [
    "DATA after it",
    ["BDAT 1\r\nx", "DATA\r\n", "RCPT TO:<c@x.example>\r\n", "BDAT 1 LAST\r\ny"],
    [
      "250 2.0.0 1 octets received",
      "503 5.5.1 DATA and BDAT do not mix",
      "503 5.5.1 The content has begun",
      QUEUED,
    ],
    "xy",
  ],
])("BDAT takes %s", { permissions: "none" }, async (_name, sent, replies, kept) => {
  for (const chunk of [1, 4, Infinity]) {
    await using session = await enveloped({ chunk });
    await session.client.send(sent.join(""));
    for (const reply of replies) equal(await session.client.reply(), reply);
    deepEqual(session.mails.map(({ content }) => content), [kept]);
  }
});

Deno.test(
  "BDAT reads the octets of a chunk that must not come",
  { permissions: "none" },
  async () => {
    await using session = await served();
    const { client } = session;
    await client.ask("EHLO client.example");
    await client.send("BDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\n");
    equal(await client.reply(), "503 5.5.1 Send MAIL first");
    equal(await client.reply(), "503 5.5.1 Send MAIL first");
    await client.askAll("MAIL FROM:<a@x.example>", "RCPT TO:<nobody@x.example>");
    await client.send("BDAT 6 LAST\r\nQUIT\r\n");
    equal(await client.reply(), "554 5.5.1 No valid recipients");
    equal(await client.ask("NOOP"), "250 2.0.0 OK");
  },
);

Deno.test("BDAT that fails spoils the message until RSET", { permissions: "none" }, async () => {
  const capabilities = capabilityLists({ size: 4 });
  await using session = await enveloped({ capabilities });
  const { client } = session;
  await client.send("BDAT 2\r\nab");
  await client.send("BDAT 3\r\ncde");
  await client.send("BDAT 1 LAST\r\nf");
  equal(await client.reply(), "250 2.0.0 2 octets received");
  equal(await client.reply(), "552 5.3.4 Message exceeds the fixed maximum size");
  equal(await client.reply(), "503 5.5.1 An earlier BDAT failed, send RSET");
  equal(await client.ask("MAIL FROM:<a@x.example>"), "503 5.5.1 Nested MAIL command");
  deepEqual(await client.askAll("RSET", "MAIL FROM:<a@x.example>"), [
    "250 2.0.0 Flushed",
    "250 2.1.0 Sender OK",
  ]);
  deepEqual(session.mails, []);
});

Deno.test.each<[string]>([["BDAT"], ["BDAT x"], ["BDAT -1"], ["BDAT 5 FIRST"], ["BDAT 1e3"]])(
  "%s ends the session: nobody knows how much follows",
  { permissions: "none" },
  async (command) => {
    await using session = await enveloped();
    equal(await session.client.ask(command), "501 5.5.4 Send BDAT octets [LAST]");
    equal(await session.end, "dismissed");
  },
);

Deno.test("DATA refuses a binary message", { permissions: "none" }, async () => {
  await using session = await served();
  const replies = await session.client.askAll(
    "EHLO client.example",
    "MAIL FROM:<a@x.example> BODY=BINARYMIME",
    "RCPT TO:<b@x.example>",
    "DATA",
  );
  equal(replies.at(-1), "503 5.5.1 BINARYMIME needs BDAT");
  await session.client.send("BDAT 2 LAST\r\n\0\n");
  equal(await session.client.reply(), QUEUED);
  equal(session.mails[0]?.content, "\0\n");
});

Deno.test("DATA refuses a message that is too large, and reads on to its end", {
  permissions: "none",
}, async () => {
  await using session = await enveloped({ limits: { messageOctets: 10, overrunOctets: 100 } });
  const { client } = session;
  await client.ask("DATA");
  equal(
    await client.ask("twelve octets\r\n."),
    "552 5.3.4 Message exceeds the fixed maximum size",
  );
  const replies = await client.askAll(...ENVELOPE, "DATA", "octets\r\n.");
  equal(replies.at(-1), QUEUED);
});

Deno.test.each<[string, string]>([["DATA", ""], ["BDAT", "BDAT 999\r\n"]])(
  "%s without end ends the session [T-V04]",
  { permissions: "none" },
  async (verb, start) => {
    await using session = await enveloped({ limits: { messageOctets: 10, overrunOctets: 10 } });
    if (verb === "DATA") await session.client.ask("DATA");
    await session.client.send(`${start}more than twenty octets`);
    equal(await session.client.reply(), "552 5.3.4 Message exceeds the fixed maximum size");
    equal(await session.end, "dismissed");
    deepEqual(session.mails, []);
  },
);

Deno.test("a sink is finished or aborted, never both", { permissions: "none" }, async () => {
  const calls: string[] = [];
  const sink = (finish: () => ServerReply[]): MessageSink => ({
    write(chunk) {
      calls.push(`write ${chunk.length}`);
      if (chunk.length > 5) throw new RefusalError({ code: 452, status: "4.3.1", text: "Full" });
    },
    finish() {
      calls.push("finish");
      return finish();
    },
    abort() {
      calls.push("abort");
    },
  });
  await using session = await served({
    backend: { message: () => sink(() => [{ code: 451, status: "4.3.0", text: "Not now" }]) },
  });
  const { client } = session;
  const replies = await client.askAll(
    ...ENVELOPE,
    "DATA",
    "x\r\n.",
    ...ENVELOPE,
    "DATA",
    "longer\r\n.",
    ...ENVELOPE,
  );
  deepEqual([replies[4], replies[9]], ["451 4.3.0 Not now", "452 4.3.1 Full"]);
  await client.send("BDAT 1\r\nx");
  await client.reply();
  client.octets.close();
  equal(await session.end, "closed");
  deepEqual(calls, ["write 3", "finish", "write 8", "abort", "write 1", "abort"]);
});

Deno.test.each<[string, string]>([["DATA", "DATA\r\nx"], ["BDAT", "BDAT 5 LAST\r\nx"]])(
  "%s that breaks off is forgotten",
  { permissions: "none" },
  async (_verb, sent) => {
    await using session = await enveloped();
    await session.client.send(sent);
    session.client.octets.close();
    equal(await session.end, "closed");
    deepEqual(session.mails, []);
  },
);

Deno.test("a defect of a sink ends the session with 421", { permissions: "none" }, async () => {
  const defect = (): never => {
    throw new TypeError("A defect");
  };
  const sinks: MessageSink[] = [
    { write: defect, finish: () => [], abort() {} },
    { write() {}, finish: defect, abort() {} },
  ];
  for (const sink of sinks) {
    await using session = await enveloped({ backend: { message: () => sink } });
    await session.client.ask("DATA");
    equal(await session.client.ask("x\r\n."), "421 4.3.0 Internal error");
    await rejects(session.end, { name: "TypeError" });
  }
});

Deno.test("LMTP answers for each accepted recipient", { permissions: "none" }, async () => {
  const finals: ServerReply[] = [
    { code: 250, status: "2.0.0", text: "Delivered" },
    { code: 452, status: "4.2.2", text: "Mailbox full" },
  ];
  await using session = await served({
    protocol: "lmtp",
    backend: { message: () => ({ write() {}, finish: () => finals, abort() {} }) },
  });
  const { client } = session;
  const recipients = ["b", "nobody", "c", "b"].map((name) => `RCPT TO:<${name}@x.example>`);
  deepEqual(
    await client.askAll("EHLO client.example", "HELO client.example", "MAIL FROM:<a@x.example>"),
    [
      "500 5.5.1 Command not recognized",
      "500 5.5.1 Command not recognized",
      "503 5.5.1 Send LHLO first",
    ],
  );
  await client.askAll("LHLO client.example", "MAIL FROM:<a@x.example>");
  equal(await client.ask("DATA"), "503 5.5.1 No valid recipients");
  for (const content of ["DATA", "BDAT"]) {
    await client.askAll("RSET", "MAIL FROM:<a@x.example>", ...recipients);
    if (content === "DATA") await client.ask("DATA");
    await client.send(content === "DATA" ? "x\r\n.\r\n" : "BDAT 1\r\nxBDAT 1 LAST\r\nx");
    if (content === "BDAT") equal(await client.reply(), "250 2.0.0 1 octets received");
    deepEqual([await client.reply(), await client.reply(), await client.reply()], [
      "250 2.0.0 Delivered",
      "452 4.2.2 Mailbox full",
      "250 2.0.0 Delivered",
    ]);
  }
  await client.askAll("MAIL FROM:<a@x.example>", ...recipients, "DATA");
  await client.send("bare\nLF\r\n.\r\n");
  for (let n = 0; n < 3; n++) equal((await client.reply())?.slice(0, 10), "554 5.6.11");
  equal(await client.ask("NOOP"), "250 2.0.0 OK");
});

Deno.test.each<[string]>([["DATA"], ["BDAT"]])(
  "%s of 100 MB passes through in small pieces",
  { permissions: "none" },
  async (verb) => {
    const size = 100 * 1024 * 1024;
    let octets = 0;
    let largest = 0;
    await using session = await enveloped({
      backend: {
        message: () => ({
          write(chunk) {
            octets += chunk.length;
            largest = Math.max(largest, chunk.length);
          },
          finish: () => [{ code: 250, text: "Counted" }],
          abort() {},
        }),
      },
    });
    const { client } = session;
    const piece = new TextEncoder().encode(`${"x".repeat(62)}\r\n`.repeat(1024));
    if (verb === "DATA") await client.ask("DATA");
    else await client.send(`BDAT ${size} LAST\r\n`);
    for (let sent = 0; sent < size; sent += piece.length) await client.send(piece);
    if (verb === "DATA") await client.send(".\r\n");
    equal(await client.reply(), "250 Counted");
    equal(octets, size);
    equal(largest <= 64 * 1024, true);
  },
);
