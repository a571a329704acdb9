import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { memoryPair, pop3CapabilityLists } from "@mailwright/mailwright";
import { type Sandbox, type SandboxOptions, startSandbox } from "@mailwright/mailwright/sandbox";
import { FakeClock } from "../fake_clock.ts";
import { askList, askOctets } from "../server/pop3_served.ts";
import { RawClient } from "../server/raw_client.ts";
import { connect, upgrade } from "./plain_client.ts";

const users = { ann: "pencil", "ben@x.example": "eraser" };
const LOGIN = ["USER ann", "PASS pencil"];

/** A client of POP3 inside TLS that has logged in. */
async function reader(box: Sandbox, login: readonly string[] = LOGIN): Promise<RawClient> {
  const client = await connect(box.ports.pop3s, { caCerts: box.caCerts });
  match(await client.line() ?? "", /^\+OK localhost POP3 mailwright <[\w-]+@localhost>$/);
  deepEqual(await client.askAll(...login), ["+OK Send PASS", "+OK Logged in"]);
  return client;
}

/** Sends a message by SMTP. */
async function send(
  box: Sandbox,
  content: string,
  ...recipients: readonly string[]
): Promise<void> {
  using client = await connect(box.ports.smtp);
  await client.reply();
  await client.askAll(
    "EHLO a",
    "MAIL FROM:<>",
    ...recipients.map((one) => `RCPT TO:<${one}>`),
    "DATA",
  );
  match(await client.ask(`${content}.`) ?? "", /^250 /);
}

Deno.test("the sandbox serves by POP3 what it received by SMTP, and removes it at QUIT", async () => {
  await using box = await startSandbox({ users });
  await send(box, "Subject: 1\r\n\r\n..\r\n", "ann@x.example", "ann@X.EXAMPLE", "ben@x.example");
  await send(box, "Subject: 2\r\n\r\n", "ann@y.example");
  using client = await reader(box);
  deepEqual(await askList(client, "LIST"), ["+OK 2 messages", "1 17", "2 14"]);
  deepEqual(await askList(client, "UIDL"), ["+OK 2 messages", "1 m00000001", "2 m00000003"]);
  equal(await askOctets(client, "RETR 1"), "Subject: 1\r\n\r\n..\r\n");
  deepEqual(await client.askAll("DELE 1", "QUIT"), [
    "+OK Marked as deleted",
    "+OK localhost closing the connection",
  ]);
  deepEqual(box.maildrop("ann").map(({ uid, text }) => [uid, text]), [
    ["m00000003", "Subject: 2\r\n\r\n"],
  ]);
  // What was received stays on record, and others have copies of their own.
  equal(box.mailbox("ann@x.example").length, 1);
  equal(box.maildrop("ben@x.example").length, 1);
});

Deno.test("the sandbox speaks STLS, and offers logins behind it", async () => {
  await using box = await startSandbox({ users });
  const clear = await connect(box.ports.pop3);
  await clear.line();
  const before = await askList(clear, "CAPA");
  equal(before.includes("USER"), false);
  equal(before.at(-1), "STLS");
  equal(await clear.ask("USER ann"), "-ERR Encryption required for this command");
  equal(await clear.ask("STLS"), "+OK Begin TLS");
  using client = await upgrade(clear, box.caCerts);
  const after = await askList(client, "CAPA");
  equal(after.includes("STLS"), false);
  deepEqual(after.slice(-2), [
    "USER",
    "SASL SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN XOAUTH2 OAUTHBEARER",
  ]);
  deepEqual(await client.askAll(...LOGIN, "STAT"), ["+OK Send PASS", "+OK Logged in", "+OK 0 0"]);
});

Deno.test("commands in the segment of STLS are never obeyed on a real socket [T-V01]", async () => {
  await using box = await startSandbox({ users });
  for (const behind of ["USER ann\r\nPASS pencil\r\n", "USE"]) {
    using client = await connect(box.ports.pop3);
    await client.line();
    await client.send(`STLS\r\n${behind}`);
    equal(await client.rest(), "-ERR Nothing may follow this command\r\n");
  }
  deepEqual(box.ledger.texts("command"), ["STLS", "STLS"]);
});

