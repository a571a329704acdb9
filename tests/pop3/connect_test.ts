import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { connectPop3, type Pop3ConnectOptions, Secret } from "../../src/pop3/mod.ts";
import {
  type Connection,
  type DialOptions,
  memoryPair,
  type Target,
  type WireErrorContext,
} from "../../src/wire/mod.ts";
import { play } from "../smtp/scripted_server.ts";
import { wrap } from "./test_server.ts";

const none = { permissions: "none" } as const;
const auth = { user: "ann", password: new Secret("pencil") };

/** Connects to a script that must be played to its end, and gives what went wrong. */
async function refused(script: string, how: Pop3ConnectOptions = {}) {
  const server = play(script);
  let error: unknown;
  try {
    await using _session = await connectPop3({
      connection: server.connection,
      host: "mail.example",
      auth,
      ...how,
    });
  } catch (caught) {
    error = caught;
  }
  await server.done;
  ok(error instanceof Error, "nothing went wrong");
  return { error, heard: server.heard() };
}

Deno.test(
  "connectPop3() goes by STLS to the login, and asks for capabilities three times [P38] [T-S11]",
  none,
  async () => {
    const server = play(`
    S: +OK ready
    C: CAPA
    S: +OK
    S: STLS
    S: SASL CRAM-MD5
    S: PIPELINING
    S: .
    C: STLS
    S: +OK begin
    <tls>
    C: CAPA
    S: +OK
    S: SASL PLAIN
    S: STLS
    S: .
    C: AUTH PLAIN AGFubgBwZW5jaWw=
    S: +OK
    C: CAPA
    S: +OK
    S: EXPIRE 0
    S: TOP
    S: .
    <eof>
  `);
    await using session = await connectPop3({ connection: server.connection, auth });
    deepEqual(session.capabilities.lines, ["EXPIRE 0", "TOP"]);
    equal(session.capabilities.pipelining, false);
    deepEqual([session.secure, session.authenticated], [true, "PLAIN"]);
    session.close();
    await server.done;
  },
);

Deno.test("connectPop3() stops where `until` says", none, async () => {
  const script = `
    S: +OK ready
    C: CAPA
    S: +OK
    S: STLS
    S: .
    <eof>
  `;
  const greeted = play("S: +OK ready\n <eof>");
  await using first = await connectPop3({ connection: greeted.connection, until: "greeting" });
  equal(first.capabilities.known, false);
  first.close();
  await greeted.done;
  const helloed = play(script);
  await using second = await connectPop3({ connection: helloed.connection, until: "hello" });
  deepEqual(second.capabilities.lines, ["STLS"]);
  second.close();
  await helloed.done;
});

Deno.test(
  "STLS that is not offered ends it before any credential [P11] [T-S01]",
  none,
  async () => {
    const { error, heard } = await refused(`
    S: +OK ready
    C: CAPA
    S: +OK
    S: USER
    S: SASL PLAIN
    S: .
    <eof>
  `);
    equal(heard, "CAPA\r\n");
    deepEqual([error.name, (error as { failure?: string }).failure], ["TlsError", "not-offered"]);
    match(error.message, /^Cannot start TLS with "mail.example": it does not offer STLS/);
  },
);

Deno.test.each(["-ERR no", "-ERR [SYS/PERM] never", "-ERR [SYS/TEMP] later", "+ERR no"])(
  "STLS answered by %s ends it before any credential [P11] [T-S02]",
  none,
  async (answer) => {
    const { error, heard } = await refused(`
      S: +OK ready
      C: CAPA
      S: +OK
      S: STLS
      S: USER
      S: .
      C: STLS
      S: ${answer}
      <eof>
    `);
    equal(heard, "CAPA\r\nSTLS\r\n");
    deepEqual([error.name, (error as { failure?: string }).failure], ["TlsError", "refused"]);
  },
);

