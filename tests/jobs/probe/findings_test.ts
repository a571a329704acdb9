/**
 * Every finding has a scenario that raises it, and one beside it that does not.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { CHECKS } from "../../../src/jobs/probe/checks.ts";
import { probe, type ProbeOptions } from "../../../src/jobs/mod.ts";
import { Secret } from "../../../src/smtp/mod.ts";
import { type Connection, DialError, memoryPair, TimeoutError } from "../../../src/wire/mod.ts";
import { listen } from "../../../src/sandbox/mod.ts";
import {
  described,
  FAREWELL,
  GREETING,
  INTO_TLS,
  OFFER,
  pem,
  probeInTime,
  probeScript,
  type Row,
  type Scenario,
  TlsServer,
} from "./peers.ts";
import { POP3_ROWS } from "./pop3_rows.ts";

const LOGIN = { user: "ann", password: new Secret("pencil") };
const script = (
  text: string,
  options: ProbeOptions = {},
  target: string = "smtp://mail.example",
): Scenario =>
() => probeScript(text, options, target);
const SECURED = GREETING + OFFER + INTO_TLS;
/** A server with which all is well. */
const well = script(SECURED + FAREWELL);
const CLEAR: ProbeOptions = { tls: "none" };
/** A server without TLS whose answer to one command is of interest. */
const asked = (talk: string, options: ProbeOptions = {}): Scenario =>
  script(`${GREETING}\n  S: 250-mail.example\n  S: 250 SIZE 1000\n${talk}${FAREWELL}`, {
    ...CLEAR,
    ...options,
  });
const dialling = (error: () => Error, options: ProbeOptions = {}): Scenario => async () =>
  described(
    await probe("smtp://mail.example", { dial: () => Promise.reject(error()), ...options }),
  );
const failed = (cause: Error): Scenario =>
  dialling(() => new DialError("Cannot connect", { cause }));
const coded = (code: string): Error => Object.assign(new Error(code), { code });
const certificate =
  (name: string, root: string, options: ProbeOptions = {}): Scenario => async () => {
    await using server = await TlsServer.start({ mode: "implicit", certificate: name });
    return described(
      await probe(`smtps://127.0.0.1:${server.port}`, {
        tlsName: "localhost",
        caCerts: [await pem(root)],
        ...options,
      }),
    );
  };

/** A peer that says its pieces with pauses between them. */
function inPieces(...pieces: readonly (readonly [pauseMs: number, text: string])[]): Scenario {
  return () =>
    probeInTime(
      (clock) => {
        const [ours, theirs] = memoryPair();
        (async () => {
          for (const [pauseMs, text] of pieces) {
            await clock.sleep(pauseMs);
            await theirs.write(new TextEncoder().encode(text));
          }
          const buffer = new Uint8Array(100);
          while (await theirs.read(buffer) !== null) {
            await theirs.write(new TextEncoder().encode("250 mail.example\r\n"));
          }
          theirs.close();
        })().catch(() => {}); // the probe goes when it has seen enough
        return ours;
      },
      (clock) => clock.advance(60_000),
    );
}

/** A peer at a public address. */
function at(hostname: string, connection: Connection): Connection {
  const remote = { transport: "tcp", hostname, port: 25 } as const;
  return {
    local: connection.local,
    remote,
    security: connection.security,
    read: (buffer) => connection.read(buffer),
    write: (bytes) => connection.write(bytes),
    startTls: (options) => connection.startTls(options),
    close: () => connection.close(),
  };
}

function offeringAt(hostname: string): Scenario {
  return async () => {
    const [ours, theirs] = memoryPair();
    const say = (text: string) => theirs.write(new TextEncoder().encode(text));
    await say("220 mail.example ESMTP\r\n");
    const running = probe("smtp://mail.example", {
      tls: "none",
      dial: () => Promise.resolve(at(hostname, ours)),
    });
    await theirs.read(new Uint8Array(100));
    await say("250-mail.example\r\n250-SIZE 1\r\n250 AUTH PLAIN CRAM-MD5\r\n");
    await theirs.read(new Uint8Array(100));
    await say("221 Bye\r\n");
    theirs.close();
    return described(await running);
  };
}

