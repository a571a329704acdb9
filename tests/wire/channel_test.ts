import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import {
  Channel,
  type ChannelOptions,
  ClosedError,
  type Connection,
  LineTooLongError,
  memoryPair,
  ProtocolError,
  TimeoutError,
  TlsError,
  type TranscriptEvent,
  WireLine,
} from "../../src/wire/mod.ts";
import { FakeClock, settle } from "../fake_clock.ts";
import { countWork } from "./counting.ts";

const pure = { permissions: "none" } as const;
const octets = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

interface World extends Disposable {
  readonly channel: Channel;
  readonly peer: Connection;
  readonly clock: FakeClock;
  readonly events: TranscriptEvent[];
  /** What the peer has received since it was last asked; `null` once it has heard the end. */
  heard(): Promise<string | null>;
}

function world(options: ChannelOptions & { readonly chunk?: number } = {}): World {
  const { chunk = Infinity, ...rest } = options;
  const [ours, peer] = memoryPair({ chunk });
  const clock = new FakeClock();
  const events: TranscriptEvent[] = [];
  const channel = new Channel(ours, { clock, onEvent: (event) => events.push(event), ...rest });
  let heard = "";
  let ended = false;
  listen(peer, (said) => heard += said).finally(() => ended = true);
  return {
    channel,
    peer,
    clock,
    events,
    async heard() {
      await settle();
      const said = heard;
      heard = "";
      return said === "" && ended ? null : said;
    },
    [Symbol.dispose]() {
      channel.close();
      peer.close();
    },
  };
}

async function listen(connection: Connection, hear: (said: string) => void): Promise<void> {
  const buffer = new Uint8Array(1024 * 1024);
  try {
    for (let count; (count = await connection.read(buffer)) !== null;) {
      hear(text(buffer.subarray(0, count)));
    }
  } catch {
    // Closed by the test.
  }
}

/** A connection whose parts a test may replace. */
function fakeConnection(parts: Partial<Connection>): Connection {
  return {
    local: { transport: "memory" },
    remote: { transport: "tcp", hostname: "192.0.2.1", port: 25 },
    security: "clear",
    read: () => Promise.resolve(null),
    write: () => Promise.resolve(),
    startTls: () => Promise.reject(new TlsError("no", { failure: "unsupported" })),
    close() {},
    ...parts,
  };
}

function lines(events: readonly TranscriptEvent[]): string[] {
  return events.map(({ end, kind, text }) => `${end} ${kind}: ${text}`);
}

// Lines

Deno.test(
  "Channel.readLine() gives lines as they come, and null at the end [S2] [S3]",
  pure,
  async () => {
    for (const chunk of [1, 2, 7, Infinity]) {
      using w = world({ chunk });
      await w.peer.write(octets("220-a\r\n220 b\n\r\n"));
      w.peer.close();
      deepEqual(await w.channel.readLine(), { text: "220-a", bareLf: false });
      deepEqual(await w.channel.readLine(), { text: "220 b", bareLf: true });
      deepEqual(await w.channel.readLine(), { text: "", bareLf: false });
      equal(await w.channel.readLine(), null);
      equal(await w.channel.readLine(), null); // and again [S17]
      equal(w.channel.dead, false);
    }
  },
);

Deno.test("Channel.takeLine() never reads", pure, async () => {
  using w = world();
  await w.peer.write(octets("250 a\r\n250 b\r\n"));
  equal(w.channel.takeLine(), undefined);
  equal(w.channel.reads, 0);
  await w.channel.fill();
  equal(w.channel.takeLine()?.text, "250 a");
  equal(w.channel.buffered, 7);
  equal(w.channel.takeLine()?.text, "250 b");
  equal(w.channel.takeLine(), undefined);
  equal(w.channel.reads, 1);
});

