import {
  type Dialogue,
  type DialogueResult,
  lmtp,
  parseDialogue,
  pop3,
  secret,
  selfPlay,
  smtp,
} from "@mailwright/mailwright";
import { deepEqual, ok } from "node:assert/strict";
import { seeded } from "../message/random.ts";
import { said } from "./played.ts";
import { roundTrip } from "./same.ts";

type Random = (limit: number) => number;

/** A program whose phase is known when it runs, and not before. */
interface Loose {
  readonly phase: string;
  toDialogue(): Dialogue;
}

/** Calls a method by its name. */
function call(program: Loose, verb: string, ...given: readonly unknown[]): Loose {
  const method: unknown = Reflect.get(program, verb);
  ok(typeof method === "function", `${verb} in ${program.phase}`);
  return method.call(program, ...given);
}

/** Makes programs that wait for no time, call by call. */
class Maker {
  readonly random: Random;
  /** What holes may take. Those of a loop are gone after it. */
  holes: string[] = [];
  #count = 0;
  #secure = false;

  constructor(random: Random) {
    this.random = random;
  }

  one<T>(...items: readonly T[]): T {
    const item = items[this.random(items.length)];
    if (item === undefined && !items.includes(item as T)) throw new Error("nothing to choose");
    return item as T; // it is one of them
  }

  /** A text with holes, that has no blank at its ends. */
  text(): string {
    const piece = (): string => {
      switch (this.random(4)) {
        case 0:
          return `{${this.name()}=${this.one("v", "v-1", "${w}")}}`;
        case 1:
          return `{${this.name(":int")}=${this.random(100)}}`;
        case 2:
          return this.holes.length === 0 ? "none" : `{${this.one(...this.holes)}}`;
        default:
          return this.one("ok", "2.1.0 done", "${{x} $", "{{x}", "é <a@b>", "a  b", "{_=any}");
      }
    };
    return Array.from({ length: 1 + this.random(3) }, piece).join(" ");
  }

  /** A new name for a hole, which is known after it. */
  name(type: string = ""): string {
    const name = `h${this.#count++}${type}`;
    this.holes.push(name);
    return name;
  }

  address(): string {
    return this.one("a@x.example", '"a b"@x.example', "é@x.example", "{{a@x.example");
  }

  /** What is said of a reply, in any number of calls. */
  describe(program: Loose, codes: readonly unknown[]): Loose {
    let next = program;
    if (this.random(2) > 0) {
      const expected = this.one(...codes);
      const verb = this.random(8) === 0 ? "soft" : "expect";
      next = this.random(2) > 0
        ? call(next, verb, expected, this.text())
        : call(next, verb, expected);
    }
    if (this.random(8) === 0) next = call(next, "label", this.one("x", 'a "b"', "é"));
    if (this.random(8) === 0) next = call(next, "within", this.one("5s", "100ms", "1m"));
    if (this.random(8) === 0) next = call(next, "match", this.one("class", "code", "enhanced"));
    return next;
  }

  /** The same calls for some items; what they bind is theirs. */
  each(program: Loose, turn: (program: Loose) => Loose): Loose {
    const items = Array.from({ length: 1 + this.random(3) }, (_, at) => at);
    return call(program, "each", items, (inner: Loose) => {
      const before = [...this.holes];
      const ended = turn(inner);
      this.holes = before;
      return ended;
    });
  }

  content(): string | Uint8Array {
    return this.one<string | Uint8Array>(
      "",
      "Subject: x\r\n\r\n.a\r\n..\r\n",
      "no end",
      " blank \nlone\rCR",
      "<close>\r\n${x} {y}\r\n",
      Uint8Array.of(0xff, 0x0d, 0x0a, 0x2e),
    );
  }

  smtp(protocol: "smtp" | "lmtp", length: number): Loose {
    const start = { name: this.one("", "a name") };
    let program: Loose = protocol === "smtp" ? smtp(start) : lmtp(start);
    program = this.describe(program, [220, "2xx", [220, 554]]);
    for (let left = length; left > 0; left--) program = this.#smtpStep(program, protocol);
    if (this.random(2) > 0) {
      program = this.describe(call(program, "quit"), [221, "2xx", { "2xx": "bye" }]);
    }
    return this.random(3) === 0 ? call(program, "expectClose") : program;
  }

