import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { memoryPair } from "@mailwright/mailwright";
import { memorySandbox, startSandbox } from "@mailwright/mailwright/sandbox";
import { RawClient } from "../server/raw_client.ts";
import { connect, upgrade } from "./plain_client.ts";

const ENVELOPE = ["EHLO client.example", "MAIL FROM:<a@x.example>", "RCPT TO:<b@x.example>"];
const LOGIN = `AUTH PLAIN ${btoa("\0ann\0pencil")}`;

Deno.test("the sandbox takes mail for everybody and keeps it by recipient", async () => {
  await using box = await startSandbox();
  using client = await connect(box.ports.smtp);
  equal(await client.reply(), "220 localhost ESMTP mailwright");
  await client.askAll(...ENVELOPE, "RCPT TO:<c@X.EXAMPLE>", "DATA");
  equal(await client.ask("Subject: x\r\n\r\n..hello\r\n."), "250 2.0.0 Queued as 1");
  equal(await client.ask("QUIT"), "221 2.0.0 localhost closing the connection");
  deepEqual(box.mails.map(({ from, to, text, octets }) => ({ from, to, text, octets })), [{
    from: "a@x.example",
    to: ["b@x.example", "c@X.EXAMPLE"],
    text: "Subject: x\r\n\r\n.hello\r\n",
    octets: 22,
  }]);
  equal(box.mailbox("c@x.example").length, 1);
  equal(box.mailbox("C@x.example").length, 0);
  equal(box.mails[0]?.session.client, "client.example");
});

Deno.test("the sandbox speaks STARTTLS and logs in behind it", async () => {
  await using box = await startSandbox({ users: { ann: "pencil" }, requires: "login" });
  const clear = await connect(box.ports.smtp);
  await clear.reply();
  const before = await clear.ask("EHLO client.example");
  equal(before?.includes("AUTH"), false);
  equal(await clear.ask(LOGIN), "538 5.7.11 Encryption required for this mechanism");
  equal(await clear.ask("STARTTLS"), "220 2.0.0 Ready to start TLS");
  using client = await upgrade(clear, box.caCerts);
  const after = await client.ask("EHLO client.example");
  match(after ?? "", /AUTH SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN/);
  equal(after?.includes("STARTTLS"), false);
  equal(await client.ask("MAIL FROM:<>"), "530 5.7.0 Authentication required");
  equal(await client.ask(LOGIN), "235 2.7.0 Authentication succeeded");
  deepEqual(await client.askAll(...ENVELOPE.slice(1), "DATA", "x\r\n."), [
    "250 2.1.0 Sender OK",
    "250 2.1.5 Recipient OK",
    "354 Send the message, end with a lone dot",
    "250 2.0.0 Queued as 1",
  ]);
  equal(box.mails[0]?.session.user, "ann");
  equal(box.mails[0]?.session.security, "verified");
});

Deno.test("the sandbox speaks TLS from the first octet", async () => {
  await using box = await startSandbox();
  using client = await connect(box.ports.smtps, { caCerts: box.caCerts });
  equal(await client.reply(), "220 localhost ESMTP mailwright");
  equal((await client.ask("EHLO a"))?.includes("STARTTLS"), false);
});

Deno.test("the sandbox closes a client in the clear on the port of TLS", async () => {
  await using box = await startSandbox();
  using client = await connect(box.ports.smtps);
  await client.send("EHLO client.example\r\n");
  equal((await client.rest()).includes("220"), false);
  deepEqual(box.mails, []);
});

Deno.test("commands in the segment of STARTTLS are never obeyed on a real socket [T-V01]", async () => {
  await using box = await startSandbox();
  for (const behind of ["MAIL FROM:<evil@x.example>\r\n", "MAIL"]) {
    using client = await connect(box.ports.smtp);
    await client.reply();
    await client.ask("EHLO client.example");
    await client.send(`STARTTLS\r\n${behind}`);
    equal(await client.rest(), "421 4.7.0 Nothing may follow this command\r\n");
  }
  equal(box.ledger.texts("command").some((line) => line.startsWith("MAIL")), false);
});

Deno.test("octets in the clear behind the 220 are never obeyed on a real socket [T-V01]", async () => {
  await using box = await startSandbox();
  using client = await connect(box.ports.smtp);
  await client.reply();
  await client.ask("EHLO client.example");
  await client.ask("STARTTLS");
  await client.send("MAIL FROM:<evil@x.example>\r\nRCPT TO:<b@x.example>\r\n");
  equal((await client.rest()).includes("250"), false);
  equal(box.ledger.texts("command").some((line) => line.startsWith("MAIL")), false);
});

