import { deepEqual, equal, match, ok } from "node:assert/strict";
import { main } from "../../scripts/probe.ts";
import { parseDialogue, runDialogue } from "../../src/dialogue/mod.ts";
import { type ProbeRun, VERSION } from "../../src/jobs/mod.ts";
import { memorySandbox, type Sandbox, startSandbox } from "../../src/sandbox/mod.ts";
import { systemReaders } from "../../src/cli/mod.ts";
import { Secret } from "../../src/smtp/mod.ts";
import { ClosedPipe, Screen, Signals } from "../cli/fakes.ts";
import { FAREWELL, GREETING, TlsServer } from "../jobs/probe/peers.ts";
import { breaches } from "../jobs/probe/schema.ts";
import { play } from "../smtp/scripted_server.ts";
import { helpOf } from "./help.ts";

const PASSWORD = "marker-Pa55wort";
const MAIL = ["--from", "ann@b.example", "--to", "ben@b.example"];
const LOGIN = ["--user", "ann", "--password-from", "stdin"];
const CERTIFICATES = "tests/fixtures/certificates";
/** Every option that a test of this file has used. */
const used = new Set<string>();

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the script; standard input holds the password. */
async function run(args: string[], options: Parameters<typeof main>[1] = {}): Promise<Ran> {
  for (const arg of args) if (arg.startsWith("--")) used.add(arg);
  const stdout = new Screen();
  const stderr = new Screen();
  const readers = {
    ...systemReaders,
    stdin: () => new Blob([`${PASSWORD}\n`]).stream(),
    env: () => PASSWORD,
  };
  const signals = new Signals();
  const code = await main(args, { stdout, stderr, signals, readers, ...options });
  equal(signals.count, 0);
  return { code, out: stdout.text, err: stderr.text };
}

/** Runs the script and reads its JSON. */
async function json(args: string[], options?: Parameters<typeof main>[1]): Promise<
  Ran & {
    readonly result: ProbeRun;
  }
> {
  const ran = await run([...args, "--json"], options);
  equal(ran.err, "");
  return { ...ran, result: JSON.parse(ran.out) };
}

/** Runs the script where it writes past its printers: help and version. */
function help(...args: string[]): Promise<string> {
  for (const arg of args) used.add(arg);
  return helpOf(main, args);
}

/** Plays a script to the probe. */
function dialling(script: string) {
  const played = play(script);
  return { played, options: { dial: () => Promise.resolve(played.connection) } };
}

/** What the client says in a dialogue. */
function sentIn(text: string): readonly string[] {
  return [...text.matchAll(/^C: (.*)$/gm)].map(([, line = ""]) => line);
}

function sandbox(): Promise<Sandbox> {
  return startSandbox({ users: { ann: PASSWORD }, recipients: ["ben@b.example"] });
}

async function folder(): Promise<string> {
  await Deno.mkdir("tests/.tmp", { recursive: true });
  return await Deno.makeTempDir({ dir: "tests/.tmp", prefix: "probe-" });
}

