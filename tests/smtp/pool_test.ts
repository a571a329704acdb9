import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import {
  capabilityLists,
  type ConnectOptions,
  DialError,
  type Envelope,
  type Limiter,
  type OutgoingMessage,
  parseAddress,
  type PoolOptions,
  Secret,
  SmtpPool,
  TokenBucketLimiter,
} from "@mailwright/mailwright";
import { FakeClock } from "../fake_clock.ts";
import { type PoolServer, poolServer } from "./pool_server.ts";

const NO_PERMISSIONS = { permissions: "none" } as const;

function poolOf(server: PoolServer, options: Partial<PoolOptions> = {}): SmtpPool {
  return new SmtpPool({
    url: "smtp://mx.example",
    tls: "none",
    dial: server.dial as NonNullable<ConnectOptions["dial"]>, // takes fewer arguments
    ...options,
  });
}

function envelope(...to: string[]): Envelope {
  return { from: "ann@client.example", to, policy: "any" };
}

function* messages(count: number): Generator<OutgoingMessage> {
  for (let number = 0; number < count; number++) {
    yield {
      envelope: envelope(`p${number}@mx.example`),
      content: `Subject: ${number}\r\n\r\nHi\r\n`,
    };
  }
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(values);
}

/** Lets everything go on that waits for no time. */
async function settle(turns: number = 50): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test(
  "SmtpPool.sendAll() sends each message once over no more than its connections",
  NO_PERMISSIONS,
  async () => {
    await using server = poolServer();
    await using pool = poolOf(server, { maxConnections: 3 });
    const results = await all(pool.sendAll(messages(100)));
    deepEqual(new Set(results.map(({ receipt }) => receipt.outcome)), new Set(["accepted"]));
    equal(server.mails.length, 100);
    equal(new Set(server.mails.map(({ content }) => content)).size, 100);
    ok(server.most <= 3, `${server.most} connections at once`);
    deepEqual(
      results.map(({ message }) => message.content).sort(),
      [...messages(100)].map(({ content }) => content).sort(),
    );
  },
);

Deno.test(
  "SmtpPool.sendAll() takes messages of an async source that pauses",
  NO_PERMISSIONS,
  async () => {
    await using server = poolServer();
    await using pool = poolOf(server);
    async function* slowly(): AsyncGenerator<OutgoingMessage> {
      for (const message of messages(7)) {
        await settle(1);
        yield message;
      }
    }
    equal((await all(pool.sendAll(slowly()))).length, 7);
    equal(server.mails.length, 7);
  },
);

Deno.test("SmtpPool.sendAll() asks for no more than it can send soon", NO_PERMISSIONS, async () => {
  await using server = poolServer();
  await using pool = poolOf(server, { maxConnections: 1 });
  let asked = 0;
  function* counted(): Generator<OutgoingMessage> {
    for (const message of messages(1000)) {
      asked++;
      yield message;
    }
  }
  for await (const _ of pool.sendAll(counted())) break;
  ok(asked < 50, `${asked} were asked for`);
});

Deno.test(
  "SmtpPool.sendAll() throws what its source throws, after the results",
  NO_PERMISSIONS,
  async () => {
    await using server = poolServer();
    await using pool = poolOf(server);
    async function* failing(): AsyncGenerator<OutgoingMessage> {
      yield* messages(3);
      throw new Error("no more rows");
    }
    let results = 0;
    await rejects(async () => {
      for await (const _ of pool.sendAll(failing())) results++;
    }, { message: "no more rows" });
    equal(results, 3);
  },
);

Deno.test("SmtpPool uses a connection again", NO_PERMISSIONS, async () => {
  await using server = poolServer();
  await using pool = poolOf(server);
  await pool.send(envelope("a@mx.example"), "Subject: 1\n\n");
  await pool.send(envelope("a@mx.example"), "Subject: 2\n\n");
  equal(server.connections, 1);
});

