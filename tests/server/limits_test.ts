import { deepEqual, equal } from "node:assert/strict";
import { served } from "./served.ts";

Deno.test("serveSmtp() answers a line that is too long and goes on", {
  permissions: "none",
}, async () => {
  for (const chunk of [1, Infinity]) {
    await using session = await served({ chunk, limits: { lineOctets: 100 } });
    deepEqual(
      await session.client.askAll(`NOOP ${"x".repeat(95)}`, `NOOP ${"x".repeat(96)}`, "NOOP"),
      ["250 2.0.0 OK", "500 5.5.2 Line too long", "250 2.0.0 OK"],
    );
  }
});

Deno.test("serveSmtp() ends with a line without end [T-V04]", { permissions: "none" }, async () => {
  for (const chunk of [7, Infinity]) {
    await using session = await served({ chunk, limits: { floodOctets: 1000 } });
    await session.client.send("x".repeat(1100));
    equal(await session.client.reply(), "421 4.5.2 Line too long");
    equal(await session.end, "dismissed");
  }
});

Deno.test("serveSmtp() ends after commands without a message [T-V04]", {
  permissions: "none",
}, async () => {
  await using session = await served({ limits: { commands: 6 } });
  const { client } = session;
  const message = [
    "EHLO client.example",
    "MAIL FROM:<a@x.example>",
    "RCPT TO:<b@x.example>",
    "DATA",
    "x\r\n.",
  ];
  // Each message starts the count again.
  for (let n = 1; n < 4; n++) {
    equal((await client.askAll(...message)).at(-1), `250 2.0.0 Queued as ${n}`);
  }
  const replies = await client.askAll(...Array<string>(7).fill("NOOP"));
  deepEqual(replies.slice(5), ["250 2.0.0 OK", "421 4.7.0 Too many commands"]);
  equal(await session.end, "dismissed");
});

Deno.test("serveSmtp() counts recipients", { permissions: "none" }, async () => {
  await using session = await served({ limits: { recipients: 2 } });
  const rcpt = "RCPT TO:<b@x.example>";
  const replies = await session.client.askAll("EHLO a", "MAIL FROM:<>", rcpt, rcpt, rcpt);
  equal(replies.at(-1), "452 4.5.3 Too many recipients");
});

Deno.test("serveSmtp() refuses a lone LF behind a command unless it is lenient", {
  permissions: "none",
}, async () => {
  for (const strict of [true, false]) {
    await using session = await served({ strict });
    await session.client.send("NOOP\n");
    equal(
      await session.client.reply(),
      strict ? "500 5.5.2 A line ends in CRLF" : "250 2.0.0 OK",
    );
  }
});

Deno.test("serveSmtp() refuses octets that are no UTF-8 [T-V03]", {
  permissions: "none",
}, async () => {
  await using session = await served();
  await session.client.send("NOOP \u00ff\u00fe\r\n");
  equal(await session.client.reply(), "501 5.5.4 This is not UTF-8");
});
