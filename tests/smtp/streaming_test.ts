import { equal, ok } from "node:assert/strict";
import { SmtpSession } from "../../src/smtp/session.ts";
import { type Connection, memoryPair } from "../../src/wire/mod.ts";
import { mailTo } from "./deliveries.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };
const TOTAL = 200 * 1024 * 1024;
const PIECE = 64 * 1024;
/** More than a session may hold of a message at any time. */
const HELD = 1024 * 1024;

/** A server that swallows content and counts. */
class Sink implements Connection {
  readonly local: Connection["local"] = { transport: "memory" };
  readonly remote: Connection["remote"] = { transport: "memory" };
  readonly security = "clear";
  readonly #encoder = new TextEncoder();
  readonly #replies: Uint8Array[] = [];
  readonly #chunking: boolean;
  #waiting: (() => void) | undefined;
  /** Octets of content that arrived, commands left out as far as they come in writes of their own. */
  received = 0;
  largest = 0;
  writes = 0;
  #inContent = false;
  #expected = 0;

  constructor(chunking: boolean) {
    this.#chunking = chunking;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#replies.length === 0) {
      await new Promise<void>((resolve) => this.#waiting = resolve);
    }
    const reply = this.#replies.shift() ?? new Uint8Array(0);
    buffer.set(reply);
    return reply.length;
  }

  /** Takes its time, so that whoever does not wait for it is found out. */
  async write(bytes: Uint8Array): Promise<void> {
    this.writes++;
    this.largest = Math.max(this.largest, bytes.length);
    for (let i = 0; i < 5; i++) await Promise.resolve();
    this.#take(bytes);
  }

  startTls(): Promise<Connection> {
    return Promise.reject(new Error("no TLS here"));
  }

  close(): void {
    this.#say("");
  }

  #take(bytes: Uint8Array): void {
    if (this.#inContent) {
      this.received += bytes.length;
      const end = String.fromCharCode(...bytes.subarray(-3)); // no line of the content ends so
      if (end === ".\r\n") this.#say("250 taken");
      return;
    }
    if (this.#expected > 0) {
      this.#chunk(bytes);
      return;
    }
    const line = bytes.indexOf(10);
    const command = String.fromCharCode(...bytes.subarray(0, line + 1));
    const [, size] = /^BDAT (\d+)/.exec(command) ?? [];
    if (command.startsWith("EHLO")) {
      this.#say(`250-mx\r\n250-8BITMIME\r\n250 ${this.#chunking ? "CHUNKING" : "X"}`);
    } else if (command.startsWith("DATA")) {
      this.#inContent = true;
      this.#say("354 go");
    } else if (size !== undefined) {
      this.#expected = Number(size);
      if (this.#expected === 0) this.#say("250 chunk");
      else if (line + 1 < bytes.length) this.#chunk(bytes.subarray(line + 1));
    } else this.#say("250 ok");
  }

  #chunk(bytes: Uint8Array): void {
    this.received += bytes.length;
    this.#expected -= bytes.length;
    if (this.#expected < 0) throw new Error("more than was announced");
    if (this.#expected === 0) this.#say("250 chunk");
  }

  #say(text: string): void {
    this.#replies.push(this.#encoder.encode(`${text}\r\n`));
    this.#waiting?.();
  }
}

/** Streams 200 MB and gives the most octets that were pulled and had not arrived. */
async function streamed(
  sink: Sink,
  kind: "stream" | "generator",
  chunking: boolean,
): Promise<{ readonly held: number; readonly octets: number }> {
  const piece = new TextEncoder().encode(`${"x".repeat(62)}\r\n`.repeat(PIECE / 64));
  let pulled = 0;
  let held = 0;
  const next = (): Uint8Array | undefined => {
    held = Math.max(held, pulled - sink.received);
    if (pulled >= TOTAL) return undefined;
    pulled += piece.length;
    return piece;
  };
  const content = kind === "stream"
    ? new ReadableStream<Uint8Array>({
      pull(controller) {
        const octets = next();
        if (octets === undefined) controller.close();
        else controller.enqueue(octets);
      },
    }, { highWaterMark: 0 })
    : (async function* () {
      for (let octets = next(); octets !== undefined; octets = next()) {
        yield await Promise.resolve(octets);
      }
    })();
  const session = new SmtpSession(sink, { host: "mx.example", name: "c.example" });
  await session.ehlo();
  const { envelope } = mailTo(["bob@mx.example"]);
  const receipt = await session.send(envelope, content, { chunking });
  equal(receipt.outcome, "accepted");
  session.close();
  return { held, octets: receipt.octets };
}

Deno.test.each(
  [
    ["stream", false],
    ["generator", false],
    ["stream", true],
    ["generator", true],
  ] as const,
)(
  "SmtpSession.send() pulls 200 MB from a %s only as they leave, chunks: %s",
  PURE,
  async (kind, chunking) => {
    const sink = new Sink(chunking);
    const { held, octets } = await streamed(sink, kind, chunking);
    ok(octets >= TOTAL, `${octets} octets`);
    ok(sink.received >= octets, `${sink.received} octets arrived`);
    ok(held <= HELD, `${held} octets were held`);
    ok(sink.largest <= HELD / 2, `${sink.largest} octets in one write`);
    ok(sink.writes <= 3 * TOTAL / PIECE, `${sink.writes} writes`);
  },
);

Deno.test("SmtpSession.send() cuts a piece of any size before it is framed", PURE, async () => {
  const sink = new Sink(false);
  const session = new SmtpSession(sink, { host: "mx.example", name: "c.example" });
  await session.ehlo();
  // Only line feeds: framing doubles them.
  const huge = new Uint8Array(8 * 1024 * 1024).fill(10);
  const content = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(huge);
      controller.close();
    },
  });
  const { envelope } = mailTo(["bob@mx.example"]);
  const receipt = await session.send(envelope, content);
  equal(receipt.octets, 2 * huge.length);
  ok(sink.largest <= HELD / 2 + 1024, `${sink.largest} octets in one write`);
  session.close();
});

Deno.test(
  "SmtpSession.send() does not look at the source before the server wants it",
  PURE,
  async () => {
    const [connection, server] = memoryPair();
    let pulled = 0;
    const content = new ReadableStream<Uint8Array>({
      pull: () => void pulled++,
    }, { highWaterMark: 0 });
    const session = new SmtpSession(connection, { host: "mx.example", name: "c.example" });
    const say = (text: string): Promise<void> => server.write(new TextEncoder().encode(text));
    const hear = async (): Promise<void> => void await server.read(new Uint8Array(1024));
    const hello = session.ehlo();
    await hear();
    await say("250 mx.example\r\n");
    await hello;
    const sending = session.send(mailTo(["bob@mx.example"]).envelope, content).catch(() => {});
    for (const reply of ["250 ok", "250 ok"]) {
      await hear();
      await say(`${reply}\r\n`);
    }
    await hear();
    equal(pulled, 0);
    server.close();
    await sending;
  },
);
