import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { checkConnectOptions, type ConnectOptions, connectSmtp } from "../../src/smtp/connect.ts";
import { SmtpAuthError, SmtpError, SmtpReplyError } from "../../src/smtp/errors.ts";
import { external, Secret, xoauth2 } from "../../src/sasl/mod.ts";
import type { Connection, DialOptions, Target } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { play } from "./scripted_server.ts";
import { passed } from "./scripted_session.ts";

const PURE = { permissions: "none" } as const;
const ANN = { user: "ann", password: new Secret("pencil") };
const PLAIN = btoa("\0ann\0pencil");
const HELLO = "S: 220 mx.example\nC: EHLO client.example\n";

/** A dialler that plays a script and notes what it was asked. */
function dialling(script: string, security: Connection["security"] = "clear") {
  const played = play(script);
  const asked: { target: Target; options: DialOptions }[] = [];
  const dial = (target: Target, options: DialOptions): Promise<Connection> => {
    asked.push({ target, options });
    return Promise.resolve({ ...passed(played.connection), security });
  };
  return { ...played, asked, dial };
}

const nobody = (): Promise<never> => Promise.reject(new Error("Nobody dials here"));

Deno.test("connectSmtp() hands the dialler all that a connection needs", PURE, async () => {
  const server = dialling(`${HELLO}S: 250 mx.example\nC: QUIT\nS: 221 bye`, "verified");
  const clock = new FakeClock();
  const { signal } = new AbortController();
  const clientCertificate = { cert: "CERT", key: "KEY" };
  const session = await connectSmtp({
    url: "smtps://Mail.Example",
    dial: server.dial,
    name: "client.example",
    tlsName: "mx.example",
    caCerts: ["PEM"],
    clientCertificate,
    proxy: "socks5://127.0.0.1:1080",
    timers: { connect: 7_000 },
    clock,
    signal,
  });
  deepEqual(server.asked, [{
    target: { hostname: "mail.example", port: 465 },
    options: {
      tls: { hostname: "mx.example", caCerts: ["PEM"], clientCertificate },
      proxy: "socks5://127.0.0.1:1080",
      signal,
      timeoutMs: 7_000,
      clock,
    },
  }]);
  equal(session.host, "mail.example");
  await session.quit();
  await server.done;
  equal(clock.sleeping, 0);
});

Deno.test(
  "connectSmtp() checks certificates against the name in the URL, never the host's label [T-S16]",
  PURE,
  async () => {
    const rows: [Partial<ConnectOptions>, string][] = [
      [{ url: "submission://MÜNCHEN.example." }, "xn--mnchen-3ya.example"],
      [{ url: "submission://mail.example", host: "label.example" }, "mail.example"],
      [{ url: "submission://192.0.2.1" }, "192.0.2.1"],
      [{ url: "submission://[2001:DB8::1]" }, "2001:db8::1"],
      [{ url: "submission://192.0.2.1", tlsName: "mail.example" }, "mail.example"],
    ];
    for (const [options, hostname] of rows) {
      const server = dialling(
        `${HELLO}S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n<tls>\nC: EHLO client.example\nS: 250 mx\n<eof>`,
      );
      const names: string[] = [];
      const session = await connectSmtp({
        name: "client.example",
        ...options,
        dial: async (target, dialOptions) => {
          const connection = await server.dial(target, dialOptions);
          return {
            ...connection,
            startTls: (tls) => {
              names.push(tls.hostname);
              return connection.startTls(tls);
            },
          };
        },
      });
      deepEqual(names, [hostname]);
      equal(server.asked[0]?.options.tls, undefined);
      session.close();
      await server.done;
    }
  },
);