Deno.test.each([
  ["250 Gr\xc3\xbc\xc3\x9fe", "250 Grüße", undefined],
  ["250 Gr\xfc\xdfe \x80", "250 Gr\xfc\xdfe \x80", "250 Gr\xfc\xdfe \x80"], // Latin-1, not Windows-1252
  ["250 \xef\xbf\xbd", "250 \ufffd", undefined],
  ["\xef\xbb\xbf250 x", "\ufeff250 x", undefined],
  ["250 \xed\xa0\x80", "250 \xed\xa0\x80", "250 \xed\xa0\x80"], // half a character
  ["250 \x00\x1b", "250 \x00\x1b", undefined],
])("Channel reads %j as UTF-8, else as Latin-1 [S9] [T-R11]", pure, async (sent, seen, raw) => {
  for (const chunk of [1, Infinity]) {
    using w = world({ chunk });
    await w.peer.write(octets(`${sent}\r\n`));
    const line = await w.channel.readLine();
    equal(line?.text, seen);
    equal(line?.raw && text(line.raw), raw);
  }
});

Deno.test("Channel keeps the octets of a long line that is no UTF-8 [S9]", pure, async () => {
  using w = world({ lineLimit: 300_000 });
  const long = "\xff".repeat(300_000);
  await w.peer.write(octets(`${long}\r\n`));
  const line = await w.channel.readLine();
  equal(line?.text, long);
  equal(line?.raw?.length, long.length);
  await w.peer.write(octets("next\r\n")); // the octets are a copy, not a view
  await w.channel.readLine();
  equal(line?.raw?.[0], 255);
});

Deno.test(
  "Channel dies of a line beyond its limit, with the tail of the session [S10] [T-X01]",
  pure,
  async () => {
    using w = world({ lineLimit: 10 });
    await w.peer.write(octets("220 ready\r\n250 0123456789"));
    await w.channel.readLine();
    await rejects(w.channel.readLine(), (error) => {
      ok(error instanceof LineTooLongError && error instanceof ProtocolError);
      deepEqual(error.transcript, ["S: 220 ready"]);
      equal(w.channel.reason, error);
      return true;
    });
    equal(w.channel.dead, true);
  },
);

Deno.test("Channel.takeLines() takes what takeLine() takes, however it is cut", pure, async () => {
  const listings = [
    "1 a\r\n2 b\r\n3 c\r\n.\r\n+OK next\r\n",
    "1 a\n2 b\r3\r\r\n\r\n\n.\n+OK\r\n",
    ".\r\n+OK\r\n.\r\n",
    "1 gr\xc3\xbcn\r\n2 b\r\n.\r\n",
    "1 gr\xfcn\r\n2 secret\r\n..\r\n.\r\n",
    "1 a\r\n2 my secret\r\n3 c\r\n.\r\n",
    "1 \x00\x7f \ufffd\r\n.\r\n",
  ];
  for (const listing of listings) {
    for (const chunk of [1, 2, 3, 5, 7, 11, Infinity]) {
      using one = world({ chunk });
      using many = world({ chunk });
      const expected: string[] = [];
      const seen: string[] = [];
      for (const { channel, peer } of [one, many]) {
        channel.censor((text) => text.replaceAll("secret", "***"));
        await peer.write(octets(listing));
      }
      while (expected.at(-1) !== ".") {
        const line = await one.channel.readLine();
        expected.push(line?.uncensored ?? line?.text ?? "");
      }
      while (seen.at(-1) !== ".") {
        const lines = many.channel.takeLines(".");
        seen.push(...lines);
        if (lines.length === 0) await many.channel.fill();
      }
      deepEqual(seen, expected);
      deepEqual(many.channel.tail, one.channel.tail);
      deepEqual(many.events, one.events);
      equal(many.channel.unread, one.channel.unread);
    }
  }
});

Deno.test(
  "Channel.takeLines() gives the lines before one that is too long [S10]",
  pure,
  async () => {
    using w = world({ lineLimit: 10 });
    await w.peer.write(octets("1 a\r\n0123456789\r\n01234567890\r\n.\r\n"));
    await w.channel.fill();
    deepEqual(w.channel.takeLines("."), ["1 a", "0123456789"]);
    throws(() => w.channel.takeLines("."), LineTooLongError);
    equal(w.channel.dead, true);
  },
);

