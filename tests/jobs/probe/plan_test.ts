import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { makePlan } from "../../../src/jobs/probe/plan.ts";
import { parseTarget } from "../../../src/jobs/probe/target.ts";
import type { ProbeOptions } from "../../../src/jobs/mod.ts";
import { Secret } from "../../../src/smtp/mod.ts";

const LOGIN = { user: "ann", password: new Secret("pencil") };
const MAIL = { from: "ann@a.example", to: ["ben@b.example"] };
const SEND: ProbeOptions = { ...MAIL, class: "send" };
const CERTIFICATE = "-----BEGIN CERTIFICATE-----";
const KEY = "-----BEGIN PRIVATE KEY-----";
const POP3 = "pop3://mail.example";
const NOW = Date.UTC(2026, 0, 1);

function plan(options: ProbeOptions = {}, target: string = "smtp://mail.example") {
  return makePlan(parseTarget(target), options, NOW);
}

Deno.test("makePlan() does nothing that was not asked for", { permissions: "none" }, () => {
  const { class: safety, login, mail, to, content, ask, stop, tls, hello } = plan();
  deepEqual({ safety, login, mail, to, content, ask, stop, tls, hello }, {
    safety: "safe",
    login: [],
    mail: false,
    to: [],
    content: undefined,
    ask: [],
    stop: "quit",
    tls: "opportunistic",
    hello: "EHLO",
  });
});

Deno.test(
  "makePlan() takes a login or a recipient for the class login",
  { permissions: "none" },
  () => {
    equal(plan({ login: LOGIN }).class, "login");
    equal(plan({ to: ["ben@b.example"] }).class, "login");
    equal(plan({ from: null }).class, "safe");
  },
);

Deno.test.each([
  ["smtp://mail.example", "opportunistic"],
  ["submission://mail.example", "opportunistic"],
  ["smtps://mail.example", "implicit"],
  ["mail.example:465", "implicit"],
  ["lmtp://mail.example:24", "opportunistic"],
  ["unix:/run/lmtp", "none"],
  ["pop3://mail.example", "opportunistic"],
  ["pop3s://mail.example", "implicit"],
])("makePlan() starts from the TLS of %s", { permissions: "none" }, (target, tls) => {
  equal(plan({}, target).tls, tls);
});

Deno.test.each(
  [
    ["smtp", {}, "HELO", "none"],
    ["esmtp", {}, "EHLO", "none"],
    ["esmtps", {}, "EHLO", "required"],
    ["esmtpsa", { login: LOGIN }, "EHLO", "required"],
    ["esmtpa", { login: LOGIN }, "EHLO", "none"],
  ] as const,
)("makePlan() makes of %s what RFC 3848 says", { permissions: "none" }, (...row) => {
  const [protocol, options, hello, tls] = row;
  const made = plan({ ...options, protocol });
  deepEqual([made.hello, made.tls], [hello, tls]);
});

Deno.test(
  "makePlan() makes of lmtps at a host TLS that is required",
  { permissions: "none" },
  () => {
    equal(plan({ protocol: "lmtps" }, "lmtp://mail.example:24").tls, "required");
  },
);

Deno.test("makePlan() is more patient if asked to be", { permissions: "none" }, () => {
  const { timers, totalMs } = plan();
  deepEqual(
    [timers.connect, timers.greeting, timers.command, timers.final, totalMs],
    [10_000, 30_000, 30_000, 300_000, 600_000],
  );
  const patient = plan({ patient: true });
  deepEqual([patient.timers.greeting, patient.timers.final], [300_000, 600_000]);
  const short = plan({ timeoutMs: 2_000, totalMs: 9_000 });
  deepEqual(
    [short.timers.connect, short.timers.greeting, short.timers.quit, short.totalMs],
    [2_000, 2_000, 2_000, 9_000],
  );
});

Deno.test("makePlan() keeps apart what the session guards and what is sent as it is", {
  permissions: "none",
}, () => {
  const { mailParameters, rcptParameters } = plan({
    ...MAIL,
    mailParameters: [
      { keyword: "size", value: "12" },
      { keyword: "BODY", value: "8bitmime" },
      { keyword: "SMTPUTF8" },
      { keyword: "REQUIRETLS" },
      { keyword: "RET", value: "hdrs" },
      { keyword: "ENVID", value: "QQ314159" },
      { keyword: "AUTH", value: "<>" },
      { keyword: "HOLDUNTIL", value: "2030-01-01T00:00:00Z" },
      { keyword: "BY", value: "120;RT" },
      { keyword: "MT-PRIORITY", value: "-3" },
      { keyword: "XNEW", value: "1" },
    ],
    rcptParameters: [
      { keyword: "NOTIFY", value: "success,DELAY" },
      { keyword: "ORCPT", value: "rfc822;Ben@b.example" },
    ],
  });
  deepEqual(mailParameters, {
    size: 12,
    body: "8BITMIME",
    smtpUtf8: true,
    requireTls: true,
    ret: "HDRS",
    envid: "QQ314159",
    auth: null,
    holdUntil: new Date("2030-01-01T00:00:00Z"),
    by: { seconds: 120, mode: "R", trace: true },
    mtPriority: -3,
    other: [{ keyword: "XNEW", value: "1" }],
  });
  deepEqual(rcptParameters, {
    notify: ["SUCCESS", "DELAY"],
    orcpt: { type: "rfc822", address: "Ben@b.example" },
  });
});

