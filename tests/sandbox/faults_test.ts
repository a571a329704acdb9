import { deepEqual, equal, rejects } from "node:assert/strict";
import { type Sandbox, type SandboxFault, startSandbox } from "@mailwright/mailwright/sandbox";
import { connect, ending, upgrade } from "./plain_client.ts";

const ENVELOPE = ["EHLO a", "MAIL FROM:<a@x.example>", "RCPT TO:<b@x.example>"];
const HELLO = "220 localhost ESMTP mailwright";

/** A sandbox with faults and a client of it; the greeting is unread. */
async function faulty(...faults: readonly SandboxFault[]) {
  const box = await startSandbox({ faults });
  const client = await connect(box.ports.smtp);
  return {
    box,
    client,
    async [Symbol.asyncDispose]() {
      try {
        client.octets.close();
      } catch {
        // taken over by TLS
      }
      await box[Symbol.asyncDispose]();
    },
  };
}

Deno.test.each<[string, SandboxFault, readonly (readonly [command: string, reply: string])[]]>([
  ["another reply, by verb", { verb: "MAIL", reply: "451 4.7.1 Later" }, [
    ["MAIL FROM:<a@x.example>", "451 4.7.1 Later"],
    ["RCPT TO:<b@x.example>", "503 5.5.1 Send MAIL first"],
  ]],
  ["another reply, by verb and occurrence", {
    verb: "NOOP",
    after: 1,
    times: 2,
    reply: "250 Hm",
  }, [
    ["NOOP", "250 2.0.0 OK"],
    ["NOOP", "250 Hm"],
    ["NOOP", "250 Hm"],
    ["NOOP", "250 2.0.0 OK"],
  ]],
  ["another reply, by verb and pattern", { verb: "RCPT", pattern: "BEN", reply: "450 Busy" }, [
    ["MAIL FROM:<a@x.example>", "250 2.1.0 Sender OK"],
    ["RCPT TO:<ann@x.example>", "250 2.1.5 Recipient OK"],
    ["RCPT TO:<ben@x.example>", "450 Busy"],
  ]],
  ["another positive reply, and the command counts", { verb: "MAIL", reply: "250 Fine" }, [
    ["MAIL FROM:<a@x.example>", "250 Fine"],
    ["RCPT TO:<b@x.example>", "250 2.1.5 Recipient OK"],
  ]],
  ["a lie: 250 without effect", { verb: "MAIL", reply: "250 Fine", effect: false }, [
    ["MAIL FROM:<a@x.example>", "250 Fine"],
    ["RCPT TO:<b@x.example>", "503 5.5.1 Send MAIL first"],
  ]],
  ["another lie: 550 with effect", { verb: "MAIL", reply: "550 No", effect: true }, [
    ["MAIL FROM:<a@x.example>", "550 No"],
    ["RCPT TO:<b@x.example>", "250 2.1.5 Recipient OK"],
  ]],
  ["a refusal of any command", { verb: "*", reply: "500 What?" }, [
    ["NOOP", "500 What?"],
    ["FROBNICATE", "500 What?"],
  ]],
  ["a continuation with another code [T-R03]", { verb: "NOOP", reply: "250-a\r\n550 b" }, [
    ["NOOP", "250-a\n550 b"],
  ]],
  ["octets that are no UTF-8 [T-R11]", {
    verb: "NOOP",
    reply: Uint8Array.of(0x32, 0x35, 0x30, 0x20, 0xff, 0xfe, 13, 10),
  }, [["NOOP", "250 \xff\xfe"]]],
  ["an oversized reply [S10]", { verb: "NOOP", reply: `250 ${"x".repeat(100_000)}` }, [
    ["NOOP", `250 ${"x".repeat(100_000)}`],
  ]],
  ["another list of capabilities", { verb: "EHLO", reply: "250-x\r\n250 AUTH=LOGIN" }, [
    ["EHLO a", "250-x\n250 AUTH=LOGIN"],
    ["MAIL FROM:<a@x.example>", "250 2.1.0 Sender OK"],
  ]],
  ["the refusal of STARTTLS [T-S02]", { verb: "STARTTLS", reply: "454 4.7.0 Not now" }, [
    ["STARTTLS", "454 4.7.0 Not now"],
    ["NOOP", "250 2.0.0 OK"],
  ]],
  ["an endless exchange [T-A04]", { verb: "*", after: 0, reply: "334 eA==" }, [
    ["AUTH LOGIN", "334 eA=="],
    ["YQ==", "334 eA=="],
    ["YQ==", "334 eA=="],
  ]],
])("the sandbox plays %s", async (_name, fault, talk) => {
  await using play = await faulty(fault);
  const { client } = play;
  equal(await client.reply(), HELLO);
  if (!("verb" in fault && ["EHLO", "*"].includes(fault.verb))) await client.ask("EHLO a");
  for (const [command, reply] of talk) equal(await client.ask(command), reply);
});