Deno.test.each([
  ["1 a", "1 a\r\n2 b\r\n.\r\n", ["line 1 a"]],
  ["2 b", "1 a\r\n2 b\r\n3 c\r\n.\r\n", ["line 1 a", "line 2 b"]],
  ["2 b", "1 a\r\n2 b\r\n3 \xfc\r\n.\r\n", ["line 1 a", "line 2 b"]],
])(
  "Channel.takeLines() tells nothing more when its listener has had enough at %s of %j",
  pure,
  async (last, listing, lines) => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const [client, server] = memoryPair();
    const told: string[] = [];
    const channel = new Channel(client, {
      signal: controller.signal,
      onEvent: ({ kind, text }) => {
        told.push(`${kind} ${text}`);
        if (text === last) controller.abort(reason);
      },
    });
    await server.write(octets(listing));
    await channel.fill();
    throws(() => channel.takeLines("."), reason);
    deepEqual(told, ["open ", ...lines, "close "]);
    server.close();
  },
);

Deno.test("Channel.takeLines() decodes a listing in a few calls", pure, async () => {
  using w = world();
  const lines = Array.from({ length: 1000 }, (_, at) => `${at + 1} uid${at}`);
  await w.peer.write(octets(`${lines.join("\r\n")}\r\n.\r\n`));
  const { decode } = TextDecoder.prototype;
  let calls = 0;
  TextDecoder.prototype.decode = function (...input) {
    calls++;
    return decode.apply(this, input);
  };
  const seen: string[] = [];
  try {
    while (seen.at(-1) !== ".") {
      const more = w.channel.takeLines(".");
      seen.push(...more);
      if (more.length === 0) await w.channel.fill();
    }
  } finally {
    TextDecoder.prototype.decode = decode;
  }
  deepEqual(seen, [...lines, "."]);
  ok(calls <= 2 * w.channel.reads, `${calls} calls after ${w.channel.reads} reads`);
});

Deno.test(
  "Channel.takeLines() looks at each octet a few times, however it is cut",
  pure,
  async () => {
    const listing = `${"1 uid-of-a-message\r\n".repeat(200)}${"x".repeat(8000)}\r\n.\r\n`;
    for (const chunk of [1, 100, Infinity]) {
      using w = world({ chunk });
      await w.peer.write(octets(listing));
      const { examined } = await countWork(async () => {
        for (let last = ""; last !== ".";) {
          const lines = w.channel.takeLines(".");
          last = lines.at(-1) ?? "";
          if (lines.length === 0) await w.channel.fill();
        }
      });
      ok(examined < 4 * listing.length, `${examined} of ${listing.length}, ${chunk} at a time`);
    }
  },
);

Deno.test("Channel.take() and peek() give content, and lines go on behind it", pure, async () => {
  using w = world();
  await w.peer.write(octets("+OK\r\n\0\xff\r\n.\r\n+OK bye\r\n"));
  await w.channel.readLine();
  equal(text(w.channel.peek(2)), "\0\xff");
  equal(text(w.channel.take(7)), "\0\xff\r\n.\r\n");
  equal((await w.channel.readLine())?.text, "+OK bye");
  equal(text(w.channel.take()), "");
});

// Ends

Deno.test(
  "Channel.readLine() reports an end within a line, with what had arrived [S15] [T-S19]",
  pure,
  async () => {
    using w = world();
    await w.peer.write(octets("250-a\r\n25\x1b"));
    w.peer.close();
    await w.channel.readLine();
    await rejects(w.channel.readLine(), (error) => {
      ok(error instanceof ClosedError);
      equal(error.partial, "25\\x1b");
      deepEqual(error.transcript, ["S: 250-a"]);
      return true;
    });
    equal(w.channel.dead, true);
  },
);

Deno.test(
  "Channel.fill() takes an end without TLS's farewell for an end [D5] [T-S19]",
  pure,
  async () => {
    const connection = fakeConnection({
      security: "verified",
      read: () => Promise.reject(new Deno.errors.UnexpectedEof("peer closed without close_notify")),
    });
    const channel = new Channel(connection);
    equal(await channel.fill(), false);
    equal(await channel.readLine(), null);
    equal(channel.dead, false);
    channel.close();
  },
);

Deno.test("Channel.fill() dies of a reset, with its cause", pure, async () => {
  const reset = new Deno.errors.ConnectionReset("Connection reset by peer");
  const channel = new Channel(fakeConnection({ read: () => Promise.reject(reset) }));
  await rejects(channel.fill(), (error) => {
    ok(error instanceof ClosedError);
    equal(error.cause, reset);
    equal(error.message, "Cannot read: ConnectionReset: Connection reset by peer");
    return true;
  });
  equal(channel.dead, true);
});

