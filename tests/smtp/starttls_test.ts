import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { type ConnectOptions, connectSmtp } from "../../src/smtp/connect.ts";
import { SmtpSession } from "../../src/smtp/session.ts";
import { Secret } from "../../src/sasl/mod.ts";
import { type Connection, ProtocolError, TlsError } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { play, type Played } from "./scripted_server.ts";
import { greeted, passed, scripted } from "./scripted_session.ts";

const PURE = { permissions: "none" } as const;
const HELLO = "S: 220 mx.example\nC: EHLO client.example\n";
const PLAIN = btoa("\0ann\0pencil");
const ANN = { user: "ann", password: new Secret("pencil") };

function connect(played: Played, options: Partial<ConnectOptions> = {}): Promise<SmtpSession> {
  const { connection } = played;
  return connectSmtp({ connection, host: "mx.example", name: "client.example", ...options });
}

Deno.test(
  "SmtpSession.startTls() upgrades, and forgets all that was said before [S61] [T-S11]",
  PURE,
  async () => {
    await using made = await greeted(
      "STARTTLS, PIPELINING, SIZE 10, AUTH CRAM-MD5",
      `C: STARTTLS
     S: 220 go ahead
     <tls>
     C: EHLO client.example
     S: 250-mx.example
     S: 250 DSN`,
    );
    const { session } = made;
    equal(session.secure, false);
    equal((await session.startTls()).code, 220);
    equal(session.secure, true);
    deepEqual([session.capabilities.lines, session.offered.lines], [[], []]);
    await rejects(session.mail(null), { name: "SmtpLocalError", message: /again after STARTTLS$/ });
    await rejects(session.auth(ANN), { name: "SmtpAuthError" });
    await session.ehlo();
    deepEqual(session.capabilities.lines, ["DSN"]);
    deepEqual(made.events.filter(({ kind }) => kind === "tls").length, 1);
    equal(made.events.at(-1)?.tls, true);
  },
);

Deno.test("SmtpSession.startTls() forgets a login of before", PURE, async () => {
  await using made = await greeted(
    "STARTTLS, AUTH PLAIN",
    `C: AUTH PLAIN ${PLAIN}
     S: 235 ok
     C: MAIL FROM:<>
     S: 250 ok
     C: STARTTLS
     S: 220 go
     <tls>
     C: EHLO client.example
     S: 250-mx.example
     S: 250 AUTH PLAIN
     C: AUTH PLAIN ${PLAIN}
     S: 235 ok`,
  );
  const { session } = made;
  await session.auth(ANN, { allowCleartextAuth: true });
  await session.mail(null);
  await session.startTls();
  deepEqual([session.authenticated, session.open], [undefined, false]);
  await session.ehlo();
  equal((await session.auth(ANN)).reply.code, 235);
});

Deno.test("SmtpSession.startTls() happens once [S64] [T-S12]", PURE, async () => {
  await using made = await greeted("STARTTLS", "C: STARTTLS\nS: 220 go\n<tls>\n<eof>");
  // Both are asked for at once; the second meets TLS when its turn comes.
  const [first, second] = await Promise.allSettled([
    made.session.startTls(),
    made.session.startTls(),
  ]);
  equal(first.status, "fulfilled");
  ok(second.status === "rejected");
  equal(second.reason.message, "Cannot say STARTTLS: TLS is on already");
  equal(made.session.usable, true);
});

Deno.test(
  "SmtpSession.startTls() waits for the greeting that is being read [T-S17] [D1]",
  PURE,
  async () => {
    const clock = new FakeClock();
    await using made = scripted("S: 220 mx.example\nC: STARTTLS\nS: 220 go\n<tls>", { clock });
    const [greeting, reply] = await Promise.all([
      made.session.readGreeting(),
      made.session.startTls(),
    ]);
    deepEqual([greeting.text, reply.text], ["mx.example", "go"]);
    equal(made.session.secure, true);
  },
);

Deno.test.each([
  { code: 454 },
  { code: 501 },
  { code: 502 },
  { code: 530 },
  { code: 554 },
])("SmtpSession.startTls() gives a $code as a value [S63]", PURE, async ({ code }) => {
  await using made = await greeted(
    "STARTTLS, DSN",
    `C: STARTTLS\nS: ${code} no\nC: NOOP\nS: 250 ok`,
  );
  equal((await made.session.startTls()).code, code);
  equal(made.session.secure, false);
  deepEqual(made.session.capabilities.lines, ["STARTTLS", "DSN"]); // all is as it was
  equal((await made.session.noop()).code, 250);
});