Deno.test("the sandbox speaks LMTP", async () => {
  await using box = await startSandbox({ recipients: ["b@x.example", "c@x.example"] });
  using client = await connect(box.ports.lmtp);
  equal(await client.reply(), "220 localhost LMTP mailwright");
  deepEqual(
    await client.askAll(
      "LHLO client.example",
      "MAIL FROM:<>",
      "RCPT TO:<b@x.example>",
      "RCPT TO:<nobody@x.example>",
      "RCPT TO:<c@x.example>",
      "DATA",
    ).then((replies) => replies.slice(2)),
    [
      "250 2.1.5 Recipient OK",
      "550 5.1.1 No such user here",
      "250 2.1.5 Recipient OK",
      "354 Send the message, end with a lone dot",
    ],
  );
  await client.send("x\r\n.\r\n");
  for (let n = 0; n < 2; n++) equal(await client.reply(), "250 2.0.0 Queued as 1");
  equal(await client.ask("NOOP"), "250 2.0.0 OK");
});

Deno.test("the sandbox verifies and expands", async () => {
  await using box = await startSandbox({
    recipients: ["ann@x.example", "ann@y.example", "ben@x.example"],
    lists: { staff: ["ann@x.example", "ben@x.example"] },
  });
  using client = await connect(box.ports.smtp);
  await client.reply();
  deepEqual(
    await client.askAll(
      "VRFY ben",
      "VRFY <ann@X.example>",
      "VRFY ann",
      "VRFY nobody",
      "EXPN staff",
      "EXPN constructor",
    ),
    [
      "250 2.1.5 <ben@x.example>",
      "250 2.1.5 <ann@x.example>",
      "553-5.1.4 Ambiguous\n553-5.1.4 <ann@x.example>\n553 5.1.4 <ann@y.example>",
      "550 5.1.1 No such user here",
      "250-2.1.5 <ann@x.example>\n250 2.1.5 <ben@x.example>",
      "550 5.1.1 No such list here",
    ],
  );
});

Deno.test("the sandbox says nothing about users where everybody exists", async () => {
  await using box = await startSandbox();
  using client = await connect(box.ports.smtp);
  await client.reply();
  equal(await client.ask("VRFY ann"), "252 2.0.0 Cannot VRFY the user, but will take mail");
});

Deno.test("the sandbox offers what it is told to, by state", async () => {
  await using box = await startSandbox({ capabilities: { clear: ["STARTTLS"], tls: ["X-ONE"] } });
  const clear = await connect(box.ports.smtp);
  await clear.reply();
  equal(await clear.ask("EHLO a"), "250-localhost\n250 STARTTLS");
  await clear.ask("STARTTLS");
  using client = await upgrade(clear, box.caCerts);
  equal(await client.ask("EHLO a"), "250-localhost\n250 X-ONE");
  equal(await client.ask("MAIL FROM:<> SIZE=1"), "555 Parameter SIZE not recognized");
  equal(await client.ask("MAIL FROM:<> X-ONE=1"), "250 Sender OK");
});

Deno.test("the sandbox takes REQUIRETLS inside TLS", async () => {
  await using box = await startSandbox();
  using client = await connect(box.ports.smtps, { caCerts: box.caCerts });
  await client.reply();
  await client.askAll(
    "EHLO a",
    "MAIL FROM:<> REQUIRETLS HOLDUNTIL=2027-01-01T00:00:00Z BY=0;N",
    "RCPT TO:<b@x.example>",
    "DATA",
    "x\r\n.",
  );
  deepEqual(box.mails[0]?.envelope.sender, {
    address: "",
    requireTls: true,
    holdUntil: "2027-01-01T00:00:00Z",
    deliverBy: { seconds: 0, mode: "N", trace: false },
  });
});

Deno.test("the sandbox keeps the beginning of a long message, and counts all", async () => {
  await using box = await startSandbox({ keepOctets: 5 });
  using client = await connect(box.ports.smtp);
  await client.reply();
  await client.askAll(...ENVELOPE, "DATA", "hello\r\nworld\r\n.");
  deepEqual(box.mails.map(({ text, octets }) => [text, octets]), [["hello", 14]]);
});

Deno.test("100 MB pass through the sandbox inside TLS, and little of it stays", async () => {
  await using box = await startSandbox({ keepOctets: 1024 });
  using client = await connect(box.ports.smtps, { caCerts: box.caCerts });
  await client.reply();
  await client.askAll(...ENVELOPE, "DATA");
  const piece = new TextEncoder().encode(`${"x".repeat(62)}\r\n`.repeat(1024));
  for (let n = 0; n < 1600; n++) await client.send(piece);
  equal(await client.ask("."), "250 2.0.0 Queued as 1");
  deepEqual(box.mails.map(({ content, octets }) => [content.length, octets]), [
    [1024, 1600 * 65536],
  ]);
});

