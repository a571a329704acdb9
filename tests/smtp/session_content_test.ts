import { deepEqual, equal, rejects } from "node:assert/strict";
import { greeted } from "./scripted_session.ts";

const LOCAL = { name: "SmtpLocalError" };
const PURE = { permissions: "none" } as const;
const MAIL = "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<bob@mail.example>\nS: 250 ok\n";

function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A stream that notes whether it was let go of. */
function source(...chunks: string[]): { stream: ReadableStream<Uint8Array>; state: string[] } {
  const state: string[] = [];
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(octets(chunk));
    },
    cancel: () => void state.push("cancelled"),
  }, { highWaterMark: 0 });
  return { stream, state };
}

Deno.test(
  "SmtpSession.data() sends content between 354 and the dot [S47] [S48]",
  PURE,
  async () => {
    for (const content of [".a\nb", octets(".a\r\nb\r\n"), source(".", "a\n", "b").stream]) {
      await using made = await greeted(
        "",
        `${MAIL}
       C: DATA
       S: 354 go on
       C: ..a
       C: b
       C: .
       S: 250 2.0.0 taken`,
      );
      await made.session.mail(null);
      await made.session.rcpt("bob@mail.example");
      equal(made.session.open, true);
      const reply = await made.session.data(content);
      equal(reply.text, "taken");
      deepEqual(made.session.finals.map(({ code }) => code), [250]);
      equal(made.session.open, false);
      await made.done;
      equal(made.heard().endsWith("DATA\r\n..a\r\nb\r\n.\r\n"), true);
    }
  },
);

Deno.test(
  "SmtpSession.data() gives a refusal as a value and lets go of the content [S45]",
  PURE,
  async () => {
    await using made = await greeted("", `${MAIL}C: DATA\nS: 451 later\nC: RSET\nS: 250 ok`);
    await made.session.mail(null);
    await made.session.rcpt("bob@mail.example");
    const { stream, state } = source("never read");
    equal((await made.session.data(stream)).code, 451);
    deepEqual(state, ["cancelled"]);
    equal(made.session.open, true);
    equal((await made.session.rset()).code, 250);
  },
);

Deno.test.each([{ code: 250 }, { code: 220 }, { code: 334 }, { code: 355 }])(
  "SmtpSession.data() sends nothing after $code [S40] [T-R16]",
  PURE,
  async ({ code }) => {
    await using made = await greeted("", `C: DATA\nS: ${code} odd\n<eof>`);
    const { stream, state } = source("secret");
    await rejects(made.session.data(stream), { name: "ProtocolError" });
    await made.done;
    deepEqual(state, ["cancelled"]);
    equal(made.heard().endsWith("DATA\r\n"), true);
  },
);

Deno.test(
  "SmtpSession.data() takes no other code for the reply to content [T-R16]",
  PURE,
  async () => {
    for (const code of [220, 221, 235, 334, 354]) {
      await using made = await greeted(
        "",
        `${MAIL}C: DATA\nS: 354 go\nC: x\nC: .\nS: ${code} odd\n<eof>`,
      );
      await made.session.mail(null);
      await made.session.rcpt("bob@mail.example");
      await rejects(made.session.data("x"), { name: "ProtocolError" });
      await made.done;
    }
  },
);

Deno.test("SmtpSession.data() never ends content that broke off [S44]", PURE, async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield octets("Subject: x\r\n");
    await Promise.reject(new Error("the disk has gone"));
  }
  const contents = [
    { content: () => broken(), options: {}, error: { message: "the disk has gone" } },
    { content: () => source("ok\r\n", "a\xff").stream, options: {}, error: LOCAL },
    { content: () => source("ok\r\n", "a\0").stream, options: {}, error: LOCAL },
    { content: () => source("ok\r\n", "a".repeat(999)).stream, options: {}, error: LOCAL },
    // What stands at the very end is found out before the end is written.
    { content: () => source("ok\r").stream, options: { lineEnds: "exact" as const }, error: LOCAL },
  ];
  for (const { content, options, error } of contents) {
    await using made = await greeted("", `${MAIL}C: DATA\nS: 354 go\n<eof>`);
    await made.session.mail(null);
    await made.session.rcpt("bob@mail.example");
    await rejects(made.session.data(content(), options), error);
    equal(made.session.usable, false);
    await made.done.catch(() => {}); // the server may have seen the first line
    equal(/\r\n\.\r\n/.test(made.heard()), false);
    await made.session[Symbol.asyncDispose]();
    equal(/QUIT/.test(made.heard()), false);
  }
});