Deno.test.each<[string, SandboxFault, string]>([
  ["an unsolicited line [T-R07]", { verb: "NOOP", extra: "250 again\r\n" }, "250 again"],
  [
    "a late 421 [T-R09]",
    { verb: "NOOP", extra: "421 4.3.2 Bye\r\n", then: "close" },
    "421 4.3.2 Bye",
  ],
  ["a blank line [T-R06]", { verb: "NOOP", extra: "\r\n" }, ""],
])("the sandbox plays %s", async (_name, fault, second) => {
  await using play = await faulty(fault);
  const { client } = play;
  await client.reply();
  equal(await client.ask("NOOP"), "250 2.0.0 OK");
  equal(await client.line(), second);
});

Deno.test("the sandbox says a whole script at connect [T-R08]", async () => {
  await using play = await faulty({ verb: "CONNECT", reply: "220 a\r\n250 b\r\n354 c\r\n250 d" });
  for (const line of ["220 a", "250 b", "354 c", "250 d"]) equal(await play.client.line(), line);
});

Deno.test.each<[string, string, readonly string[], string]>([
  ["at the greeting", "CONNECT", [], ""],
  ["at EHLO", "EHLO", [], "EHLO a\r\n"],
  ["at MAIL", "MAIL", ["EHLO a"], "MAIL FROM:<a@x.example>\r\n"],
  ["at RCPT", "RCPT", ENVELOPE.slice(0, 2), "RCPT TO:<b@x.example>\r\n"],
  ["at DATA", "DATA", ENVELOPE, "DATA\r\n"],
  ["after the dot", ".", [...ENVELOPE, "DATA"], "x\r\n.\r\n"],
  ["after the last chunk", "BDAT", ENVELOPE, "BDAT 1 LAST\r\nx"],
  ["at RSET", "RSET", [], "RSET\r\n"],
  ["at QUIT", "QUIT", [], "QUIT\r\n"],
])("the sandbox says 421 and closes, breaks or closes without a word %s", async (...row) => {
  const [, verb, before, command] = row;
  const cases: readonly (readonly [Partial<SandboxFault>, string, "closed" | "reset"])[] = [
    [{ reply: "421 4.3.2 Bye" }, "421 4.3.2 Bye", "closed"],
    [{ silent: true, then: "close" }, "", "closed"],
    [{ silent: true, then: "drop" }, "", "reset"],
  ];
  for (const [what, said, end] of cases) {
    if (verb === "CONNECT" && end === "reset") continue; // the connect itself may fail: see below
    await using play = await faulty({ verb, ...what });
    const { client } = play;
    if (verb !== "CONNECT") await client.reply();
    await client.askAll(...before);
    await client.send(command);
    deepEqual(await ending(client), [said, end]);
  }
});

Deno.test("a connection is broken before the greeting", async () => {
  const faults: SandboxFault[] = [{ verb: "CONNECT", silent: true, then: "drop" }, {
    at: 0,
    then: "drop",
  }];
  for (const fault of faults) {
    await using box = await startSandbox({ faults: [fault] });
    await rejects(async () => {
      using client = await connect(box.ports.smtp);
      await client.line();
    }, Deno.errors.ConnectionReset);
  }
});

