import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { probe, type ProbeEvent, type ProbeOptions, renderText } from "../../../src/jobs/mod.ts";
import {
  listen,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from "../../../src/sandbox/mod.ts";
import { Secret } from "../../../src/smtp/mod.ts";
import { memoryPair } from "../../../src/wire/mod.ts";
import { FakeClock } from "../../fake_clock.ts";
import {
  described,
  FAREWELL,
  GREETING,
  INTO_TLS,
  OFFER,
  pem,
  probeInTime,
  probeScript,
  TlsServer,
} from "./peers.ts";

const MARKER = "marker-Pa55wort";
const USERS: SandboxOptions = {
  users: { ann: MARKER },
  recipients: ["jones@beta.example", "brown@beta.example"],
};
const THREE = ["jones@beta.example", "green@beta.example", "brown@beta.example"];

async function probeSandbox(
  box: Sandbox,
  options: ProbeOptions = {},
  url: string = box.smtpUrl.replace("smtp:", "submission:"),
) {
  return described(await probe(url, { caCerts: box.caCerts, ...options }));
}

function verbs(box: Sandbox): string[] {
  return box.ledger.texts("command").map((line) => line.split(" ", 1)[0]?.toUpperCase() ?? "");
}

Deno.test("probe() in the class safe says nothing but MAIL in the clear", async () => {
  await using box = await startSandbox({ ...USERS, requires: "tls" });
  const { run, result, findings } = await probeSandbox(box);
  deepEqual(verbs(box), ["EHLO", "MAIL", "STARTTLS", "EHLO", "QUIT"]);
  deepEqual(findings, []);
  deepEqual(
    [run.status, run.exitCode, result.reachedStage, result.delivery],
    ["ok", 0, "quit", "untried"],
  );
  equal(run.request.class, "safe");
  deepEqual(result.capabilities.lost, ["STARTTLS"]);
  ok(result.capabilities.gained.includes("AUTH"));
  deepEqual(result.stages.map(({ name }) => name), [
    ...["tcp", "banner", "ehlo", "clear", "starttls", "tls", "ehlo2", "quit"],
  ]);
});

Deno.test("probe() in the class login logs in and names recipients, and sends nothing", async () => {
  await using box = await startSandbox({ ...USERS, requires: "login" });
  const { run, result, findings } = await probeSandbox(box, {
    login: { user: "ann", password: new Secret(MARKER) },
    from: "ann@beta.example",
    to: THREE,
  });
  ok(!verbs(box).includes("DATA") && !verbs(box).includes("BDAT"));
  equal(verbs(box).filter((verb) => verb === "AUTH").length, 1);
  deepEqual(box.mails, []);
  deepEqual(findings, ["warning rcpt.refused at rcpt"]);
  deepEqual(result.rcpt.map(({ outcome }) => outcome), ["accepted", "refused", "accepted"]);
  deepEqual([result.delivery, run.exitCode, result.auth?.ok], ["partial", 1, true]);
  match(result.auth?.used ?? "", /^SCRAM-SHA-/);
  match(renderText(run, { quiet: true }), /1 of 3 recipients refused \(rcpt\.refused\)/);
});

Deno.test.each([["ok", 0], ["warning", 1], ["critical", 2]] as const)(
  "probe() takes some refused recipients for %s, exit %d",
  async (partial, exitCode) => {
    await using box = await startSandbox(USERS);
    const { run } = await probeSandbox(box, { to: THREE, limits: { partial } }, box.smtpUrl);
    equal(run.exitCode, exitCode);
    equal(run.targets[0]?.delivery, "partial");
  },
);

Deno.test("probe() takes only refused recipients for critical", async () => {
  await using box = await startSandbox(USERS);
  const { run, result } = await probeSandbox(box, {
    to: ["green@beta.example"],
    limits: { partial: "ok" },
  });
  deepEqual([result.delivery, run.exitCode], ["none", 2]);
});

Deno.test("probe() in the class send sends one message to whom the server takes", async () => {
  await using box = await startSandbox(USERS);
  const { result } = await probeSandbox(box, {
    class: "send",
    from: "ann@beta.example",
    to: THREE,
    message: { subject: "Probe", body: "One\n.\nTwo\n" },
  });
  equal(box.mails.length, 1);
  match(
    box.mailbox("jones@beta.example")[0]?.text ?? "",
    /Subject: Probe[^]*\r\n\r\nOne\r\n\.\r\nTwo\r\n$/,
  );
  equal(result.message?.outcome, "partial");
  deepEqual(
    result.stages.map(({ name }) => name).slice(-5),
    ["mail", "rcpt", "data", "dot", "quit"],
  );
  deepEqual(result.stages.find(({ name }) => name === "rcpt")?.replies.length, 3);
  ok(result.stages.every(({ replies }) => replies.every(({ pipelined }) => !pipelined)));
});

Deno.test("probe() marks the replies of a pipelined batch", async () => {
  await using box = await startSandbox(USERS);
  const { result } = await probeSandbox(box, {
    class: "send",
    from: "ann@beta.example",
    to: ["jones@beta.example"],
    pipelining: true,
  });
  const pipelined = result.stages.filter(({ replies }) => replies.some((one) => one.pipelined));
  deepEqual(pipelined.map(({ name }) => name), ["rcpt", "data"]);
});

Deno.test("probe() sends by BDAT and parameters of its own where it is told to", async () => {
  await using box = await startSandbox(USERS);
  const { result } = await probeSandbox(box, {
    class: "send",
    from: "ann@beta.example",
    to: ["jones@beta.example"],
    chunking: true,
    mailParameters: [{ keyword: "RET", value: "HDRS" }],
    rcptParameters: [{ keyword: "NOTIFY", value: "NEVER" }],
  });
  equal(result.message?.outcome, "accepted");
  const commands = box.ledger.texts("command");
  ok(commands.some((line) => /^BDAT \d+ LAST$/.test(line)));
  ok(commands.some((line) => /^MAIL .* RET=HDRS$/.test(line)), commands.join("\n"));
  ok(commands.includes("RCPT TO:<jones@beta.example> NOTIFY=NEVER"));
});

Deno.test("probe() hears one answer for each recipient of LMTP", async () => {
  await using box = await startSandbox({
    ...USERS,
    faults: [{ verb: ".", reply: "552 Full\r\n250 OK" }],
  });
  const { result, findings } = await probeSandbox(box, {
    class: "send",
    from: "ann@beta.example",
    to: THREE,
  }, box.lmtpUrl);
  equal(result.protocol, "lmtp");
  deepEqual(result.rcpt.map(({ code, outcome }) => `${code} ${outcome}`), [
    "552 refused",
    "550 refused",
    "250 accepted",
  ]);
  ok(findings.some((finding) => finding.includes("rcpt.refused")));
  ok(result.stages.some(({ name, replies }) => name === "dot" && replies.length === 2));
  ok(!findings.some((finding) => finding.includes("early-talk")));
});

const STOPS = [
  ["tcp", []],
  ["banner", []],
  ["ehlo", ["EHLO"]],
  ["starttls", ["EHLO", "MAIL", "RSET", "STARTTLS"]],
  ["tls", ["EHLO", "MAIL", "RSET", "STARTTLS"]],
  ["ehlo2", ["EHLO", "MAIL", "RSET", "STARTTLS", "EHLO"]],
  ["auth", ["EHLO", "MAIL", "RSET", "STARTTLS", "EHLO", "AUTH"]],
  ["mail", ["EHLO", "MAIL", "RSET", "STARTTLS", "EHLO", "AUTH", "EHLO", "MAIL"]],
  ["rcpt", ["EHLO", "MAIL", "RSET", "STARTTLS", "EHLO", "AUTH", "EHLO", "MAIL", "RCPT"]],
  ["data", ["EHLO", "MAIL", "RSET", "STARTTLS", "EHLO", "AUTH", "EHLO", "MAIL", "RCPT", "DATA"]],
] as const;

Deno.test.each(STOPS)("probe() stops behind %s without another word", async (stop, expected) => {
  await using box = await startSandbox(USERS);
  const { run, result } = await probeSandbox(box, {
    class: "send",
    login: { user: "ann", password: new Secret(MARKER), mechanisms: ["PLAIN"] },
    from: "ann@beta.example",
    to: ["jones@beta.example"],
    stop,
    leave: "drop",
  }, box.smtpUrl);
  deepEqual(verbs(box), expected);
  equal(result.reachedStage, stop);
  equal(run.exitCode, 0);
  equal(box.mails.length, 0);
});

Deno.test("probe() says QUIT behind the stage to stop at, unless it drops", async () => {
  await using box = await startSandbox(USERS);
  const { result } = await probeSandbox(box, { stop: "ehlo" });
  deepEqual(verbs(box), ["EHLO", "QUIT"]);
  equal(result.reachedStage, "ehlo");
});

Deno.test("probe() asks what it is told to, and reports the answers", async () => {
  await using box = await startSandbox({ ...USERS, lists: { team: ["jones@beta.example"] } });
  const { result } = await probeSandbox(box, { ask: ["vrfy jones", "NOOP", "HELP", "EXPN team"] });
  const replies = result.stages.find(({ name }) => name === "ask")?.replies ?? [];
  deepEqual(replies.map(({ to }) => to), ["vrfy jones", "NOOP", "HELP", "EXPN team"]);
});

Deno.test("probe() acts as if something were not offered, and still reports the offer", async () => {
  await using box = await startSandbox(USERS);
  const { result, findings } = await probeSandbox(box, { without: ["STARTTLS"] });
  deepEqual(verbs(box), ["EHLO", "QUIT"]);
  ok(result.capabilities.clear?.includes("STARTTLS"));
  deepEqual(findings, []);
});

Deno.test("probe() never logs in without TLS unless that is allowed by name", async () => {
  const options: ProbeOptions = {
    login: { user: "ann", password: new Secret(MARKER), mechanisms: ["CRAM-MD5"] },
    tls: "none",
  };
  const talk = `${GREETING}\nS: 250-mail.example\nS: 250 AUTH CRAM-MD5 PLAIN`;
  const { findings, played } = await probeScript(talk + FAREWELL, options);
  ok(findings.includes("critical auth.none-usable at auth"));
  ok(!played.heard().includes("AUTH"));
});

Deno.test("probe() requires TLS where it is told to, and sends nothing without it [T-S01]", async () => {
  const talk = `${GREETING}\nS: 250-mail.example\nS: 250-SIZE 10\nS: 250 AUTH PLAIN${FAREWELL}`;
  const { run, findings, result } = await probeScript(talk, {
    tls: "required",
    login: { user: "ann", password: new Secret(MARKER) },
    to: ["ben@b.example"],
  });
  ok(findings.includes("critical tls.not-offered at ehlo"));
  deepEqual([result.reachedStage, run.exitCode], ["ehlo", 2]);
});

Deno.test("probe() goes on in the clear where TLS is opportunistic, and says so [S22]", async () => {
  const talk = `${GREETING}\nS: 250-mail.example\nS: 250 SIZE 10
    C: MAIL FROM:<>
    S: 250 OK
    C: RCPT TO:<ben@b.example>
    S: 250 OK
    C: RSET
    S: 250 OK${FAREWELL}`;
  const { findings, result, run } = await probeScript(talk, { to: ["ben@b.example"] });
  deepEqual(findings, ["warning tls.not-offered at ehlo"]);
  deepEqual([result.delivery, run.exitCode], ["all", 1]);
});

Deno.test("probe() takes the absence of TLS for nothing where if-offered was said", async () => {
  const talk = `${GREETING}\nS: 250-mail.example\nS: 250 SIZE 10${FAREWELL}`;
  const { run } = await probeScript(talk, { tls: "if-offered" });
  equal(run.exitCode, 0);
  const refused = `${GREETING}${OFFER}\nC~ MAIL\nS: 530 No\nC: STARTTLS\nS: 454 No${FAREWELL}`;
  const { findings } = await probeScript(refused, { tls: "if-offered", to: ["ben@b.example"] });
  ok(findings.includes("critical tls.refused at starttls"));
});

Deno.test("probe() ends at a bad certificate where it is told to", async () => {
  await using server = await TlsServer.start({ mode: "implicit", certificate: "expired" });
  const { result, findings } = described(
    await probe(`smtps://127.0.0.1:${server.port}`, {
      caCerts: [await pem("ca")],
      tlsVerify: true,
      to: ["ben@b.example"],
    }),
  );
  equal(result.reachedStage, "tls");
  deepEqual(findings, ["critical cert.expired at tls", "unknown check.skipped at rcpt"]);
  ok(!server.heard.some((line) => line.startsWith("RCPT")));
});

Deno.test("probe() names recipients behind a bad certificate, and sends no message there", async () => {
  await using server = await TlsServer.start({ mode: "starttls", certificate: "self_signed" });
  const { result, findings } = described(
    await probe(`smtp://127.0.0.1:${server.port}`, {
      class: "send",
      from: "ann@a.example",
      to: ["ben@b.example"],
    }),
  );
  deepEqual(result.rcpt.map(({ outcome }) => outcome), ["accepted"]);
  ok(findings.includes("unknown check.skipped at dot"));
  ok(!server.heard.some((line) => line.startsWith("DATA") || line.startsWith("BDAT")));
});

Deno.test("probe() shows a certificate of ours after STARTTLS", async () => {
  const ca = await pem("ca");
  const tls = { requestCert: true, rejectUnauthorized: true, ca: [ca] };
  await using server = await TlsServer.start({ mode: "starttls", tls });
  const url = `smtp://127.0.0.1:${server.port}`;
  const without = described(await probe(url, { caCerts: [ca] }));
  ok(without.findings.includes("critical tls.handshake at tls"), without.findings.join("\n"));
  match(without.run.findings[0]?.fix ?? "", /--tls-cert/);
  const clientCertificate = { cert: await pem("client"), key: await pem("client.key") };
  const shown = described(await probe(url, { caCerts: [ca], clientCertificate }));
  equal(shown.result.reachedStage, "quit");
});

Deno.test("probe() offers the versions it is told to", async () => {
  await using server = await TlsServer.start({ mode: "implicit" });
  const url = `smtps://127.0.0.1:${server.port}`;
  const caCerts = [await pem("ca")];
  const old = described(await probe(url, { caCerts, tlsVersions: ["1.2"] }));
  equal(old.result.tls?.version, "TLSv1.2");
  deepEqual(old.result.tls?.versions, { "1.2": true });
  const both = described(await probe(url, { caCerts }));
  deepEqual(both.result.tls?.versions, { "1.3": true });
});

Deno.test("probe() does not wait for ever for a ServerHello [T-S09]", async () => {
  await using listener = await listen();
  const clock = new FakeClock();
  const running = probe(`smtps://127.0.0.1:${listener.endpoint.port}`, { clock });
  for await (const connection of listener) {
    await connection.read(new Uint8Array(1000)); // the ClientHello
    break;
  }
  await clock.advance(30_000);
  const { findings, run } = described(await running);
  deepEqual(findings, ["critical session.timeout at tls"]);
  match(JSON.stringify(run.findings[0]?.evidence), /limit of 30 s/);
});

Deno.test("probe() takes a server that hangs up on a ClientHello for a failed handshake [T-S10]", async () => {
  await using listener = await listen();
  const running = probe(`smtps://127.0.0.1:${listener.endpoint.port}`);
  for await (const connection of listener) {
    await connection.read(new Uint8Array(1000));
    connection.close();
    break;
  }
  deepEqual(described(await running).findings, ["critical tls.handshake at tls"]);
});

Deno.test("probe() takes plain text in the place of a ServerHello for no TLS [T-S05] [T-S08]", async () => {
  await using listener = await listen();
  const running = probe(`smtp://127.0.0.1:${listener.endpoint.port}`, {
    login: { user: "ann", password: new Secret(MARKER) },
  });
  const heard: string[] = [];
  const buffer = new Uint8Array(4000);
  for await (const connection of listener) {
    const say = (text: string) => connection.write(new TextEncoder().encode(text));
    const hear = async () => {
      const count = await connection.read(buffer) ?? 0;
      heard.push(String.fromCharCode(...buffer.subarray(0, count)));
    };
    await say("220 mail.example\r\n");
    await hear();
    await say("250-mail.example\r\n250 STARTTLS\r\n");
    await hear();
    await say("530 No\r\n");
    await hear();
    await say("220 Go\r\n");
    await hear(); // the ClientHello
    await say("250-mail.example\r\n250 AUTH PLAIN\r\n");
    break;
  }
  const { findings, result } = described(await running);
  ok(findings.includes("critical tls.handshake at tls"));
  ok(!heard.join("").includes("AUTH"));
  equal(result.tls, undefined);
});

Deno.test("probe() ends with the reason of its signal, wherever it is", async () => {
  const reason = new Error("enough");
  const tried: string[] = [];
  for (const stage of ["tcp", "banner", "ehlo", "tls", "auth", "rcpt", "quit"] as const) {
    await using box = await startSandbox(USERS);
    const controller = new AbortController();
    const onEvent = (event: ProbeEvent): void => {
      if (event.type === "begin" && event.stage === stage) {
        tried.push(stage);
        controller.abort(reason);
      }
    };
    const running = probeSandbox(box, {
      login: { user: "ann", password: new Secret(MARKER) },
      to: ["jones@beta.example"],
      signal: controller.signal,
      onEvent,
    });
    if (stage === "quit") await running; // all was done; only the farewell is missing
    else await rejects(running, (error) => error === reason);
  }
  equal(tried.length, 7);
});

Deno.test("probe() has a limit for all of it", async () => {
  const { findings, run } = await probeInTime(
    (clock) => {
      const [ours, theirs] = memoryPair();
      (async () => {
        // Never silent for long, and never done.
        for (let count = 0; count < 100; count++) {
          await clock.sleep(20_000);
          await theirs.write(new TextEncoder().encode("220-wait\r\n"));
        }
      })().catch(() => {});
      return ours;
    },
    (clock) => clock.advance(100_000),
    { totalMs: 25_000, timeoutMs: 60_000 },
  );
  ok(findings.includes("critical banner.timeout at banner"));
  match(JSON.stringify(run.findings), /no greeting within 25 s/);
});

Deno.test("probe() connects from an address of ours, and tells what the platform refuses", async () => {
  await using box = await startSandbox(USERS);
  const ok1 = await probeSandbox(box, { localAddress: "127.0.0.1" });
  equal(ok1.result.reachedStage, "quit");
  const four = await probeSandbox(box, { family: 4 });
  equal(four.result.ip, "127.0.0.1");
  const other = await probeSandbox(box, { localAddress: "127.0.0.2" });
  deepEqual(other.findings, ["unknown permission.missing at tcp"]);
  match(other.run.findings[0]?.fix ?? "", /--allow-net=127\.0\.0\.1:\d+,127\.0\.0\.2$/);
});

Deno.test("probe() probes several targets, and is as bad as the worst", async () => {
  await using box = await startSandbox(USERS);
  const run = await probe([box.smtpUrl, "smtp://127.0.0.1:1"], { caCerts: box.caCerts });
  deepEqual(run.targets.map(({ status }) => status), ["ok", "critical"]);
  equal(run.exitCode, 2);
  equal(run.findings[0]?.id, "tcp.refused");
  ok(run.targets.every(({ stages }) => stages.every(({ at }) => at >= 0)));
});

Deno.test("probe() without a target is refused", async () => {
  await rejects(probe([]), TypeError);
});

Deno.test("probe() shows the login only if it is told to reveal it", async () => {
  const login = { user: "ann", password: new Secret(MARKER), mechanisms: ["PLAIN"] };
  const encoded = btoa(`\0ann\0${MARKER}`);
  await using box = await startSandbox(USERS);
  const { result } = await probeSandbox(box, { login });
  ok(result.transcript.some(({ text }) => text === "AUTH PLAIN ${plain user pass}"));
  const revealed = await probeSandbox(box, { login, reveal: true });
  ok(revealed.result.transcript.some(({ text }) => text === `AUTH PLAIN ${encoded}`));
});

Deno.test("probe() keeps the password out of everything, also if the server says it [T-A08]", async () => {
  const forms = [
    MARKER,
    btoa(MARKER),
    btoa(`\0ann\0${MARKER}`),
    encodeURIComponent(MARKER),
    new TextEncoder().encode(MARKER).toHex(),
  ];
  for (const mechanism of ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"]) {
    for (const fault of [undefined, { verb: "AUTH", reply: `535 ${MARKER} is wrong` }]) {
      await using box = await startSandbox({ ...USERS, faults: fault ? [fault] : [] });
      const events: ProbeEvent[] = [];
      const { run } = await probeSandbox(box, {
        login: { user: "ann", password: new Secret(MARKER), mechanisms: [mechanism] },
        onEvent: (event) => events.push(event),
      });
      const all = JSON.stringify([run, events]) + renderText(run) + Deno.inspect(run, { depth: 9 });
      for (const form of forms) ok(!all.includes(form), `${mechanism}: ${form}`);
      equal(run.targets[0]?.auth?.ok, fault === undefined);
    }
  }
});

Deno.test("probe() logs in with a token, or without any secret", async () => {
  const talk = (offer: string, line: string) =>
    GREETING + OFFER + INTO_TLS.replace("AUTH PLAIN LOGIN", `AUTH ${offer}`) + `
    C: ${line}
    S: 235 Welcome
    C~ EHLO
    S: 250 mail.example${FAREWELL}`;
  const token = new Secret("t0ken");
  const bearer = btoa("user=ann\x01auth=Bearer t0ken\x01\x01");
  const xoauth2 = await probeScript(talk("PLAIN XOAUTH2", `AUTH XOAUTH2 ${bearer}`), {
    login: { user: "ann", token },
  });
  equal(xoauth2.result.auth?.used, "XOAUTH2");
  const external = await probeScript(talk("EXTERNAL", "AUTH EXTERNAL ="), {
    login: { mechanisms: ["EXTERNAL"] },
  });
  equal(external.result.auth?.used, "EXTERNAL");
});

Deno.test("probe() tries the next mechanism where one is not fit for this user", async () => {
  const talk = GREETING + OFFER + INTO_TLS + `
    C~ AUTH LOGIN
    S: 534 Too weak
    C~ AUTH PLAIN
    S: 235 Welcome
    C~ EHLO
    S: 250 mail.example` + FAREWELL;
  const { result } = await probeScript(talk, {
    login: { user: "ann", password: new Secret(MARKER), mechanisms: ["LOGIN", "PLAIN"] },
  });
  deepEqual([result.auth?.used, result.auth?.ok], ["PLAIN", true]);
});
