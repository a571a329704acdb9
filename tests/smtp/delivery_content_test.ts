import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import type { Content, OutgoingMessage } from "../../src/smtp/mod.ts";
import { receiptOf } from "../../src/smtp/error_receipt.ts";
import { ClosedError } from "../../src/wire/mod.ts";
import { settle } from "../fake_clock.ts";
import { mailTo, sendOver, SMALL } from "./deliveries.ts";
import { greeted } from "./scripted_session.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };
const BOB = ["bob@mx.example"];
const ENVELOPE = `
  C: MAIL FROM:<ann@client.example>
  C: RCPT TO:<bob@mx.example>
  C: DATA
  S: 250 sender
  S: 250 ok
  S: 354 go`;
const ONE_BY_ONE = `
  C: MAIL FROM:<ann@client.example>
  S: 250 sender
  C: RCPT TO:<bob@mx.example>
  S: 250 ok
  C: DATA
  S: 354 go`;
const encoder = new TextEncoder();

/** A stream that gives some texts and then fails or ends; it knows whether it was cancelled. */
function stream(
  texts: readonly string[],
  then: "fail" | "end" = "end",
): { readonly content: ReadableStream<Uint8Array>; readonly cancelled: () => unknown } {
  let cancelled: unknown = "no";
  const rest = [...texts];
  const content = new ReadableStream<Uint8Array>({
    pull(controller) {
      const text = rest.shift();
      if (text !== undefined) controller.enqueue(encoder.encode(text));
      else if (then === "fail") controller.error(new Error("the disk is gone"));
      else controller.close();
    },
    cancel(reason) {
      cancelled = reason;
    },
  }, { highWaterMark: 0 });
  return { content, cancelled: () => cancelled };
}

/** The same as a generator. */
async function* generator(
  texts: readonly string[],
  then: "fail" | "end" = "end",
): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield encoder.encode(text);
  if (then === "fail") throw new Error("the disk is gone");
}

Deno.test.each([
  ["a stream", () => stream(["Subject: hi\r\n\r\nHalf of it"], "fail").content],
  ["a generator", () => generator(["Subject: hi\r\n\r\nHalf of it"], "fail")],
])(
  "SmtpSession.send() never ends content whose source failed: %s [S44] [T-D01]",
  PURE,
  async (_, source) => {
    for (const offered of ["", "CHUNKING"]) {
      await using made = await greeted(
        offered,
        offered === ""
          ? `${ONE_BY_ONE}\n<eof>`
          : `${ONE_BY_ONE.replace(/C: DATA\s+S: 354 go/, "")}\n<eof>`,
      );
      const { envelope } = mailTo(BOB);
      await rejects(made.session.send(envelope, source(), { chunking: true }), {
        message: "the disk is gone",
      });
      const receipt = made.session.lastReceipt;
      equal(receipt?.outcome, "not-sent");
      equal(receipt.stage, "content");
      deepEqual(receipt.rejected.map(({ retry }) => retry), ["later"]);
      equal(made.session.usable, false);
      await made.done;
    }
  },
);

Deno.test(
  "SmtpSession.send() never ends a stream with octets that this server cannot take [S44]",
  PURE,
  async () => {
    await using made = await greeted("", `${ONE_BY_ONE}\n<eof>`);
    const { content, cancelled } = stream(["Subject: hi\r\n\r\n", "Grüße\r\n", "more\r\n"]);
    const sending = made.session.send(mailTo(BOB).envelope, content);
    await rejects(sending, (error) => {
      equal((error as Error).name, "SmtpLocalError");
      const receipt = receiptOf(error);
      equal(receipt?.outcome, "not-sent");
      deepEqual(receipt.rejected.map(({ retry }) => retry), ["never"]); // it is the same next time
      return true;
    });
    ok(cancelled() !== "no");
    await made.done;
  },
);

const UNWANTED: [string, string, string][] = [
  ["MAIL refused", "", "C: MAIL FROM:<ann@client.example>\nS: 550 no"],
  [
    "nobody accepted",
    "PIPELINING",
    "C: MAIL FROM:<ann@client.example>\nC: RCPT TO:<bob@mx.example>\nC: DATA\nS: 250 ok\nS: 550 no\nS: 503 no",
  ],
  [
    "DATA refused",
    "",
    "C: MAIL FROM:<ann@client.example>\nS: 250 ok\nC: RCPT TO:<bob@mx.example>\nS: 250 ok\nC: DATA\nS: 451 no",
  ],
  ["a close", "", "C: MAIL FROM:<ann@client.example>\n<close>"],
  [
    "a refusal and a close",
    "PIPELINING",
    "C: MAIL FROM:<ann@client.example>\nC: *\nC: *\nS: 550 no\n<close>",
  ],
  ["a local refusal", "SIZE 10", ""],
];