Deno.test("a message whose reply was lost is stored: nobody but the ledger knows [S43]", async () => {
  await using play = await faulty({ verb: ".", silent: true, then: "drop" });
  const { client, box } = play;
  await client.reply();
  await client.askAll(...ENVELOPE, "DATA");
  await client.send("x\r\n.\r\n");
  deepEqual(await ending(client), ["", "reset"]);
  const told = box.ledger.entries.filter(({ kind }) => ["terminator", "stored"].includes(kind));
  deepEqual(told.map(({ kind, recipients }) => [kind, recipients]), [
    ["terminator", ["b@x.example"]],
    ["stored", ["b@x.example"]],
  ]);
  equal(box.ledger.texts("fault").length, 1);
});

Deno.test("a message that is refused at its end is not stored", async () => {
  await using play = await faulty({ verb: ".", times: 1, reply: "451 4.3.0 Later" });
  const { client, box } = play;
  await client.reply();
  const replies = await client.askAll(...ENVELOPE, "DATA", "x\r\n.", ...ENVELOPE, "DATA", "y\r\n.");
  deepEqual([replies[4], replies[9]], ["451 4.3.0 Later", "250 2.0.0 Queued as 1"]);
  deepEqual(box.mails.map(({ text }) => text), ["y\r\n"]);
  equal(box.ledger.texts("terminator").length, 2);
});

Deno.test("354 and then nothing [S44]", async () => {
  for (const then of ["close", "drop"] as const) {
    await using play = await faulty({ verb: "DATA", then });
    const { client } = play;
    await client.reply();
    await client.askAll(...ENVELOPE);
    await client.send("DATA\r\n");
    deepEqual(await ending(client), [
      "354 Send the message, end with a lone dot",
      then === "drop" ? "reset" : "closed",
    ]);
  }
});

Deno.test.each<[string, Omit<SandboxFault, "verb">]>([
  ["is closed", { then: "close" }],
  ["is broken", { then: "drop" }],
])("after the 220 of STARTTLS the connection %s [S67] [T-S10]", async (_name, fault) => {
  await using play = await faulty({ verb: "STARTTLS", ...fault });
  const { client, box } = play;
  await client.reply();
  await client.ask("EHLO a");
  equal(await client.ask("STARTTLS"), "220 2.0.0 Ready to start TLS");
  await rejects(upgrade(client, box.caCerts));
});

Deno.test("octets behind the 220 of STARTTLS come with it [S60] [T-S03]", async () => {
  await using play = await faulty({ verb: "STARTTLS", extra: "250-x\r\n250 AUTH PLAIN\r\n" });
  const { client } = play;
  await client.reply();
  await client.ask("EHLO a");
  await client.send("STARTTLS\r\n");
  const buffer = new Uint8Array(1000);
  const count = await client.octets.read(buffer) ?? 0;
  equal(
    new TextDecoder().decode(buffer.subarray(0, count)),
    "220 2.0.0 Ready to start TLS\r\n250-x\r\n250 AUTH PLAIN\r\n",
  );
});

Deno.test("a 220 to STARTTLS without TLS behind it [T-S08]", async () => {
  await using play = await faulty({ verb: "STARTTLS", reply: "220 go", effect: false });
  const { client, box } = play;
  await client.reply();
  await client.ask("EHLO a");
  equal(await client.ask("STARTTLS"), "220 go");
  // The ClientHello is a line to this server, and it answers in the clear.
  const hello = Deno.startTls(client.octets as Deno.TcpConn, { hostname: "localhost" });
  const tls = await hello;
  const handshake = rejects(tls.handshake());
  await box[Symbol.asyncDispose]();
  await handshake;
  tls.close();
});

Deno.test("QUIT without a reply [S22]", async () => {
  await using play = await faulty({ verb: "QUIT", silent: true });
  const { client } = play;
  await client.reply();
  await client.send("QUIT\r\n");
  deepEqual(await ending(client), ["", "closed"]);
});