Deno.test(
  "Channel.fill() explains a verdict of TLS that comes behind the handshake",
  pure,
  async () => {
    const channel = new Channel(fakeConnection({
      security: "verified",
      read: () =>
        Promise.reject(new Deno.errors.InvalidData("received fatal alert: CertificateRequired")),
    }));
    await rejects(channel.fill(), (error) => {
      ok(error instanceof TlsError);
      equal(
        error.message,
        'Cannot start TLS with "192.0.2.1:25": the server demands a client certificate',
      );
      return true;
    });
  },
);

// Writing

Deno.test("Channel.flush() writes all that was put in one write", pure, async () => {
  using w = world();
  w.channel.put(new WireLine("MAIL FROM:<ä@x.example>"));
  w.channel.put(new WireLine("DATA"));
  w.channel.putContent(octets("\0.\r\n"));
  equal(w.channel.pending, 36);
  equal(await w.heard(), "");
  await w.channel.flush();
  equal(w.channel.pending, 0);
  equal(w.channel.writes, 1);
  equal(await w.heard(), "MAIL FROM:<\xc3\xa4@x.example>\r\nDATA\r\n\0.\r\n");
  await w.channel.flush();
  equal(w.channel.writes, 1);
});

Deno.test("Channel.put() takes lines of any length", pure, async () => {
  using w = world();
  const long = "x".repeat(100_000);
  w.channel.put(new WireLine("first"));
  w.channel.put(new WireLine(long));
  w.channel.put(new WireLine("🚀".repeat(1_000)));
  await w.channel.flush();
  equal(await w.heard(), `first\r\n${long}\r\n${"\xf0\x9f\x9a\x80".repeat(1_000)}\r\n`);
});

Deno.test("Channel.writeContent() lets small content wait and keeps the order", pure, async () => {
  using w = world();
  const large = "L".repeat(40_000);
  w.channel.put(new WireLine("BDAT 40001"));
  await w.channel.writeContent(octets("s"));
  equal(w.channel.writes, 0);
  await w.channel.writeContent(octets(large));
  equal(w.channel.writes, 2);
  await w.channel.writeContent(octets("t"));
  w.channel.put(new WireLine("QUIT"));
  await w.channel.flush();
  equal(w.channel.writes, 3);
  equal(await w.heard(), `BDAT 40001\r\ns${large}tQUIT\r\n`);
});

Deno.test("Channel keeps what is put during a write out of it", pure, async () => {
  const written: string[] = [];
  const gate = Promise.withResolvers<void>();
  const channel = new Channel(fakeConnection({
    async write(bytes) {
      if (written.length === 0) await gate.promise;
      written.push(text(bytes));
    },
  }));
  for (const [line, next] of [["first", "second"], ["third", "fourth"]] as const) {
    channel.put(new WireLine(line));
    const flushed = channel.flush();
    channel.put(new WireLine(next));
    gate.resolve();
    await flushed;
    await channel.flush();
  }
  deepEqual(written, ["first\r\n", "second\r\n", "third\r\n", "fourth\r\n"]);
  channel.close();
});

Deno.test("Channel.discard() forgets what was put", pure, async () => {
  using w = world();
  w.channel.put(new WireLine("MAIL FROM:<a@x.example>"));
  w.channel.discard();
  equal(w.channel.pending, 0);
  w.channel.put(new WireLine("QUIT"));
  await w.channel.flush();
  equal(await w.heard(), "QUIT\r\n");
});

Deno.test(
  "Channel can still read the last words of a peer that takes no more [S19] [D6]",
  pure,
  async () => {
    let writes = 0;
    let said = octets("421 shutting down\r\n");
    const broken = new Deno.errors.BrokenPipe("Broken pipe");
    const channel = new Channel(fakeConnection({
      read(buffer) {
        buffer.set(said);
        const count = said.length;
        said = octets("");
        return Promise.resolve(count === 0 ? null : count);
      },
      write() {
        writes++;
        return Promise.reject(broken);
      },
    }));
    channel.put(new WireLine("MAIL FROM:<a@x.example>"));
    await rejects(channel.flush(), (error) => {
      ok(error instanceof ClosedError);
      equal(error.cause, broken);
      return true;
    });
    equal(channel.dead, false);
    // Half a command may have gone out: nothing follows it.
    channel.put(new WireLine("QUIT"));
    await rejects(channel.flush(), { name: "ClosedError" });
    equal(writes, 1);
    equal((await channel.readLine())?.text, "421 shutting down");
    channel.close();
  },
);