Deno.test(
  "a refusal of STLS with a whole login behind it ends it [P10] [T-S06]",
  none,
  async () => {
    const { error, heard } = await refused(`
    S: +OK ready
    C: CAPA
    S: +OK
    S: STLS
    S: .
    C: STLS
    S: -ERR no
    S: +OK user
    S: +OK auth
    <eof>
  `);
    equal(heard, "CAPA\r\nSTLS\r\n");
    equal(error.name, "TlsError");
  },
);

Deno.test.each(["+OK injected\\r\\n", "+O", "\\r\\n"])(
  "octets %s behind the +OK of STLS are a breach, TLS or not [P10] [T-S03] [T-S04]",
  none,
  async (injected) => {
    const { error, heard } = await refused(`
      S: +OK ready
      C: CAPA
      S: +OK
      S: STLS
      S: .
      C: STLS
      S| +OK begin\\r\\n${injected}
      <eof>
    `);
    equal(heard, "CAPA\r\nSTLS\r\n");
    deepEqual([error.name, (error as { stage?: string }).stage], ["ProtocolError", "tls"]);
    match(error.message, /^Cannot start TLS: unread data/);
  },
);

Deno.test(
  "STLS is tried once where CAPA is refused, and nothing else [T-S07] [P11]",
  none,
  async () => {
    const { error, heard } = await refused(`
    S: +OK ready <1896.697170952@dbc.mtview.ca.us>
    C: CAPA
    S: -ERR unknown
    C: STLS
    S: -ERR unknown
    <eof>
  `);
    equal(heard, "CAPA\r\nSTLS\r\n");
    equal(error.name, "TlsError");
  },
);

Deno.test("STLS works where CAPA is refused [T-S07]", none, async () => {
  const server = play(`
    S: +OK ready
    C: CAPA
    S: -ERR unknown
    C: STLS
    S: +OK
    <tls>
    C: CAPA
    S: -ERR unknown
    C: USER ann
    S: +OK
    C: PASS pencil
    S: +OK
    C: CAPA
    S: -ERR unknown
    <eof>
  `);
  await using session = await connectPop3({ connection: server.connection, auth });
  deepEqual([session.secure, session.authenticated], [true, "USER"]);
  session.close();
  await server.done;
});

Deno.test("STLS offered again inside TLS is no reason for another [T-S12]", none, async () => {
  const server = play(`
    S: +OK ready
    C: CAPA
    S: +OK
    S: STLS
    S: .
    C: STLS
    S: +OK
    <tls>
    C: CAPA
    S: +OK
    S: STLS
    S: .
    <eof>
  `);
  await using session = await connectPop3({ connection: server.connection });
  await rejects(session.stls(), { message: "Cannot say STLS: TLS is on already" });
  session.close();
  await server.done;
});

Deno.test("a close right behind the +OK of STLS is a TLS error [T-S10]", none, async () => {
  const { error } = await refused(`
    S: +OK ready
    C: CAPA
    S: +OK
    S: STLS
    S: .
    C: STLS
    S: +OK
    <close>
  `);
  deepEqual([error.name, (error as { failure?: string }).failure], ["TlsError", "closed"]);
});

Deno.test("connectPop3() refuses contradicting options before it connects", none, async () => {
  const dial = (): Promise<Connection> => Promise.reject(new Error("it dialled"));
  const url = "pop3://mail.example";
  const [connection] = memoryPair();
  const cases: readonly [Pop3ConnectOptions, string | RegExp][] = [
    [{}, /expected either `url` or `connection`/],
    [{ url, connection }, /expected either `url` or `connection`/],
    [{ connection, tls: "implicit" }, /Cannot use implicit TLS on a `connection` in the clear/],
    [{ url, dial, tls: "none", auth }, /allow it by name with `allowCleartextAuth`/],
    [{ url, dial, clientCertificate: { cert: "", key: "" } }, /after STLS/],
    [{ url, dial, auth: { ...auth, user: "a\nb" } }, /control character/],
    [{ url, dial, auth: { ...auth, password: new Secret("a\r\nb") } }, /control character/],
    [{ url: "pop3://mail.example:x", dial }, /the port must be a number/],
  ];
  for (const [options, message] of cases) await rejects(connectPop3(options), { message });
  connection.close();
});

