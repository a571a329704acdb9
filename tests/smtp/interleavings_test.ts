import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Receipt } from "../../src/smtp/receipt.ts";
import { SmtpSession } from "../../src/smtp/session.ts";
import { Channel, type Connection, memoryPair } from "../../src/wire/mod.ts";
import { seeded } from "../message/random.ts";
import { cut, every } from "./cuts.ts";
import { mailTo } from "./deliveries.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };

type Random = (limit: number) => number;

/** How a whole run goes: the same for a seed, however it is cut. */
interface Course {
  readonly seed: number;
  readonly lmtp: boolean;
  readonly offered: readonly string[];
  readonly chunking: boolean;
  readonly window: number;
}

/** Reply codes by verb, the usual ones more often. */
const CODES: Readonly<Record<string, string>> = {
  MAIL: "250 ".repeat(20) + "450 450 550 550 421 354",
  RCPT: "250 ".repeat(20) + "251 252 450 452 550 550 550 421",
  DATA: "354 ".repeat(20) + "451 554 421 250",
  end: "250 ".repeat(20) + "451 552 554 421 334",
};

function replyTo(verb: string, random: Random): string {
  const codes = (CODES[verb] ?? "250").split(" ");
  const code = codes[random(codes.length)];
  const lines = random(5) === 0 ? `${code}-more of ${verb}\r\n` : "";
  return `${lines}${code} ${verb}\r\n`;
}

/** Answers at random, all that it has heard in one write, and keeps what it hears. */
async function serve(connection: Connection, course: Course, heard: string[]): Promise<void> {
  const random = seeded(course.seed);
  const channel = new Channel(connection, { end: "S" });
  const say = (text: string): void => channel.putContent(new TextEncoder().encode(text));
  const answer = (verb: string): boolean => {
    const reply = replyTo(verb, random);
    say(reply);
    return reply.includes("421 ");
  };
  let accepted = 0;
  say("220 mx.example\r\n");
  try {
    while (true) {
      let line = channel.takeLine();
      if (line === undefined) {
        await channel.flush();
        if (!await channel.fill()) return;
        continue;
      }
      heard.push(line.text);
      const [verb = "", size = ""] = line.text.split(/[ :]/);
      let over = false;
      if (verb === "EHLO" || verb === "LHLO") {
        const lines = ["mx.example", ...course.offered].map((word) => `250-${word}\r\n`);
        say(`${lines.join("")}250 HELP\r\n`);
      } else if (verb === "BDAT") {
        for (let left = Number(size); left > 0;) {
          const { length } = channel.take(left);
          left -= length;
          if (left > 0 && !await channel.fill()) return;
        }
        over = answer("end");
      } else if (verb === "DATA") {
        const reply = replyTo(verb, random);
        say(reply);
        over = reply.includes("421 ");
        if (reply.includes("354 ")) {
          await channel.flush();
          for (line = undefined; line?.text !== ".";) {
            line = await channel.readLine() ?? undefined;
            if (line === undefined) return;
            heard.push(line.text);
          }
          for (let left = course.lmtp ? accepted : 1; left > 0 && !over; left--) {
            over = answer("end");
          }
        }
      } else {
        if (verb === "MAIL") accepted = 0;
        const reply = replyTo(verb, random);
        say(reply);
        if (verb === "RCPT" && /^2/m.test(reply)) accepted++;
        over = reply.includes("421 ");
      }
      if (over) {
        await channel.flush();
        return;
      }
    }
  } finally {
    channel.close();
  }
}

/** What a user, a listener and the server see of a run. */
interface Seen {
  readonly told: readonly string[];
  readonly error: string;
  readonly events: readonly string[];
  readonly heard: readonly string[];
}

