import { deepEqual, equal, ok } from "node:assert/strict";
import type { Receipt } from "../../src/smtp/receipt.ts";
import { SmtpSession } from "../../src/smtp/session.ts";
import { memoryPair } from "../../src/wire/mod.ts";
import { settle } from "../fake_clock.ts";
import { type BdatOptions, type BdatServed, serveBdat } from "./bdat_server.ts";
import { mailTo } from "./deliveries.ts";
import { type Fault, faulty, type Moment } from "./faulty.ts";
import { greeted } from "./scripted_session.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };
const BOB = ["bob@mx.example"];
const CHUNK = 256 * 1024;
/** Lines of 64 octets, all different. */
const lines = (count: number): string =>
  Array.from({ length: count }, (_, number) => `${number}`.padStart(62, "x") + "\r\n").join("");

/** A stream of so many octets, in pieces of 32 KiB. */
function octets(total: number): ReadableStream<Uint8Array> {
  const all = new TextEncoder().encode(lines(Math.ceil(total / 64))).subarray(0, total);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < all.length) controller.enqueue(all.subarray(at, at += 32 * 1024));
      else controller.close();
    },
  }, { highWaterMark: 0 });
}

/** Sends messages of the given sizes by BDAT. */
async function sendChunks(
  sizes: readonly number[],
  options: BdatOptions = {},
): Promise<BdatServed & { receipts: Receipt[]; error: unknown; left: readonly boolean[] }> {
  const [connection, server] = memoryPair();
  const served = serveBdat(server, options);
  const session = new SmtpSession(connection, { host: "mx.example", name: "client.example" });
  await session.ehlo();
  const receipts: Receipt[] = [];
  const contents = sizes.map(octets);
  let error: unknown;
  try {
    const messages = contents.map((content) => mailTo(BOB, { content, chunking: true }));
    for await (const receipt of session.sendAll(messages)) receipts.push(receipt);
  } catch (thrown) {
    error = thrown;
  }
  session.close();
  return { ...await served, receipts, error, left: contents.map(({ locked }) => locked) };
}

Deno.test("SmtpSession.send() sends a stream of unknown length in chunks [S49]", PURE, async () => {
  const { commands, content, receipts } = await sendChunks([2.5 * CHUNK]);
  deepEqual(commands.slice(3), [`BDAT ${CHUNK}`, `BDAT ${CHUNK}`, `BDAT ${CHUNK / 2} LAST`]);
  equal(content.length, 2.5 * CHUNK);
  ok(content === lines(2.5 * CHUNK / 64)); // no piece was written over by the next
  equal(receipts[0]?.outcome, "accepted");
  equal(receipts[0].octets, 2.5 * CHUNK);
});

Deno.test("SmtpSession.send() ends an empty stream with an empty last chunk", PURE, async () => {
  const { commands, content, receipts } = await sendChunks([0]);
  deepEqual(commands.slice(3), ["BDAT 0 LAST"]);
  equal(content, "");
  equal(receipts[0]?.outcome, "accepted");
});

Deno.test(
  "SmtpSession.send() adds the line end that a stream lacks, and counts it",
  PURE,
  async () => {
    const { commands, content } = await sendChunks([65]); // one line, and the first octet of the next
    deepEqual(commands.slice(3), ["BDAT 67 LAST"]);
    equal(content, `${lines(1)}x\r\n`);
  },
);

Deno.test("SmtpSession.send() has at most four chunks unanswered", PURE, async () => {
  // A server that answers after every fourth: with fewer under way this would never end.
  const { receipts } = await sendChunks([9 * CHUNK], { patience: 4 });
  equal(receipts[0]?.outcome, "accepted");

  const [connection, server] = memoryPair({ capacity: 16 * CHUNK });
  const served = serveBdat(server, { patience: 5 });
  const session = new SmtpSession(connection, { host: "mx.example", name: "client.example" });
  await session.ehlo();
  let given = 0;
  let stalled = false;
  const content = new ReadableStream<Uint8Array>({
    pull(controller) {
      given += 64;
      controller.enqueue(new TextEncoder().encode(lines(1)));
      if (given > 6 * CHUNK) throw new Error("it was pulled on although nobody answers");
    },
  }, { highWaterMark: 0 });
  const sending = session.send(mailTo(BOB).envelope, content, { chunking: true }).catch(() => {
    stalled = true;
  });
  await settle();
  session.close();
  await Promise.all([sending, served]);
  equal(stalled, true);
  ok(given <= 5 * CHUNK + 64, `${given} octets were pulled`);
});

Deno.test(
  "SmtpSession.sendAll() stops at a refused chunk, consumes the replies behind it, and begins anew [S50]",
  PURE,
  async () => {
    const { commands, receipts, error, left } = await sendChunks([20 * CHUNK, 10], {
      patience: 4,
      chunk: (number) => ["250 ok", "554 5.6.0 virus", "503 no", "503 no", "503 no"][number - 1],
    });
    equal(error, undefined);
    deepEqual(receipts.map(({ outcome }) => outcome), ["refused", "accepted"]);
    equal(receipts[0]?.stage, "content");
    equal(receipts[0].reply?.code, 554);
    deepEqual(commands.slice(3), [
      ...Array(5).fill(`BDAT ${CHUNK}`), // the fifth was out when the refusal of the second came
      "RSET",
      "MAIL FROM:<ann@client.example>",
      "RCPT TO:<bob@mx.example>",
      "BDAT 12 LAST",
    ]);
    deepEqual(left, [false, false]); // the rest of the stream was let go of
  },
);

Deno.test(
  "SmtpSession.send() defers a message whose last chunk is refused for now [S50]",
  PURE,
  async () => {
    const { receipts } = await sendChunks([2 * CHUNK + 64], {
      chunk: (_, last) => last ? "452 disk full" : undefined,
    });
    equal(receipts[0]?.outcome, "deferred");
    equal(receipts[0].stage, "final");
  },
);

