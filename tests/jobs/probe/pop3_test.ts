import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { probe, type ProbeEvent, type ProbeOptions, renderText } from "../../../src/jobs/mod.ts";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../../src/sandbox/mod.ts";
import { pop3CapabilityLists } from "../../../src/server/mod.ts";
import { Secret } from "../../../src/smtp/mod.ts";
import {
  described,
  pem,
  POP3_FAREWELL,
  POP3_GREETING,
  POP3_INTO_TLS,
  POP3_OFFER,
  probeScript,
} from "./peers.ts";

const MARKER = "marker-Pa55wort";
const LOGIN = { user: "ann", password: new Secret(MARKER) };
const TARGET = "pop3://mail.example";
const QUIET = { pop3: { apop: false } } satisfies SandboxOptions;

/** A sandbox in whose maildrop there are so many messages. */
async function maildrop(count: number, options: SandboxOptions = QUIET): Promise<Sandbox> {
  const box = await startSandbox({
    users: { ann: MARKER },
    recipients: ["ann@b.example"],
    ...options,
  });
  const mails = Array.from({ length: count }, (_, index) => `Subject: ${index}\r\n\r\nText\r\n`);
  box.fill("ann@b.example", mails);
  return box;
}

async function probeMaildrop(box: Sandbox, options: ProbeOptions = {}, url: string = box.pop3Url) {
  return described(await probe(url, { caCerts: box.caCerts, ...options }));
}

function verbs(box: Sandbox): string[] {
  return box.ledger.texts("command").map((line) => line.split(" ", 1)[0]?.toUpperCase() ?? "");
}

Deno.test("probe() in the class safe asks POP3 what it offers, and no more", async () => {
  await using box = await maildrop(2);
  const { run, result, findings } = await probeMaildrop(box);
  deepEqual(verbs(box), ["CAPA", "STLS", "CAPA", "QUIT"]);
  deepEqual([findings, run.exitCode, result.reachedStage], [[], 0, "quit"]);
  deepEqual(result.stages.map(({ name }) => name), [
    ...["tcp", "banner", "capa", "stls", "tls", "capa2", "quit"],
  ]);
  deepEqual(result.capabilities.lost, ["STLS"]);
  ok(result.capabilities.gained.includes("SASL") && result.capabilities.gained.includes("USER"));
  deepEqual(result.auth?.offeredClear, []);
  ok(result.auth?.offeredTls.includes("USER") && result.auth.offeredTls.includes("SCRAM-SHA-256"));
  deepEqual(result.pop3, {
    capa: true,
    apop: false,
    implementation: "mailwright",
    expire: { days: "never", perUser: false },
    pipelining: true,
    responseCodes: true,
    authResponseCode: true,
    utf8: true,
  });
});

Deno.test("probe() lists a maildrop, and leaves it as it was", async () => {
  await using box = await maildrop(3);
  const before = box.maildrop("ann").map(({ uid }) => uid);
  const { run, result, findings } = await probeMaildrop(box, { login: LOGIN });
  deepEqual(verbs(box).filter((verb) => /^[A-Z]{4}$/.test(verb)), [
    ...["CAPA", "STLS", "CAPA", "AUTH", "CAPA", "STAT", "LIST", "UIDL", "QUIT"],
  ]);
  deepEqual([findings, run.exitCode, result.auth?.used], [[], 0, "SCRAM-SHA-512"]);
  const { octets, ...facts } = result.pop3?.maildrop ?? {};
  deepEqual(facts, { messages: 3, listed: 3, uidl: "valid" });
  equal(octets, 3 * "Subject: 0\r\n\r\nText\r\n".length);
  deepEqual(box.maildrop("ann").map(({ uid }) => uid), before);
  deepEqual(
    box.ledger.entries.filter(({ kind, uids = [] }) => kind === "marked" || uids.length > 0),
    [],
  );
  const text = renderText(run);
  match(text, /✓ 3 messages, \d+ octets, every message has a unique-id\n/);
  match(text, /\nOK 127\.0\.0\.1:\d+: logged in, 3 messages there {2}/);
});