Deno.test.each(UNWANTED)(
  "SmtpSession.send() lets go of a stream that it does not read: %s [S45]",
  PURE,
  async (_, offered, script) => {
    await using made = await greeted(offered, script);
    const { content, cancelled } = stream(["Subject: hi\r\n"]);
    await made.session.send(mailTo(BOB).envelope, content, { size: 5000 }).catch(() => {});
    ok(cancelled() !== "no", "the stream was not cancelled");
    equal(content.locked, false);
    made.session.close();
    await made.done;
  },
);

Deno.test.each(UNWANTED)(
  "SmtpSession.send() ends a generator that it does not read: %s [S45]",
  PURE,
  async (_, offered, script) => {
    await using made = await greeted(offered, script);
    const content = generator(["Subject: hi\r\n"]);
    await made.session.send(mailTo(BOB).envelope, content, { size: 5000 }).catch(() => {});
    deepEqual(await content.next(), { done: true, value: undefined });
    made.session.close();
    await made.done;
  },
);

Deno.test(
  "SmtpSession.sendAll() lets go of all streams under way when it ends [S45]",
  PURE,
  async () => {
    const sources = [
      stream(["Subject: 1\r\n"]),
      stream(["Subject: 2\r\n"]),
      stream(["Subject: 3\r\n"]),
    ];
    const messages = sources.map(({ content }) => mailTo(BOB, { content }));
    const { receipts, error } = await sendOver(
      "PIPELINING",
      `${ENVELOPE}
    C: Subject: 1
    C: .
    C: MAIL FROM:<ann@client.example>
    C: RCPT TO:<bob@mx.example>
    C: DATA
    S: 250 taken
    <close>`,
      messages,
    );
    ok(error instanceof ClosedError);
    deepEqual(receipts.map(({ outcome }) => outcome), ["accepted", "not-sent", "not-sent"]);
    equal(sources[0]?.cancelled(), "no"); // it was read to its end
    ok(sources[1]?.cancelled() !== "no");
    ok(sources[2]?.cancelled() !== "no");
  },
);

Deno.test(
  "SmtpSession.sendAll() lets go of the stream behind the message that the caller stops at [S45]",
  PURE,
  async () => {
    const next = stream(["Subject: 2\r\n"]);
    await using made = await greeted(
      "PIPELINING",
      `${ENVELOPE}
    C: Subject: hi
    C: .
    C: MAIL FROM:<ann@client.example>
    C: RCPT TO:<bob@mx.example>
    C: DATA
    S: 250 taken
    <eof>`,
    );
    for await (const { outcome } of made.session.sendAll([mailTo(BOB), mailTo(BOB, next)])) {
      equal(outcome, "accepted");
      break;
    }
    ok(next.cancelled() !== "no");
    // The next envelope is out, and nothing fits behind it.
    equal(made.session.usable, false);
    await made.done;
  },
);

Deno.test(
  "SmtpSession.sendAll() leaves the session usable when the caller stops with nothing under way",
  PURE,
  async () => {
    await using made = await greeted(
      "",
      `${ONE_BY_ONE}
    C: Subject: hi
    C: .
    S: 250 taken
    C: NOOP
    S: 250 still here`,
    );
    for await (const _ of made.session.sendAll([mailTo(BOB), mailTo(BOB)])) break;
    equal((await made.session.noop()).text, "still here");
    await made.done;
  },
);

Deno.test(
  "SmtpSession.sendAll() does not wait for a source that has nothing more, when the caller stops",
  PURE,
  async () => {
    await using made = await greeted("", `${ONE_BY_ONE}\nC: Subject: hi\nC: .\nS: 250 taken`);
    async function* messages(): AsyncGenerator<OutgoingMessage> {
      yield mailTo(BOB);
      await new Promise(() => {});
    }
    for await (const _ of made.session.sendAll(messages())) break;
    await made.done;
  },
);

Deno.test.each<[string, Iterable<OutgoingMessage> | AsyncIterable<OutgoingMessage>]>([
  [
    "an iterable",
    (function* () {
      yield mailTo(BOB);
      throw new Error("line 2 is no message");
    })(),
  ],
  [
    "an async iterable",
    (async function* () {
      yield await Promise.resolve(mailTo(BOB));
      throw new Error("line 2 is no message");
    })(),
  ],
])(
  "SmtpSession.sendAll() ends the message under way before it tells that %s failed",
  PURE,
  async (_, messages) => {
    const { receipts, error, usable } = await sendOver(
      "PIPELINING",
      `${ENVELOPE}\nC: Subject: hi\nC: .\nS: 250 taken`,
      messages,
    );
    deepEqual(receipts.map(({ outcome }) => outcome), ["accepted"]);
    equal((error as Error).message, "line 2 is no message");
    equal(usable, true);
  },
);

Deno.test(
  "SmtpSession.deliver() writes nothing of a message whose source fails in the middle",
  PURE,
  async () => {
    // A source of the caller's own that throws where it must not.
    await using made = await greeted("PIPELINING", `${ENVELOPE}\n<eof>`);
    let asked = 0;
    const source = {
      take: () => {
        if (asked++ === 0) return mailTo(BOB);
        throw new Error("a bug");
      },
      wait: () => Promise.resolve(undefined),
    };
    const outcomes: string[] = [];
    const delivering = made.session.deliver(source, ({ outcome }) => void outcomes.push(outcome));
    await rejects(delivering, { message: "a bug" });
    deepEqual(outcomes, ["not-sent"]);
    equal(made.session.usable, false);
    await made.session[Symbol.asyncDispose]();
    await made.done; // neither the dot nor QUIT
  },
);