Deno.test(
  "Receipt tells the refusal of a chunk and not the close behind it [S16] [S50]",
  PURE,
  async () => {
    const { receipts, error } = await sendChunks([20 * CHUNK], {
      patience: 2,
      chunk: (number) => number === 2 ? "552 too much" : number === 3 ? "close" : undefined,
    });
    equal(error, undefined);
    equal(receipts[0]?.outcome, "refused");
    equal(receipts[0].reply?.code, 552);
  },
);

Deno.test("Receipt of 421 to a chunk defers all [S18] [T-R09]", PURE, async () => {
  const { receipts, error } = await sendChunks([20 * CHUNK], {
    patience: 2,
    chunk: (number) => number === 1 ? "421 closing" : undefined,
  });
  equal(error, undefined);
  equal(receipts[0]?.outcome, "deferred");
});

Deno.test("Receipt takes no 354 for the answer to a chunk [T-R16]", PURE, async () => {
  const { receipts, error } = await sendChunks([20 * CHUNK], { chunk: () => "354 go" });
  equal((error as Error).name, "ProtocolError");
  equal(receipts[0]?.outcome, "not-sent");
});

Deno.test("SmtpSession.send() falls back to DATA where CHUNKING is not offered", PURE, async () => {
  await using made = await greeted(
    "",
    `
    C: MAIL FROM:<ann@client.example>
    S: 250 sender
    C: RCPT TO:<bob@mx.example>
    S: 250 ok
    C: DATA
    S: 354 go
    C: Subject: hi
    C: .
    S: 250 taken`,
  );
  const { envelope, content } = mailTo(BOB);
  const receipt = await made.session.send(envelope, content, { chunking: true });
  equal(receipt.outcome, "accepted");
  await made.done;
});

Deno.test(
  "SmtpSession.send() sends no content by BDAT when nobody was accepted",
  PURE,
  async () => {
    for (const policy of ["any", "all"] as const) {
      await using made = await greeted(
        "CHUNKING, PIPELINING",
        `
      C: MAIL FROM:<ann@client.example>
      C: RCPT TO:<bob@mx.example>
      S: 250 sender
      S: 550 no such user`,
      );
      const { envelope, content } = mailTo(BOB, { policy });
      const receipt = await made.session.send(envelope, content, { chunking: true });
      equal(receipt.outcome, "refused");
      made.session.close();
      await made.done;
    }
  },
);

Deno.test(
  "SmtpSession.send() begins anew behind a last chunk that was refused [S50]",
  PURE,
  async () => {
    const [connection, server] = memoryPair();
    const served = serveBdat(server, {
      chunk: (number) => number === 1 ? "554 5.6.0 virus" : undefined,
    });
    const session = new SmtpSession(connection, { host: "mx.example", name: "client.example" });
    await session.ehlo();
    const { envelope, content } = mailTo(BOB);
    const outcomes: string[] = [];
    for (let i = 0; i < 3; i++) {
      outcomes.push((await session.send(envelope, content, { chunking: true })).outcome);
    }
    session.close();
    deepEqual(outcomes, ["refused", "accepted", "accepted"]);
    const { commands } = await served;
    deepEqual(commands.map((line) => line.slice(0, 4)), [
      "EHLO",
      ...["MAIL", "RCPT", "BDAT"],
      ...["RSET", "MAIL", "RCPT", "BDAT"],
      ...["MAIL", "RCPT", "BDAT"],
    ]);
  },
);

Deno.test(
  "SmtpSession.send() takes no reply that came before the last chunk for its answer [T-R08]",
  PURE,
  async () => {
    const { commands, receipts, error } = await sendChunks([2.5 * CHUNK], {
      chunk: (number) => number === 2 ? "250 chunk\r\n250 taken" : undefined,
    });
    equal((error as Error).name, "ProtocolError");
    equal(receipts[0]?.outcome, "not-sent");
    ok(!commands.some((line) => line.endsWith("LAST")));
  },
);

/** 120 KiB in three pieces that are each written at once, and a small one. */
async function* pieces(): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (const last of ["first line", "second line", "third line"]) {
    yield await Promise.resolve(encoder.encode(`${lines(640)}${last}\r\n`));
  }
  yield encoder.encode("last line\r\n");
}

Deno.test.each<[string, Moment, Fault, string]>([
  ["RST in the chunk", { after: "writing", text: "first line" }, "RST", "not-sent"],
  ["RST before its end", { after: "writing", text: "third line" }, "RST", "in-doubt"],
  ["FIN in the chunk", { after: "writing", text: "first line" }, "FIN", "not-sent"],
  ["FIN before its end", { after: "writing", text: "third line" }, "FIN", "in-doubt"],
  ["421 in the chunk", { after: "writing", text: "first line" }, "421 and FIN", "deferred"],
  ["FIN behind it", { after: "writing", text: "last line" }, "FIN", "in-doubt"],
])(
  "Receipt of a last chunk cut off by %s [T-D01] [T-D02] [T-D06]",
  PURE,
  async (_, moment, fault, outcome) => {
    const [connection, server] = memoryPair();
    const served = serveBdat(server).catch(() => {}); // it is cut off
    const broken = faulty(connection, moment, fault);
    const session = new SmtpSession(broken.connection, { host: "mx.example", name: "c.example" });
    await session.ehlo();
    await session.send(mailTo(BOB).envelope, pieces(), { chunking: true }).catch(() => {});
    equal(session.lastReceipt?.outcome, outcome);
    await session.quit();
    equal(broken.afterDeath(), 0);
    await served;
  },
);