/** Runs something with a folder of its own, which is removed. */
async function inFolder(work: (path: string) => Promise<void>): Promise<void> {
  const path = await folder();
  try {
    await work(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

/** The authority of the sandbox as a file. */
async function trusting(box: Sandbox, path: string): Promise<string[]> {
  await Deno.writeTextFile(`${path}/ca.pem`, box.caCerts.join("\n"));
  return ["--tls-ca", `${path}/ca.pem`];
}

Deno.test("probe shows help with examples, and its version, without any grant", {
  permissions: "none",
}, async () => {
  const out = await help("--help");
  match(out, /--password-from <source>/);
  match(out, /Examples:\n(?: .*\n)*? {4}probe smtp:\/\/mail\.example/);
  ok(!out.includes("--password <"));
  equal((await help("--version")).trim(), VERSION);
});

Deno.test("probe saves what was said as a dialogue that plays again, without secrets", async () => {
  await using box = await sandbox();
  await inFolder(async (path) => {
    const file = `${path}/said.dialogue`;
    const trust = await trusting(box, path);
    const call = [box.smtpUrl, ...trust, ...LOGIN, ...MAIL, "--send", "--save-dialogue", file];
    equal((await run([...call, "--subject", "Saved"])).code, 0);
    const text = await Deno.readTextFile(file);
    match(text, /^@smtp\n@name probe\n/);
    match(text, /^Subject: Saved$|^C: Subject: Saved$/m);
    equal(text.includes(PASSWORD), false);
    equal((await Deno.stat(file)).mode, 0o100600);
    const again = await run([...call, "--subject", "Other"]);
    equal(again.code, 3);
    match(again.err, /it exists already; --force replaces it/);
    equal((await run([...call, "--force"])).code, 0);
    const dialogue = parseDialogue(await Deno.readTextFile(file));
    const result = await runDialogue(dialogue, {
      to: box.smtpUrl,
      tls: { caCerts: box.caCerts },
      vars: { user: "ann" },
      secrets: { pass: new Secret(PASSWORD) },
    });
    equal(result.delivery, "all");
    equal((await run([box.smtpUrl, "--force"])).code, 3);
    equal((await run([box.smtpUrl, box.pop3Url, "--save-dialogue", file])).code, 3);
  });
});

Deno.test("probe has the version of deno.json", async () => {
  equal(JSON.parse(await Deno.readTextFile("deno.json")).version, VERSION);
});

Deno.test("probe logs in, names recipients and is a warning if one is refused", async () => {
  await using box = await sandbox();
  await inFolder(async (path) => {
    const { code, out, err } = await run([
      box.smtpUrl,
      ...await trusting(box, path),
      ...LOGIN,
      ...MAIL,
      ...["--to", "green@b.example"],
    ]);
    equal(err, "");
    equal(code, 1);
    match(out, /✓ logged in by SCRAM-SHA-512\n/);
    match(out, /✓ ben@b\.example {4}250 2\.1\.5/);
    match(out, /✗ green@b\.example {2}550 5\.1\.1/);
    match(out, /\nWARNING 127\.0\.0\.1:\d+: 1 of 2 recipients refused \(rcpt\.refused\)/);
    equal(box.mails.length, 0);
  });
});

Deno.test("probe sends a message that it writes, or one from a file", async () => {
  await using box = await sandbox();
  await inFolder(async (path) => {
    const trust = await trusting(box, path);
    const written = await json([
      ...[box.smtpUrl, ...trust, ...MAIL, "--send", "--subject", "Hello", "--body", "Text"],
      ...["--header", "X-One: 1", "--header", "X-Two: 2", "--pipelining"],
      ...["--mail-param", "RET=HDRS", "--rcpt-param", "NOTIFY=NEVER"],
    ]);
    deepEqual([written.code, written.result.targets[0]?.message?.outcome], [0, "accepted"]);
    match(
      box.mails[0]?.text ?? "",
      /\r\nSubject: Hello\r\nX-One: 1\r\nX-Two: 2\r\n[^]*\r\n\r\nText/,
    );
    await Deno.writeTextFile(`${path}/mail.eml`, "Subject: From a file\r\n\r\n.dots.\r\n");
    const file = await json([
      ...[box.smtpUrl, ...trust, ...MAIL, "--class", "send", "--chunking"],
      ...["--message", `${path}/mail.eml`],
    ]);
    equal(file.code, 0);
    match(box.mails[1]?.text ?? "", /Subject: From a file\r\n\r\n\.dots\.\r\n$/);
  });
});

Deno.test("probe writes each format to its place, and the transcript as it comes", async () => {
  await using box = await sandbox();
  await inFolder(async (path) => {
    const { code, out, err } = await run([
      ...[box.smtpUrl, ...await trusting(box, path), ...LOGIN],
      ...["--format", "text", "--format", `json:${path}/run.json`, "--compact"],
      ...["--transcript", `${path}/talk.txt`, "--times", "--save-chain", `${path}/chain.pem`],
    ]);
    deepEqual([code, err], [0, ""]);
    match(out, /^127\.0\.0\.1:\d+ [^]*\nOK /);
    match(out, /at 0\.0 ms/);
    const written = await Deno.readTextFile(`${path}/run.json`);
    equal(written.indexOf("\n"), written.length - 1);
    deepEqual(await breaches(JSON.parse(written)), []);
    const talk = await Deno.readTextFile(`${path}/talk.txt`);
    match(talk, /^ {3}1 .* == {3}connected\n/);
    match(talk, / ms {2}<~ {3}235 2\.7\.0 /);
    ok(!talk.includes(PASSWORD) && !written.includes(PASSWORD));
    const { mode } = await Deno.stat(`${path}/talk.txt`);
    equal((mode ?? 0) & 0o777, 0o600);
    match(await Deno.readTextFile(`${path}/chain.pem`), /^-----BEGIN CERTIFICATE-----\n/);
  });
});

Deno.test("probe shows the transcript on standard error, or a side of it", async () => {
  await using box = await sandbox();
  const { err } = await run([box.smtpUrl, "--transcript", "-", "--only-lines", "sent", "--quiet"]);
  match(err, /-> {3}EHLO \[127\.0\.0\.1\]\n/);
  ok(!err.includes("<-") && !err.includes("connected"));
});

Deno.test("probe says one line if it shall be quiet", async () => {
  await using box = await sandbox();
  const { out } = await run([box.smtpUrl, "--quiet"]);
  match(out, /^WARNING [^\n]* \(cert\.untrusted\) {2}[\d.]+ ms\n$/);
});

Deno.test("probe says one line of JSON if it shall be quiet", async () => {
  await using box = await sandbox();
  const { out, code } = await run([box.smtpUrl, "--quiet", "--json"]);
  equal(out.indexOf("\n"), out.length - 1);
  equal(JSON.parse(out).exitCode, code);
});

Deno.test("probe lists a maildrop after a login, and touches it only if it may", async () => {
  await using box = await sandbox();
  box.fill("ann@b.example", ["Subject: a\r\n\r\nText\r\n"]);
  await inFolder(async (path) => {
    const args = [box.pop3Url, ...await trusting(box, path), ...LOGIN];
    const { code, out, err } = await run([...args, "--warn", "uidl=1h", "--crit", "stls=1h"]);
    deepEqual([code, err], [0, ""]);
    match(out, /✓ tls .*\n/);
    match(out, /by STLS\n/);
    match(out, /✓ logged in by SCRAM-SHA-512\n/);
    match(out, /\n {2}Maildrop\n {4}✓ 1 message, \d+ octets, every message has a unique-id\n/);
    match(out, /\nOK 127\.0\.0\.1:\d+: logged in, 1 message there/);
    ok(!box.ledger.texts("command").some((line) => /^(?:TOP|RETR|DELE)/.test(line)));
    const touched = await json([...args, "--touch", "--pipelining", "--stop", "top"]);
    equal(touched.result.targets[0]?.reachedStage, "top");
    deepEqual(await breaches(touched.result), []);
    const wrong = await run(
      [...args, "--auth", "USER", "--quiet"],
      { readers: { ...systemReaders, stdin: () => new Blob(["wrong"]).stream() } },
    );
    equal(wrong.code, 2);
    match(wrong.out, /^CRITICAL 127\.0\.0\.1:\d+: -ERR \[AUTH\] [^\n]* \(auth\.failed\)/);
  });
});

Deno.test("probe says in its one line that a silent port may mean TLS", async () => {
  const { options, played } = dialling("<close>");
  const { out, code } = await run(["smtp://mail.example:25", "--quiet"], options);
  await played.done;
  equal(code, 2);
  match(out, /does this port expect implicit TLS, as 465 does\? Use smtps:\/\/\)/);
});

Deno.test("probe reveals the login if it is told to", async () => {
  await using box = await sandbox();
  await inFolder(async (path) => {
    const args = [
      ...[box.smtpUrl, ...await trusting(box, path), ...LOGIN, "--auth", "PLAIN"],
      ...["--transcript", "-"],
    ];
    ok(!(await run(args)).err.includes(btoa(`\0ann\0${PASSWORD}`)));
    ok((await run([...args, "--reveal"])).err.includes(btoa(`\0ann\0${PASSWORD}`)));
  });
});

Deno.test.each([
  ["env:SMTP_PASSWORD"],
  ["file:tests/.tmp/password"],
])("probe takes the password from %s", async (source) => {
  await using box = await sandbox();
  await Deno.mkdir("tests/.tmp", { recursive: true });
  await Deno.writeTextFile("tests/.tmp/password", PASSWORD, { mode: 0o600 });
  await inFolder(async (path) => {
    const { result } = await json([
      ...[box.smtpUrl, ...await trusting(box, path), "--user", "ann", "--password-from", source],
    ]);
    equal(result.targets[0]?.auth?.ok, true);
  });
});

Deno.test("probe logs in with a token, in the clear only if that is allowed", async () => {
  const bearer = btoa(`user=ann\x01auth=Bearer ${PASSWORD}\x01\x01`);
  const offer = `${GREETING}\nS: 250-mail.example\nS: 250-SIZE 1\nS: 250 AUTH XOAUTH2\n`;
  const args = ["mail.example", "--tls", "none", "--user", "ann", "--token-from", "stdin"];
  const allowed = dialling(
    `${offer}C: AUTH XOAUTH2 ${bearer}\nS: 235 OK\nC~ EHLO\nS: 250 mail.example${FAREWELL}`,
  );
  const { result, code } = await json([...args, "--cleartext-auth"], allowed.options);
  await allowed.played.done;
  deepEqual([result.targets[0]?.auth?.used, code], ["XOAUTH2", 0]);
  const refused = dialling(offer + FAREWELL);
  equal((await json(args, refused.options)).code, 2);
  await refused.played.done;
});

Deno.test("probe goes on without a login where none is offered, if that will do", async () => {
  const { options, played } = dialling(`${GREETING}\nS: 250 mail.example${FAREWELL}`);
  const { code } = await json(
    ["mail.example", "--tls", "if-offered", ...LOGIN, "--auth-if-offered"],
    options,
  );
  await played.done;
  equal(code, 0);
});

Deno.test("probe stops, leaves, asks, names itself and masks as it is told", async () => {
  const { options, played } = dialling(`
    S: 220 mail.example ESMTP
    C: EHLO probe.example
    S: 250-mail.example
    S: 250 STARTTLS
    C: NOOP
    S: 250 OK
    C: VRFY ann
    S: 252 Perhaps
    <eof>`);
  const { result } = await json([
    ...["smtp://mail.example", "--helo", "probe.example", "--without", "STARTTLS"],
    ...["--ask", "NOOP", "--ask", "VRFY ann", "--stop", "ask", "--leave", "drop"],
  ], options);
  await played.done;
  equal(result.targets[0]?.reachedStage, "ask");
});

Deno.test("probe insists on the kind of session that Received: would record", async () => {
  const { options, played } = dialling(`
    S: 220 mail.example
    C~ HELO
    S: 250 mail.example
    C: MAIL FROM:<>
    S: 250 OK
    C: RCPT TO:<ben@b.example>
    S: 250 OK
    C: RSET
    S: 250 OK${FAREWELL}`);
  const { code } = await json(
    ["smtp://mail.example", "--protocol", "smtp", "--from", "<>", "--to", "ben@b.example"],
    options,
  );
  await played.done;
  equal(code, 0);
});

Deno.test("probe takes limits for stages, certificates and recipients", async () => {
  await using box = await sandbox();
  await inFolder(async (path) => {
    const { result, code } = await json([
      ...[box.smtpUrl, ...await trusting(box, path), ...MAIL, "--to", "green@b.example"],
      ...["--partial", "ok", "--cert-warn", "99999d", "--cert-crit", "1d"],
      ...["--warn", "total=1h", "--crit", "banner=1h", "--warn", "ehlo=30m"],
      ...["--timeout", "50s", "--total", "10m"],
    ]);
    const [worst] = result.findings;
    deepEqual([code, worst?.id, worst?.severity], [1, "cert.expiry", "warning"]);
  });
});

Deno.test("probe shows a certificate, offers a version and ends at a bad certificate", async () => {
  await using server = await TlsServer.start({ mode: "implicit", certificate: "wrong_name" });
  const url = `smtps://127.0.0.1:${server.port}`;
  const trust = ["--tls-ca", `${CERTIFICATES}/ca.pem`];
  const mine = [
    ...["--tls-cert", `${CERTIFICATES}/client.pem`],
    ...["--tls-key", `${CERTIFICATES}/client.key.pem`],
  ];
  const bad = await json([url, ...trust, ...mine, "--tls-verify"]);
  deepEqual([bad.code, bad.result.targets[0]?.reachedStage], [2, "tls"]);
  const good = await json([
    ...[url, ...trust, "--tls-name", "other.example", "--tls-version", "1.2"],
  ]);
  deepEqual([good.code, good.result.targets[0]?.tls?.version], [0, "TLSv1.2"]);
});

Deno.test("probe connects from an address, to a kind of address, and through a proxy", async () => {
  await using box = await sandbox();
  const from = await json([box.smtpUrl, "--local-address", "127.0.0.1", "--ipv4", "--patient"]);
  equal(from.result.targets[0]?.reachedStage, "quit");
  const proxied = await json(["mail.example", "--proxy", "http://127.0.0.1:1"]);
  equal(proxied.result.findings[0]?.id, "proxy.failed");
  match((await run(["192.0.2.1", "--ipv6"])).err, /no IPv6 address/);
  const port = await json([box.smtpUrl, "--local-address", "127.0.0.2:2525"]);
  match(port.result.findings[0]?.fix ?? "", /--allow-net=127\.0\.0\.1:\d+,127\.0\.0\.2$/);
});

Deno.test("probe probes several targets and exits as the worst", async () => {
  await using box = await sandbox();
  const { code, out } = await run([box.smtpUrl, box.lmtpUrl, "127.0.0.1:1"]);
  equal(code, 2);
  equal(out.match(/^127\.0\.0\.1:\d+ {2}/gm)?.length, 3);
});

Deno.test("probe prints the permissions that a call needs, and needs none for it", {
  permissions: "none",
}, async () => {
  const { code, out } = await run([
    ...["smtp://mail.example", "[2001:db8::1]:587", "--permissions", "--tls-ca", "ca.pem"],
    ...["--user", "ann", "--password-from", "env:PW", "--transcript", "talk.txt"],
    ...["--format", "json:run.json", "--local-address", "192.0.2.1"],
  ]);
  equal(code, 0);
  equal(
    out,
    "--allow-net=mail.example:25,192.0.2.1,[2001:db8::1]:587 --allow-read=ca.pem " +
      "--allow-write=talk.txt,run.json --allow-env=PW\n",
  );
  equal(
    (await run(["unix:/run/lmtp", "--permissions"])).out,
    "--allow-read=/run/lmtp --allow-write=/run/lmtp --allow-net=unix:/run/lmtp\n",
  );
  equal(
    (await run([
      ...["pop3://mail.example", "pop3s://mail.example", "--user", "ann", "--permissions"],
      ...["--password-from", "env:POP3_PASSWORD"],
    ])).out,
    "--allow-net=mail.example:110,mail.example:995 --allow-env=POP3_PASSWORD\n",
  );
  equal(
    (await run(["mail.example", "--proxy", "socks5://127.0.0.1:1080", "--permissions"])).out,
    "--allow-net=127.0.0.1:1080\n",
  );
});

const USAGE: readonly (readonly [why: string, args: string[], said: RegExp])[] = [
  ["no target", [], /a target is missing/],
  ["an unknown option", ["mail.example", "--battery", "relay"], /unknown option "--battery"/],
  ["a target that is none", ["smtp://"], /Cannot parse SMTP URL/],
  ["a socket without a path", ["unix:"], /expected an absolute path/],
  ["a scheme that is not probed", ["imap://mail.example"], /"imap:": expected .*, pop3: or pop3s:/],
  ["a password in a target of POP3", ["pop3://ann:secret@mail.example"], /passed as auth/],
  ["a port that is none", ["pop3://mail.example:99999"], /from 1 to 65535/],
  ["verifying without TLS", [
    ...["mail.example", "--tls", "none", "--tls-verify"],
  ], /no certificate to verify/],
  ["a warning after the alarm", [
    ...["mail.example", "--cert-warn", "3d", "--cert-crit", "5d"],
  ], /too late for a warning/],
  ["mail to a maildrop", ["pop3://mail.example", ...MAIL], /POP3 takes no mail/],
  ["a maildrop touched by nobody", ["pop3://mail.example", "--touch"], /credentials are missing/],
  ["pipelining without a message", ["mail.example", "--pipelining"], /only in the class send/],
  ["a password in the target", ["smtp://ann:secret@mail.example"], /passed as auth/],
  ["a password as an argument", ["mail.example", "--password", "secret"], /others can read/],
  ["a token as an argument", ["mail.example", "--token", "secret"], /others can read/],
  ["a bad address", ["mail.example", "--to", "ben"], /Cannot parse the address "ben"/],
  ["a bad header", [
    ...["mail.example", ...MAIL, "--send", "--header", "nothing"],
  ], /expected "Name: value"/],
  ["a bad EHLO name", ["mail.example", "--helo", "two words"], /EHLO name "two words"/],
  ["a message that is not sent", ["mail.example", ...MAIL, "--subject", "x"], /only with --send/],
  ["sending to nobody", ["mail.example", "--send"], /--from and --to are needed/],
  ["a user without a secret", ["mail.example", "--user", "ann"], /--password-from or --token-from/],
  ["a secret without a user", ["mail.example", "--password-from", "stdin"], /--user/],
  ["a login option without a login", ["mail.example", "--cleartext-auth"], /--user is needed/],
  ["a class below its options", ["mail.example", "--class", "safe", ...MAIL], /class safe/],
  ["a certificate without its key", ["mail.example", "--tls-cert", "x.pem"], /belong together/],
  ["two formats in one place", ["mail.example", "--json", "--format", "text"], /FORMAT:PATH/],
  ["secrets of no transcript", ["mail.example", "--reveal"], /add --transcript/],
  ["JSON on one line without JSON", ["mail.example", "--compact"], /add --json/],
  ["lines of no transcript", ["mail.example", "--only-lines", "sent"], /add --transcript/],
  ["STARTTLS on a port of TLS", ["smtps://mail.example", "--tls", "required"], /first octet/],
  ["a stage of another path", ["smtps://mail.example", "--stop", "starttls"], /STARTTLS/],
  ["a file that is not there", [
    ...["mail.example", "--tls-ca", "tests/no-such-file"],
  ], /--tls-ca "tests\/no-such-file": there is no such file/],
  ["a file that may not be read", ["mail.example", "--tls-ca", "/etc/passwd"], /add --allow-read/],
  ["a file that may not be written", [
    ...["mail.example", "--transcript", "/no"],
  ], /add --allow-write=\/no/],
  ["a limit without a stage", ["mail.example", "--warn", "5s"], /expected STAGE=T/],
  ["a limit without a unit", ["mail.example", "--crit", "banner=5"], /expected a duration/],
  ["octets without a transcript", ["mail.example", "--hex"], /--hex is about a transcript/],
  ["a dry run with an output", ["mail.example", "--dry", "--json"], /--dry prints a dialogue/],
  ["the message of no dry run", ["mail.example", ...MAIL, "--send", "--message-only"], /add --dry/],
  ["no message of a dry run", ["mail.example", "--dry", "--message-only"], /add --send/],
  ["a format that is none", ["mail.example", "--format", "xml"], /one of text, json/],
  [
    "a local address that is none",
    ["mail.example", "--local-address", "a:b:c"],
    /neither IPv4 nor IPv6/,
  ],
];

for (const [why, args, said] of USAGE) {
  Deno.test(`probe says in one line what is wrong with ${why}, and sends nothing`, async () => {
    const { code, out, err } = await run(args, {
      dial: () => Promise.reject(new Error("nobody should have dialled")),
    });
    deepEqual([code, out], [3, ""]);
    match(err, /^probe: Cannot [^\n]+\n$/);
    match(err, said);
    ok(!err.includes("secret\n") && !/secret["@]/.test(err), err);
  });
}

Deno.test("probe --hex shows the octets of each read and write, but none of a login", async () => {
  await using box = memorySandbox({ users: { ann: PASSWORD } });
  const options = { dial: () => Promise.resolve(box.connect()) };
  const args = ["mail.example", ...LOGIN, "--auth", "PLAIN", "--transcript", "-", "--hex"];
  for (const reveal of [[], ["--reveal"]]) {
    const { err } = await run([...args, ...reveal], options);
    match(err, /^ {3}2 {2}<- {3}220 localhost ESMTP mailwright$/m);
    match(err, /^ {6}0000 -> 4d 41 49 4c 20 46 52 4f 4d 3a 3c 3e 0d 0a +MAIL FROM:<>\.\.$/m);
    match(err, /^ {6}0010 <- 20 4f 4b 0d 0a +OK\.\.$/m);
    const rows = [...err.matchAll(/^ {6}[0-9a-f]{4} -> ((?:[0-9a-f]{2} )+)/gm)];
    const sent = rows.map(([, hex = ""]) =>
      new TextDecoder().decode(Uint8Array.fromHex(hex.replaceAll(" ", "")))
    ).join("");
    const secret = btoa(`\0ann\0${PASSWORD}`);
    equal(sent.includes(secret), reveal.length > 0);
    equal(/^ {11}-> \(\d+ octets of the login\)$/m.test(err), reveal.length === 0);
    const only = await run([...args, ...reveal, "--only-lines", "sent"], options);
    equal(only.err.includes("<- "), false);
  }
});

Deno.test("probe --hex hides a password that the server repeats, however torn [T-A08]", async () => {
  for (const wire of [[], [{ chunk: 1 }]]) {
    await using box = memorySandbox({
      users: { ann: PASSWORD },
      faults: [{ verb: "QUIT", reply: `221 ${PASSWORD} ${btoa(PASSWORD)}` }, ...wire],
    });
    const { err } = await run(
      ["mail.example", ...LOGIN, "--auth", "PLAIN", "--transcript", "-", "--hex"],
      { dial: () => Promise.resolve(box.connect()) },
    );
    match(err, /<~ {3}221 \*\*\* \*\*\*$/m);
    const rows = [...err.matchAll(/^ {6}[0-9a-f]{4} <- ((?:[0-9a-f]{2} )+)/gm)];
    const read = rows.map(([, hex = ""]) =>
      new TextDecoder().decode(Uint8Array.fromHex(hex.replaceAll(" ", "")))
    ).join("");
    match(read, /^220 localhost/);
    equal(read.includes(PASSWORD.slice(0, 3)), false);
    equal(read.includes(btoa(PASSWORD).slice(0, 6)), false);
  }
});

Deno.test("probe --dry says what it would say, and connects to nobody", {
  permissions: "none",
}, async () => {
  const { code, out, err } = await run([
    "submission://mail.example",
    ...["--user", "ann", "--password-from", "prompt", "--local-address", "192.0.2.1"],
    ...[...MAIL, "--subject", "Hi", "--send", "--chunking", "--dry"],
  ]);
  deepEqual([code, err], [0, ""]);
  const commands = sentIn(out);
  const sized = commands.map((line) => line.replace(/\b\d{3}\b/, "N"));
  deepEqual(sized.filter((line) => !line.startsWith("EHLO")), [
    "MAIL FROM:<ann@b.example>",
    "RSET",
    "STARTTLS",
    "MAIL FROM:<ann@b.example> SIZE=N",
    "RCPT TO:<ben@b.example>",
    "BDAT N LAST",
    "QUIT",
  ]);
  match(out, /^@name submission:\/\/mail\.example$/m);
  match(out, /^@auth SCRAM-SHA-512 user pass$/m);
  equal(parseDialogue(out).protocol, "smtp");
});

Deno.test("probe --dry speaks the protocol of each target", { permissions: "none" }, async () => {
  const targets = ["smtps://a.example", "unix:/run/lmtp", "pop3s://c.example", "pop3://d.example"];
  const { code, out } = await run([...targets, "--dry"]);
  equal(code, 0);
  deepEqual(out.match(/^@(smtp|lmtp|pop3)$/gm), ["@smtp", "@lmtp", "@pop3", "@pop3"]);
  deepEqual(out.match(/^C(: [A-Z]+| & S: <tls>)/gm), [
    ...["C: EHLO", "C: QUIT", "C: LHLO", "C: QUIT", "C: CAPA", "C: QUIT"],
    ...["C: CAPA", "C: STLS", "C & S: <tls>", "C: CAPA", "C: QUIT"],
  ]);
});

Deno.test("probe --dry shows a login without TLS, and what a maildrop is asked", {
  permissions: "none",
}, async () => {
  const login = [...LOGIN, "--cleartext-auth", "--tls", "none", "--dry"];
  const { out } = await run(["pop3://mail.example", ...login, "--auth", "USER"]);
  const commands = sentIn(out);
  deepEqual(commands.slice(-6, -1), ["PASS ${pass}", "CAPA", "STAT", "LIST", "UIDL"]);
  const smtp = await run(["smtp://mail.example", ...login, "--auth", "CRAM-MD5"]);
  match(smtp.out, /^C: \$\{cram challenge user pass\}$/m);
});

Deno.test("probe --dry shows a login that needs no password", { permissions: "none" }, async () => {
  for (
    const [target, user] of [["smtp://a.example", ["--user", "ann"]], ["pop3://a.example", []]]
  ) {
    for (const mechanism of ["EXTERNAL", "ANONYMOUS"]) {
      const { code, out, err } = await run([
        String(target),
        ...user ?? [],
        "--auth",
        mechanism,
        "--dry",
      ]);
      deepEqual([code, err], [0, ""]);
      match(out, new RegExp(`^(?:@auth|C: AUTH) ${mechanism}`, "m"));
    }
  }
});

Deno.test("probe --dry --message-only shows the message alone", {
  permissions: "none",
}, async () => {
  const { code, out } = await run([
    "mail.example",
    ...[...MAIL, "--subject", "Hi", "--body", ".\nBye", "--send", "--dry", "--message-only"],
  ]);
  equal(code, 0);
  match(out, /^Date: .*\r\n[^]*^Subject: Hi\r\n[^]*\r\n\r\n\.\r\nBye\r\n$/m);
  ok(!out.includes("MAIL FROM"));
});

Deno.test("probe --dry tells what would end the probe anywhere", {
  permissions: "none",
}, async () => {
  const { code, err } = await run(["mail.example", ...MAIL, "--mail-param", "XFOO", "--dry"]);
  equal(code, 2);
  match(err, /^CRITICAL mail\.example:25: 555 5\.5\.4 Parameter XFOO/);
});

Deno.test("probe ends with 130 at Ctrl+C and leaves no timer behind", async () => {
  const { options } = dialling("<eof>"); // a server that never greets
  const signals = new Signals();
  const stdout = new Screen();
  const stderr = new Screen({ terminal: true });
  const exit = main(["mail.example"], {
    ...options,
    stdout,
    stderr,
    signals,
    dial: () => {
      setTimeout(() => signals.send("SIGINT"));
      return options.dial();
    },
  });
  equal(await exit, 130);
  equal(stdout.text, "");
});

Deno.test("probe fails if nobody reads its result", async () => {
  await using box = await sandbox();
  const stderr = new Screen();
  const code = await main([box.smtpUrl], {
    stdout: new ClosedPipe(),
    stderr,
    signals: new Signals(),
  });
  equal(code, 3);
  equal(stderr.text, "");
});

Deno.test("probe has tests for all its options", async () => {
  const out = await help("--help");
  const options = [...out.matchAll(/^ +(?:-\w, )?(--[a-z0-9-]+)/gm)].map(([, name = ""]) => name);
  ok(options.length > 50);
  deepEqual(options.filter((name) => !used.has(name)), []);
});