Deno.test(
  "SmtpPool asks who hears each connection, and tells nobody else",
  NO_PERMISSIONS,
  async () => {
    await using server = poolServer();
    const heard: string[][] = [];
    await using pool = poolOf(server, {
      maxMessages: 1,
      onEvent: () => heard.push(["everything"]),
      listen: () => {
        if (heard.length === 2) return undefined;
        const lines: string[] = [];
        heard.push(lines);
        return ({ kind, end, text }) => {
          if (kind === "line" && end === "C") lines.push(text);
        };
      },
    });
    for (let number = 0; number < 3; number++) {
      await pool.send(envelope(`p${number}@mx.example`), "Subject: 1\n\n");
    }
    equal(server.connections, 3);
    deepEqual(
      heard.map((lines) => lines.filter((line) => line.startsWith("RCPT"))),
      [["RCPT TO:<p0@mx.example>"], ["RCPT TO:<p1@mx.example>"]],
    );
  },
);

Deno.test("SmtpPool keeps what it dials to one identity [T-S18]", NO_PERMISSIONS, () => {
  // Host, TLS, roots, names and login stand in the options of the pool, and nothing else dials.
  throws(() => new SmtpPool({ url: "smtp://mx.example", maxConnections: 0 }), RangeError);
  throws(() => new SmtpPool({ url: "smtp://mx.example", maxMessages: NaN }), RangeError);
  throws(() => new SmtpPool({ url: "mx.example" }), SyntaxError);
  const auth = { user: "ann", password: new Secret("pencil") };
  throws(() => new SmtpPool({ url: "smtp://mx.example", tls: "none", auth }), {
    name: "SmtpLocalError",
  });
});

Deno.test("SmtpPool holds to a limit of 1/s over 5 connections [S87]", NO_PERMISSIONS, async () => {
  const clock = new FakeClock();
  await using server = poolServer({ clock });
  const limiter = new TokenBucketLimiter({ messagesPerSecond: 1, clock });
  const pool = poolOf(server, { limiter, clock, idleMs: Infinity, closeMs: Infinity });
  const sending = all(pool.sendAll(messages(10)));
  const arrivals: number[] = [];
  for (let ms = 0; arrivals.length < 10 && ms < 60_000; ms += 100) {
    await settle(6);
    for (let n = arrivals.length; n < server.mails.length; n++) arrivals.push(ms);
    await clock.advance(100);
  }
  equal((await sending).length, 10);
  ok((arrivals.at(-1) ?? 0) >= 9000, `the last one came after ${arrivals.at(-1)} ms`);
  for (const [n, at] of arrivals.entries()) {
    ok(at >= n * 1000 - 100, `message ${n} came after ${at} ms`);
  }
  limiter.close();
  await pool.close();
});

Deno.test(
  "SmtpPool takes another connection when an idle one was closed [S88]",
  NO_PERMISSIONS,
  async () => {
    await using server = poolServer();
    await using pool = poolOf(server);
    await pool.send(envelope("a@mx.example"), "Subject: 1\n\n");
    server.hangUp();
    const receipt = await pool.send(envelope("a@mx.example"), "Subject: 2\n\n");
    equal(receipt.outcome, "accepted");
    equal(server.connections, 2);
    equal(server.mails.length, 2);
  },
);

Deno.test(
  "SmtpPool asks NOOP on a connection that was unused for long [S88]",
  NO_PERMISSIONS,
  async () => {
    const clock = new FakeClock();
    await using server = poolServer({ clock });
    const pool = poolOf(server, { clock, noopAfterMs: 1000, idleMs: 60_000, closeMs: Infinity });
    await pool.send(envelope("a@mx.example"), "Subject: 1\n\n");
    await pool.send(envelope("a@mx.example"), "Subject: 2\n\n");
    equal(server.verbs.includes("NOOP"), false);
    await clock.advance(2000);
    await pool.send(envelope("a@mx.example"), "Subject: 3\n\n");
    equal(server.verbs.filter((verb) => verb === "NOOP").length, 1);
    equal(server.connections, 1);
    await pool.close();
  },
);

Deno.test("SmtpPool says QUIT on a connection that nobody uses", NO_PERMISSIONS, async () => {
  const clock = new FakeClock();
  await using server = poolServer({ clock });
  const pool = poolOf(server, { clock, idleMs: 5000, closeMs: Infinity });
  await pool.send(envelope("a@mx.example"), "Subject: 1\n\n");
  equal(server.open, 1);
  await clock.advance(6000);
  await settle();
  equal(server.open, 0);
  equal(server.verbs.at(-1), "QUIT");
  deepEqual(pool.state, { connections: 0, idle: 0, waiting: 0 });
  await pool.close();
});

