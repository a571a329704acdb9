import { deepEqual, equal } from "node:assert/strict";
import { connectSmtp, Secret } from "@mailwright/mailwright";
import { startSandbox } from "@mailwright/mailwright/sandbox";
import { RawClient } from "../server/raw_client.ts";
import { connect } from "./plain_client.ts";

const MAIL = {
  from: "a@far.example",
  to: ["ann@x.example"],
  content: "Subject: held\r\n\r\nHello\r\n",
};
const LOGIN = `AUTH PLAIN ${btoa("\0ann\0pencil")}`;
const users = { ann: { password: "pencil", domains: ["x.example", "y.example"] } };

Deno.test("ATRN turns the connection: the sandbox sends what it held, byte by byte", async () => {
  await using box = await startSandbox({ users });
  box.hold("X.example", MAIL);
  const client = await connect(box.ports.smtps, { caCerts: box.caCerts });
  await client.reply();
  equal(await client.ask("ATRN x.example"), "530 5.7.0 Authentication required");
  await client.askAll("EHLO client.example", LOGIN);
  equal(await client.ask("ATRN z.example"), "450 4.7.1 ATRN request refused");
  equal(await client.ask("ATRN y.example"), "453 You have no mail");
  equal(await client.ask("ATRN"), "250 OK now reversing the connection");
  // From here on this end serves.
  await client.send("220 client.example ready\r\n");
  equal(await client.line(), "EHLO [127.0.0.1]");
  await client.send("250 client.example\r\n");
  equal(await client.line(), "MAIL FROM:<a@far.example>");
  await client.send("250 OK\r\n");
  equal(await client.line(), "RCPT TO:<ann@x.example>");
  await client.send("250 OK\r\n");
  equal(await client.line(), "DATA");
  await client.send("354 Go\r\n");
  for (const line of ["Subject: held", "", "Hello", "."]) equal(await client.line(), line);
  await client.send("250 Got it\r\n");
  equal(await client.line(), "QUIT");
  await client.send("221 Bye\r\n");
  equal(await client.rest(), "");
  client.octets.close();
  equal(box.held("x.example").length, 0);
  deepEqual(box.ledger.texts("sent"), ["accepted"]);
});

Deno.test("ATRN keeps what was not taken", async () => {
  await using box = await startSandbox({ users });
  box.hold("x.example", MAIL);
  const failures = (count: number) =>
    box.ledger.until(() => box.ledger.texts("failure").length === count);
  const talks = [
    ["220 client.example ready\r\n"],
    ["220 client.example ready\r\n", "250 client.example\r\n", "250 OK\r\n"],
  ];
  for (const [index, talk] of talks.entries()) {
    const client = await connect(box.ports.smtps, { caCerts: box.caCerts });
    await client.reply();
    await client.askAll("EHLO client.example", LOGIN, "ATRN");
    for (const said of talk) {
      await client.send(said);
      await client.line();
    }
    client.octets.close();
    await failures(index + 1);
    equal(box.held("x.example").length, 1);
  }
  deepEqual(box.ledger.texts("sent"), ["not-sent"]);
});

Deno.test("ATRN does not send again what is in doubt", async () => {
  await using box = await startSandbox({ users });
  box.hold("x.example", MAIL);
  const client = await connect(box.ports.smtps, { caCerts: box.caCerts });
  await client.reply();
  await client.askAll("EHLO client.example", LOGIN, "ATRN");
  for (const said of ["220 ready", "250 client.example", "250 OK", "250 OK", "354 Go"]) {
    await client.send(`${said}\r\n`);
    await client.line();
  }
  while (await client.line() !== ".");
  client.octets.close();
  const { text } = await box.ledger.until(({ kind }) => kind === "sent");
  equal(text, "in-doubt");
  await box.ledger.until(({ kind }) => kind === "failure");
  equal(box.held("x.example").length, 0);
});

Deno.test.each<[string]>([["ATRN"], ["TURN"]])(
  "%s between a session and the sandbox: mail comes back on the same socket",
  async (verb) => {
    await using provider = await startSandbox({ users });
    await using customer = await startSandbox();
    provider.hold("x.example", MAIL);
    provider.hold("y.example", { ...MAIL, to: ["ben@y.example"] });
    const session = await connectSmtp({
      url: provider.smtpUrl,
      caCerts: provider.caCerts,
      auth: { user: "ann", password: new Secret("pencil") },
    });
    const { reply, connection } = verb === "ATRN"
      ? await session.atrn(["x.example", "y.example"])
      : await session.turn({ allowTurn: true });
    equal(reply.code, 250);
    if (connection === undefined) throw new Error("No connection");
    await customer.serve(connection);
    deepEqual(customer.mails.map(({ to, text }) => [...to, text]), [
      ["ann@x.example", MAIL.content],
      ["ben@y.example", MAIL.content],
    ]);
    equal(customer.mails[0]?.session.security, "verified");
    equal(provider.held("x.example").length + provider.held("y.example").length, 0);
    // One socket: the provider saw one connection.
    equal(provider.ledger.texts("open").length, 1);
  },
);

Deno.test("ETRN answers with every code, and sends in the background", async () => {
  await using target = await startSandbox();
  await using box = await startSandbox({
    nodes: {
      "x.example": { url: target.smtpUrl, caCerts: target.caCerts },
      "@x.example": { url: target.smtpUrl, caCerts: target.caCerts },
      "#q.example": { url: target.smtpUrl, caCerts: target.caCerts },
      "full.example": "unable",
      "bad.example": { refused: "unpaid" },
    },
  });
  using client = new RawClient((await connect(box.ports.smtp)).octets);
  await client.reply();
  equal(await client.ask("ETRN x.example"), "503 5.5.1 Send EHLO first");
  await client.ask("EHLO client.example");
  equal(await client.ask("ETRN other.example"), "459 Node other.example not allowed: unknown");
  equal(await client.ask("ETRN bad.example"), "459 Node bad.example not allowed: unpaid");
  equal(
    await client.ask("ETRN full.example"),
    "458 Unable to queue messages for node full.example",
  );
  equal(await client.ask("ETRN x.example"), "251 OK, no messages waiting for node x.example");

  const arrived = (count: number) =>
    target.ledger.until(() => target.ledger.texts("stored").length === count);
  box.hold("x.example", MAIL);
  box.hold("x.example", MAIL);
  equal(
    await client.ask("ETRN x.example"),
    "253 OK, 2 pending messages for node x.example started",
  );
  await arrived(2);
  box.hold("sub.x.example", MAIL);
  equal(
    await client.ask("ETRN @x.example"),
    "252 OK, pending messages for node @x.example started",
  );
  await arrived(3);
  box.hold("q.example", MAIL);
  equal(await client.ask("ETRN #q.example"), "250 OK, queuing for node #q.example started");
  await arrived(4);
  deepEqual(target.mails.map(({ text }) => text), Array(4).fill(MAIL.content));
});

Deno.test("ETRN whose target is gone keeps the mail and says so in the ledger", async () => {
  const gone = await startSandbox();
  await gone[Symbol.asyncDispose]();
  await using box = await startSandbox({ nodes: { "x.example": { url: gone.smtpUrl } } });
  box.hold("x.example", MAIL);
  using client = await connect(box.ports.smtp);
  await client.reply();
  await client.askAll("EHLO client.example", "ETRN x.example");
  const { text } = await box.ledger.until(({ kind }) => kind === "failure");
  equal(text.startsWith("DialError: "), true);
  equal(box.held("x.example").length, 1);
});