// Death

Deno.test("Channel is dead for good and never writes again [S14] [T-R04]", pure, async () => {
  const written: string[] = [];
  let closed = 0;
  const events: TranscriptEvent[] = [];
  const channel = new Channel(
    fakeConnection({
      write: (bytes) => Promise.resolve(void written.push(text(bytes))),
      close: () => closed++,
    }),
    { onEvent: (event) => events.push(event) },
  );
  channel.put(new WireLine("MAIL FROM:<a@x.example>"));
  const reason = new ProtocolError("Cannot go on");
  equal(channel.kill(reason), reason);
  equal(channel.kill(new Error("later")), reason);
  equal(channel.reason, reason);
  equal(closed, 1);
  const dead = (error: unknown): boolean => error === reason;
  await rejects(channel.flush(), dead);
  await rejects(channel.fill(), dead);
  await rejects(channel.readLine(), dead);
  await rejects(channel.startTls({ hostname: "mail.example" }), dead);
  await rejects(channel.writeContent(octets("x")), dead);
  await rejects(channel.writeContent(new Uint8Array(100_000)), dead);
  throws(() => channel.put(new WireLine("QUIT")), dead);
  throws(() => channel.putContent(octets("x")), dead);
  throws(() => channel.takeLine(), dead);
  throws(() => channel.release(), dead);
  deepEqual(written, []);
  deepEqual(lines(events), ["C open: ", "C line: MAIL FROM:<a@x.example>", "C close: "]);
});

Deno.test("Channel.kill() gives the reason to a wait that is under way", pure, async () => {
  using w = world();
  const waiting = w.channel.readLine();
  const reason = new ProtocolError("Cannot go on");
  w.channel.kill(reason);
  await rejects(waiting, (error) => error === reason);
});

Deno.test("Channel.kill() keeps a reason that is no error of ours untouched", pure, () => {
  using w = world();
  const reason = { why: "because" };
  equal(w.channel.kill(reason), reason);
  deepEqual(reason, { why: "because" });
});

Deno.test("Channel.close() is a death in good order", pure, async () => {
  using w = world();
  w.channel.close();
  w.channel.close();
  equal(await w.heard(), null);
  await rejects(w.channel.readLine(), {
    name: "ClosedError",
    message: "Cannot use the session: it is closed",
  });
});

Deno.test("Channel.gone fires with the reason, also for who asks late", pure, () => {
  using w = world();
  const early = w.channel.gone;
  equal(early.aborted, false);
  const reason = new ProtocolError("Cannot go on");
  w.channel.kill(reason);
  equal(early.reason, reason);
  equal(w.channel.gone.reason, reason);
});

// Deadlines and aborts

Deno.test(
  "Channel ends a wait at its deadline, with what is unread [S14] [T-X12]",
  pure,
  async () => {
    using w = world();
    await w.peer.write(octets("250-first\r\n250 sec\x07"));
    w.channel.deadline.arm("reply to RCPT", 300_000);
    await w.channel.readLine();
    const waiting = w.channel.readLine();
    await w.clock.advance(299_999);
    equal(w.channel.dead, false);
    const ended = rejects(waiting, (error) => {
      ok(error instanceof TimeoutError);
      equal(error.timer, "reply to RCPT");
      equal(error.limitMs, 300_000);
      equal(
        error.message,
        'Cannot wait longer for "reply to RCPT": limit of 300 s is over, unread "250 sec\\x07"',
      );
      deepEqual(error.transcript, ["S: 250-first"]);
      return true;
    });
    await w.clock.advance(1);
    await ended;
    equal(w.clock.sleeping, 0);
    equal(await w.heard(), null);
  },
);