Deno.test.each<{ name: string; options: ConnectOptions; error: string }>([
  { name: "neither url nor connection", options: {}, error: "TypeError" },
  {
    name: "both url and connection",
    options: { url: "smtp://mx.example", connection: play("<eof>").connection },
    error: "TypeError",
  },
  {
    name: "a URL with a password",
    options: { url: "smtp://u:p@mx.example" },
    error: "SyntaxError",
  },
  { name: "another scheme", options: { url: "http://mx.example" }, error: "SyntaxError" },
  {
    name: "implicit TLS over a clear connection",
    options: { connection: play("<eof>").connection, tls: "implicit" },
    error: "TypeError",
  },
  {
    name: "a name with a line end [S85] [T-I22]",
    options: { url: "smtp://mx.example", name: "a\r\nMAIL FROM:<>" },
    error: "SyntaxError",
  },
  {
    name: "a name with a space [T-I22]",
    options: { url: "smtp://mx.example", name: "client example" },
    error: "SyntaxError",
  },
  {
    name: "a client certificate with STARTTLS [D10]",
    options: { url: "submission://mx.example", clientCertificate: { cert: "c", key: "k" } },
    error: "TlsError",
  },
  {
    name: "a login without TLS [T-A02] [T-I48]",
    options: { url: "smtp://127.0.0.1", tls: "none", auth: ANN },
    error: "SmtpLocalError",
  },
  {
    name: "a token without TLS [T-A02]",
    options: {
      url: "smtp://[::1]",
      tls: "none",
      auth: xoauth2({ user: "ann", token: ANN.password }),
    },
    error: "SmtpLocalError",
  },
  {
    name: "a password with a line feed [T-A13]",
    options: { url: "smtp://mx.example", auth: { user: "ann", password: new Secret("pencil\n") } },
    error: "TypeError",
  },
  {
    name: "a user with NUL [T-A13]",
    options: { url: "smtp://mx.example", auth: { user: "a\0nn", password: new Secret("pencil") } },
    error: "TypeError",
  },
  {
    name: "an unknown mechanism",
    options: { url: "smtp://mx.example", auth: { ...ANN, mechanisms: ["NTLM"] } },
    error: "RangeError",
  },
  {
    name: "an unknown weakest mechanism",
    options: { url: "smtp://mx.example", auth: ANN, minMechanism: "STRONG" },
    error: "RangeError",
  },
])("connectSmtp() refuses $name before it dials", PURE, async ({ options, error }) => {
  await rejects(connectSmtp({ ...options, dial: nobody }), { name: error });
  throws(() => checkConnectOptions(options), { name: error });
  options.connection?.close();
});

Deno.test("checkConnectOptions() accepts what could work", PURE, () => {
  const { connection } = play("<eof>");
  const secured: Connection = { ...passed(connection), security: "verified" };
  const good: ConnectOptions[] = [
    { url: "smtp://mx.example", auth: ANN },
    { url: "smtps://mx.example", clientCertificate: { cert: "c", key: "k" }, auth: external() },
    { url: "smtp://127.0.0.1", tls: "none", auth: ANN, allowCleartextAuth: true },
    { url: "smtp://mx.example", tls: "opportunistic", auth: ANN },
    { url: "unix:/run/lmtp", name: "my_host" },
    { connection: secured, auth: ANN },
  ];
  for (const options of good) checkConnectOptions(options);
  connection.close();
});

Deno.test("connectSmtp() closes what it has dialled when it fails", PURE, async () => {
  const scripts = [
    "S: 554 no\nC: QUIT\nS: 221 bye\n<eof>",
    "S: 220 mx\nC: EHLO client.example\nS: 550 no\nC: QUIT\n<close>",
    "S: 220 mx\nC: EHLO client.example\nS: 250 mx\nC: QUIT\nS: 221 bye\n<eof>",
    "S: rubbish\n<eof>",
    "<close>",
  ];
  for (const script of scripts) {
    const server = dialling(script);
    await rejects(
      connectSmtp({ url: "smtp://mx.example", name: "client.example", dial: server.dial }),
    );
    await server.done; // <eof> comes only if the client has closed
  }
});

Deno.test(
  "connectSmtp() ends with the reason of its signal, wherever it is [S24] [D14]",
  PURE,
  async () => {
    const scripts = [
      "<eof>",
      `${HELLO}<eof>`,
      `${HELLO}S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n<eof>`,
      `${HELLO}S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n<eof>`,
    ];
    for (const script of scripts) {
      const clock = new FakeClock();
      const server = dialling(script);
      const leaving = new AbortController();
      const reason = new Error("the user has gone");
      const { signal } = leaving;
      const refused = rejects(
        connectSmtp({
          url: "smtp://mx.example",
          name: "client.example",
          dial: server.dial,
          signal,
          clock,
        }),
        (error) => error === reason,
      );
      await clock.advance(1_000);
      leaving.abort(reason);
      await refused;
      await server.done;
      equal(clock.sleeping, 0);
    }
  },
);

Deno.test("connectSmtp() tells a refused login from one to try later [T-A10]", PURE, async () => {
  for (const code of [454, 421, 432, 535, 534, 530, 500]) {
    const bye = code === 421 ? "<eof>" : "C: QUIT\nS: 221 bye";
    const played = play(
      `${HELLO}S: 250-mx\nS: 250 AUTH PLAIN\nC: AUTH PLAIN ${PLAIN}\nS: ${code} no\n${bye}`,
    );
    await rejects(
      connectSmtp({
        connection: { ...passed(played.connection), security: "verified" },
        host: "mx.example",
        name: "client.example",
        auth: ANN,
      }),
      (error) => {
        ok(error instanceof SmtpAuthError);
        equal(error.temporary, code < 500);
        deepEqual([error.tried, error.reply?.code, error.host], [["PLAIN"], code, "mx.example"]);
        equal(
          error.message,
          `Cannot log in to "mx.example" by PLAIN: the server answered "${code} no"`,
        );
        return true;
      },
    );
    await played.done; // tried once
  }
});