/** Octets in the place of a ServerHello. */
function helloOf(octets: string): Scenario {
  return async () => {
    await using listener = await listen();
    const running = probe(`smtps://127.0.0.1:${listener.endpoint.port}`);
    for await (const connection of listener) {
      await connection.read(new Uint8Array(1000));
      await connection.write(Uint8Array.from(octets, (octet) => octet.charCodeAt(0)));
      break;
    }
    return described(await running);
  };
}

const PROTOCOL_VERSION = "\x15\x03\x01\x00\x02\x02\x46";
const AUTH_OFFER = `${GREETING}
  S: 250-mail.example
  S: 250-SIZE 1000
  S: 250 AUTH PLAIN`;
const CLEARTEXT = { ...CLEAR, login: { ...LOGIN, allowCleartext: true } };
const RCPT = { from: "ann@a.example", to: ["ben@b.example", "postmaster@b.example"] };
const SEND: ProbeOptions = { ...RCPT, class: "send" };
const ENVELOPE = `
  C~ MAIL FROM:<ann@a.example>
  S: 250 OK
  C: RCPT TO:<ben@b.example>`;
const CONTENT = `${ENVELOPE}
  S: 250 OK
  C: RCPT TO:<postmaster@b.example>
  S: 250 OK
  C: DATA
  S: 354 Go`;
/** The lines of a message of one recipient and a short text, and the lone dot. */
const LETTER: ProbeOptions = {
  ...SEND,
  message: new TextEncoder().encode("Subject: x\r\n\r\ny\r\n"),
};
const LETTER_LINES = `
  C: Subject: x
  C: *
  C: y
  C: .`;

