import { deepEqual, equal } from "node:assert/strict";
import { memoryPair, pop3CapabilityLists } from "@mailwright/mailwright";
import {
  type CommandFault,
  type Sandbox,
  type SandboxFault,
  startSandbox,
} from "@mailwright/mailwright/sandbox";
import { askOctets } from "../server/pop3_served.ts";
import { RawClient } from "../server/raw_client.ts";
import { connect, ending } from "./plain_client.ts";

const LOGIN = ["USER ann", "PASS pencil"];

/** A sandbox with faults and two messages, and a client on a real socket; the greeting is unread. */
async function faulty(...faults: readonly SandboxFault[]) {
  const box = await startSandbox({
    users: { ann: "pencil" },
    faults,
    pop3: { capabilities: pop3CapabilityLists({ clearLogin: true }), apop: false },
  });
  box.fill("ann@x.example", ["Subject: 1\r\n\r\n", "Subject: 2\r\n\r\n"]);
  const client = await connect(box.ports.pop3);
  return {
    box,
    client,
    async [Symbol.asyncDispose]() {
      client.octets.close();
      await box[Symbol.asyncDispose]();
    },
  };
}

/** The uids of what is in the maildrop. */
function uidsOf(box: Sandbox): readonly string[] {
  return box.maildrop("ann").map(({ uid }) => uid);
}

Deno.test.each<[string, SandboxFault, readonly (readonly [command: string, reply: string])[]]>([
  ["a refusal that takes no effect", { verb: "DELE", reply: "-ERR Later" }, [
    ["DELE 1", "-ERR Later"],
    ["STAT", "+OK 2 28"],
  ]],
  ["a refusal that takes effect", { verb: "DELE", reply: "-ERR Later", effect: true }, [
    ["DELE 1", "-ERR Later"],
    ["STAT", "+OK 1 14"],
  ]],
  ["a lie", { verb: "DELE", reply: "+OK", effect: false }, [
    ["DELE 1", "+OK"],
    ["STAT", "+OK 2 28"],
  ]],
  ["a fault by number", { verb: "RETR", pattern: "2", reply: "-ERR Locked" }, [
    ["RETR 2", "-ERR Locked"],
    ["RETR 1", "+OK 14 octets"],
  ]],
  ["an empty line in place of a reply", { verb: "DELE", reply: "" }, [["DELE 1", ""]]],
  ["another STAT", { verb: "STAT", reply: "+OK 3 -7" }, [["STAT", "+OK 3 -7"]]],
])("the sandbox plays %s by POP3", async (_name, fault, talk) => {
  await using play = await faulty(fault);
  const { client } = play;
  await client.line();
  await client.askAll(...LOGIN);
  for (const [command, reply] of talk) equal(await client.ask(command), reply);
});

Deno.test("a fault may be for one protocol", async () => {
  await using play = await faulty(
    { verb: "CONNECT", protocol: "pop3", reply: "+OK Do you care?" },
    {
      protocol: "smtp",
      at: 0,
      then: "close",
    },
  );
  const { client, box } = play;
  equal(await client.line(), "+OK Do you care?");
  using smtp = await connect(box.ports.smtp);
  equal(await smtp.line(), null);
  using lmtp = await connect(box.ports.lmtp);
  equal(await lmtp.line(), "220 localhost LMTP mailwright");
});

Deno.test("a maildrop may be busy for once", async () => {
  await using play = await faulty({ verb: "PASS", times: 1, reply: "-ERR [IN-USE] Busy" });
  const { client } = play;
  await client.line();
  deepEqual(await client.askAll(...LOGIN, "STAT", ...LOGIN, "STAT"), [
    "+OK Send PASS",
    "-ERR [IN-USE] Busy",
    "-ERR Log in first",
    "+OK Send PASS",
    "+OK Logged in",
    "+OK 2 28",
  ]);
});

Deno.test("a fault may let another client remove a message first", async () => {
  await using play = await faulty({ verb: "RETR", times: 1, expunge: ["m00000001"] });
  const { client, box } = play;
  await client.line();
  await client.askAll(...LOGIN);
  equal(await client.ask("RETR 1"), "-ERR Message 1 is expunged");
  equal(await askOctets(client, "RETR 2"), "Subject: 2\r\n\r\n");
  deepEqual(uidsOf(box), ["m00000002"]);
});

Deno.test.each<
  [string, Omit<CommandFault, "verb">, gone: boolean, said: string, "closed" | "reset"]
