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