const ROWS: readonly Row[] = [
  {
    id: "dns.no-address",
    as: "critical dns.no-address at tcp",
    raised: failed(new Error("failed to lookup address information: Name or service not known")),
    not: failed(coded("EHOSTUNREACH")),
  },
  {
    id: "tcp.refused",
    as: "critical tcp.refused at tcp",
    raised: async () => described(await probe("smtp://127.0.0.1:1")),
    not: failed(new Deno.errors.TimedOut()),
  },
  {
    id: "tcp.timeout",
    as: "critical tcp.timeout at tcp",
    raised: dialling(() => new TimeoutError("connect", 10_000)),
    not: failed(coded("ECONNREFUSED")),
  },
  {
    id: "tcp.unreachable",
    as: "critical tcp.unreachable at tcp",
    raised: failed(coded("EHOSTUNREACH")),
    not: failed(coded("ENOTFOUND")),
  },
  {
    id: "proxy.failed",
    as: "critical proxy.failed at tcp",
    raised: async () =>
      described(await probe("smtp://mail.example", { proxy: "http://127.0.0.1:1" })),
    not: failed(coded("ECONNREFUSED")),
  },
  {
    id: "permission.missing",
    as: "unknown permission.missing at tcp",
    raised: async () => described(await probe("smtp://192.0.2.1")),
    not: async () => described(await probe("smtp://127.0.0.1:1")),
  },
  {
    id: "banner.timeout",
    as: "critical banner.timeout at banner",
    raised: inPieces([40_000, "220 mail.example ESMTP\r\n"]),
    not: inPieces([20_000, "220 mail.example ESMTP\r\n"]),
  },
  {
    id: "banner.421",
    as: "critical banner.421 at banner",
    raised: script("S: 421 4.3.2 Too many connections\n<close>"),
    not: script(`S: 554 No\n${FAREWELL}`),
  },
  {
    id: "banner.refused",
    as: "critical banner.refused at banner",
    raised: script(`S: 554 5.7.1 Not you\n${FAREWELL}`),
    not: well,
  },
  {
    id: "banner.greet-pause",
    as: "info banner.greet-pause at banner",
    raised: inPieces([20_000, "220 mail.example ESMTP\r\n"]),
    not: inPieces([900, "220 mail.example ESMTP\r\n"]),
  },
  {
    id: "banner.unnamed",
    as: "info banner.unnamed at banner",
    raised: script(`S: 220 ESMTP ready\nC~ EHLO${OFFER}${INTO_TLS}${FAREWELL}`),
    not: well,
  },
  {
    id: "ehlo.refused",
    as: "warning ehlo.refused at ehlo",
    raised: script(`${GREETING}\nS: 502 What?\nC~ HELO\nS: 250 mail.example${FAREWELL}`, CLEAR),
    not: well,
  },
  {
    id: "ehlo.failed",
    as: "critical ehlo.failed at ehlo",
    raised: script(`${GREETING}\nS: 554 Not with that name${FAREWELL}`),
    not: script(`${GREETING}\nS: 502 What?\nC~ HELO\nS: 250 mail.example${FAREWELL}`, CLEAR),
  },
  {
    id: "ehlo.size-missing",
    as: "info ehlo.size-missing at ehlo",
    raised: script(`${GREETING}\nS: 250 mail.example${FAREWELL}`, CLEAR),
    not: well,
  },
  {
    id: "ehlo.auth-equals-form",
    as: "info ehlo.auth-equals-form at ehlo",
    raised: script(`${AUTH_OFFER.replace("AUTH PLAIN", "AUTH=PLAIN")}${FAREWELL}`, CLEAR),
    not: script(`${AUTH_OFFER}${FAREWELL}`, CLEAR),
  },
  {
    id: "server.early-talk",
    as: "warning server.early-talk at banner",
    raised: script("S: 220 mail.example ESMTP\nS: 250 And welcome"),
    not: well,
  },
  {
    id: "reply.mixed-codes",
    as: "warning reply.mixed-codes at ehlo",
    raised: script(`${GREETING}\nS: 250-mail.example\nS: 550 SIZE 10`),
    not: well,
  },
  {
    id: "reply.malformed",
    as: "warning reply.malformed at ehlo",
    raised: script(`${GREETING}\nS: Hello`),
    not: well,
  },
  {
    id: "reply.too-long",
    as: "warning reply.too-long at ehlo",
    raised: script(`${GREETING}\nS: 250 ${"x".repeat(9000)}`),
    not: script(`${GREETING}\nS: 250 ${"x".repeat(2000)}${FAREWELL}`, CLEAR),
  },
  {
    id: "reply.small-writes",
    as: "info reply.small-writes at banner",
    raised: inPieces([0, "220-mail"], [40, ".example\r\n"], [40, "220 ESMTP\r\n"]),
    not: inPieces([0, "220-mail"], [300, ".example\r\n"], [300, "220 ESMTP\r\n"]),
  },
  {
    id: "reply.slow",
    as: "critical reply.slow at banner",
    raised: () => slowly({ warn: { banner: 1_000 }, crit: { banner: 5_000 } }),
    not: () => slowly({ warn: { banner: 7_000 }, crit: { ehlo: 1 } }),
  },
  {
    id: "session.timeout",
    as: "critical session.timeout at ehlo",
    raised: silentBehind("220 mail.example ESMTP\r\n"),
    not: well,
  },
  {
    id: "session.closed",
    as: "critical session.closed at ehlo",
    raised: script(`${GREETING}\n<close>`),
    not: script(`${GREETING}\nS: 421 4.3.2 Going down\n<close>`),
  },
  {
    id: "session.421",
    as: "critical session.421 at ehlo",
    raised: script(`${GREETING}\nS: 421 4.3.2 Going down\n<close>`),
    not: script(`${GREETING}\n<close>`),
  },
  {
    id: "tls.not-offered",
    as: "warning tls.not-offered at ehlo",
    raised: script(`${GREETING}\nS: 250-mail.example\nS: 250 SIZE 10${FAREWELL}`),
    not: well,
  },
  {
    id: "tls.stripped",
    as: "warning tls.stripped at ehlo",
    raised: script(`${GREETING}\nS: 250-mail.example\nS: 250-SIZE 10\nS: 250 XXXXXXXA${FAREWELL}`),
    not: script(`${GREETING}\nS: 250-mail.example\nS: 250 SIZE 10${FAREWELL}`),
  },
  {
    id: "tls.not-required",
    as: "warning tls.not-required at clear",
    raised: script(
      GREETING + OFFER + INTO_TLS.replace(
        "530 5.7.0 Must issue a STARTTLS command first",
        `250 OK
        C: RSET
        S: 250 OK`,
      ) + FAREWELL,
      {},
      "submission://mail.example",
    ),
    not: well,
  },
  {
    id: "tls.refused",
    as: "critical tls.refused at starttls",
    raised: script(
      `${GREETING}${OFFER}\nC~ MAIL\nS: 530 No\nC: STARTTLS\nS: 454 Not now${FAREWELL}`,
    ),
    not: well,
  },
  {
    id: "tls.neither-1.2-nor-1.3",
    as: "critical tls.neither-1.2-nor-1.3 at tls",
    raised: helloOf(PROTOCOL_VERSION),
    not: helloOf("220 mail.example\r\n"),
  },
  {
    id: "tls.handshake",
    as: "critical tls.handshake at tls",
    raised: helloOf("220 mail.example\r\n"),
    not: helloOf(PROTOCOL_VERSION),
  },
  {
    id: "tls.only-1.2",
    as: "info tls.only-1.2 at tls",
    raised: async () => {
      await using server = await TlsServer.start({
        mode: "implicit",
        tls: { maxVersion: "TLSv1.2" },
      });
      return described(await probe(`smtps://127.0.0.1:${server.port}`));
    },
    not: certificate("good", "ca"),
  },
  {
    id: "tls.injection",
    as: "critical tls.injection at starttls",
    raised: script(
      `${GREETING}${OFFER}\nC~ MAIL\nS: 530 No\nC: STARTTLS\nS: 220 Go\nS: 250 AUTH PLAIN`,
    ),
    not: well,
  },
  {
    id: "tls.capabilities-unchanged",
    as: "info tls.capabilities-unchanged at ehlo2",
    raised: script(
      GREETING + OFFER + INTO_TLS.replace("250-SIZE", "250-STARTTLS\n  S: 250-SIZE") + FAREWELL,
    ),
    not: well,
  },
  {
    id: "cert.weak-key",
    as: "critical cert.weak-key at tls",
    raised: certificate("weak_key", "chain_root"),
    not: certificate("chained", "chain_root"),
  },
  {
    id: "auth.cleartext",
    as: "critical auth.cleartext at ehlo",
    raised: offeringAt("203.0.113.5"),
    not: well,
  },
  {
    id: "auth.offered-on-25",
    as: "info auth.offered-on-25 at ehlo",
    raised: well,
    not: script(SECURED + FAREWELL, {}, "submission://mail.example"),
  },
  {
    id: "auth.none-usable",
    as: "critical auth.none-usable at auth",
    raised: script(`${AUTH_OFFER}${FAREWELL}`, { ...CLEAR, login: LOGIN }),
    not: script(`${GREETING}\nS: 250-mail.example\nS: 250 SIZE 1${FAREWELL}`, {
      ...CLEAR,
      login: { ...LOGIN, ifOffered: true },
    }),
  },
  {
    id: "auth.failed",
    as: "critical auth.failed at auth",
    raised: script(`${AUTH_OFFER}\nC~ AUTH PLAIN\nS: 535 5.7.8 No${FAREWELL}`, CLEARTEXT),
    not: script(
      `${AUTH_OFFER}\nC~ AUTH PLAIN\nS: 235 Yes\nC~ EHLO\nS: 250 mail.example${FAREWELL}`,
      CLEARTEXT,
    ),
  },
  {
    id: "verb.vrfy-leaks",
    as: "warning verb.vrfy-leaks at ask",
    raised: asked("C: VRFY ann\nS: 250 Ann <ann@a.example>", { ask: ["VRFY ann"] }),
    not: asked("C: VRFY ann\nS: 252 2.0.0 ann@a.example", { ask: ["VRFY ann"] }),
  },
  {
    id: "verb.expn-leaks",
    as: "warning verb.expn-leaks at ask",
    raised: asked("C: EXPN all\nS: 250-<ann@a.example>\nS: 250 <ben@b.example>", {
      ask: ["EXPN all"],
    }),
    not: asked("C: EXPN all\nS: 502 No", { ask: ["EXPN all"] }),
  },
  {
    id: "mail.refused",
    as: "critical mail.refused at mail",
    raised: asked("C: MAIL FROM:<ann@a.example>\nS: 550 Not you", RCPT),
    not: asked("C: MAIL FROM:<ann@a.example>\nS: 250 OK\nC: RSET\nS: 250 OK", {
      from: "ann@a.example",
    }),
  },
  {
    id: "rcpt.refused",
    as: "warning rcpt.refused at rcpt",
    raised: asked(
      `${ENVELOPE}\nS: 550 5.1.1 No such user\nC~ RCPT\nS: 250 OK\nC: RSET\nS: 250 OK`,
      RCPT,
    ),
    not: asked(`${ENVELOPE}\nS: 251 Elsewhere\nC~ RCPT\nS: 252 Perhaps\nC: RSET\nS: 250 OK`, RCPT),
  },
  {
    id: "rcpt.deferred",
    as: "warning rcpt.deferred at rcpt",
    raised: asked(`${ENVELOPE}\nS: 450 Later\nC~ RCPT\nS: 250 OK\nC: RSET\nS: 250 OK`, RCPT),
    not: asked(`${ENVELOPE}\nS: 550 No\nC~ RCPT\nS: 250 OK\nC: RSET\nS: 250 OK`, RCPT),
  },
  {
    id: "rcpt.postmaster-refused",
    as: "warning rcpt.postmaster-refused at rcpt",
    raised: asked(`${ENVELOPE}\nS: 250 OK\nC~ RCPT\nS: 550 Nobody\nC: RSET\nS: 250 OK`, RCPT),
    not: asked(`${ENVELOPE}\nS: 550 No\nC~ RCPT\nS: 450 Later\nC: RSET\nS: 250 OK`, RCPT),
  },
  {
    id: "message.refused",
    as: "critical message.refused at dot",
    raised: asked(`${CONTENT}${LETTER_LINES}\nS: 554 5.6.0 Not this`, LETTER),
    not: asked(`${CONTENT}${LETTER_LINES}\nS: 250 OK`, LETTER),
  },
  {
    id: "message.deferred",
    as: "warning message.deferred at dot",
    raised: asked(`${CONTENT}${LETTER_LINES}\nS: 451 4.3.0 Later`, LETTER),
    not: asked(`${CONTENT}${LETTER_LINES}\nS: 554 No`, LETTER),
  },
  {
    id: "message.in-doubt",
    as: "critical message.in-doubt at dot",
    raised: script(
      `${GREETING}\nS: 250-mail.example\nS: 250 SIZE 1000${CONTENT}${LETTER_LINES}\n<close>`,
      { ...CLEAR, ...LETTER },
    ),
    not: script(
      `${GREETING}\nS: 250-mail.example\nS: 250 SIZE 1000${CONTENT}\n<close>`,
      { ...CLEAR, ...LETTER, stop: "data", leave: "drop" },
    ),
  },
  {
    id: "capability.missing",
    as: "unknown capability.missing at mail",
    raised: asked("", { ...LETTER, chunking: true }),
    not: well,
  },
  {
    id: "check.skipped",
    as: "unknown check.skipped at auth",
    raised: certificate("expired", "ca", { login: LOGIN }),
    not: certificate("good", "ca", { login: LOGIN }),
  },
];