Deno.test(
  "SmtpPool moves all work from a used connection that says 421 [S88] [S89]",
  NO_PERMISSIONS,
  async () => {
    // Every connection takes three messages and then closes.
    const taken = new Map<number, number>();
    await using server = poolServer({
      intervene: (connection, { verb }) => {
        if (verb !== "MAIL") return undefined;
        const count = (taken.get(connection) ?? 0) + 1;
        taken.set(connection, count);
        return count > 3
          ? { execute: false, reply: new TextEncoder().encode("421 4.3.2 enough\r\n") }
          : undefined;
      },
    });
    await using pool = poolOf(server, { maxConnections: 1 });
    const results = await all(pool.sendAll(messages(6)));
    const outcomes = results.map(({ receipt }) => receipt.outcome);
    deepEqual(outcomes, Array(6).fill("accepted"));
    equal(server.connections, 2);
    equal(server.mails.length, 6);
    equal(new Set(server.mails.map(({ content }) => content)).size, 6);
  },
);

Deno.test(
  "SmtpPool clears a transaction that came to nothing before the next [S90]",
  NO_PERMISSIONS,
  async () => {
    await using server = poolServer();
    await using pool = poolOf(server, { maxConnections: 1 });
    const [refused, accepted] = await all(pool.sendAll([
      { envelope: envelope("nobody@mx.example"), content: "Subject: 1\n\n" },
      { envelope: envelope("a@mx.example"), content: "Subject: 2\n\n" },
    ]));
    equal(refused?.receipt.outcome, "refused");
    equal(accepted?.receipt.outcome, "accepted");
    equal(server.connections, 1);
  },
);

Deno.test(
  "SmtpPool tells everybody when no connection comes about [S91]",
  NO_PERMISSIONS,
  async () => {
    await using server = poolServer({
      refuse: () => new DialError("Cannot connect: nobody is there"),
    });
    await using pool = poolOf(server);
    const sends = Array.from(
      { length: 12 },
      (_, n) => pool.send(envelope(`p${n}@mx.example`), "x\n"),
    );
    for (const { status } of await Promise.allSettled(sends)) equal(status, "rejected");
    await rejects(pool.send(envelope("a@mx.example"), "x\n"), { name: "DialError" });
    const results = await all(pool.sendAll(messages(20)));
    deepEqual(
      new Set(results.map(({ receipt }) => `${receipt.outcome} ${receipt.stage}`)),
      new Set(["not-sent connect"]),
    );
    deepEqual(results[0]?.receipt.rejected.map(({ retry }) => retry), ["later"]);
  },
);

Deno.test.each<{ stage: string; verb: string; tls: "none" | "required" }>([
  { stage: "greeting", verb: "CONNECT", tls: "none" },
  { stage: "hello", verb: "EHLO", tls: "none" },
  { stage: "tls", verb: "", tls: "required" }, // nobody offers STARTTLS
])("SmtpPool tells that its sessions end at $stage [S91]", NO_PERMISSIONS, async (at) => {
  const reply = new TextEncoder().encode("554 5.3.2 Not today\r\n");
  await using server = poolServer({
    intervene: (_, { verb }) => verb === at.verb ? { execute: false, reply } : undefined,
  });
  await using pool = poolOf(server, { tls: at.tls });
  const [result] = await all(pool.sendAll(messages(1)));
  equal(result?.receipt.stage, at.stage);
});

Deno.test(
  "SmtpPool tries no further login after a refusal [S82] [T-A10]",
  NO_PERMISSIONS,
  async () => {
    const { tls } = capabilityLists({ mechanisms: ["PLAIN"] });
    await using server = poolServer({
      capabilities: { clear: tls, tls, authenticated: tls },
      intervene: (_, { verb }) =>
        verb === "AUTH"
          ? { execute: false, reply: new TextEncoder().encode("535 5.7.8 No\r\n") }
          : undefined,
    });
    await using pool = poolOf(server, {
      maxConnections: 3,
      auth: { user: "ann", password: new Secret("eraser") },
      allowCleartextAuth: true,
    });
    const results = await all(pool.sendAll(messages(200)));
    equal(results.length, 200);
    equal(new Set(results.map(({ receipt }) => `${receipt.outcome} ${receipt.error}`)).size, 1);
    equal(results[0]?.receipt.stage, "auth");
    await rejects(pool.send(envelope("a@mx.example"), "x\n"), { name: "SmtpAuthError" });
    equal(server.connections, 3);
  },
);