Deno.test("Channel ends a write that the peer does not take [T-X06]", pure, async () => {
  const [ours, peer] = memoryPair({ capacity: 10 });
  const clock = new FakeClock();
  const channel = new Channel(ours, { clock });
  await channel.writeContent(new Uint8Array(40_000));
  channel.deadline.arm("content", 180_000);
  const ended = rejects(channel.writeContent(new Uint8Array(40_000)), { name: "TimeoutError" });
  await clock.advance(180_000);
  await ended;
  peer.close();
});

Deno.test("Channel ends with the reason of its signal, untouched [S24] [D7]", pure, async () => {
  for (const reason of [new RangeError("enough"), "a text", new TimeoutError("job", 5)]) {
    const stop = new AbortController();
    using w = world({ signal: stop.signal });
    w.channel.deadline.arm("reply", 1_000);
    const waiting = w.channel.readLine();
    stop.abort(reason);
    await rejects(waiting, (error) => error === reason);
    throws(() => w.channel.put(new WireLine("QUIT")), (error) => error === reason);
    await settle();
    equal(w.clock.sleeping, 0);
  }
});

Deno.test("Channel over a signal that has fired is dead from the start", pure, async () => {
  using w = world({ signal: AbortSignal.abort(new RangeError("enough")) });
  await rejects(w.channel.readLine(), { message: "enough" });
  deepEqual(lines(w.events), ["C open: ", "C close: "]);
});

Deno.test("Channel leaves its signal alone once it is closed or handed on", pure, () => {
  for (const end of ["close", "release"] as const) {
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    Object.assign(signal, {
      addEventListener: (_: string, listener: unknown) => listeners.add(listener),
      removeEventListener: (_: string, listener: unknown) => listeners.delete(listener),
    });
    using w = world({ signal });
    equal(listeners.size, 1);
    w.channel[end]();
    equal(listeners.size, 0);
  }
});

// TLS

Deno.test.each([
  ["a whole reply", "220 go\r\n250-x\r\n250 AUTH PLAIN\r\n"],
  ["half a line", "220 go\r\n250-SMTPUTF8 MARK "],
  ["one octet", "220 go\r\n\n"],
])(
  "Channel.startTls() refuses $0 behind the 220 [S60] [D3] [T-S03] [T-S04]",
  pure,
  async (_, sent) => {
    for (const chunk of [7, Infinity]) {
      using w = world({ chunk });
      await w.peer.write(octets(sent));
      equal((await w.channel.readLine())?.text, "220 go");
      if (w.channel.buffered === 0) await w.channel.fill();
      await rejects(w.channel.startTls({ hostname: "mail.example" }), (error) => {
        ok(error instanceof ProtocolError);
        ok(error.message.startsWith("Cannot start TLS: unread data after the reply to STARTTLS: "));
        return true;
      });
      equal(w.channel.dead, true);
      equal(await w.heard(), null);
    }
  },
);

Deno.test(
  "Channel.startTls() fails where plain octets are still on the way [T-S05]",
  pure,
  async () => {
    using w = world();
    await w.peer.write(octets("220 go\r\n"));
    await w.channel.readLine();
    await w.peer.write(octets("250 injected\r\n"));
    await rejects(w.channel.startTls({ hostname: "mail.example" }), {
      name: "TlsError",
      failure: "not-tls",
    });
    equal(w.channel.dead, true);
  },
);

Deno.test(
  "Channel.startTls() begins with a new reader, and the transcript says so [D1]",
  pure,
  async () => {
    using w = world();
    await w.peer.write(octets("220 go\r\n"));
    w.channel.put(new WireLine("STARTTLS"));
    await w.channel.flush();
    await w.channel.readLine();
    equal(await w.heard(), "STARTTLS\r\n");
    const theirs = w.peer.startTls({ hostname: "ignored" });
    await w.channel.startTls({ hostname: "mail.example" });
    equal(w.channel.connection.security, "verified");
    const inside = await theirs;
    await inside.write(octets("250 inside\r\n"));
    equal((await w.channel.readLine())?.text, "250 inside");
    inside.close();
    deepEqual(w.events.map(({ kind, tls, text }) => [kind, tls, text]), [
      ["open", false, ""],
      ["line", false, "STARTTLS"],
      ["line", false, "220 go"],
      ["tls", true, ""],
      ["line", true, "250 inside"],
    ]);
  },
);

