import { deepEqual, equal } from "node:assert/strict";
import type { Intervention, SeenCommand } from "@mailwright/mailwright";
import { served, type ServedOptions } from "./served.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Steps in at one verb. */
function at(verb: string, intervention: Intervention): ServedOptions {
  return { intervene: (command) => command.verb === verb ? intervention : undefined };
}

const ENVELOPE = ["EHLO a", "MAIL FROM:<a@x.example>", "RCPT TO:<b@x.example>"];

Deno.test("an intervention is shown every command but no secret", {
  permissions: "none",
}, async () => {
  const seen: SeenCommand[] = [];
  await using session = await served({
    intervene(command) {
      seen.push(command);
      return undefined;
    },
  });
  await session.client.askAll(...ENVELOPE, "DATA", "x\r\n.", `AUTH PLAIN ${btoa("secret")}`, "foo");
  await session.client.send("BDAT 1\r\nxQUIT\r\n");
  await session.end;
  deepEqual(seen.map(({ verb, argument }) => [verb, argument]), [
    ["CONNECT", ""],
    ["EHLO", "a"],
    ["MAIL", "FROM:<a@x.example>"],
    ["RCPT", "TO:<b@x.example>"],
    ["DATA", ""],
    [".", ""],
    ["AUTH", ""],
    ["FOO", ""],
    ["BDAT", "1"],
    ["QUIT", ""],
  ]);
});

Deno.test("an intervention answers in place of the engine", { permissions: "none" }, async () => {
  await using session = await served(
    at("MAIL", { execute: false, reply: bytes("451 4.7.1 Later\r\n") }),
  );
  const replies = await session.client.askAll(...ENVELOPE);
  deepEqual(replies.slice(1), ["451 4.7.1 Later", "503 5.5.1 Send MAIL first"]);
});

Deno.test.each<[string, Intervention, number]>([
  ["nothing, and the message is kept", { reply: new Uint8Array() }, 1],
  ["nothing, and the message is forgotten", { execute: false, reply: new Uint8Array() }, 0],
  ["451, and the message is forgotten", { execute: false, reply: bytes("451 x\r\n") }, 0],
])(
  "an intervention at the end of the content gives %s",
  { permissions: "none" },
  async (...row) => {
    const [, intervention, kept] = row;
    for (const verb of [".", "BDAT"]) {
      await using session = await served(at(verb, intervention));
      const { client } = session;
      await client.askAll(...ENVELOPE);
      if (verb === ".") await client.ask("DATA");
      await client.send(verb === "." ? "x\r\n.\r\nRSET\r\n" : "BDAT 1 LAST\r\nxRSET\r\n");
      if (intervention.reply?.length !== 0) equal(await client.reply(), "451 x");
      equal(await client.reply(), "250 2.0.0 Flushed");
      equal(session.mails.length, kept);
    }
  },
);

Deno.test("an intervention adds octets behind the reply, in the same write", {
  permissions: "none",
}, async () => {
  const options = at("RCPT", { after: bytes("250 again\r\n") });
  await using session = await served(options);
  const { client } = session;
  await client.askAll("EHLO a");
  const before = session.writes();
  await client.send("MAIL FROM:<>\r\nRCPT TO:<b@x.example>\r\n");
  for (const reply of ["250 2.1.0 Sender OK", "250 2.1.5 Recipient OK", "250 again"]) {
    equal(await client.reply(), reply);
  }
  equal(session.writes() - before, 1);
});

Deno.test("an intervention acts between the reply and what follows it", {
  permissions: "none",
}, async () => {
  const order: string[] = [];
  await using session = await served({
    ...at("DATA", { end: () => void order.push("end") }),
    backend: {
      message: () => ({
        write: () => void order.push("write"),
        finish: () => [{ code: 250, text: "OK" }],
        abort() {},
      }),
    },
  });
  const replies = await session.client.askAll(...ENVELOPE, "DATA", "x\r\n.");
  equal(replies.at(-1), "250 OK");
  deepEqual(order, ["end", "write"]);
});

Deno.test("an intervention may say the greeting", { permissions: "none" }, async () => {
  await using session = await served({
    silent: true,
    ...at("CONNECT", { reply: bytes("220-two\r\n220 lines\r\n") }),
  });
  equal(await session.client.reply(), "220-two\n220 lines");
});