Deno.test(
  "connectSmtp() has the document of an OAuth failure in its error [S76] [T-A11]",
  PURE,
  async () => {
    const json = `{"status":"400","schemes":"bearer"}`;
    const played = play(
      `${HELLO}S: 250-mx\nS: 250 AUTH XOAUTH2\nC~ AUTH XOAUTH2\nS: 334 ${
        btoa(json)
      }\nC:\nS: 535 no\nC: QUIT\nS: 221 bye`,
    );
    await rejects(
      connectSmtp({
        connection: { ...passed(played.connection), security: "verified" },
        host: "mx.example",
        name: "client.example",
        auth: xoauth2({ user: "ann", token: new Secret("ya29") }),
      }),
      { name: "SmtpAuthError", message: new RegExp(`answered "535 no" and said ${json}$`) },
    );
    await played.done;
  },
);

Deno.test("connectSmtp() errors say where it was and what was said [D16]", PURE, async () => {
  const played = play(`${HELLO}S: 450 4.7.1 later\nC: QUIT\nS: 221 bye`);
  const error = await connectSmtp({
    connection: played.connection,
    host: "mx.example",
    name: "client.example",
  }).then(() => undefined, (error) => error);
  ok(error instanceof SmtpReplyError && error instanceof SmtpError);
  deepEqual(JSON.parse(JSON.stringify(error)), {
    name: "SmtpReplyError",
    temporary: true,
    verb: "EHLO",
    reply: { code: 450, enhanced: "4.7.1", text: "later" },
    host: "mx.example",
    stage: "ehlo",
    lastReply: "450 4.7.1 later",
    transcript: ["S: 220 mx.example", "C: EHLO client.example", "S: 450 4.7.1 later"],
  });
  const silent = play("<close>");
  await rejects(connectSmtp({ connection: silent.connection, host: "mx.example" }), {
    name: "ClosedError",
    stage: "greeting",
    message: /does this port expect implicit TLS, as 465 does/,
  });
});

Deno.test("connectSmtp() speaks LMTP to a socket, without TLS", PURE, async () => {
  const server = dialling(
    "S: 220 mx\nC: LHLO client.example\nS: 250-mx\nS: 250 STARTTLS\nC: QUIT\nS: 221 bye",
  );
  const session = await connectSmtp({
    url: "unix:/run/lmtp",
    name: "client.example",
    dial: server.dial,
  });
  deepEqual(server.asked[0]?.target, { path: "/run/lmtp" });
  equal(session.host, "unix:/run/lmtp");
  await session.quit();
  await server.done;
});

Deno.test("connectSmtp() masks from the start", PURE, async () => {
  const played = play(`${HELLO}S: 250-mx\nS: 250-STARTTLS\nS: 250 PIPELINING\nC: QUIT\nS: 221 bye`);
  await rejects(
    connectSmtp({
      connection: played.connection,
      host: "mx.example",
      name: "client.example",
      without: ["STARTTLS"],
    }),
    { name: "TlsError", failure: "not-offered" },
  );
  await played.done;
});

Deno.test("connectSmtp() follows nobody's advice to go elsewhere [T-S21]", PURE, async () => {
  const server = dialling(
    `${HELLO}S: 250 mx
     C: MAIL FROM:<>
     S: 250 ok
     C: RCPT TO:<bob@mail.example>
     S: 551 5.1.6 User not local; please try <bob@evil.example>
     C: RCPT TO:<carol@mail.example>
     S: 251 will forward to <carol@evil.example>
     C: DATA
     S: 354 go
     C: x
     C: .
     S: 250 ok
     C: QUIT
     S: 221 bye`,
    "verified",
  );
  const session = await connectSmtp({
    url: "smtps://mx.example",
    name: "client.example",
    dial: server.dial,
  });
  const to = ["bob@mail.example", "carol@mail.example"];
  const { accepted, rejected } = await session.send({ from: null, to, policy: "any" }, "x");
  equal(accepted[0]?.forward, "<carol@evil.example>"); // told, not followed
  deepEqual([rejected[0]?.reply?.code, rejected[0]?.retry], [551, "never"]);
  await session.quit();
  await server.done;
  equal(server.asked.length, 1);
  equal(server.heard().includes("evil"), false);
});

Deno.test("connectSmtp() closes a connection whose end has no address", PURE, async () => {
  const server = dialling("<eof>");
  const dial = async (target: Target, options: DialOptions): Promise<Connection> => ({
    ...await server.dial(target, options),
    local: { transport: "tcp", hostname: "", port: 0 },
  });
  await rejects(connectSmtp({ url: "smtp://mx.example", dial }), { name: "AddressError" });
  await server.done;
});