Deno.test("SmtpPool goes on with fewer connections when some fail", NO_PERMISSIONS, async () => {
  let dialled = 0;
  await using server = poolServer({
    refuse: () => ++dialled % 2 === 0 ? new DialError("Cannot connect: too many") : undefined,
  });
  await using pool = poolOf(server, { maxConnections: 4 });
  const results = await all(pool.sendAll(messages(40)));
  equal(results.filter(({ receipt }) => receipt.outcome === "accepted").length, 40);
});

Deno.test(
  "SmtpPool forgets no message that comes while its last connection fails [S91]",
  NO_PERMISSIONS,
  async () => {
    // The second message comes a little later each time behind the failure of the first.
    for (let later = 0; later < 60; later++) {
      const failing = Promise.withResolvers<void>();
      await using server = poolServer({
        refuse: () => {
          failing.resolve();
          return new DialError("Cannot connect: no such host");
        },
      });
      await using pool = poolOf(server, { maxConnections: 1 });
      const source = async function* (): AsyncGenerator<OutgoingMessage> {
        const [first, second] = messages(2);
        if (first !== undefined) yield first;
        await failing.promise;
        for (let tick = 0; tick < later; tick++) await undefined;
        if (second !== undefined) yield second;
      };
      const results = await all(pool.sendAll(source()));
      deepEqual(results.map(({ receipt }) => receipt.outcome), ["not-sent", "not-sent"]);
    }
  },
);

Deno.test(
  "SmtpPool gives up moving a message that always fails [S92]",
  NO_PERMISSIONS,
  async () => {
    // The first message of a connection passes, the second one meets a dead line.
    const mails = new Map<number, number>();
    await using server = poolServer({
      intervene: (connection, { verb }) => {
        if (verb !== "MAIL") return undefined;
        const count = (mails.get(connection) ?? 0) + 1;
        mails.set(connection, count);
        return count > 1
          ? { execute: false, reply: new Uint8Array(0), end: () => server.hangUp() }
          : undefined;
      },
    });
    await using pool = poolOf(server, { maxConnections: 1 });
    const results = await all(pool.sendAll(messages(4)));
    equal(results.length, 4);
    ok(server.connections <= 8, `${server.connections} connections`);
    for (const { receipt } of results) ok(["accepted", "not-sent"].includes(receipt.outcome));
  },
);

Deno.test(
  "SmtpPool never sends a message again that may have arrived",
  NO_PERMISSIONS,
  async () => {
    await using server = poolServer({
      intervene: (_, { verb }) =>
        verb === "." ? { reply: new Uint8Array(0), end: () => server.hangUp() } : undefined,
    });
    await using pool = poolOf(server, { maxConnections: 2 });
    const results = await all(pool.sendAll(messages(5)));
    const outcomes = results.map(({ receipt }) => receipt.outcome);
    // Whatever was in doubt arrived here, and nothing arrived twice.
    equal(new Set(server.mails.map(({ content }) => content)).size, server.mails.length);
    equal(outcomes.filter((outcome) => outcome === "in-doubt").length, server.mails.length);
  },
);

Deno.test(
  "SmtpPool splits more recipients than one transaction takes",
  NO_PERMISSIONS,
  async () => {
    await using server = poolServer();
    await using pool = poolOf(server, { maxRecipients: 10 });
    const to = Array.from({ length: 25 }, (_, n) => `p${n}@mx.example`);
    const receipt = await pool.send(envelope(...to, "nobody@mx.example"), "Subject: 1\n\n");
    equal(receipt.outcome, "partial");
    equal(receipt.accepted.length, 25);
    equal(receipt.rejected.length, 1);
    equal(receipt.parts?.length, 3);
    deepEqual(server.mails.map(({ envelope }) => envelope.recipients.length).sort(), [10, 10, 5]);
  },
);