Deno.test(
  "DeliveryOptions.beforeEnd is awaited between the last octet and the end [T-D01]",
  PURE,
  async () => {
    for (const content of [SMALL, stream(["Sub", "ject: hi\r\n"]).content]) {
      const order: string[] = [];
      await using made = await greeted(
        "",
        `${ONE_BY_ONE}\nC: Subject: hi\nC: .\nS: 250 taken`,
        {
          onEvent: ({ kind, bytes }) =>
            kind === "content" && order.push(new TextDecoder().decode(bytes)),
        },
      );
      const beforeEnd = async (): Promise<void> => {
        order.push("begin");
        await Promise.resolve();
        order.push("end");
      };
      await made.session.send(mailTo(BOB).envelope, content, { beforeEnd });
      deepEqual(
        order,
        content === SMALL
          ? ["begin", "end", "Subject: hi\r\n", ".\r\n"] // small: it leaves with its end
          : ["Sub", "ject: hi\r\n", "begin", "end", ".\r\n"],
      );
      await made.done;
    }
  },
);

Deno.test("DeliveryOptions.beforeEnd hears the message that ends", PURE, async () => {
  const heard: unknown[] = [];
  const messages = [{ ...mailTo(BOB), row: 1 }, { ...mailTo(BOB), row: 2 }];
  await using made = await greeted(
    "PIPELINING",
    `${ENVELOPE}
    C: Subject: hi
    C: .
    ${ENVELOPE.replace("S: 250 sender", "S: 250 taken\nS: 250 sender")}
    C: Subject: hi
    C: .
    S: 250 taken`,
  );
  const beforeEnd = ({ row }: { readonly row: number }): void => void heard.push(row);
  for await (const { outcome } of made.session.sendAll(messages, { beforeEnd })) {
    heard.push(outcome);
  }
  deepEqual(heard, [1, "accepted", 2, "accepted"]);
  await made.done;
});

Deno.test(
  "DeliveryOptions.beforeEnd that throws keeps the message from being sent [T-D01]",
  PURE,
  async () => {
    const contents: [Content, boolean][] = [
      [SMALL, false],
      [stream(["Subject: hi\r\n"]).content, false],
      [SMALL, true],
      [stream(["Subject: hi\r\n"]).content, true],
    ];
    for (const [content, chunking] of contents) {
      const full = new Error("the disk is full");
      await using made = await greeted(
        chunking ? "CHUNKING" : "",
        chunking
          ? `${ONE_BY_ONE.replace(/C: DATA\s+S: 354 go/, "")}\n<eof>`
          : `${ONE_BY_ONE}\n<eof>`,
      );
      const beforeEnd = (): never => {
        throw full;
      };
      const { envelope } = mailTo(BOB);
      await rejects(made.session.send(envelope, content, { beforeEnd, chunking }), full);
      equal(made.session.lastReceipt?.outcome, "not-sent");
      equal(made.session.lastReceipt?.octets, content === SMALL ? 0 : 13);
      equal(made.session.lastReceipt?.stage, "content");
      await made.session[Symbol.asyncDispose]();
      await made.done; // no dot, no QUIT
    }
  },
);

Deno.test(
  "DeliveryOptions.beforeEnd is not asked about a message that the server has refused",
  PURE,
  async () => {
    let asked = 0;
    await sendOver(
      "",
      "C: MAIL FROM:<ann@client.example>\nS: 550 no",
      [mailTo(BOB)],
      { beforeEnd: () => void asked++ },
    );
    equal(asked, 0);
  },
);

Deno.test(
  "SmtpSession is dead after an abort in beforeEnd, and knows that the end was not written [T-D01]",
  PURE,
  async () => {
    await using made = await greeted("", `${ONE_BY_ONE}\n<eof>`);
    const abort = new AbortController();
    const sending = made.session.send(mailTo(BOB).envelope, SMALL, {
      signal: abort.signal,
      beforeEnd: () => abort.abort("enough"),
    });
    await rejects(sending, (reason) => reason === "enough");
    equal(made.session.lastReceipt?.outcome, "not-sent");
    await made.done;
  },
);

Deno.test("SmtpSession.sendAll() lets its source end before it is over", PURE, async () => {
  await using made = await greeted("", `${ONE_BY_ONE}\nC: Subject: hi\nC: .\nS: 250 taken`);
  let ended = false;
  async function* messages(): AsyncGenerator<OutgoingMessage> {
    try {
      while (true) yield mailTo(BOB);
    } finally {
      await settle();
      ended = true;
    }
  }
  for await (const _ of made.session.sendAll(messages())) break;
  equal(ended, true);
  await made.done;
});