Deno.test("probe() says TOP only where it may, and RETR and DELE never", async () => {
  await using box = await maildrop(2);
  const { findings, result } = await probeMaildrop(box, { login: LOGIN, touch: true });
  deepEqual(findings, []);
  deepEqual(box.ledger.texts("command").filter((line) => line.startsWith("TOP")), ["TOP 1 0"]);
  ok(!verbs(box).some((verb) => ["RETR", "DELE", "RSET"].includes(verb)));
  const top = result.stages.find(({ name }) => name === "top");
  equal(top?.ok, true);
  ok(
    result.transcript.some(({ end, kind, octets = 0 }) =>
      end === "S" && kind === "content" && octets > 0
    ),
  );
});

Deno.test("probe() asks for all listings in one go if it is told to", async () => {
  await using box = await maildrop(2);
  const { result } = await probeMaildrop(box, { login: LOGIN, pipelining: true }, box.pop3sUrl);
  const pipelined = result.stages.filter(({ replies }) => replies.some((one) => one.pipelined));
  deepEqual(pipelined.map(({ name }) => name), ["list", "uidl"]);
  equal(result.tls?.mode, "implicit");
});

const STOPS = [
  ["tcp", []],
  ["banner", []],
  ["capa", ["CAPA"]],
  ["stls", ["CAPA", "STLS"]],
  ["tls", ["CAPA", "STLS"]],
  ["capa2", ["CAPA", "STLS", "CAPA"]],
  ["auth", ["CAPA", "STLS", "CAPA", "USER", "PASS"]],
  ["capa3", ["CAPA", "STLS", "CAPA", "USER", "PASS", "CAPA"]],
  ["stat", ["CAPA", "STLS", "CAPA", "USER", "PASS", "CAPA", "STAT"]],
  ["list", ["CAPA", "STLS", "CAPA", "USER", "PASS", "CAPA", "STAT", "LIST"]],
  ["uidl", ["CAPA", "STLS", "CAPA", "USER", "PASS", "CAPA", "STAT", "LIST", "UIDL"]],
  ["top", ["CAPA", "STLS", "CAPA", "USER", "PASS", "CAPA", "STAT", "LIST", "UIDL", "TOP"]],
] as const;

Deno.test.each(STOPS)("probe() stops behind %s of POP3 without another word", async (...row) => {
  const [stop, expected] = row;
  await using box = await maildrop(1);
  const { run, result } = await probeMaildrop(box, {
    login: { ...LOGIN, mechanisms: ["USER"] },
    touch: true,
    stop,
    leave: "drop",
  });
  deepEqual(verbs(box), expected);
  deepEqual([result.reachedStage, run.exitCode], [stop, 0]);
});

Deno.test("probe() logs in by APOP where it is asked to, inside TLS", async () => {
  await using box = await maildrop(0, {});
  const login = { ...LOGIN, mechanisms: ["APOP"] };
  const { result, findings } = await probeMaildrop(box, { login });
  deepEqual([result.auth?.used, result.auth?.ok], ["APOP", true]);
  deepEqual(findings, ["info pop3.apop-weak at banner"]);
});

Deno.test("probe() tries no way that is not offered, and no password twice", async () => {
  await using box = await maildrop(0, {
    pop3: {
      apop: false,
      capabilities: pop3CapabilityLists({ startTls: true, mechanisms: ["PLAIN"], user: false }),
    },
  });
  const login = {
    user: "ann",
    password: new Secret("wrong"),
    mechanisms: ["USER", "APOP", "PLAIN"],
  };
  const { result, findings } = await probeMaildrop(box, { login });
  deepEqual([result.auth?.used, result.auth?.ok], ["PLAIN", false]);
  deepEqual(verbs(box).filter((verb) => ["USER", "PASS", "APOP", "AUTH"].includes(verb)), ["AUTH"]);
  deepEqual(findings, ["critical auth.failed at auth"]);
  const none = await probeMaildrop(box, { login: { ...LOGIN, mechanisms: ["USER"] } });
  deepEqual(none.findings, ["critical auth.none-usable at auth"]);
});