Deno.test(
  "makePlan() groups password mechanisms in the order given",
  { permissions: "none" },
  () => {
    const token = new Secret("t");
    const { login } = plan({
      login: { ...LOGIN, token, mechanisms: ["login", "PLAIN", "XOAUTH2", "CRAM-MD5"] },
    });
    deepEqual(
      login.map((one) => "start" in one ? one.name : one.mechanisms),
      [["LOGIN", "PLAIN"], "XOAUTH2", ["CRAM-MD5"]],
    );
  },
);

Deno.test(
  "makePlan() knows the ways of POP3, APOP by its name only",
  { permissions: "none" },
  () => {
    const ways = (mechanisms?: readonly string[]) =>
      plan({ login: { ...LOGIN, mechanisms } }, "pop3://mail.example").login
        .map((one) => "start" in one ? one.name : one.mechanisms);
    deepEqual(ways(), [
      ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "USER"],
    ]);
    deepEqual(ways(["apop", "PLAIN", "user"]), [["APOP", "PLAIN", "USER"]]);
  },
);

Deno.test("makePlan() takes limits that are one", { permissions: "none" }, () => {
  const { limits } = plan({
    limits: { certWarnDays: 5, certCritDays: 5, warn: { banner: 2 }, crit: { banner: 2 } },
  });
  deepEqual([limits.certWarnDays, limits.certCritDays], [5, 5]);
});

Deno.test("makePlan() writes a message of its own", { permissions: "none" }, () => {
  const { content } = plan({ ...SEND, message: { subject: "Grüße", headers: ["X-Test: yes"] } });
  ok(typeof content === "object" && "bytes" in content);
  const text = new TextDecoder().decode(content.bytes);
  for (
    const line of [
      "From: ann@a.example",
      "To: ben@b.example",
      "Subject: =?UTF-8?B?R3LDvMOfZQ==?=",
      "X-Test: yes",
      "Date: Thu, 01 Jan 2026 00:00:00 +0000",
    ]
  ) ok(text.includes(`${line}\r\n`), line);
});

Deno.test("makePlan() takes a certificate to show with its key", { permissions: "none" }, () => {
  plan({ clientCertificate: { cert: CERTIFICATE, key: KEY } });
  plan({ clientCertificate: { cert: CERTIFICATE, key: "-----BEGIN RSA PRIVATE KEY-----" } });
});

