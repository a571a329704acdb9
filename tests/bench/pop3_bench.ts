/**
 * How much the client's end of POP3 costs, without a server: `deno bench tests/bench/pop3_bench.ts`.
 *
 * The peer answers from memory at once. Each round handles 1,000 messages.
 *
 * @module
 */

import { connectPop3, type Pop3Session, Secret } from "../../src/pop3/mod.ts";
import type { Connection } from "../../src/wire/mod.ts";

const COUNT = 1_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const header = "Received: from alpha.example by mail.example.test with ESMTP\r\n".repeat(6);
const line = "The quick brown fox jumps over the lazy dog, again and again, until 76.\r\n";
const uids = Array.from({ length: COUNT }, (_, i) => `${i + 1} 0000${i}6b01a13b\r\n`).join("");

const ANSWERS: Readonly<Record<string, Uint8Array>> = {
  CAPA: encoder.encode("+OK\r\nPIPELINING\r\nUSER\r\n.\r\n"),
  UIDL: encoder.encode(`+OK\r\n${uids}.\r\n`),
  TOP: encoder.encode(`+OK\r\n${header}\r\n.\r\n`),
  RETR: encoder.encode(`+OK 4 KiB\r\n${header}\r\n${line.repeat(50)}.\r\n`),
};
const OK = encoder.encode("+OK\r\n");

/** A server that has its answers ready. */
function readyServer(): Connection {
  const answers: Uint8Array[] = [OK];
  return {
    local: { transport: "memory" },
    remote: { transport: "memory" },
    security: "verified",
    read(buffer) {
      let count = 0;
      while (answers.length > 0 && count < buffer.length) {
        const [answer = OK] = answers;
        const part = answer.subarray(0, buffer.length - count);
        buffer.set(part, count);
        count += part.length;
        if (part.length === answer.length) answers.shift();
        else answers[0] = answer.subarray(part.length);
      }
      return Promise.resolve(count);
    },
    write(bytes) {
      for (const command of decoder.decode(bytes).split("\r\n").slice(0, -1)) {
        answers.push(ANSWERS[command.split(" ")[0] ?? ""] ?? OK);
      }
      return Promise.resolve();
    },
    startTls: () => Promise.reject(new TypeError("Cannot start TLS on a benchmark")),
    close() {},
  };
}

const auth = { user: "ann", password: new Secret("pencil") };
const session: Pop3Session = await connectPop3({ connection: readyServer(), auth });
const listed = await session.uidl();
if (!listed.ok) throw listed.error;
const numbers = listed.value.map(({ no }) => no);

Deno.bench("UIDL", async () => {
  await session.uidl();
});

Deno.bench("TOP n 0", async () => {
  for await (const top of session.top(numbers, 0)) if (!top.ok) throw top.error;
});

Deno.bench("RETR, as a whole", { group: "retr" }, async () => {
  for await (const item of session.retrieve(numbers)) if (item.ok) await item.value.bytes();
});

Deno.bench("RETR, in pieces", { group: "retr", baseline: true }, async () => {
  for await (const item of session.retrieve(numbers)) if (item.ok) await item.value.read(() => {});
});

Deno.bench("RETR, as streams", { group: "retr" }, async () => {
  for await (const item of session.retrieve(numbers)) {
    if (item.ok) { for await (const _ of item.value.body); }
  }
});

Deno.bench("DELE", async () => {
  await session.markDeleted(numbers);
});
