import { deepEqual, ok } from "node:assert/strict";
import { Exchange } from "../../src/pop3/exchange.ts";
import { redactor, Secret } from "../../src/sasl/mod.ts";
import { type Channel, memoryPair } from "../../src/wire/mod.ts";
import { seeded, textOf } from "../message/random.ts";
import { latin1 } from "./test_server.ts";

const WORDS = [
  ...["+OK", "-ERR", "+", "-", " ", " ", ".", "1", "uid", "\xe9", "\xc3\xa9", "\r", "="],
  ...["hunter2", "+hunter2 ", "-hunter2 ", "aHVudGVyMg==", "xodW50ZXIy", "68756e74657232"],
];

Deno.test(
  "Exchange.lines() shows of a listing what is shown of each line alone [S86] [T-A08]",
  { permissions: "none" },
  async () => {
    const random = seeded(2);
    let hidden = 0;
    for (let round = 0; round < 400; round++) {
      const lines = Array.from({ length: 1 + random(4) }, () => `${textOf(random, WORDS, 4)}x`);
      const listing = latin1(`${lines.join(random(3) === 0 ? "\n" : "\r\n")}\r\n.\r\n`);
      const shown: string[][] = [];
      for (const together of [true, false]) {
        const [client, server] = memoryPair({ chunk: together ? 1 + random(80) : Infinity });
        await server.write(listing);
        const seen: string[] = [];
        const exchange = new Exchange(client, "mx.example", {
          onEvent: ({ kind, end, text }) => kind === "line" && seen.push(`${end}: ${text}`),
        });
        exchange.censor(redactor(new Secret("hunter2")));
        exchange.censor(redactor(new Secret("uid1")));
        if (together) await exchange.lines("LIST", 100);
        else await readAlone(exchange.channel);
        exchange.channel.close();
        server.close();
        shown.push(seen);
      }
      deepEqual(shown[0], shown[1]);
      if (`${shown[0]}`.includes("***")) hidden++;
    }
    ok(hidden > 50, `${hidden}`);
  },
);

async function readAlone(channel: Channel): Promise<void> {
  for (let text = ""; text !== ".";) {
    const line = await channel.readLine();
    text = line?.uncensored ?? line?.text ?? ".";
  }
}