Deno.test("a stall: nothing is read or said, until the client goes [T-X12]", async () => {
  await using play = await faulty(
    { verb: "CONNECT", connection: 0, silent: true, then: "stall" },
    { verb: "DATA", connection: 1, then: "stall" },
  );
  const { client, box } = play;
  await client.send("EHLO a\r\n");
  await box.ledger.until(({ kind }) => kind === "fault");
  using second = await connect(box.ports.smtp);
  await second.reply();
  equal(
    (await second.askAll(...ENVELOPE, "DATA")).at(-1),
    "354 Send the message, end with a lone dot",
  );
  await second.send("x\r\n.\r\n");
  using third = await connect(box.ports.smtp);
  equal(await third.reply(), HELLO);
  deepEqual(box.ledger.texts("terminator"), []);
  deepEqual(box.ledger.texts("command").filter((line) => line === "EHLO a").length, 1);
});

Deno.test("a server that stops reading holds up a client that goes on writing [T-F8]", async () => {
  await using play = await faulty({ verb: "DATA", then: "stall" });
  const { client, box } = play;
  await client.reply();
  await client.askAll(...ENVELOPE, "DATA");
  // More than the sockets hold: the write ends only because the sandbox does.
  const writing = client.send(new Uint8Array(64 * 1024 * 1024));
  const written = writing.then(() => "written", () => "never written");
  await box.ledger.until(({ kind }) => kind === "fault");
  await box[Symbol.asyncDispose]();
  equal(await written, "never written");
});

Deno.test("a delay is told to the clock", async () => {
  const pauses: number[] = [];
  await using box = await startSandbox({
    faults: [{ verb: "NOOP", delayMs: 86_400_000 }],
    clock: {
      now: () => 0,
      monotonic: () => 0,
      sleep(ms, { background = false } = {}) {
        if (background) return new Promise(() => {});
        pauses.push(ms);
        return Promise.resolve();
      },
    },
  });
  using client = await connect(box.ports.smtp);
  await client.reply();
  equal(await client.ask("NOOP"), "250 2.0.0 OK");
  deepEqual(pauses, [86_400_000]);
});

Deno.test("a delay ends with the sandbox", async () => {
  const box = await startSandbox({ faults: [{ verb: "NOOP", delayMs: 86_400_000 }] });
  using client = await connect(box.ports.smtp);
  await client.reply();
  await client.send("NOOP\r\n");
  await box.ledger.until(({ kind }) => kind === "fault");
  await box[Symbol.asyncDispose]();
  equal(await client.line(), null);
});

Deno.test("misbehave() replaces the faults while the sandbox runs", async () => {
  await using play = await faulty({ verb: "NOOP", reply: "450 a" });
  const { client, box } = play;
  await client.reply();
  equal(await client.ask("NOOP"), "450 a");
  box.misbehave({ verb: "NOOP", reply: "450 b" });
  equal(await client.ask("NOOP"), "450 b");
  box.misbehave();
  equal(await client.ask("NOOP"), "250 2.0.0 OK");
});

Deno.test("of two faults for one command the first that is due counts", async () => {
  await using play = await faulty(
    { verb: "NOOP", times: 1, reply: "450 first" },
    { verb: "NOOP", times: 1, reply: "450 second" },
  );
  await play.client.reply();
  deepEqual(await play.client.askAll("NOOP", "NOOP", "NOOP"), [
    "450 first",
    "450 second",
    "250 2.0.0 OK",
  ]);
});

/** Serves a session of one message, cut as the faults want it. */
async function whole(box: Sandbox): Promise<string> {
  const client = await connect(box.ports.smtp);
  await client.send(`${[...ENVELOPE, "DATA"].join("\r\n")}\r\n`);
  await client.send("x\r\n.\r\nQUIT\r\n");
  const said = await client.rest();
  client.octets.close();
  return said;
}