const REFUSED: readonly (readonly [why: string, options: ProbeOptions, target?: string])[] = [
  ["a login in the class safe", { class: "safe", login: LOGIN }],
  ["a recipient in the class safe", { class: "safe", to: ["ben@b.example"] }],
  ["the class login without either", { class: "login" }],
  ["the class send without a recipient", { class: "send", from: "ann@a.example" }],
  ["the class send without a sender", { class: "send", to: ["ben@b.example"] }],
  ["a message without the class send", { ...MAIL, message: {} }],
  ["pipelining without the class send", { ...MAIL, pipelining: true }],
  ["chunking without the class send", { ...MAIL, chunking: true }],
  ["a message without an author", { ...SEND, from: null, message: { subject: "x" } }],
  ["a header without a name", { ...SEND, message: { headers: ["nothing"] } }],
  ["a header with a line end", { ...SEND, message: { headers: ["X: a\r\nBcc: b@c.example"] } }],
  ["a header that is ours", { ...SEND, message: { headers: ["From: b@c.example"] } }],
  ["parameters of RCPT without one", { rcptParameters: [{ keyword: "NOTIFY", value: "NEVER" }] }],
  ["parameters of MAIL without one", { mailParameters: [{ keyword: "SMTPUTF8" }] }],
  ["a parameter with a blank", { ...MAIL, mailParameters: [{ keyword: "A", value: "b c" }] }],
  ["a parameter twice", {
    ...MAIL,
    mailParameters: [{ keyword: "RET", value: "FULL" }, { keyword: "ret", value: "HDRS" }],
  }],
  ["a notice that is none", { ...MAIL, rcptParameters: [{ keyword: "NOTIFY", value: "MAYBE" }] }],
  ["a time to deliver that is none", {
    ...MAIL,
    mailParameters: [{ keyword: "BY", value: "-1;R" }],
  }],
  ["a size that is none", { ...MAIL, mailParameters: [{ keyword: "SIZE", value: "big" }] }],
  ["a body that is none", { ...MAIL, mailParameters: [{ keyword: "BODY", value: "9BIT" }] }],
  ["a bad sender", { ...MAIL, from: "ann" }],
  ["a bad recipient", { ...MAIL, to: ["ben@b.example> SIZE=1"] }],
  ["a bad EHLO name", { name: "two words" }],
  ["a bad certificate name", { tlsName: "mail.example:25" }],
  ["a root that is none", { caCerts: ["nothing"] }],
  ["a certificate to show that is none", { clientCertificate: { cert: "nothing", key: KEY } }],
  ["a key that is none", { clientCertificate: { cert: CERTIFICATE, key: "nothing" } }],
  ["a login without a secret", { login: { user: "ann" } }],
  ["a login without a user", { login: { password: new Secret("x") } }],
  ["a token for a password mechanism", {
    login: { user: "ann", token: new Secret("x"), mechanisms: ["PLAIN"] },
  }],
  ["an unknown mechanism", { login: { ...LOGIN, mechanisms: ["NTLM"] } }],
  ["a password that cannot be sent", { login: { user: "ann", password: new Secret("a\0b") } }],
  ["another verb to ask", { ask: ["DATA"] }],
  ["a question about nobody", { ask: ["VRFY "] }],
  ["a line end in what is asked", { ask: ["VRFY ann\r\nDATA"] }],
  ["STARTTLS inside TLS", { tls: "required" }, "smtps://mail.example"],
  ["no TLS inside TLS", { tls: "none" }, "mail.example:465"],
  ["TLS on a Unix socket", { tls: "required" }, "unix:/run/lmtp"],
  ["LMTP at an SMTP server", { protocol: "lmtp" }],
  ["SMTP at an LMTP server", { protocol: "esmtp" }, "unix:/run/lmtp"],
  ["a word without TLS for smtps://", { protocol: "esmtp" }, "smtps://mail.example"],
  ["a word with TLS and none", { protocol: "esmtps", tls: "none" }],
  ["a word with a login and none", { protocol: "esmtpsa" }],
  ["a word without a login and one", { protocol: "esmtps", login: LOGIN }],
  ["to stop at STARTTLS inside TLS", { stop: "starttls" }, "smtps://mail.example"],
  ["to stop at TLS without it", { stop: "tls", tls: "none" }],
  ["to stop at a login without one", { stop: "auth" }],
  ["to stop at questions without any", { stop: "ask" }],
  ["to stop at MAIL without a sender", { stop: "mail" }],
  ["to stop at RCPT without a recipient", { stop: "rcpt", from: null }],
  ["to stop at the message without one", { ...MAIL, stop: "dot" }],
  ["QUIT behind DATA", { ...SEND, stop: "data" }],
  ["an IPv6 address of an IPv4 one", { family: 6 }, "127.0.0.1"],
  ["an address of ours that is a name", { localAddress: "localhost" }],
  ["an address of ours of another kind", { localAddress: "::1", family: 4 }],
  ["an address of ours behind a proxy", { localAddress: "127.0.0.1", proxy: "http://a.example:1" }],
  ["an address of ours and a Unix socket", { localAddress: "127.0.0.1" }, "unix:/run/lmtp"],
  ["to verify a certificate without TLS", { tls: "none", tlsVerify: true }],
  ["to verify a certificate on a Unix socket", { tlsVerify: true }, "unix:/run/lmtp"],
  ["a warning after the alarm", { limits: { certWarnDays: 3, certCritDays: 5 } }],
  ["a warning after the usual alarm", { limits: { certWarnDays: 3 } }],
  ["an alarm before the usual warning", { limits: { certCritDays: 30 } }],
  ["a slow stage that is critical first", { limits: { warn: { ehlo: 9 }, crit: { ehlo: 5 } } }],
  ["to stop at a stage of POP3", { stop: "capa" }],
  ["to touch a message of no maildrop", { touch: true }],
  ["a way of POP3 in SMTP", { login: { ...LOGIN, mechanisms: ["USER"] } }],
  ["mail to a maildrop", MAIL, POP3],
  ["a sender for a maildrop", { from: null }, POP3],
  ["the class send for a maildrop", { class: "send" }, POP3],
  ["chunks for a maildrop", { chunking: true }, POP3],
  ["questions to a maildrop", { ask: ["NOOP"] }, POP3],
  ["a name to introduce to a maildrop", { name: "a.example" }, POP3],
  ["a word of Received: for a maildrop", { protocol: "esmtp" }, POP3],
  ["to touch messages of nobody", { touch: true }, POP3],
  ["listings of nobody in one go", { pipelining: true }, POP3],
  ["the class login at a maildrop without one", { class: "login" }, POP3],
  ["an unknown way of POP3", { login: { ...LOGIN, mechanisms: ["NTLM"] } }, POP3],
  ["a password that POP3 cannot send", {
    login: { user: "ann", password: new Secret("a\nb"), mechanisms: ["USER"] },
  }, POP3],
  ["to stop at EHLO in POP3", { stop: "ehlo" }, POP3],
  ["to stop at STLS inside TLS", { stop: "stls" }, "pop3s://mail.example"],
  ["to stop at a listing of nobody", { stop: "list" }, POP3],
  ["to stop at a header that is not asked for", { login: LOGIN, stop: "top" }, POP3],
];

for (const [why, options, target] of REFUSED) {
  Deno.test(`makePlan() refuses ${why}`, { permissions: "none" }, () => {
    throws(() => plan(options, target), (error) => {
      ok(error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError);
      ok(/^Cannot /.test(error.message) && !error.message.includes("\n"), error.message);
      return true;
    });
  });
}