>([
  ["the reply is lost after the removal", { silent: true, then: "drop" }, true, "", "reset"],
  [
    "the server dies before the removal",
    { silent: true, effect: false, then: "drop" },
    false,
    "",
    "reset",
  ],
  [
    "success is a lie",
    { reply: "+OK Bye", effect: false, then: "close" },
    false,
    "+OK Bye",
    "closed",
  ],
  [
    "failure is a lie",
    { reply: "-ERR Some deleted messages not removed", effect: true },
    true,
    "-ERR Some deleted messages not removed",
    "closed",
  ],
  [
    "half of a reply",
    { reply: new TextEncoder().encode("+O"), then: "close" },
    true,
    "+O",
    "closed",
  ],
])("at QUIT %s", async (_name, fault, gone, said, end) => {
  await using play = await faulty({ verb: "QUIT", ...fault });
  const { client, box } = play;
  await client.line();
  await client.askAll(...LOGIN, "DELE 2");
  await client.send("QUIT\r\n");
  deepEqual(await ending(client), [said, end]);
  deepEqual(uidsOf(box), gone ? ["m00000001"] : ["m00000001", "m00000002"]);
  equal(box.ledger.texts("update").length, gone ? 1 : 0);
  // The ledger has what was said, as it was said.
  const last = box.ledger.texts("reply").at(-1);
  equal(last?.replace("\r\n", ""), said === "" ? "+OK Marked as deleted" : said);
});

Deno.test("the ledger has what a fault says in place of a message, not the message", async () => {
  await using play = await faulty({ verb: "RETR", times: 1, reply: "+OK\r\n.lone\r\n." });
  const { client, box } = play;
  await client.line();
  await client.askAll(...LOGIN);
  equal(await askOctets(client, "RETR 1"), ".lone\r\n");
  equal(await askOctets(client, "RETR 1"), "Subject: 1\r\n\r\n");
  deepEqual(box.ledger.texts("reply").slice(-3), ["+OK\r\n.lone\r\n.\r\n", "+OK 14 octets", "."]);
});

const BYE = "+OK localhost closing the connection\r\n";

Deno.test.each<["sent" | "received", "close" | "drop"]>([
  ["sent", "close"],
  ["sent", "drop"],
  ["received", "close"],
  ["received", "drop"],
])(
  "of a session that is cut at any octet %s (%s), all of QUIT decides [T-V05]",
  async (side, then) => {
    await using box = await startSandbox({
      users: { ann: "pencil" },
      pop3: { capabilities: pop3CapabilityLists({ clearLogin: true }), apop: false },
    });
    const commands = [...LOGIN, "STAT", "RETR 1", "DELE 1", "DELE 2", "QUIT"];
    const run = async (...faults: readonly SandboxFault[]): Promise<string> => {
      box.misbehave(...faults);
      box.expunge(...uidsOf(box));
      box.fill("ann@x.example", ["Subject: 1\r\n\r\n.\r\n", "Subject: 2\r\n\r\n"]);
      return await talk(box, commands);
    };
    const whole = await run();
    equal(whole.endsWith(BYE), true);
    const octets = side === "sent" ? whole.length : `${commands.join("\r\n")}\r\n`.length;
    const decided = side === "sent" ? whole.length - BYE.length + 1 : octets;
    for (let at = 0; at <= octets; at++) {
      const heard = await run({ side, at, then });
      // Also says that the maildrop was free again: otherwise the login would have been refused.
      equal(heard, side === "sent" ? whole.slice(0, at) : whole.slice(0, heard.length));
      equal(uidsOf(box).length, at >= decided ? 0 : 2);
      if (heard.endsWith(BYE)) equal(uidsOf(box).length, 0);
    }
  },
);

/** Says one command after the other in memory, as long as replies come, and gives all that came. */
async function talk(box: Sandbox, commands: readonly string[]): Promise<string> {
  const [ours, theirs] = memoryPair();
  const served = box.serve(theirs, { protocol: "pop3" });
  using client = new RawClient(ours);
  let heard = "";
  const hear = async (): Promise<string | null> => {
    const line = await client.line();
    heard += line === null ? await client.rest() : `${line}\r\n`;
    return line;
  };
  let last = await hear();
  for (const command of commands) {
    if (last === null) break;
    await client.send(`${command}\r\n`).catch(() => {}); // the reply tells whether it is over
    last = await hear();
    while (command.startsWith("RETR") && last !== null && last !== ".") last = await hear();
  }
  ours.close();
  await served;
  return heard;
}