Deno.test("replies one octet at a time, split anywhere, are the same replies [T-R01]", async () => {
  await using box = await startSandbox();
  const expected = (await whole(box)).replace("as 1", "as N");
  equal(expected.startsWith(HELLO), true);
  const faults: SandboxFault[] = [{ chunk: 1 }, { chunk: 7 }];
  for (let at = 1; at < expected.length; at += 13) faults.push({ at, then: "split" });
  for (const fault of faults) {
    box.misbehave(fault);
    equal((await whole(box)).replace(/as \d+/, "as N"), expected);
  }
});

Deno.test("several writes become one", async () => {
  await using play = await faulty({ coalesce: 2 });
  const { client } = play;
  // The greeting waits for the reply to the first command.
  await client.send("NOOP\r\n");
  const buffer = new Uint8Array(1000);
  const count = await client.octets.read(buffer) ?? 0;
  equal(new TextDecoder().decode(buffer.subarray(0, count)), `${HELLO}\r\n250 2.0.0 OK\r\n`);
});

Deno.test("the connection is closed at any octet that the server sends", async () => {
  const stream = `${HELLO}\r\n`;
  for (const at of [0, 1, 3, stream.length - 1, stream.length]) {
    await using play = await faulty({ at, then: "close" });
    equal(await play.client.rest(), stream.slice(0, at));
  }
});

Deno.test("the connection is broken at any octet that the server sends", async () => {
  for (const at of [1, 3, HELLO.length]) {
    await using play = await faulty({ at, then: "drop" });
    // A reset may take with it what was on the way; a whole line never comes.
    deepEqual(await ending(play.client), ["", "reset"]);
  }
});

Deno.test("the connection ends in the middle of the content", async () => {
  const envelope = [...ENVELOPE, "DATA"].map((line) => `${line}\r\n`).join("");
  await using play = await faulty({ side: "received", at: envelope.length + 3, then: "close" });
  const { client, box } = play;
  await client.reply();
  await client.askAll(...ENVELOPE, "DATA");
  await client.send("hello\r\n.\r\n");
  equal((await ending(client))[0], "");
  deepEqual(box.mails, []);
  deepEqual(box.ledger.texts("terminator"), []);
  equal(box.ledger.texts("fault").length, 1);
});

Deno.test("the ledger shows each fault of octets once, where it happens", async () => {
  const split = { at: 3, then: "split" } as const;
  const stop = { at: HELLO.length + 2, then: "split" } as const;
  const later = { at: 5000, then: "drop" } as const;
  await using play = await faulty(split, stop, later, { chunk: 2 });
  const { client, box } = play;
  equal(await client.reply(), HELLO);
  await client.ask("NOOP");
  deepEqual(box.ledger.texts("fault"), [JSON.stringify(split), JSON.stringify(stop)]);
});

Deno.test("the ledger shows the octets of a fault as text", async () => {
  await using play = await faulty({ verb: "NOOP", reply: new TextEncoder().encode("250 é\r\n") });
  await play.client.reply();
  await play.client.ask("NOOP");
  deepEqual(play.box.ledger.texts("fault"), ['{"verb":"NOOP","reply":"250 é\\r\\n"}']);
});

Deno.test("octets are counted inside TLS too, and a break gives no farewell [T-S19]", async () => {
  const box = await startSandbox();
  const clear = await connect(box.ports.smtp);
  await clear.reply();
  await clear.ask("EHLO a");
  await clear.ask("STARTTLS");
  const inside = await upgrade(clear, box.caCerts);
  const hello = await inside.ask("EHLO a");
  inside.octets.close();
  const sent = box.ledger.texts("reply").join("\r\n").length + 2;
  await box[Symbol.asyncDispose]();

  await using play = await faulty({ at: sent - 4, then: "drop" });
  await play.client.reply();
  await play.client.ask("EHLO a");
  await play.client.ask("STARTTLS");
  using client = await upgrade(play.client, play.box.caCerts);
  await client.send("EHLO a\r\n");
  let lines = 0;
  await rejects(async () => {
    while (await client.line() !== null) lines++;
    throw new Deno.errors.UnexpectedEof();
  });
  equal(lines < (hello?.split("\n").length ?? 0), true);
});