Deno.test("probe() says what the response code of a refusal means", async () => {
  const refused = async (reply: string) => {
    await using box = await maildrop(0, { ...QUIET, faults: [{ verb: "PASS", reply }] });
    const login = { ...LOGIN, mechanisms: ["USER"] };
    const { run, findings } = await probeMaildrop(box, { login });
    return [...findings, run.exitCode, run.findings[0]?.fix];
  };
  const fixes = {
    auth: "Check user and password, and whether this user may log in this way",
    later: "Try later: the server cannot check logins now",
    broken: "Ask whoever runs the server: it says that nothing is wrong with the password",
  };
  deepEqual(await refused("-ERR [AUTH] No"), ["critical auth.failed at auth", 2, fixes.auth]);
  deepEqual(await refused("-ERR No"), ["critical auth.failed at auth", 2, fixes.auth]);
  deepEqual(await refused("-ERR [SYS/TEMP] No"), ["warning auth.failed at auth", 1, fixes.later]);
  deepEqual(await refused("-ERR [SYS/PERM] No"), ["critical auth.failed at auth", 2, fixes.broken]);
  deepEqual((await refused("-ERR [IN-USE] No")).slice(0, 2), ["unknown pop3.in-use at auth", 3]);
  deepEqual((await refused("-ERR [LOGIN-DELAY] No")).slice(0, 2), [
    ...["unknown pop3.login-delay at auth", 3],
  ]);
});

Deno.test("probe() finds a maildrop open elsewhere, and one that was open just now", async () => {
  await using box = await maildrop(1, {
    pop3: {
      apop: false,
      capabilities: pop3CapabilityLists({ startTls: true, mechanisms: ["PLAIN"], loginDelay: 60 }),
    },
  });
  const first = await probeMaildrop(box, { login: LOGIN });
  deepEqual(first.findings, ["info pop3.login-delay at capa3"]);
  deepEqual(first.result.pop3?.loginDelay, { seconds: 60, perUser: false });
  const second = await probeMaildrop(box, { login: LOGIN });
  deepEqual([second.findings, second.run.exitCode], [[
    "unknown pop3.login-delay at auth",
    "info pop3.login-delay at capa2",
  ], 3]);
});

Deno.test("probe() goes on without UIDL, and says so", async () => {
  await using box = await maildrop(2, {
    ...QUIET,
    faults: [{ verb: "UIDL", reply: "-ERR What?" }],
  });
  const { result, findings } = await probeMaildrop(box, { login: LOGIN });
  deepEqual(findings, ["warning pop3.uidl-missing at uidl"]);
  deepEqual([result.pop3?.maildrop?.uidl, result.reachedStage], ["missing", "quit"]);
});

Deno.test("probe() tells of a few messages where something is wrong with many", async () => {
  const rows = Array.from({ length: 9 }, (_, index) => `S: ${index + 1} 10`).join("\n");
  const { run, result } = await probeScript(
    `${POP3_GREETING}\nS: +OK\nS: USER\nS: UIDL\nS: .\nC: USER ann\nS: +OK\nC~ PASS\nS: +OK
    C: CAPA\nS: +OK\nS: UIDL\nS: .
    C: STAT\nS: +OK 9 90
    C: LIST\nS: +OK\n${rows}\nS: .
    C: UIDL\nS: +OK\nS: .${POP3_FAREWELL}`,
    { tls: "none", login: { ...LOGIN, allowCleartext: true } },
    TARGET,
  );
  const found = run.findings.find(({ id }) => id === "pop3.stat-list-mismatch");
  equal(found?.evidence.length, 6);
  match(found?.evidence.at(-1)?.text ?? "", /^and 5 more like it$/);
  match(renderText(run), /! 9 messages, 90 octets, not every message has a valid unique-id/);
  equal(result.pop3?.maildrop?.uidl, "invalid");
});

Deno.test("probe() requires STLS where it is told to, and says no user without it", async () => {
  const talk = `${POP3_GREETING}\nS: +OK\nS: USER\nS: UIDL\nS: .${POP3_FAREWELL}`;
  const options: ProbeOptions = { tls: "required", login: LOGIN };
  const { findings, run } = await probeScript(talk, options, TARGET);
  ok(findings.includes("critical tls.not-offered at capa"));
  equal(run.exitCode, 2);
  const refused = `${POP3_GREETING}${POP3_OFFER}\nC: STLS\nS: -ERR Not now${POP3_FAREWELL}`;
  for (const tls of ["required", "if-offered"] as const) {
    const ended = await probeScript(refused, { tls, login: LOGIN }, TARGET);
    deepEqual(ended.findings, ["critical tls.refused at stls"]);
  }
});