/** Runs it; the listener may break it off at one of the events. */
async function seen(
  course: Course,
  next: (offset: number) => number,
  last: number = Infinity,
): Promise<Seen> {
  const controller = new AbortController();
  const [ours, theirs] = memoryPair();
  const heard: string[] = [];
  const served = serve(theirs, course, heard).catch(() => {}); // the client has gone
  const events: string[] = [];
  const random = seeded(course.seed + 1);
  const session = new SmtpSession(cut(ours, next), {
    host: "mx.example",
    name: "client.example",
    protocol: course.lmtp ? "lmtp" : "smtp",
    onEvent: ({ end, kind, text }) => {
      events.push(`${kind} ${end} ${text}`);
      if (events.length === last) controller.abort(new Error("enough"));
    },
  });
  await session.readGreeting();
  await (course.lmtp ? session.lhlo() : session.ehlo());
  const messages = Array.from({ length: 6 }, (_, number) => {
    const to = Array.from({ length: 1 + random(3) }, (_, at) => `r${number}-${at}@mx.example`);
    const policy = random(3) === 0 ? "all" : "any";
    return mailTo(to, { policy, ...(course.chunking && { chunking: true }) });
  });
  const receipts: Receipt[] = [];
  let error: unknown;
  const ways = { window: course.window, signal: controller.signal };
  try {
    for await (const receipt of session.sendAll(messages, ways)) {
      receipts.push(receipt);
    }
  } catch (thrown) {
    error = thrown;
  }
  session.close();
  await served;
  const told = receipts.map(({ error, ...receipt }) => JSON.stringify([receipt, `${error}`]));
  return { told, error: `${error}`, events, heard };
}

const WAYS = [
  { name: "in turns", offered: [] },
  { name: "with PIPELINING", offered: ["PIPELINING"] },
  { name: "over LMTP", offered: ["PIPELINING"], lmtp: true },
  { name: "with CHUNKING", offered: ["PIPELINING", "CHUNKING"], chunking: true },
  { name: "in a window", offered: ["PIPELINING", "CHUNKING"], chunking: true, window: 4 },
];

Deno.test.each(WAYS)(
  "SmtpSession.sendAll() takes replies that are here as it takes those that come, $name [S2] [T-R01]",
  PURE,
  async ({ offered, lmtp = false, chunking = false, window = 1 }) => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const course = { seed: seed * 10, offered, lmtp, chunking, window };
      const whole = await seen(course, () => Infinity);
      for (const octets of [1, 2, 5, 11, 40]) {
        deepEqual(await seen(course, every(octets)), whole, `seed ${seed}, ${octets} at a time`);
      }
      for (const [outcome] of JSON.stringify(whole).matchAll(/outcome\\":\\"[a-z-]+/g)) {
        outcomes.add(outcome);
      }
    }
    ok(outcomes.size >= 5, [...outcomes].join());
  },
);

Deno.test.each(WAYS)(
  "SmtpSession.sendAll() says nothing more when it is broken off, $name [S17]",
  PURE,
  async ({ offered, lmtp = false, chunking = false, window = 1 }) => {
    for (let seed = 0; seed < 12; seed++) {
      const course = { seed: seed * 10, offered, lmtp, chunking, window };
      const whole = await seen(course, () => Infinity);
      const begin = whole.events.findIndex((event) => event.startsWith("line C MAIL"));
      for (let last = begin + 1; last < whole.events.indexOf("close C "); last++) {
        const { told, error, events, heard } = await seen(course, every(1 + last), last);
        // When all was answered there is nothing to break off.
        equal(error, told.join() === whole.told.join() ? whole.error : "Error: enough");
        deepEqual(events, [...whole.events.slice(0, last), "close C "]);
        deepEqual(heard, whole.heard.slice(0, heard.length));
        // What had its answers is told as ever, and the rest is told why it has none.
        const same = told.filter((receipt, at) => receipt === whole.told[at]);
        deepEqual(told.slice(0, same.length), same);
        for (const receipt of told.slice(same.length)) match(receipt, /"Error: enough"\]$/);
      }
    }
  },
);