Deno.test("SmtpSession.data() is held to what MAIL has announced [S49] [S51]", PURE, async () => {
  const offered = "8BITMIME, SMTPUTF8, BINARYMIME, CHUNKING";
  const begin = async (
    made: Awaited<ReturnType<typeof greeted>>,
    parameters = {},
  ): Promise<void> => {
    await made.session.mail(null, parameters);
    await made.session.rcpt("bob@mail.example");
  };
  const script = "C: *\nS: 250 ok\nC: *\nS: 250 ok\n<eof>";
  const eightBit = "Subject: x\r\n\r\nGrüße\r\n";
  const rows = [
    { said: {}, content: eightBit },
    { said: { body: "7BIT" }, content: eightBit },
    { said: { body: "8BITMIME" }, content: "Subject: Grüße\r\n\r\nx\r\n" },
    { said: { body: "BINARYMIME" }, content: "Subject: x\r\n" },
  ];
  for (const { said, content } of rows) {
    await using made = await greeted(offered, script);
    await begin(made, said);
    await rejects(made.session.data(content), LOCAL);
    equal(made.session.usable, true);
    equal(made.heard().includes("DATA"), false);
  }
  await using made = await greeted(
    offered,
    `${script.replace("<eof>", "C: DATA\nS: 354 go\n<eof>")}`,
  );
  await begin(made);
  await rejects(made.session.data(source(eightBit.replaceAll("ü", "\xfc")).stream), LOCAL);
  equal(/\.\r\n$/.test(made.heard()), false);
});

Deno.test("SmtpSession.data() sends 8-bit text as MAIL has announced it [S51]", PURE, async () => {
  const text = "Subject: x\r\n\r\nGrüße\r\n";
  for (const content of [text, ReadableStream.from([new TextEncoder().encode(text)])]) {
    await using made = await greeted(
      "8BITMIME",
      `${MAIL.replace("<>", "<> BODY=8BITMIME")}
       C: DATA
       S: 354 go
       C: Subject: x
       C: 
       C: Grüße
       C: .
       S: 250 ok`,
    );
    await made.session.mail(null, { body: "8BITMIME" });
    await made.session.rcpt("bob@mail.example");
    equal((await made.session.data(content)).code, 250);
  }
});

Deno.test("SmtpSession.data() asks nothing of a MAIL in the caller's words", PURE, async () => {
  await using made = await greeted(
    "8BITMIME",
    "C: MAIL FROM:<> BODY=8BITMIME X=1\nS: 250 ok\nC: DATA\nS: 354 go\nC: *\nC: .\nS: 250 ok",
  );
  await made.session.command("MAIL FROM:<> BODY=8BITMIME X=1");
  equal((await made.session.data("Grüße\r\n")).code, 250);
});