Deno.test(
  "Channel.startTls() is refused while a read is under way [D1] [T-S17]",
  pure,
  async () => {
    let upgrades = 0;
    const pending = Promise.withResolvers<number | null>();
    const channel = new Channel(fakeConnection({
      read: () => pending.promise,
      startTls() {
        upgrades++;
        return Promise.reject(new Deno.errors.Busy("TCP stream is currently in use"));
      },
    }));
    const waiting = channel.fill();
    await rejects(channel.startTls({ hostname: "mail.example" }), { name: "TypeError" });
    throws(() => channel.release(), { name: "TypeError" });
    await rejects(channel.fill(), { name: "TypeError" });
    equal(upgrades, 0);
    equal(channel.dead, false);
    pending.resolve(null);
    equal(await waiting, false);
    channel.close();
  },
);

Deno.test("Channel dies of a failed upgrade", pure, async () => {
  const failure = new TlsError("Cannot start TLS", { failure: "expired" });
  const channel = new Channel(fakeConnection({ startTls: () => Promise.reject(failure) }));
  await rejects(channel.startTls({ hostname: "mail.example" }), (error) => error === failure);
  equal(channel.reason, failure);
});

Deno.test(
  "Channel.startTls() ends at its deadline, and closes what comes too late [T-S09]",
  pure,
  async () => {
    const upgrade = Promise.withResolvers<Connection>();
    const clock = new FakeClock();
    const channel = new Channel(fakeConnection({ startTls: () => upgrade.promise }), { clock });
    channel.deadline.arm("TLS handshake", 30_000);
    const ended = rejects(channel.startTls({ hostname: "mail.example" }), {
      name: "TimeoutError",
      timer: "TLS handshake",
    });
    await clock.advance(30_000);
    let closed = false;
    upgrade.resolve(fakeConnection({ close: () => closed = true }));
    await ended;
    equal(closed, true);
  },
);

// Handing over

Deno.test("Channel.release() hands the open connection over and is then over", pure, async () => {
  const stop = new AbortController();
  using w = world({ signal: stop.signal });
  w.channel.deadline.arm("idle", 10);
  const connection = w.channel.release();
  stop.abort(new Error("too late"));
  await w.clock.advance(100);
  await rejects(w.channel.readLine(), { message: /its connection was handed on$/ });
  await connection.write(octets("220 we are the server now\r\n"));
  equal(await w.heard(), "220 we are the server now\r\n");
  connection.close();
  deepEqual(lines(w.events), ["C open: ", "C turn: "]);
});

Deno.test("Channel.release() refuses with anything unread", pure, async () => {
  using w = world();
  await w.peer.write(octets("250 turn\r\nEHLO"));
  await w.channel.readLine();
  throws(() => w.channel.release(), {
    name: "ProtocolError",
    message: 'Cannot hand over the connection: unread data "EHLO"',
  });
  equal(w.channel.dead, true);
});

// What is shown

Deno.test("Channel shows a secret line by its stand-in, everywhere [S86]", pure, async () => {
  using w = world();
  w.channel.put(new WireLine("PASS hunter2", { shown: "PASS ${pass}" }));
  await w.channel.flush();
  equal(await w.heard(), "PASS hunter2\r\n");
  deepEqual(w.channel.tail, ["C: PASS ${pass}"]);
  const error = w.channel.kill(new ProtocolError("Cannot go on")) as ProtocolError;
  equal(
    JSON.stringify([w.events, w.channel.tail, error, error.transcript]).includes("hunter2"),
    false,
  );
});

Deno.test("Channel passes what the peer says through its censors [S86] [T-A08]", pure, async () => {
  for (const chunk of [1, Infinity]) {
    using w = world({ chunk });
    w.channel.censor((seen) => seen.replaceAll("hunter2", "***"));
    w.channel.censor((seen) => seen.replaceAll("aHVudGVyMg", "***"));
    await w.peer.write(octets("535 hunter2 is aHVudGVyMg\r\n535 fine\r\n535 \xffhunter2\r\n"));
    deepEqual(await w.channel.readLine(), {
      text: "535 *** is ***",
      uncensored: "535 hunter2 is aHVudGVyMg",
      bareLf: false,
    });
    deepEqual(await w.channel.readLine(), { text: "535 fine", bareLf: false });
    const odd = await w.channel.readLine(); // nor its octets
    deepEqual(odd, { text: "535 \xff***", uncensored: "535 \xffhunter2", bareLf: false });
    equal(JSON.stringify([w.events, w.channel.tail]).includes("hunter2"), false);
  }
});