Deno.test("connectPop3() refuses a window out of range", none, async () => {
  for (const window of [0, 257, 1.5, NaN]) {
    const { connection } = play("<eof>");
    await rejects(connectPop3({ connection, window }), RangeError);
    connection.close();
  }
});

Deno.test("connectPop3() tells the dialler what it needs", none, async () => {
  const seen: unknown[] = [];
  const stop = new Error("enough");
  const dial = (target: Target, { tls, timeoutMs }: DialOptions): Promise<Connection> => {
    seen.push({ target, tls, timeoutMs });
    return Promise.reject(stop);
  };
  const given = { dial, caCerts: ["PEM"], tlsName: "other.example", timers: { connect: 7 } };
  await rejects(connectPop3({ ...given, url: "pop3s://mail.example" }), stop);
  await rejects(connectPop3({ ...given, url: "pop3://mail.example" }), stop);
  deepEqual(seen, [
    {
      target: { hostname: "mail.example", port: 995 },
      tls: { hostname: "other.example", caCerts: ["PEM"] },
      timeoutMs: 7,
    },
    { target: { hostname: "mail.example", port: 110 }, tls: undefined, timeoutMs: 7 },
  ]);
});

Deno.test("connectPop3() hints at implicit TLS where nobody greets [T-S20]", none, async () => {
  const { error } = await refused("<close>", { auth: undefined });
  equal(error.name, "ClosedError");
  match(error.message, /Use pop3s:\/\//);
});

Deno.test(
  "connectPop3() closes the connection when something goes wrong, without QUIT",
  none,
  async () => {
    const { heard } = await refused("S: -ERR no\n <eof>");
    equal(heard, "");
  },
);

Deno.test("an abort ends the attempt with the signal's reason", none, async () => {
  const server = play("S: +OK ready\n C: CAPA\n <eof>");
  const controller = new AbortController();
  const reason = new Error("enough");
  const connecting = connectPop3({ connection: server.connection, signal: controller.signal });
  setTimeout(() => controller.abort(reason));
  await rejects(connecting, reason);
  await server.done;
});

Deno.test("capabilities that are masked are not offered", none, async () => {
  const server = play(`
    S: +OK ready
    C: CAPA
    S: +OK
    S: PIPELINING
    S: SASL PLAIN LOGIN
    S: .
    <eof>
  `);
  await using session = await connectPop3({
    connection: server.connection,
    tls: "none",
    without: ["pipelining"],
  });
  deepEqual(session.capabilities.lines, ["SASL PLAIN LOGIN"]);
  session.mask("SASL PLAIN");
  deepEqual(session.capabilities.lines, ["SASL LOGIN"]);
  deepEqual(session.offered.lines, ["PIPELINING", "SASL PLAIN LOGIN"]);
  session.close();
  await server.done;
});

Deno.test("TLS that nobody has checked is not enough where TLS is required", none, async () => {
  const server = play("S: +OK ready\n C: CAPA\n S: +OK\n S: .\n <eof>");
  const { connection } = server;
  await rejects(
    connectPop3({ connection: wrap(connection, { security: "unverified" }), tls: "required" }),
    { name: "TlsError", failure: "bad-certificate" },
  );
  await server.done;
});

Deno.test("errors say where it was, and what was said last", none, async () => {
  const { error } = await refused(`
    S: +OK ready
    C: CAPA
    S: +OK
    S: STLS
    S: .
    C: STLS
    S: -ERR no
    <eof>
  `);
  const { host, stage, lastReply, transcript } = error as WireErrorContext;
  deepEqual([host, stage, lastReply], ["mail.example", "tls", "-ERR no"]);
  deepEqual(transcript?.slice(-2), ["C: STLS", "S: -ERR no"]);
  const second = await refused("S: -ERR [SYS/PERM] closed\n <eof>");
  const context = second.error as WireErrorContext;
  deepEqual(
    [context.host, context.stage, context.lastReply, context.transcript],
    ["mail.example", "greeting", "-ERR [SYS/PERM] closed", ["S: -ERR [SYS/PERM] closed"]],
  );
});
