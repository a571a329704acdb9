import { deepEqual, equal, match } from "node:assert/strict";
import { main } from "../../scripts/sandbox.ts";
import { SANDBOX_CA } from "@mailwright/mailwright/sandbox";
import { connect } from "./plain_client.ts";

/** Collects lines, and lets a test wait for one. */
class Paper {
  text = "";
  #wake: () => void = () => {};

  write(bytes: Uint8Array): Promise<number> {
    this.text += new TextDecoder().decode(bytes);
    this.#wake();
    return Promise.resolve(bytes.length);
  }

  isTerminal(): boolean {
    return false;
  }

  async until(pattern: RegExp): Promise<RegExpExecArray> {
    while (true) {
      const found = pattern.exec(this.text);
      if (found !== null) return found;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

/** A source of signals that a test can press. */
class Keys {
  #listeners = new Map<string, () => void>();

  addSignalListener(signal: string, listener: () => void): void {
    this.#listeners.set(signal, listener);
  }

  removeSignalListener(signal: string): void {
    this.#listeners.delete(signal);
  }

  press(): void {
    this.#listeners.get("SIGINT")?.();
  }
}

/** Runs the script with its own paper. */
function run(...args: string[]) {
  const out = new Paper();
  const err = new Paper();
  const keys = new Keys();
  return { out, err, keys, exit: main(args, { stdout: out, stderr: err, signals: keys }) };
}

/** A folder that goes with its test. */
async function temporary(): Promise<AsyncDisposable & { readonly path: string }> {
  await Deno.mkdir("tests/.tmp", { recursive: true });
  const path = await Deno.makeTempDir({ dir: "tests/.tmp" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("sandbox runs until Ctrl+C and shows what is said, but no password", async () => {
  const { out, err, keys, exit } = run("--user", "ann", "--recipient", "b@x.example", "--lenient");
  const [, port] = await out.until(/^SMTPS {5}smtps:\/\/127\.0\.0\.1:(\d+)$/m);
  const [, password] = await out.until(/^Password {2}([\w-]{16})$/m);
  using client = await connect(Number(port), { caCerts: [SANDBOX_CA] });
  await client.reply();
  const login = `AUTH PLAIN ${btoa(`\0ann\0${password}`)}`;
  const replies = await client.askAll(
    "EHLO a",
    login,
    "MAIL FROM: <>",
    "RCPT TO: b@x.example",
    "RCPT TO:<c@x.example>",
    "DATA",
    "x\r\n.",
  );
  deepEqual(replies.slice(1).map((reply) => reply?.slice(0, 3)), [
    "235",
    "250",
    "250",
    "550",
    "354",
    "250",
  ]);
  await out.until(/^#0 <stored> from <> b@x\.example$/m);
  await out.until(/^#0 S: 250 2\.0\.0 Queued as 1$/m);
  keys.press();
  equal(await exit, 130);
  equal(err.text, "");
  match(out.text, /^#0 C: AUTH PLAIN \$\{hidden\}$/m);
  equal(out.text.includes(btoa(`\0ann\0${password}`)), false);
});

Deno.test("sandbox tells the same in JSON", async () => {
  const { out, keys, exit } = run("--json");
  await out.until(/\n/);
  const first = JSON.parse(out.text);
  equal(first.schema, "mailwright-sandbox/1");
  match(`${first.pop3} ${first.pop3s}`, /^pop3:\/\/127\.0\.0\.1:\d+ pop3s:\/\/127\.0\.0\.1:\d+$/);
  using client = await connect(Number(new URL(first.smtp).port));
  await client.reply();
  await out.until(/"reply"/);
  keys.press();
  equal(await exit, 130);
  const kinds = out.text.trim().split("\n").slice(1).map((line) => JSON.parse(line).kind);
  deepEqual(kinds.slice(0, 2), ["open", "reply"]);
});

Deno.test("sandbox serves by POP3 what came by SMTP", async () => {
  const { out, keys, exit } = run("--user", "ann");
  const [, smtp] = await out.until(/^SMTP {6}smtp:\/\/127\.0\.0\.1:(\d+) {2}\(STARTTLS\)$/m);
  await out.until(/^POP3 {6}pop3:\/\/127\.0\.0\.1:\d+ {2}\(STLS\)$/m);
  const [, pop3s] = await out.until(/^POP3S {5}pop3s:\/\/127\.0\.0\.1:(\d+)$/m);
  await out.until(/^Maildrop {2}mail to ann@ANYTHING$/m);
  const [, password] = await out.until(/^Password {2}([\w-]{16})$/m);
  using sender = await connect(Number(smtp));
  await sender.reply();
  await sender.askAll("EHLO a", "MAIL FROM:<>", "RCPT TO:<ann@x.example>", "DATA", "x\r\n.");
  using reader = await connect(Number(pop3s), { caCerts: [SANDBOX_CA] });
  await reader.line();
  const replies = await reader.askAll("USER ann", `PASS ${password}`, "STAT", "DELE 1", "QUIT");
  deepEqual(replies.slice(2, 4), ["+OK 1 3", "+OK Marked as deleted"]);
  await out.until(/^#1 <removed> ann m00000001$/m);
  keys.press();
  equal(await exit, 130);
  match(out.text, /^#1 C: PASS \$\{hidden\}$/m);
});

Deno.test("sandbox misbehaves as it is told, and goes on", async () => {
  const { out, keys, exit } = run(
    "--json",
    "--fault",
    "RCPT after=1 times=1 reply=451 4.3.0 Later",
    "--fault",
    "QUIT silent then=close",
  );
  await out.until(/\n/);
  const { smtp } = JSON.parse(out.text);
  using client = await connect(Number(new URL(smtp).port));
  await client.reply();
  const rcpt = "RCPT TO:<b@x.example>";
  const replies = await client.askAll("EHLO a", "MAIL FROM:<>", rcpt, rcpt, rcpt, "QUIT");
  const ok = "250 2.1.5 Recipient OK";
  deepEqual(replies.slice(2), [ok, "451 4.3.0 Later", ok, null]);
  keys.press();
  equal(await exit, 130);
});

Deno.test("sandbox offers what it is told to, and logins without TLS", async () => {
  const { out, keys, exit } = run(
    "--json",
    "--user=ann:pencil",
    "--cleartext-auth",
    "--without=CHUNKING",
    "--without=auth scram-sha-256",
    "--without=TOP",
  );
  await out.until(/\n/);
  const { smtp, pop3 } = JSON.parse(out.text);
  const token = btoa("user=ann\x01auth=Bearer pencil\x01\x01");
  for (const login of [`PLAIN ${btoa("\0ann\0pencil")}`, `XOAUTH2 ${token}`]) {
    using sender = await connect(Number(new URL(smtp).port));
    await sender.reply();
    const offered = (await sender.ask("EHLO a"))?.split(/\n250[ -]/) ?? [];
    equal(offered.includes("PIPELINING"), true);
    equal(offered.includes("CHUNKING"), false);
    match(offered.join("\n"), /^AUTH SCRAM-SHA-512 SCRAM-SHA-1 CRAM-MD5 PLAIN /m);
    equal(await sender.ask(`AUTH ${login}`), "235 2.7.0 Authentication succeeded");
  }
  using reader = await connect(Number(new URL(pop3).port));
  await reader.line();
  deepEqual(await reader.askAll("USER ann", "PASS pencil", "TOP 1 0"), [
    "+OK Send PASS",
    "+OK Logged in",
    "-ERR Command not available here",
  ]);
  keys.press();
  equal(await exit, 130);
});

Deno.test("sandbox fills each maildrop with the messages of a folder", async () => {
  await using folder = await temporary();
  await Deno.writeTextFile(`${folder.path}/2.eml`, "Subject: two\r\n\r\n.\r\n");
  await Deno.writeTextFile(`${folder.path}/1.eml`, "Subject: one\n\nHi\n");
  await Deno.writeTextFile(`${folder.path}/notes.txt`, "no message");
  const users = ["--user", "ann:open sesame", "--user", "ben@x.example:a:b"];
  const { out, keys, exit } = run("--json", "--fill", folder.path, ...users);
  await out.until(/\n/);
  const { pop3s, users: told } = JSON.parse(out.text);
  deepEqual(told, [
    { name: "ann", password: "open sesame" },
    { name: "ben@x.example", password: "a:b" },
  ]);
  for (const { name, password } of told) {
    using client = await connect(Number(new URL(pop3s).port), { caCerts: [SANDBOX_CA] });
    await client.line();
    await client.askAll(`USER ${name}`, `PASS ${password}`);
    equal(await client.ask("RETR 1"), "+OK 20 octets");
    const lines = [];
    for (let line = await client.line(); line !== "."; line = await client.line()) lines.push(line);
    deepEqual(lines, ["Subject: one", "", "Hi"]);
    equal(await client.ask("STAT"), "+OK 2 39");
  }
  keys.press();
  equal(await exit, 130);
});

Deno.test("sandbox saves what arrives, and replaces no file", async () => {
  await using folder = await temporary();
  const path = `${folder.path}/new`;
  await Deno.mkdir(path);
  await Deno.writeTextFile(`${path}/0001.eml`, "from an earlier run");
  const { out, keys, exit } = run("--save", path, "--quiet");
  const [, port] = await out.until(/^SMTP {6}smtp:\/\/127\.0\.0\.1:(\d+)/m);
  using client = await connect(Number(port));
  await client.reply();
  const mail = ["MAIL FROM:<>", "RCPT TO:<b@x.example>", "DATA"];
  await client.askAll("EHLO a", ...mail, "one\r\n..\r\n.", ...mail, "two\r\n.");
  keys.press();
  equal(await exit, 130);
  const files = (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort();
  deepEqual(files, ["0001.eml", "0002.eml", "0003.eml"]);
  const texts = await Promise.all(files.map((name) => Deno.readTextFile(`${path}/${name}`)));
  deepEqual(texts, ["from an earlier run", "one\r\n.\r\n", "two\r\n"]);
});

Deno.test("sandbox tells where it has saved a message", async () => {
  await using folder = await temporary();
  const { out, keys, exit } = run("--save", `${folder.path}/a/b`);
  const [, port] = await out.until(/^SMTP {6}smtp:\/\/127\.0\.0\.1:(\d+)/m);
  using client = await connect(Number(port));
  await client.reply();
  await client.askAll("EHLO a", "MAIL FROM:<>", "RCPT TO:<b@x.example>", "DATA", "one\r\n.");
  await out.until(/^#0 <saved> tests\/\.tmp\/.*\/a\/b\/0001\.eml$/m);
  keys.press();
  equal(await exit, 130);
});

Deno.test.each<[readonly string[], string]>([
  [[], "--allow-net=127.0.0.1"],
  [["--smtp-port", "2525", "--fault", "QUIT silent"], "--allow-net=127.0.0.1"],
  [
    ["--smtp-port=1", "--smtps-port=2", "--lmtp-port=3", "--pop3-port=4", "--pop3s-port=5"],
    "--allow-net=127.0.0.1:1,127.0.0.1:2,127.0.0.1:3,127.0.0.1:4,127.0.0.1:5",
  ],
  [
    ["--fill", "mails", "--save", "new"],
    "--allow-net=127.0.0.1 --allow-read=mails --allow-write=new",
  ],
])("sandbox prints the permissions of %j", async (args, flags) => {
  const { out, exit } = run(...args, "--permissions");
  equal(await exit, 0);
  equal(out.text, `${flags}\n`);
});

Deno.test("sandbox prints the authority to trust", async () => {
  const { out, exit } = run("--ca");
  equal(await exit, 0);
  equal(out.text, SANDBOX_CA);
});

Deno.test.each<[string, readonly string[], RegExp]>([
  ["an unknown option", ["--loud"], /--loud/],
  ["a port that is none", ["--smtp-port", "0"], /--smtp-port/],
  ["a port of POP3 that is none", ["--pop3-port", "65536"], /--pop3-port/],
  ["a need that is none", ["--requires", "luck"], /luck/],
  ["a fault that is none", ["--fault", "RCPT affter=2"], /--fault "RCPT affter=2", column 6/],
  ["a user without a name", ["--user", ":pencil"], /--user ":pencil": expected NAME/],
  ["a user who was named before", ["--user", "ann:a", "--user", "ann:b"], /--user "ann"/],
  [
    "a folder that is none",
    ["--fill", "tests/.tmp/none"],
    /--fill "tests\/.tmp\/none": there is no/,
  ],
  ["a folder without messages", ["--fill", "tests/sandbox"], /tests\/sandbox": it holds no file/],
])("sandbox refuses %s with one line and exit 2", async (_name, args, words) => {
  const { out, err, exit } = run(...args);
  equal(await exit, 2);
  equal(out.text, "");
  match(err.text, words);
  equal(err.text.trim().split("\n").length, 1);
});

Deno.test.each(["--lmtp-port", "--pop3-port", "--pop3s-port"])(
  "sandbox fails with exit 1 where the port of %s is taken",
  async (option) => {
    const first = run("--json");
    await first.out.until(/\n/);
    const { port } = new URL(JSON.parse(first.out.text).smtp);
    const second = run(option, port);
    equal(await second.exit, 1);
    match(second.err.text, /^sandbox: Cannot listen on .*EADDRINUSE/);
    first.keys.press();
    equal(await first.exit, 130);
  },
);