Deno.test("a maildrop has the mail of a name, of an address, or of the addresses it is told", async () => {
  await using box = await startSandbox({
    users: {
      ...users,
      chief: { password: "x", addresses: ["boss@x.example", "info@x.example"] },
    },
  });
  const all = ["ann@x.example", "ann@y.example", "Ann@x.example", "ben@x.example", "ben@y.example"];
  for (const address of [...all, "boss@X.example", "info@x.example", "annette@x.example"]) {
    box.fill(address, [address]);
  }
  const texts = (user: string) => box.maildrop(user).map(({ text }) => text);
  deepEqual(texts("ann"), ["ann@x.example", "ann@y.example"]);
  deepEqual(texts("ben@x.example"), ["ben@x.example"]);
  deepEqual(texts("chief"), ["boss@X.example", "info@x.example"]);
  deepEqual(texts("constructor"), []);
});

Deno.test("a maildrop is open once at a time, and free when its session is over", async () => {
  await using box = await startSandbox({ users });
  const first = await reader(box);
  using second = await connect(box.ports.pop3s, { caCerts: box.caCerts });
  await second.line();
  const busy = "-ERR [IN-USE] Somebody is reading this maildrop";
  equal((await second.askAll(...LOGIN))[1], busy);
  // Others are not disturbed.
  (await reader(box, ["USER ben@x.example", "PASS eraser"])).octets.close();
  first.octets.close();
  await box.ledger.until(({ kind, connection }) => kind === "close" && connection === 0);
  equal((await second.askAll(...LOGIN))[1], "+OK Logged in");
});

Deno.test("LOGIN-DELAY is held to", async () => {
  const clock = new FakeClock();
  await using box = await startSandbox({
    users,
    clock,
    pop3: { capabilities: pop3CapabilityLists({ loginDelay: 60, clearLogin: true }) },
  });
  equal(await logIn(box), "+OK Logged in");
  equal(await logIn(box), "-ERR [LOGIN-DELAY] The last login was just now");
  await clock.advance(59_999);
  equal(await logIn(box), "-ERR [LOGIN-DELAY] The last login was just now");
  await clock.advance(1);
  equal(await logIn(box), "+OK Logged in");
});

/** Logs in in memory, quits, and tells what the login led to. */
async function logIn(box: Sandbox): Promise<string | null> {
  const [ours, theirs] = memoryPair();
  const served = box.serve(theirs, { protocol: "pop3" });
  using client = new RawClient(ours);
  await client.line();
  const [, reply = null] = await client.askAll(...LOGIN, "QUIT");
  await served;
  return reply;
}

Deno.test("with EXPIRE 0, what was retrieved is gone after QUIT", async () => {
  await using box = await startSandbox({
    users,
    pop3: { capabilities: pop3CapabilityLists({ expire: 0 }) },
  });
  box.fill("ann@x.example", ["1\r\n", "2\r\n", "3\r\n"]);
  using client = await reader(box);
  await askOctets(client, "RETR 2");
  await client.askAll("DELE 1", "QUIT");
  deepEqual(box.maildrop("ann").map(({ text }) => text), ["3\r\n"]);
});

Deno.test("a maildrop can be filled with anything, octet by octet", async () => {
  await using box = await startSandbox({ users });
  const octets = Uint8Array.of(0, 255, 10, 46, 13);
  box.fill("ann@x.example", [
    "Subject: ä\r\n",
    octets,
    { content: "x", uid: "twin", size: 2 ** 40 },
    { content: "y\r\n", uid: "twin" },
  ]);
  using client = await reader(box);
  deepEqual((await askList(client, "LIST")).slice(1), ["1 13", "2 7", `3 ${2 ** 40}`, "4 3"]);
  deepEqual((await askList(client, "UIDL")).slice(1), [
    "1 m00000001",
    "2 m00000002",
    "3 twin",
    "4 twin",
  ]);
  equal(await askOctets(client, "RETR 2"), "\0\xff\n.\r\r\n");
  // Twins are two: one goes, one stays.
  await client.askAll("DELE 4", "QUIT");
  deepEqual(box.maildrop("ann").map(({ text }) => text).slice(2), ["x"]);
});

Deno.test("uids are stable, and no uid comes again", async () => {
  await using box = await startSandbox({ users });
  const seen: string[][] = [];
  for (const text of ["1", "2", "3"]) {
    box.fill("ann@x.example", [text]);
    using client = await reader(box);
    seen.push((await askList(client, "UIDL")).slice(1).map(String));
    await client.askAll("DELE 1", "QUIT");
  }
  deepEqual(seen, [["1 m00000001"], ["1 m00000002"], ["1 m00000003"]]);
});