Deno.test("probe() takes the absence of STLS for nothing where if-offered was said", async () => {
  const talk = `${POP3_GREETING}\nS: +OK\nS: UIDL\nS: .${POP3_FAREWELL}`;
  const { findings, run } = await probeScript(talk, { tls: "if-offered" }, TARGET);
  deepEqual([findings, run.exitCode], [["info tls.not-offered at capa"], 0]);
  const silent = `${POP3_GREETING}\nS: -ERR What?${POP3_FAREWELL}`;
  const untold = await probeScript(silent, { tls: "if-offered" }, TARGET);
  deepEqual(untold.findings, ["info pop3.capa-missing at capa"]);
});

Deno.test("probe() believes nothing that was offered before TLS", async () => {
  const talk = POP3_GREETING + POP3_OFFER.replace("S: UIDL", "S: UIDL\n  S: SASL SCRAM-SHA-1") +
    POP3_INTO_TLS.replace("S: USER\n", "") + `
    C~ AUTH PLAIN
    S: -ERR [AUTH] No` + POP3_FAREWELL;
  const { result } = await probeScript(talk, { login: LOGIN }, TARGET);
  deepEqual(result.auth, {
    offeredClear: ["SCRAM-SHA-1"],
    offeredTls: ["PLAIN"],
    used: "PLAIN",
    ok: false,
  });
});

Deno.test("probe() acts as if something of POP3 were not offered", async () => {
  await using box = await maildrop(0);
  const without = ["SASL SCRAM-SHA-512", "SASL SCRAM-SHA-256", "SASL SCRAM-SHA-1"];
  const { result } = await probeMaildrop(box, { login: LOGIN, without });
  equal(result.auth?.used, "CRAM-MD5");
  ok(result.auth?.offeredTls.includes("SCRAM-SHA-256"));
});

Deno.test("probe() gives no password to POP3 behind a bad certificate", async () => {
  const identity = { cert: await pem("expired"), key: await pem("expired.key") };
  await using box = await maildrop(1, { ...QUIET, identity });
  const { findings, run } = await probeMaildrop(box, {
    login: { ...LOGIN, allowCleartext: true },
    caCerts: [await pem("ca")],
    tlsName: "localhost",
  });
  deepEqual(findings, ["critical cert.expired at tls", "unknown check.skipped at auth"]);
  ok(!verbs(box).some((verb) => ["USER", "PASS", "APOP", "AUTH", "STAT"].includes(verb)));
  equal(run.exitCode, 2);
});

Deno.test("probe() says for whom the port is, where it greets in another protocol", async () => {
  await using box = await maildrop(0);
  const fix = async (url: string) =>
    (await probe(url, { timeoutMs: 2_000 })).findings.map((one) => `${one.id}: ${one.fix}`);
  const { ports } = box;
  deepEqual(await fix(`pop3://127.0.0.1:${ports.smtp}`), [
    "banner.other-protocol: Use smtp:// or submission:// at this port",
  ]);
  deepEqual(await fix(`smtp://127.0.0.1:${ports.pop3}`), [
    "banner.other-protocol: Use pop3:// at this port",
  ]);
  deepEqual(await fix(`pop3s://127.0.0.1:${ports.pop3}`), [
    "tls.handshake: Use pop3:// if this port begins in the clear, or look into the server's log",
  ]);
});

Deno.test.each([
  ["smtp://mail.example", "as 465 does? Use smtps://"],
  ["submission://mail.example", "as 465 does? Use smtps://"],
  ["pop3://mail.example", "as 995 does? Use pop3s://"],
])("probe() asks at a silent %s whether TLS is meant", async (target, hint) => {
  const { run } = await probeScript("<close>", {}, target);
  equal(run.findings[0]?.id, "session.closed");
  const text = run.findings[0]?.evidence[0]?.text ?? "";
  ok(text.endsWith(`(does this port expect implicit TLS, ${hint})`), text);
});

Deno.test("probe() keeps the password out of all that POP3 says and hears [T-A08]", async () => {
  const forms = [
    MARKER,
    btoa(MARKER),
    btoa(`\0ann\0${MARKER}`),
    encodeURIComponent(MARKER),
    new TextEncoder().encode(MARKER).toHex(),
  ];
  for (const way of ["USER", "APOP", "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"]) {
    const verb = way === "USER" ? "PASS" : way === "APOP" ? "APOP" : "AUTH";
    for (const fault of [undefined, { verb, reply: `-ERR ${MARKER} is wrong` }]) {
      await using box = await maildrop(1, { faults: fault ? [fault] : [] });
      const events: ProbeEvent[] = [];
      const { run } = await probeMaildrop(box, {
        login: { ...LOGIN, mechanisms: [way] },
        onEvent: (event) => events.push(event),
      });
      const all = JSON.stringify([run, events]) + renderText(run) + Deno.inspect(run, { depth: 9 });
      for (const form of forms) ok(!all.includes(form), `${way}: ${form}`);
      equal(run.targets[0]?.auth?.ok, fault === undefined);
    }
  }
});