Deno.test("SmtpPool refuses to split a message for all or nobody", NO_PERMISSIONS, async () => {
  await using server = poolServer();
  await using pool = poolOf(server, { maxRecipients: 2 });
  const to = ["a@mx.example", "b@mx.example", "c@mx.example"];
  await rejects(pool.send({ ...envelope(...to), policy: "all" }, "x\n"), {
    name: "SmtpLocalError",
  });
  equal(server.mails.length, 0);
});

Deno.test("SmtpPool sends to the rest in a further transaction [S36]", NO_PERMISSIONS, async () => {
  let taken = 0;
  await using server = poolServer({
    intervene: (_, { verb }) => {
      if (verb === "MAIL") taken = 0;
      if (verb !== "RCPT" || ++taken <= 2) return undefined;
      return { execute: false, reply: new TextEncoder().encode("452 4.5.3 too many\r\n") };
    },
  });
  await using pool = poolOf(server);
  const to = ["a", "b", "c", "d", "e"].map((name) => `${name}@mx.example`);
  const receipt = await pool.send(envelope(...to), "Subject: 1\n\n");
  equal(receipt.outcome, "accepted");
  deepEqual(receipt.accepted.map(({ recipient }) => `${recipient}`).sort(), to);
  deepEqual(server.mails.map(({ envelope }) => envelope.recipients.length), [2, 2, 1]);
});

Deno.test(
  "SmtpPool sends once to a recipient who stands in the list twice [T-I34]",
  NO_PERMISSIONS,
  async () => {
    await using server = poolServer();
    await using pool = poolOf(server);
    const receipt = await pool.send(
      {
        from: null,
        to: ["a@mx.example", "a@MX.example", parseAddress("A@mx.example"), {
          address: "a@mx.example",
        }],
        policy: "any",
      },
      "x\n",
    );
    deepEqual(receipt.accepted.map(({ recipient }) => `${recipient}`), [
      "a@mx.example",
      "A@mx.example",
    ]);
  },
);

Deno.test("SmtpPool.send() leaves the queue when its signal fires", NO_PERMISSIONS, async () => {
  const gate = Promise.withResolvers<void>();
  const closed: Limiter = { take: () => gate.promise, report: () => {} };
  await using server = poolServer();
  await using pool = poolOf(server, { limiter: closed, maxConnections: 1 });
  const first = pool.send(envelope("a@mx.example"), "1\n");
  const abort = new AbortController();
  const second = pool.send(envelope("b@mx.example"), "2\n", { signal: abort.signal });
  abort.abort(new Error("changed my mind"));
  await rejects(second, { message: "changed my mind" });
  gate.resolve();
  equal((await first).outcome, "accepted");
  equal(server.mails.length, 1);
});

Deno.test(
  "SmtpPool.close() lets messages go out and then takes no more",
  NO_PERMISSIONS,
  async () => {
    await using server = poolServer();
    const pool = poolOf(server);
    const sent = pool.send(envelope("a@mx.example"), "x\n");
    await pool.close();
    equal((await sent).outcome, "accepted");
    await rejects(pool.send(envelope("b@mx.example"), "x\n"), { name: "SmtpLocalError" });
    equal(server.open, 0);
  },
);

Deno.test("SmtpPool.close() does not wait for ever", NO_PERMISSIONS, async () => {
  const clock = new FakeClock();
  const never: Limiter = {
    take: ({ messages }) => messages === undefined ? undefined : new Promise(() => {}),
    report: () => {},
  };
  await using server = poolServer({ clock });
  const pool = poolOf(server, { limiter: never, clock, closeMs: 1000 });
  const sent = pool.send(envelope("a@mx.example"), "x\n");
  sent.catch(() => {}); // looked at below
  await settle();
  const closing = pool.close();
  await clock.advance(2000);
  await closing;
  await rejects(sent, { name: "SmtpLocalError" });
});

Deno.test("SmtpPool awaits beforeEnd with the caller's own message", NO_PERMISSIONS, async () => {
  await using server = poolServer();
  await using pool = poolOf(server, { maxRecipients: 1 });
  const seen: OutgoingMessage[] = [];
  const message = { envelope: envelope("a@mx.example", "b@mx.example"), content: "x\n" };
  await all(pool.sendAll([message], { beforeEnd: (given) => void seen.push(given) }));
  deepEqual(seen, [message, message]);
});