Deno.test(
  "Channel finds a secret in UTF-8 in a line that is none [S86] [T-A08]",
  pure,
  async () => {
    using w = world();
    w.channel.censor((seen) => seen.replaceAll("gr\xfcn", "***"));
    await w.peer.write(octets("535 \xff gr\xc3\xbcn\r\n535 \xff gr\xfcn\r\n"));
    equal((await w.channel.readLine())?.text, "535 \ufffd ***");
    equal((await w.channel.readLine())?.text, "535 \xff ***");
  },
);

Deno.test("Channel asks its censors about each line [S86] [T-A08]", pure, async () => {
  using w = world();
  const secrets: string[] = [];
  w.channel.censor((seen) =>
    secrets.reduce((text, secret) => text.replaceAll(secret, "***"), seen)
  );
  await w.peer.write(octets("+OK pencil\r\n".repeat(4)));
  equal((await w.channel.readLine())?.text, "+OK pencil");
  // A word may become a secret while people talk, and then it is one in the same line, too.
  secrets.push("pencil");
  equal(w.channel.takeLine()?.text, "+OK ***");
  w.channel.censor((seen) => seen.replaceAll("OK", "##"));
  equal(w.channel.takeLine()?.text, "+## ***");
  deepEqual(w.channel.takeLines("."), ["+OK pencil"]);
  deepEqual(w.channel.tail.slice(-2), ["S: +## ***", "S: +## ***"]);
});

Deno.test("Channel passes unfinished lines through its censors [S86] [T-A08]", pure, async () => {
  using w = world();
  w.channel.censor((seen) => seen.replaceAll("hunter2ä", "***"));
  await w.peer.write(octets(`535 ${"x".repeat(70)} hunter2\xc3\xa4 no`));
  await w.channel.fill();
  equal(w.channel.unread, `535 ${"x".repeat(70)} *** n`);
  w.peer.close();
  await rejects(w.channel.readLine(), { partial: `535 ${"x".repeat(70)} *** n` });
});

Deno.test(
  "Channel.tail holds the last dozen lines, escaped and cut [T-R12] [T-R13]",
  pure,
  async () => {
    using w = world();
    for (let turn = 1; turn <= 20; turn++) await w.peer.write(octets(`250 ${turn}\r\n`));
    await w.peer.write(octets(`550 no\rFAKE: 250 ok\x1b[2J${"x".repeat(500)}\r\n`));
    for (let line = 0; line < 21; line++) await w.channel.readLine();
    const { tail } = w.channel;
    equal(tail.length, 12);
    equal(tail[0], "S: 250 10");
    const shown = `550 no\\rFAKE: 250 ok\\x1b[2J${"x".repeat(500)}`;
    equal(tail.at(-1), `S: ${shown.slice(0, 200)}...(+${shown.length - 200} characters)`);
  },
);

Deno.test("Channel tells times, ends and content", pure, async () => {
  using w = world({ end: "S" });
  await w.clock.advance(1_500);
  w.channel.put(new WireLine("220 ready"));
  const content = octets("x\r\n");
  w.channel.putContent(content);
  content.fill(0); // the event has its own
  w.channel.putContent(octets(""));
  await w.channel.flush();
  await w.peer.write(octets("EHLO x\r\n"));
  await w.clock.advance(500);
  await w.channel.readLine();
  w.channel.note("note", "ended in a bare LF");
  deepEqual(w.events, [
    { at: 0, end: "S", tls: false, kind: "open", text: "" },
    { at: 1_500, end: "S", tls: false, kind: "line", text: "220 ready" },
    { at: 1_500, end: "S", tls: false, kind: "content", text: "", bytes: octets("x\r\n") },
    { at: 2_000, end: "C", tls: false, kind: "line", text: "EHLO x" },
    { at: 2_000, end: "S", tls: false, kind: "note", text: "ended in a bare LF" },
  ]);
});