Deno.test("the ledger tells what was received and answered", async () => {
  await using box = await startSandbox({ users: { ann: "pencil" } });
  const client = await connect(box.ports.smtps, { caCerts: box.caCerts });
  await client.reply();
  await client.askAll("EHLO client.example", LOGIN, "MAIL FROM:<a@x.example>");
  await client.askAll("RCPT TO:<b@x.example>", "DATA", "x\ny\r\n.", ...ENVELOPE);
  await client.send("BDAT 1\r\nxBDAT 0 LAST\r\n");
  await client.reply();
  await client.reply();
  await client.ask("QUIT");
  client.octets.close();
  await box.ledger.until(({ kind }) => kind === "close");
  deepEqual(
    box.ledger.entries
      .filter(({ text }) => !text.startsWith("250-") && text !== "250 REQUIRETLS")
      .map(({ kind, text, recipients }) => [kind, text, ...(recipients ?? [])].join(" ")),
    [
      "open ",
      "tls ",
      "reply 220 localhost ESMTP mailwright",
      "command EHLO client.example",
      "reply 250 AUTH SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN XOAUTH2 OAUTHBEARER",
      "command AUTH PLAIN ${hidden}",
      "reply 235 2.7.0 Authentication succeeded",
      "command MAIL FROM:<a@x.example>",
      "reply 250 2.1.0 Sender OK",
      "command RCPT TO:<b@x.example>",
      "reply 250 2.1.5 Recipient OK",
      "command DATA",
      "reply 354 Send the message, end with a lone dot",
      "terminator . b@x.example",
      "reply 554 5.6.11 The message holds a bare LF, which is refused",
      "command EHLO client.example",
      "command MAIL FROM:<a@x.example>",
      "reply 250 2.1.0 Sender OK",
      "command RCPT TO:<b@x.example>",
      "reply 250 2.1.5 Recipient OK",
      "command BDAT 1",
      "reply 250 2.0.0 1 octets received",
      "command BDAT 0 LAST",
      "terminator BDAT b@x.example",
      "stored from <a@x.example> b@x.example",
      "reply 250 2.0.0 Queued as 1",
      "command QUIT",
      "reply 221 2.0.0 localhost closing the connection",
      "close ",
    ],
  );
  equal(box.ledger.texts("stored").length, 1);
});

Deno.test("a wait on the ledger ends with its signal", async () => {
  await using box = await startSandbox();
  const stop = new AbortController();
  const waiting = box.ledger.until(() => false, { signal: stop.signal });
  stop.abort(new Error("Enough"));
  await rejects(waiting, { message: "Enough" });
  await rejects(box.ledger.until(() => true, { signal: stop.signal }), { message: "Enough" });
});

Deno.test("a sandbox that cannot have its port leaves nothing open", async () => {
  await using box = await startSandbox();
  await rejects(
    startSandbox({ ports: { lmtp: box.ports.smtp } }),
    /^Error: Cannot listen on "127.0.0.1:\d+": .*EADDRINUSE/,
  );
  await rejects(startSandbox({ hostname: "0.0.0.0" }), { name: "TypeError" });
});

Deno.test("the sandbox serves a connection in memory", async () => {
  await using box = await startSandbox();
  const [ours, theirs] = memoryPair();
  const served = box.serve(theirs, { protocol: "lmtp" });
  using client = new RawClient(ours);
  equal(await client.reply(), "220 localhost LMTP mailwright");
  await client.ask("QUIT");
  await served;
});

Deno.test("a sandbox that is closed ends its sessions", async () => {
  const box = await startSandbox();
  using idle = await connect(box.ports.smtp);
  using early = await connect(box.ports.smtps);
  await idle.reply();
  await box[Symbol.asyncDispose]();
  equal(await idle.line(), null);
  equal(await early.line(), null);
  deepEqual(box.ledger.texts("failure"), []);
});

Deno.test("a session in memory that is dropped as the sandbox closes rejects nowhere", async () => {
  const box = await startSandbox({ faults: [{ verb: "NOOP", silent: true, then: "drop" }] });
  const [ours, theirs] = memoryPair();
  let over = false;
  box.serve(theirs).then(() => over = true);
  using client = new RawClient(ours);
  await client.reply();
  await client.send("NOOP\r\n");
  await box.ledger.until(({ kind }) => kind === "fault");
  await box[Symbol.asyncDispose]();
  equal(over, true);
  equal(await client.line(), null);
  deepEqual(box.ledger.texts("failure"), []);
});

Deno.test("memorySandbox() needs no permission, and has everything but ports", {
  permissions: "none",
}, async () => {
  await using box = memorySandbox({ users: { ann: "pencil" } });
  {
    using client = new RawClient(box.connect({ protocol: "lmtp" }));
    equal(await client.reply(), "220 localhost LMTP mailwright");
    await client.askAll("LHLO a", "MAIL FROM:<>", "RCPT TO:<ann@x.example>", "DATA", "one\r\n.");
  }
  const greeted = box.connect({ protocol: "pop3", implicitTls: true });
  using reader = new RawClient(await greeted.startTls({ hostname: "localhost" }));
  await reader.line();
  deepEqual((await reader.askAll("USER ann", "PASS pencil", "STAT")).at(-1), "+OK 1 5");
  box.misbehave({ verb: "NOOP", reply: "-ERR Not now" });
  equal(await reader.ask("NOOP"), "-ERR Not now");
});

Deno.test("memorySandbox() ends its sessions when it is closed", {
  permissions: "none",
}, async () => {
  const box = memorySandbox();
  using client = new RawClient(box.connect());
  await client.reply();
  await box[Symbol.asyncDispose]();
  equal(await client.line(), null);
});