function slowly(limits: ProbeOptions["limits"]): Promise<{ readonly findings: readonly string[] }> {
  return probeInTime(
    (clock) => {
      const [ours, theirs] = memoryPair();
      (async () => {
        await clock.sleep(6_000);
        await theirs.write(new TextEncoder().encode("220 mail.example\r\n"));
        theirs.close();
      })();
      return ours;
    },
    (clock) => clock.advance(60_000),
    { limits, stop: "banner", leave: "drop" },
  );
}

/** A peer that greets, reads, and never says another word. */
function silentBehind(greeting: string): Scenario {
  return () =>
    probeInTime(
      () => {
        const [ours, theirs] = memoryPair();
        theirs.write(new TextEncoder().encode(greeting));
        return ours;
      },
      (clock) => clock.advance(60_000),
    );
}

const ALL = [
  ...ROWS.map((row) => ({ ...row, where: "" })),
  ...POP3_ROWS.map((row) => ({ ...row, where: " in POP3" })),
];

for (const { id, as, raised, not, where } of ALL) {
  Deno.test(`probe() raises ${id}${where} where it belongs, and only there`, async () => {
    const { findings } = await raised();
    ok(findings.includes(as), `expected "${as}" among\n${findings.join("\n")}`);
    const others = (await not()).findings.filter((finding) => finding.includes(` ${id} `));
    deepEqual(others, []);
  });
}

Deno.test("CHECKS are all in this table or in the matrix of certificates", () => {
  const elsewhere = [
    ...["cert.expired", "cert.expiry", "cert.not-yet-valid", "cert.name", "cert.untrusted"],
    ...["cert.self-signed", "cert.chain-incomplete"],
    "tls.unchecked", // of an older Deno
  ];
  const covered = new Set([...ALL.map(({ id }) => id), ...elsewhere]);
  deepEqual(CHECKS.map(({ id }) => id).filter((id) => !covered.has(id)), []);
  equal(new Set(CHECKS.map(({ id }) => id)).size, CHECKS.length);
});