Deno.test(
  "SmtpSession.data() reads the refusal that broke its write [S19] [D6]",
  PURE,
  async () => {
    // The server has seen enough after the first octets, says so, and closes.
    await using made = await greeted(
      "",
      `${MAIL}C: DATA\nS: 354 go\nC: *\nS: 552 too much\n<close>`,
    );
    await made.session.mail(null);
    await made.session.rcpt("bob@mail.example");
    async function* endless(): AsyncGenerator<Uint8Array> {
      while (true) {
        yield octets(`${"a".repeat(70)}\r\n`.repeat(1000));
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
    equal((await made.session.data(endless())).code, 552);
    equal(made.session.usable, false);
  },
);

Deno.test("SmtpSession.data() takes no acceptance of half a content", PURE, async () => {
  await using made = await greeted("", `${MAIL}C: DATA\nS: 354 go\nC: *\nS: 250 fine\n<close>`);
  await made.session.mail(null);
  await made.session.rcpt("bob@mail.example");
  async function* endless(): AsyncGenerator<Uint8Array> {
    while (true) {
      yield octets(`${"a".repeat(70)}\r\n`.repeat(1000));
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  await rejects(made.session.data(endless()));
  deepEqual(made.session.finals, []);
});

Deno.test("SmtpSession.data() reads one reply for each recipient in LMTP [S41]", PURE, async () => {
  await using made = await greeted(
    "",
    `C: MAIL FROM:<>
     S: 250 ok
     C: RCPT TO:<a@mail.example>
     S: 250 ok
     C: RCPT TO:<b@mail.example>
     S: 550 no
     C: RCPT TO:<c@mail.example>
     S: 250 ok
     C: DATA
     S: 354 go
     C: x
     C: .
     S: 250 for a
     S: 452 full
     C: NOOP
     S: 250 ok`,
    { protocol: "lmtp" },
  );
  const { session } = made;
  await session.mail(null);
  for (const name of ["a", "b", "c"]) await session.rcpt(`${name}@mail.example`);
  equal((await session.data("x")).code, 452);
  deepEqual(session.finals.map(({ text }) => text), ["for a", "full"]);
  equal((await session.noop()).code, 250);
});

Deno.test(
  "SmtpSession.data() keeps the replies that came before LMTP broke off [S41]",
  PURE,
  async () => {
    await using made = await greeted(
      "",
      `${MAIL}
     C: RCPT TO:<c@mail.example>
     S: 250 ok
     C: DATA
     S: 354 go
     C: x
     C: .
     S: 250 for bob
     <close>`,
      { protocol: "lmtp" },
    );
    const { session } = made;
    await session.mail(null);
    await session.rcpt("bob@mail.example");
    await session.rcpt("c@mail.example");
    await rejects(session.data("x"), { name: "ClosedError" });
    deepEqual(session.finals.map(({ text }) => text), ["for bob"]);
  },
);

Deno.test("SmtpSession.data() sends nothing in LMTP without a recipient [S42]", PURE, async () => {
  await using made = await greeted("", "C: DATA\nS: 354 go\n<eof>", { protocol: "lmtp" });
  await rejects(made.session.data("secret"), { name: "ProtocolError" });
  await made.done;
  equal(made.heard().includes("secret"), false);
});

Deno.test(
  "SmtpSession.bdat() sends octets as they are, with exact counts [S49]",
  PURE,
  async () => {
    await using made = await greeted(
      "CHUNKING",
      `${MAIL}
     C: BDAT 4
     C: .a
     S: 250 4 octets
     C: BDAT 3 LAST
     C: .
     S: 250 2.0.0 taken`,
    );
    const { session } = made;
    await session.mail(null);
    await session.rcpt("bob@mail.example");
    equal((await session.bdat(octets(".a\r\n"))).text, "4 octets");
    equal(session.open, true);
    equal((await session.bdat(octets(".\r\n"), { last: true })).text, "taken");
    equal(session.open, false);
    await made.done;
    equal(made.heard().endsWith("BDAT 4\r\n.a\r\nBDAT 3 LAST\r\n.\r\n"), true);
  },
);

Deno.test("SmtpSession.bdat() can end with an empty chunk [S49]", PURE, async () => {
  await using made = await greeted("CHUNKING", `${MAIL}C: BDAT 0 LAST\nS: 250 taken`);
  await made.session.mail(null);
  await made.session.rcpt("bob@mail.example");
  equal((await made.session.bdat(new Uint8Array(), { last: true })).code, 250);
  await made.done;
});

Deno.test("SmtpSession.bdat() never shares a message with DATA [S49]", PURE, async () => {
  await using made = await greeted(
    "CHUNKING",
    `${MAIL}C: BDAT 2\nC: \nS: 250 ok\nC: RSET\nS: 250 ok\nC: DATA\nS: 503 no`,
  );
  const { session } = made;
  await session.mail(null);
  await session.rcpt("bob@mail.example");
  await session.bdat(octets("\r\n"));
  await rejects(session.data("x"), { ...LOCAL, message: /has begun with BDAT/ });
  await session.rset();
  equal((await session.data("x")).code, 503);
});

Deno.test(
  "SmtpSession.bdat() leaves the transaction open when a chunk is refused [S50]",
  PURE,
  async () => {
    for (const last of [false, true]) {
      const chunk = last ? "C: BDAT 0 LAST\nS: 554 no" : "C: BDAT 0\nS: 452 no";
      await using made = await greeted("CHUNKING", `${MAIL}${chunk}\nC: RSET\nS: 250 ok`);
      await made.session.mail(null);
      await made.session.rcpt("bob@mail.example");
      equal((await made.session.bdat(new Uint8Array(), { last })).ok, false);
      equal(made.session.open, true);
      await rejects(made.session.data("x"), LOCAL);
      await made.session.rset();
      equal(made.session.open, false);
    }
  },
);

Deno.test("SmtpSession.bdat() reads one reply for each recipient in LMTP [S41]", PURE, async () => {
  await using made = await greeted(
    "CHUNKING",
    `${MAIL}C: RCPT TO:<c@mail.example>\nS: 250 ok\nC: BDAT 0 LAST\nS: 250 one\nS: 250 two`,
    { protocol: "lmtp" },
  );
  await made.session.mail(null);
  await made.session.rcpt("bob@mail.example");
  await made.session.rcpt("c@mail.example");
  await made.session.bdat(new Uint8Array(), { last: true });
  deepEqual(made.session.finals.map(({ text }) => text), ["one", "two"]);
});

Deno.test("SmtpSession.send() attaches a receipt of its own to each rejection", PURE, async () => {
  await using made = await greeted(
    "SIZE 10",
    `${MAIL.replace("<>", "<> SIZE=3")}C: DATA\nS: 354 go\nC: x\nC: .\n<close>`,
  );
  const { session } = made;
  const envelope = { from: null, to: ["bob@mail.example"], policy: "any" as const };
  const caught: { receipt?: { outcome: string } }[] = [];
  const fail = async (content: string, to = envelope.to): Promise<void> => {
    await session.send({ ...envelope, to }, content).catch((error) => caught.push(error));
  };
  await fail("much too long for it");
  equal(session.lastReceipt?.outcome, "not-sent");
  await fail("x");
  equal(session.lastReceipt?.outcome, "in-doubt");
  await fail("x", ["carol@mail.example"]);
  equal(session.lastReceipt?.outcome, "not-sent");
  deepEqual(caught.map(({ receipt }) => receipt?.outcome), ["not-sent", "in-doubt", "not-sent"]);
});

Deno.test(
  "SmtpSession.send() has a receipt also for a message whose turn never came [S45]",
  PURE,
  async () => {
    await using made = await greeted("", "<eof>");
    const { stream, state } = source("x");
    const envelope = { from: null, to: ["bob@mail.example"], policy: "any" as const };
    const reason = new Error("too late");
    const signal = AbortSignal.abort(reason);
    await rejects(made.session.send(envelope, stream, { signal }), (error) => error === reason);
    deepEqual(state, ["cancelled"]);
    const receipt = made.session.lastReceipt;
    deepEqual([receipt?.outcome, receipt?.rejected[0]?.retry], ["not-sent", "later"]);
  },
);

Deno.test("SmtpSession.send() takes BDAT for binary content by itself [S49]", PURE, async () => {
  const envelope = { from: null, to: ["bob@mail.example"], policy: "any" as const };
  const content = octets("A: b\r\n\r\n\0\xff\n");
  const mail = MAIL.replace("<>", "<> BODY=BINARYMIME");
  await using made = await greeted(
    "CHUNKING, BINARYMIME",
    `${mail}C: BDAT 11 LAST\nC: A: b\nC:\nC: *\nS: 250 ok`,
  );
  const receipt = await made.session.send(envelope, content, { body: "BINARYMIME" });
  equal(receipt.outcome, "accepted");
  await using refused = await greeted("CHUNKING", "<eof>");
  await rejects(refused.session.send(envelope, content, { body: "BINARYMIME" }), LOCAL);
  await using unwanted = await greeted("CHUNKING, BINARYMIME", "<eof>");
  const byData = { body: "BINARYMIME", chunking: false } as const;
  await rejects(unwanted.session.send(envelope, content, byData), LOCAL);
});