Deno.test("probe() shows a login of POP3 only if it is told to reveal it", async () => {
  await using box = await maildrop(0);
  const login = { ...LOGIN, mechanisms: ["USER"] };
  const shown = (await probeMaildrop(box, { login })).result.transcript;
  ok(!shown.some(({ text }) => text.includes(MARKER)));
  const revealed = (await probeMaildrop(box, { login, reveal: true })).result.transcript;
  ok(revealed.some(({ text }) => text === `PASS ${MARKER}`));
});

Deno.test("probe() of POP3 ends with the reason of its signal, wherever it is", async () => {
  const reason = new Error("enough");
  const tried: string[] = [];
  for (const stage of ["tcp", "banner", "capa", "tls", "auth", "list", "top"] as const) {
    await using box = await maildrop(1);
    const controller = new AbortController();
    const onEvent = (event: ProbeEvent): void => {
      if (event.type === "begin" && event.stage === stage) {
        tried.push(stage);
        controller.abort(reason);
      }
    };
    await rejects(
      probeMaildrop(box, { login: LOGIN, touch: true, signal: controller.signal, onEvent }),
      (error) => error === reason,
    );
  }
  equal(tried.length, 7);
});

Deno.test("probe() names the stage at which a server of POP3 leaves", async () => {
  for (const [verb, stage] of [["STAT", "stat"], ["LIST", "list"], ["UIDL", "uidl"]] as const) {
    await using box = await maildrop(1, {
      ...QUIET,
      faults: [{ verb, silent: true, then: "close" }],
    });
    for (const pipelining of [false, true]) {
      const { findings } = await probeMaildrop(box, { login: LOGIN, pipelining });
      deepEqual(findings, [`critical session.closed at ${stage}`]);
    }
  }
});

Deno.test("probe() takes no leave without an answer for a fault of POP3", async () => {
  await using box = await maildrop(1, {
    ...QUIET,
    faults: [{ verb: "QUIT", silent: true, then: "close" }],
  });
  const { findings, result } = await probeMaildrop(box, { login: LOGIN });
  deepEqual([findings, result.reachedStage], [[], "uidl"]);
});

Deno.test("probe() logs in to POP3 with a token, or without any secret", async () => {
  const talk = (offer: string, line: string) =>
    POP3_GREETING + POP3_OFFER + POP3_INTO_TLS.replace("SASL PLAIN", `SASL ${offer}`) + `
    C: ${line}
    S: +OK
    C: CAPA
    S: -ERR Not now
    C: STAT
    S: +OK 0 0
    C: LIST
    S: +OK
    S: .
    C: UIDL
    S: +OK
    S: .${POP3_FAREWELL}`;
  const bearer = btoa("user=ann\x01auth=Bearer t0ken\x01\x01");
  const login = { user: "ann", token: new Secret("t0ken") };
  const token = await probeScript(
    talk("PLAIN XOAUTH2", `AUTH XOAUTH2 ${bearer}`),
    { login },
    TARGET,
  );
  equal(token.result.auth?.used, "XOAUTH2");
  const external = await probeScript(talk("EXTERNAL", "AUTH EXTERNAL ="), {
    login: { mechanisms: ["EXTERNAL"] },
  }, TARGET);
  deepEqual([external.result.auth?.used, external.run.exitCode], ["EXTERNAL", 0]);
});

Deno.test("probe() touches nothing where that may be the end of it", async () => {
  await using box = await maildrop(1, {
    pop3: {
      apop: false,
      capabilities: pop3CapabilityLists({ startTls: true, mechanisms: ["PLAIN"], expire: 0 }),
    },
  });
  const { run, findings } = await probeMaildrop(box, { login: LOGIN, touch: true });
  ok(!verbs(box).includes("TOP"));
  deepEqual([findings, run.exitCode], [[
    "unknown pop3.top-untried at top",
    "warning pop3.expire-short at capa3",
  ], 3]);
});