  #smtpStep(program: Loose, protocol: "smtp" | "lmtp"): Loose {
    const success = [250, "2xx", [250, 251], [250, "5xx"], { 250: "good", 550: "bad" }];
    const simple = (next: Loose): Loose => this.describe(next, success);
    const anywhere: readonly (() => Loose)[] = [
      () => simple(call(program, "noop")),
      () => simple(call(program, "vrfy", this.text())),
      () => simple(call(program, "command", `X${this.text()}`)),
      () => call(call(program, "raw", this.one("NOOP\r\n", "a\n b\r\n")), "expect", 500),
      () => this.each(program, (inner) => this.describe(call(inner, "noop"), success)),
    ];
    const hello = (): Loose => {
      const verb = protocol === "lmtp" ? "lhlo" : "ehlo";
      const next = call(program, verb, "me.example");
      if (this.random(2) === 0) return this.describe(next, [250]);
      const has = ["PIPELINING", "AUTH PLAIN"].slice(this.random(3));
      if (this.random(2) === 0) has.push(`SIZE {${this.name()}=1000}`);
      return call(next, "caps", { has, not: this.one([], ["CHUNKING"]) });
    };
    const parts: Readonly<Record<string, readonly (() => Loose)[]>> = {
      greeting: [hello],
      hello: [hello],
      ready: [
        () => simple(call(program, "mail", this.one(null, this.address()), "SIZE=10")),
        () => simple(call(program, "mail", this.address())),
        () => {
          if (this.#secure) return simple(call(program, "noop"));
          this.#secure = true;
          return this.describe(call(program, "startTls"), [220]);
        },
        () => {
          const mechanism = this.one("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256");
          const login = { user: this.one("ann", "ben é"), password: secret("pass") };
          return this.describe(call(program, "auth", mechanism, login), [235, { 235: "in" }]);
        },
        () => this.batch(program),
      ],
      mail: [() => simple(call(program, "rcpt", this.address()))],
      rcpt: [
        () => simple(call(program, "rcpt", this.address(), "NOTIFY=NEVER")),
        () => this.each(program, (inner) => this.describe(call(inner, "rcpt", "b@x"), success)),
        () => simple(call(program, "data", this.content())),
        () => simple(call(program, "bdat", this.content(), { last: true })),
        () => simple(call(program, "bdat", this.content())),
        () => simple(call(program, "rset")),
      ],
      chunks: [
        () => simple(call(program, "bdat", this.content(), { last: true })),
        () => simple(call(program, "rset")),
      ],
    };
    return this.one(...anywhere, ...parts[program.phase] ?? [], ...parts[program.phase] ?? [])();
  }

  batch(program: Loose): Loose {
    const outcomes = [250, "2xx", [250, 550], 550];
    return call(program, "batch", (group: Loose) => {
      let next = this.describe(call(group, "mail", this.address()), [250, "2xx"]);
      for (let left = 1 + this.random(3); left > 0; left--) {
        next = this.describe(call(next, "rcpt", this.address()), outcomes);
      }
      if (this.random(3) === 0) return this.describe(call(next, "noop"), outcomes);
      return this.describe(call(next, "data", this.content()), [250, [250, 554], { 250: "ok" }]);
    });
  }

  pop3(length: number): Loose {
    let program: Loose = this.describe(pop3(), ["+OK"]);
    if (this.random(3) === 0) program = call(program, "startTls");
    program = call(program, "user", this.one("mrose", "{{a b"));
    program = this.describe(call(program, "pass", secret("pass", { sample: "a b" })), [
      "+OK",
      { "+OK": "in" },
    ]);
    for (let left = length; left > 0; left--) {
      program = this.one(
        () => this.describe(call(program, "stat"), ["+OK", "-ERR", ["+OK", "-ERR"]]),
        () => this.describe(call(program, "dele", 1), ["+OK", "-ERR", { "+OK": "a", "-ERR": "b" }]),
        () => {
          const listed = this.describe(call(program, this.one("list", "uidl")), ["+OK"]);
          const lines = Array.from(
            { length: this.random(3) },
            (_, at) => `${at + 1} ${this.text()}`,
          );
          return call(listed, "lines", lines);
        },
        () => call(this.describe(call(program, "top", 1, 0), ["+OK"]), "lines", [this.text()]),
        () => this.each(program, (inner) => this.describe(call(inner, "noop"), ["+OK"])),
        () => call(call(program, "capa"), "caps", { has: ["TOP"], not: ["STLS"] }),
        () =>
          call(
            program,
            "batch",
            (group: Loose) => this.describe(call(call(group, "stat"), "dele", 2), ["+OK"]),
          ),
      )();
    }
    return this.random(2) > 0 ? call(program, "quit") : program;
  }
}

/** What came of both ends of a program. */
async function outcomes(dialogue: Dialogue): Promise<unknown> {
  const { client, server } = await selfPlay(dialogue);
  const told = (result: DialogueResult): unknown => {
    const { status, delivery, outcome, recipients, replies, vars } = result;
    return {
      ...{ status, delivery, outcome, vars: { ...vars }, said: hidden(said(result)) },
      replies: replies.map(({ code, lines }) => [code, code === 334 ? [] : lines]),
      recipients: recipients.map(({ address, reply }) => [address, reply.code]),
    };
  };
  return [told(client), told(server)];
}

/** What is said, without the questions of a login: they are new each time. */
function hidden(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.startsWith("S: 334 ") ? "S: 334" : line);
}

Deno.test.each([["smtp"], ["lmtp"], ["pop3"]] as const)(
  "programs of $0 made at random print, parse and play the same",
  { permissions: "none" },
  async (protocol) => {
    const random = seeded(protocol.length + protocol.charCodeAt(0));
    for (let round = 0; round < 150; round++) {
      const maker = new Maker(random);
      const length = 1 + random(12);
      const program = protocol === "pop3" ? maker.pop3(length) : maker.smtp(protocol, length);
      const dialogue = program.toDialogue();
      const text = roundTrip(dialogue);
      try {
        deepEqual(await outcomes(parseDialogue(text)), await outcomes(dialogue));
      } catch (cause) {
        throw new Error(`round ${round}:\n${text}`, { cause });
      }
    }
  },
);
