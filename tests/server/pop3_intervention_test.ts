import { deepEqual, equal } from "node:assert/strict";
import type { Intervention, SeenCommand } from "@mailwright/mailwright";
import { latin1, message, servedMaildrop, type ServedMaildropOptions } from "./pop3_served.ts";

const pure = { permissions: "none" } as const;
const MESSAGES = [message("a", "1\r\n"), message("b", "2\r\n")];

/** Steps in at one verb. */
function at(verb: string, intervention: Intervention): ServedMaildropOptions {
  return {
    messages: MESSAGES,
    intervene: (command) => command.verb === verb ? intervention : undefined,
  };
}

Deno.test("an intervention is shown every command of POP3 but no secret", pure, async () => {
  const seen: SeenCommand[] = [];
  await using session = await servedMaildrop({
    until: "greeting",
    intervene(command) {
      seen.push(command);
      return undefined;
    },
  });
  const digest = "0".repeat(32);
  await session.client.askAll(
    "USER ann",
    `APOP ann ${digest}`,
    "AUTH PLAIN eA==",
    "PASS x",
    "foo",
    "",
  );
  deepEqual(seen.map(({ verb, argument }) => [verb, argument]), [
    ["CONNECT", ""],
    ["USER", "ann"],
    ["APOP", ""],
    ["AUTH", ""],
    ["PASS", ""],
    ["FOO", ""],
    ["", ""],
  ]);
});

Deno.test("an intervention says another greeting", pure, async () => {
  const reply = latin1("+OK <a@b> or so\r\n");
  await using session = await servedMaildrop({ ...at("CONNECT", { reply }), until: "open" });
  deepEqual([await session.client.line(), await session.client.ask("CAPA now")], [
    "+OK <a@b> or so",
    "-ERR CAPA takes no argument",
  ]);
});

Deno.test.each<[said: string, effect: boolean]>([
  ["", true],
  ["", false],
  ["-ERR Hm\r\n", true],
  ["+OK\r\n", false],
])('an intervention at QUIT says "%s", whether it removes or not', pure, async (said, effect) => {
  let ended = 0;
  const intervention = { reply: latin1(said), execute: effect, end: () => void ended++ };
  await using session = await servedMaildrop(at("QUIT", intervention));
  const { client } = session;
  await client.ask("DELE 1");
  await client.send("QUIT\r\n");
  if (said !== "") equal(`${await client.line()}\r\n`, said);
  if (!effect) client.octets.close();
  equal(await session.end, effect ? "quit" : "closed");
  deepEqual(session.course.removed, effect ? ["a"] : []);
  deepEqual([session.course.closed, ended], [1, 1]);
});

Deno.test("an intervention answers in place of a message, or besides it", pure, async () => {
  const retrieved: string[] = [];
  const reply = latin1("+OK\r\nunstuffed\r\n.\r\nrest\r\n.\r\n");
  const maildrop = { retrieved: ({ uid }: { uid: string }) => void retrieved.push(uid) };
  await using replaced = await servedMaildrop({ ...at("RETR", { reply }), maildrop });
  await replaced.client.send("RETR 1\r\nQUIT\r\n");
  equal(
    await replaced.client.rest(),
    "+OK\r\nunstuffed\r\n.\r\nrest\r\n.\r\n+OK pop.example closing the connection\r\n",
  );
  deepEqual(retrieved, []);
  await using added = await servedMaildrop({
    ...at("RETR", { after: latin1("+OK again\r\n") }),
    maildrop,
  });
  const before = added.writes();
  await added.client.send("RETR 2\r\nQUIT\r\n");
  equal((await added.client.rest()).slice(0, 36), "+OK 3 octets\r\n2\r\n.\r\n+OK again\r\n+OK p");
  deepEqual(retrieved, ["b"]);
  equal(added.writes() - before, 2);
});

Deno.test("a login that is only claimed opens nothing", pure, async () => {
  const intervention = { reply: latin1("+OK\r\n"), execute: false };
  await using session = await servedMaildrop(at("PASS", intervention));
  equal(await session.client.ask("STAT"), "-ERR Log in first");
});