Deno.test.each([{ code: 221 }, { code: 235 }, { code: 250 }, { code: 334 }, { code: 354 }])(
  "SmtpSession.startTls() takes $code for a breach [T-S02] [T-R16]",
  PURE,
  async ({ code }) => {
    await using made = await greeted("STARTTLS", `C: STARTTLS\nS: ${code} odd\n<eof>`);
    await rejects(made.session.startTls(), { name: "ProtocolError" });
    await made.done;
  },
);

Deno.test(
  "SmtpSession.startTls() names the reply when the server drops behind it [S67] [T-S10]",
  PURE,
  async () => {
    await using made = await greeted("STARTTLS", "C: STARTTLS\nS: 220 2.0.0 go\n<close>");
    await rejects(made.session.startTls(), (error) => {
      ok(error instanceof TlsError);
      deepEqual(
        [error.failure, error.temporary, error.stage, error.host, error.lastReply],
        ["closed", true, "tls", "mx.example", "220 2.0.0 go"],
      );
      return true;
    });
    equal(made.session.usable, false);
  },
);

Deno.test(
  "SmtpSession.startTls() does not wait for a handshake for ever [T-S09]",
  PURE,
  async () => {
    const clock = new FakeClock();
    await using made = await greeted("STARTTLS", "C: STARTTLS\nS: 220 go\n<eof>", { clock });
    const refused = rejects(made.session.startTls(), {
      name: "TimeoutError",
      timer: "TLS handshake",
      limitMs: 30_000,
      stage: "tls",
    });
    await clock.advance(29_999);
    equal(made.session.usable, true);
    await clock.advance(1);
    await refused;
    equal(clock.sleeping, 0);
  },
);

Deno.test(
  "SmtpSession.startTls() ends with the reason of a signal in the handshake [D7]",
  PURE,
  async () => {
    const clock = new FakeClock();
    const reason = new Error("the user has gone");
    await using made = await greeted("STARTTLS", "C: STARTTLS\nS: 220 go\n<eof>", { clock });
    const leaving = new AbortController();
    const refused = rejects(
      made.session.startTls({ signal: leaving.signal }),
      (error) => error === reason,
    );
    await clock.advance(1_000);
    leaving.abort(reason);
    await refused;
  },
);

Deno.test("SmtpSession is not secure before the handshake is over [T-S15] [D4]", PURE, async () => {
  const seen: boolean[] = [];
  const handshake = Promise.withResolvers<void>();
  const { connection, done } = play("S: 220 mx.example\nC: STARTTLS\nS: 220 go\n<tls>\n<eof>");
  const slow: Connection = {
    ...passed(connection),
    startTls: async (options) => {
      const upgraded = await connection.startTls(options);
      await handshake.promise; // the platform's startTls() has resolved, the check has not
      return upgraded;
    },
  };
  const session = new SmtpSession(slow, { host: "mx.example", name: "client.example" });
  await session.readGreeting();
  const upgrade = session.startTls();
  const waiting = session.auth(ANN).catch((error) => seen.push(session.secure, error.name));
  await new Promise((resolve) => setTimeout(resolve));
  seen.push(session.secure);
  handshake.resolve();
  await upgrade;
  await waiting;
  // The login came to its turn inside TLS, where nothing is offered yet.
  deepEqual(seen, [false, true, "SmtpAuthError"]);
  session.close();
  await done;
});

Deno.test(
  "SmtpSession takes a TLS end without farewell for an end [T-S19] [D5]",
  PURE,
  async () => {
    const torn = (connection: Connection): Connection => ({
      ...passed(connection),
      security: "verified",
      read: async (buffer) => {
        const count = await connection.read(buffer);
        if (count === null) throw new Deno.errors.UnexpectedEof("no close_notify");
        return count;
      },
    });
    const options = { host: "mx.example", name: "client.example" };
    const cut = new SmtpSession(torn(play("S: 220-mx.example\n<close>").connection), options);
    await rejects(cut.readGreeting(), { name: "ClosedError", partial: "220-mx.example" });
    const halfLine = new SmtpSession(torn(play("S| 22\n<close>").connection), options);
    await rejects(halfLine.readGreeting(), { name: "ClosedError", partial: "22" });
    for (const last of ["S: 221 bye\n<close>", "<close>"]) {
      const played = play(`S: 220 mx.example\nC: QUIT\n${last}`);
      const left = new SmtpSession(torn(played.connection), options);
      await left.readGreeting();
      equal((await left.quit())?.code, last === "<close>" ? undefined : 221);
      await played.done;
    }
  },
);