Deno.test("what comes during a session is seen by the next", async () => {
  await using box = await startSandbox({ users });
  box.fill("ann@x.example", ["1\r\n"]);
  using client = await reader(box);
  await send(box, "2\r\n", "ann@x.example");
  deepEqual(await client.askAll("STAT", "DELE 1", "QUIT"), [
    "+OK 1 3",
    "+OK Marked as deleted",
    "+OK localhost closing the connection",
  ]);
  deepEqual(box.maildrop("ann").map(({ text }) => text), ["2\r\n"]);
});

Deno.test("the ledger tells what was marked and what was removed, without content", async () => {
  await using box = await startSandbox({ users });
  box.fill("ann@x.example", ["Subject: 1\r\n\r\n", "Subject: 2\r\n\r\n"]);
  using client = await reader(box);
  await askOctets(client, "RETR 2");
  await client.askAll("DELE 2", "DELE 1", "RSET", "DELE 2", "QUIT");
  await box.ledger.until(({ kind }) => kind === "close");
  const told = box.ledger.entries.slice(2) // open, tls
    .map(({ kind, text, uids = [] }) => [kind, text, ...uids].join(" "));
  match(told[0] ?? "", /^reply \+OK localhost POP3 mailwright <.*>$/);
  deepEqual(told.slice(1), [
    "command USER ann",
    "reply +OK Send PASS",
    "command PASS ${hidden}",
    "reply +OK Logged in",
    "command RETR 2",
    "reply +OK 14 octets",
    "reply .",
    "command DELE 2",
    "marked ann m00000002",
    "reply +OK Marked as deleted",
    "command DELE 1",
    "marked ann m00000001",
    "reply +OK Marked as deleted",
    "command RSET",
    "reply +OK Nothing is marked",
    "command DELE 2",
    "marked ann m00000002",
    "reply +OK Marked as deleted",
    "command QUIT",
    "update ann m00000002",
    "removed ann m00000002",
    "reply +OK localhost closing the connection",
    "close ",
  ]);
});

Deno.test("40 MB pass through POP3 inside TLS", async () => {
  await using box = await startSandbox({ users });
  const line = `${"x".repeat(1022)}\r\n`;
  box.fill("ann@x.example", [new TextEncoder().encode(line.repeat(40 * 1024))]);
  using client = await reader(box);
  await client.send("RETR 1\r\nQUIT\r\n");
  equal(await client.line(), `+OK ${40 * 1024 * 1024} octets`);
  const buffer = new Uint8Array(1024 * 1024);
  let octets = 0;
  for (let count = await client.octets.read(buffer); count !== null;) {
    octets += count;
    count = await client.octets.read(buffer).catch(() => null);
  }
  equal(octets, 40 * 1024 * 1024 + ".\r\n+OK localhost closing the connection\r\n".length);
});

Deno.test("the ports of POP3 are told, and a sandbox that is closed ends its sessions", async () => {
  const box = await startSandbox({ users });
  equal(box.pop3Url, `pop3://127.0.0.1:${box.ports.pop3}`);
  equal(box.pop3sUrl, `pop3s://127.0.0.1:${box.ports.pop3s}`);
  box.fill("ann@x.example", ["1\r\n"]);
  const client = await reader(box);
  await client.ask("DELE 1");
  await box[Symbol.asyncDispose]();
  equal(await client.line(), null);
  client.octets.close();
  equal(box.maildrop("ann").length, 1);
  deepEqual(box.ledger.texts("failure"), []);
});

Deno.test("the sandbox tells others what is said by POP3", async () => {
  const seen: string[] = [];
  const options: SandboxOptions = {
    users,
    onEvent: ({ kind, end, text, bytes }) =>
      seen.push(`${kind} ${end} ${text}${bytes?.length ?? ""}`),
  };
  await using box = await startSandbox(options);
  box.fill("ann@x.example", ["1\r\n"]);
  using client = await reader(box);
  await askOctets(client, "RETR 1");
  deepEqual(seen.slice(-4), ["line C RETR 1", "line S +OK 3 octets", "content S 3", "line S ."]);
  await rejects(startSandbox({ ports: { pop3s: box.ports.pop3 } }), /EADDRINUSE/);
});