Deno.test(
  "connectSmtp() requires TLS, says EHLO again and logs in inside [S61] [S62]",
  PURE,
  async () => {
    const played = play(`
    ${HELLO}
    S: 250-mx.example
    S: 250-AUTH PLAIN LOGIN
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 go
    <tls>
    C: EHLO client.example
    S: 250-mx.example
    S: 250-STARTTLS
    S: 250 AUTH PLAIN
    C: AUTH PLAIN ${PLAIN}
    S: 235 ok
    C: QUIT
    S: 221 bye`);
    const session = await connect(played, { auth: ANN });
    deepEqual([session.secure, session.authenticated], [true, "PLAIN"]);
    await session.quit();
    await played.done;
  },
);

Deno.test(
  "connectSmtp() uses none of what was offered before TLS [S31] [S61] [T-S11]",
  PURE,
  async () => {
    const played = play(`
    ${HELLO}
    S: 250-mx.example
    S: 250-AUTH PLAIN
    S: 250-SIZE 10
    S: 250-PIPELINING
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 go
    <tls>
    C: EHLO client.example
    S: 250 mx.example
    C: QUIT
    S: 221 bye`);
    const refused = connect(played, { auth: ANN });
    await rejects(refused, { name: "SmtpAuthError", message: /the server offers no mechanism$/ });
    await played.done;
    equal(played.heard().includes("AUTH"), false);
  },
);

Deno.test("connectSmtp() ignores STARTTLS inside TLS [S64] [T-S12]", PURE, async () => {
  const played = play(`
    ${HELLO}
    S: 250-mx.example
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 go
    <tls>
    C: EHLO client.example
    S: 250-mx.example
    S: 250 STARTTLS
    C: QUIT
    S: 221 bye`);
  const session = await connect(played, { tls: "opportunistic" });
  equal(session.secure, true);
  await session.quit();
  await played.done;
});

Deno.test("connectSmtp() fails when EHLO fails inside TLS [S61]", PURE, async () => {
  const played = play(`
    ${HELLO}
    S: 250-mx.example
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 go
    <tls>
    C: EHLO client.example
    S: 502 what
    C: QUIT
    S: 221 bye`);
  await rejects(connect(played), { name: "SmtpReplyError", verb: "EHLO" });
  await played.done;
});

Deno.test("connectSmtp() goes as far as it is told", PURE, async () => {
  const greeting = play("S: 220 mx.example\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye");
  const bare = await connect(greeting, { until: "greeting", auth: ANN });
  deepEqual([bare.greeting?.code, bare.capabilities.lines], [220, []]);
  equal((await bare.noop()).code, 250);
  await bare.quit();
  await greeting.done;
  const hello = play(
    `${HELLO}S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n<tls>\nC: QUIT\nS: 221 bye`,
  );
  const clear = await connect(hello, { until: "hello", auth: ANN });
  deepEqual([clear.secure, clear.capabilities.lines], [false, ["STARTTLS"]]);
  equal((await clear.startTls()).code, 220);
  await clear.quit();
  await hello.done;
});

Deno.test("connectSmtp() takes a connection at the security that it has", PURE, async () => {
  for (const tls of [{}, { tls: "required" }, { tls: "implicit" }, { tls: "none" }] as const) {
    const played = play(`
      ${HELLO}
      S: 250-mx.example
      S: 250-STARTTLS
      S: 250 AUTH PLAIN
      C: AUTH PLAIN ${PLAIN}
      S: 235 ok
      C: QUIT
      S: 221 bye`);
    const connection: Connection = { ...passed(played.connection), security: "verified" };
    const session = await connect({ ...played, connection }, { auth: ANN, ...tls });
    equal(session.authenticated, "PLAIN");
    await session.quit();
    await played.done;
  }
});

Deno.test(
  "connectSmtp() does not take TLS that nobody has checked for TLS [S65] [T-S15]",
  PURE,
  async () => {
    for (const tls of ["required", "implicit"] as const) {
      const played = play(`${HELLO}S: 250-mx\nS: 250 AUTH PLAIN CRAM-MD5\nC: QUIT\nS: 221 bye`);
      await rejects(
        connectSmtp({
          connection: { ...passed(played.connection), security: "unverified" },
          host: "mx.example",
          name: "client.example",
          auth: ANN,
          tls,
        }),
        { name: "TlsError", failure: "bad-certificate", temporary: false },
      );
      await played.done;
    }
  },
);

Deno.test(
  "connectSmtp() sends QUIT and nothing more after bytes that nobody asked for [S13]",
  PURE,
  async () => {
    const played = play(`${HELLO}S: 250-mx\nS: 250 STARTTLS\nS: 250 again\n<eof>`);
    await rejects(connect(played), (error) => {
      ok(error instanceof ProtocolError);
      ok(/unsolicited data/.test(error.message));
      return true;
    });
    await played.done;
    equal(played.heard(), "EHLO client.example\r\n");
  },
);
