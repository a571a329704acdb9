/**
 * A marker password goes through logins of every kind and end, over servers that repeat it in every
 * notation. It is then looked for, in every notation, in all that a program can see: errors with their
 * causes, JSON, transcripts, receipts, inspection.
 *
 * @module
 */

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import {
  anonymous,
  type ConnectOptions,
  connectSmtp,
  cramMd5,
  type Credentials,
  external,
  login,
  oauthBearer,
  plain,
  type SaslMechanism,
  saslServer,
  scram,
  Secret,
  type TranscriptEvent,
  xoauth2,
} from "@mailwright/mailwright";
import { FakeClock } from "../fake_clock.ts";
import { type Answer, answering, offering } from "../smtp/answering_server.ts";
import { play } from "../smtp/scripted_server.ts";
import { passed } from "../smtp/scripted_session.ts";

const PURE = { permissions: "none" } as const;
const ASCII = "hunter2-MARK";
const UNICODE = 'Mårk"ﬁ/+π-7'; // SASLprep makes two letters of one of its characters

/** Every way to write a secret that this test can think of. */
function notations(secret: string): string[] {
  const forms = [secret, secret.normalize("NFKC"), secret.normalize("NFD")];
  return [...new Set(forms)].flatMap((form) => {
    const octets = new TextEncoder().encode(form);
    const hex = octets.toHex();
    const latin1 = String.fromCharCode(...octets);
    const base64 = [0, 1, 2].map((offset) => {
      const shifted = new Uint8Array(offset + octets.length);
      shifted.set(octets, offset);
      // The digits that the secret alone decides.
      return shifted.toBase64({ omitPadding: true })
        .slice(Math.ceil(offset * 8 / 6), Math.floor(shifted.length * 8 / 6));
    });
    const url = encodeURIComponent(form);
    return [
      form,
      latin1,
      hex,
      hex.toUpperCase(),
      url,
      JSON.stringify(form).slice(1, -1),
      ...base64,
    ];
  });
}

/** All that can be seen of a value, its causes and what cannot be enumerated included. */
function visible(value: unknown, depth = 0): string {
  const parts = [
    String(value),
    JSON.stringify(value) ?? "",
    Deno.inspect(value, { depth: 20, showHidden: true, getters: true, strAbbreviateSize: 1e6 }),
  ];
  if (value instanceof Error && depth < 10) {
    parts.push(value.message, value.stack ?? "", visible(value.cause, depth + 1));
    for (const key of Reflect.ownKeys(value)) {
      const inner: unknown = Reflect.get(value, key);
      parts.push(String(key), JSON.stringify(inner) ?? "", Deno.inspect(inner, { depth: 20 }));
    }
  }
  return parts.join("\n");
}

interface Seen {
  readonly bag: string;
  readonly events: readonly TranscriptEvent[];
  readonly lines: readonly string[];
  readonly error: unknown;
}

interface Case extends Partial<ConnectOptions> {
  readonly offer: readonly string[];
  readonly answer: Answer;
  readonly chunk?: number;
}

/** Logs in and sends, and gathers all that a program could see meanwhile. */
async function observe(
  { offer, answer, chunk = Infinity, ...options }: Case,
): Promise<Seen> {
  const { connection, lines, done } = answering(offering(offer, answer), { chunk });
  const events: TranscriptEvent[] = [];
  const things: unknown[] = [options.auth];
  let caught: unknown;
  const program = async (): Promise<void> => {
    await using session = await connectSmtp({
      connection: { ...passed(connection), security: "verified" },
      host: "mx.example",
      name: "client.example",
      onEvent: (event) => void events.push(event),
      ...options,
    });
    things.push(session, session.lastReply, session.capabilities, session.context);
    const receipt = await session.send(
      { from: "ann@mail.example", to: ["bob@mail.example"], policy: "any" },
      "Subject: x\r\n\r\nHello\r\n",
    );
    things.push(receipt, session.lastReply, session.finals, session.context);
  };
  await program().catch((error) => caught = error);
  await done;
  things.push(caught, events);
  return { bag: things.map((thing) => visible(thing)).join("\n"), events, lines, error: caught };
}

function checkUnseen({ bag }: { readonly bag: string }, secret: string): void {
  for (const notation of notations(secret)) {
    const at = bag.indexOf(notation);
    equal(at < 0 ? "" : bag.slice(Math.max(0, at - 60), at + 60), "");
  }
}

Deno.test("the detector finds a secret in each notation", PURE, () => {
  for (const secret of [ASCII, UNICODE]) {
    for (const notation of notations(secret)) {
      throws(() => checkUnseen({ bag: `535 ${notation} no` }, secret), { name: "AssertionError" });
    }
    checkUnseen({ bag: visible(new Secret(secret)) }, secret);
  }
});

/** The server repeats the secret in each notation, as a reply of several lines. */
function echo(code: number, secret: string): string {
  const forms = [
    ...notations(secret),
    new TextEncoder().encode(`\0ann\0${secret}`).toBase64(),
    new TextEncoder().encode(`user=ann\x01auth=Bearer ${secret}\x01\x01`).toBase64(),
    `in the middle of <${secret}> words`,
  ].filter((form) => !/[\r\n]/.test(form));
  return forms.map((form, at) => `${code}${at + 1 < forms.length ? "-" : " "}no ${form}`).join(
    "\n",
  );
}

const MECHANISMS: readonly {
  readonly name: string;
  readonly make: (of: Credentials) => SaslMechanism;
}[] = [
  { name: "PLAIN", make: plain },
  { name: "PLAIN for another", make: (of) => plain({ ...of, authorize: "bob" }) },
  { name: "LOGIN", make: login },
  { name: "LOGIN at once", make: (of) => login({ ...of, initialResponse: true }) },
  { name: "CRAM-MD5", make: cramMd5 },
  { name: "SCRAM-SHA-1", make: (of) => scram("SHA-1", of) },
  { name: "SCRAM-SHA-256", make: (of) => scram("SHA-256", of) },
  { name: "XOAUTH2", make: ({ user, password }) => xoauth2({ user, token: password }) },
  { name: "OAUTHBEARER", make: ({ user, password }) => oauthBearer({ user, token: password }) },
];

/** Answers AUTH as the library's own server does, and everything else by `rest`. */
function passwordServer(secret: string, rest: Answer): Answer {
  let server: ReturnType<typeof saslServer>;
  return async (line) => {
    const [verb, name = "", initial] = line.split(" ");
    if (verb === "AUTH") {
      const password = () => new Secret(secret);
      server = saslServer(name, { password, token: () => true, mayActAs: () => true });
    } else if (server === undefined) return await rest(line);
    const coded = verb === "AUTH" ? initial : line;
    const step = await server?.step(coded === undefined ? undefined : Uint8Array.fromBase64(coded));
    if (step?.kind === "challenge") return `334 ${step.bytes.toBase64()}`;
    server = undefined;
    return step?.kind === "success" ? "235 welcome" : `535 ${step?.kind}`;
  };
}

/** Takes a message. */
const mailServer: Answer = (line) => {
  if (line === "DATA") return "354 go";
  return /^(?:MAIL|RCPT|RSET)\b/.test(line) || line === "." ? "250 ok" : undefined;
};

for (const { name, make } of MECHANISMS) {
  const word = name.split(" ")[0] ?? name;
  // A token is ASCII.
  const secrets = word.includes("OAUTH") || word === "XOAUTH2" ? [ASCII] : [ASCII, UNICODE];

  Deno.test(`${name}: a login that succeeds shows nothing [S86] [T-A09]`, PURE, async () => {
    for (const secret of secrets) {
      for (const chunk of [1, Infinity]) {
        const auth = make({ user: "ann", password: new Secret(secret) });
        const answer = passwordServer(secret, mailServer);
        const seen = await observe({ auth, offer: [`AUTH ${word}`], answer, chunk });
        equal(seen.error, undefined);
        ok(seen.lines.some((line) => line.startsWith("AUTH ")));
        checkUnseen(seen, secret);
      }
    }
  });

  Deno.test(
    `${name}: a server that repeats the secret is not heard [T-A08] [S86]`,
    PURE,
    async () => {
      for (const secret of secrets) {
        for (const code of [535, 454, 334, 421, 250]) {
          const auth = make({ user: "ann", password: new Secret(secret) });
          const answer: Answer = (line) => line === "*" ? echo(501, secret) : echo(code, secret);
          for (const chunk of [1, Infinity]) {
            const seen = await observe({ auth, offer: [`AUTH ${word}`], answer, chunk });
            ok(seen.error instanceof Error);
            checkUnseen(seen, secret);
          }
        }
      }
    },
  );

  Deno.test(
    `${name}: a server that repeats the secret later is not heard [T-A08]`,
    PURE,
    async () => {
      for (const secret of secrets) {
        for (const after of ["MAIL", "RCPT", "DATA", "."]) {
          const auth = make({ user: "ann", password: new Secret(secret) });
          const answer = passwordServer(secret, (line) => {
            const hit = line === after || line.startsWith(`${after} `);
            return hit ? echo(550, secret) : mailServer(line);
          });
          const seen = await observe({ auth, offer: [`AUTH ${word}`], answer });
          checkUnseen(seen, secret);
          // It was heard, without the secret.
          ok(seen.events.some(({ end, text }) => end === "S" && text.includes("no ***")));
        }
      }
    },
  );

  Deno.test(
    `${name}: an unfinished line with the secret is not shown [T-A08] [S8]`,
    PURE,
    async () => {
      for (const secret of secrets) {
        const line = [...new TextEncoder().encode(`535 you said ${secret}`)];
        const escaped = line.map((octet) => `\\x${octet.toString(16).padStart(2, "0")}`).join("");
        for (const end of ["<eof>", "<close>"]) {
          const played = play(
            `S: 220 mx.example
           C: EHLO client.example
           S: 250-mx.example
           S: 250 AUTH ${word}
           C~ AUTH ${word}
           S| ${escaped}
           ${end}`,
          );
          const events: TranscriptEvent[] = [];
          const clock = new FakeClock();
          const connecting = connectSmtp({
            connection: { ...passed(played.connection), security: "verified" },
            host: "mx.example",
            name: "client.example",
            auth: make({ user: "ann", password: new Secret(secret) }),
            clock,
            onEvent: (event) => void events.push(event),
          }).then(() => undefined, (error) => error);
          await clock.advance(300_000); // a limit runs out, or the server has closed
          const error = await connecting;
          equal(error?.name, end === "<eof>" ? "TimeoutError" : "ClosedError");
          checkUnseen({ bag: visible(error) + visible(events) }, secret);
          await played.done;
        }
      }
    },
  );
}

Deno.test("a password that cannot be sent is not in the error [T-A13] [S85]", PURE, async () => {
  for (const odd of ["\n", "\r", "\0", "\ud800"]) {
    for (const mechanisms of [undefined, ["PLAIN"], ["LOGIN"], ["CRAM-MD5"], ["SCRAM-SHA-256"]]) {
      const password = new Secret(`${ASCII}${odd}`);
      const auth: Credentials = { user: "ann", password, ...(mechanisms && { mechanisms }) };
      const dial = (): Promise<never> => Promise.reject(new Error("Nobody dials here"));
      const error = await connectSmtp({ url: "smtp://mx.example", auth, dial }).catch((e) => e);
      equal(error.name, "TypeError");
      checkUnseen({ bag: visible(error) + visible(auth) }, ASCII);
    }
  }
});

Deno.test("a password that reads like a reply code harms no reply [T-A08]", PURE, async () => {
  for (const secret of ["250", "2", "5", "-", " ", "ok", "334", "235", "MAIL"]) {
    const auth = { user: "ann", password: new Secret(secret) };
    for (const word of ["PLAIN", "LOGIN", "SCRAM-SHA-256", "CRAM-MD5"]) {
      const answer = passwordServer(secret, mailServer);
      const seen = await observe({ auth, offer: [`AUTH ${word}`], answer });
      equal(seen.error, undefined);
      deepEqual(seen.lines.at(-1), "QUIT");
    }
  }
});

Deno.test("mechanisms without a secret show no identity either [S86]", PURE, async () => {
  for (const auth of [external({ authorize: ASCII }), anonymous({ trace: ASCII })]) {
    const seen = await observe({
      auth,
      offer: [`AUTH ${auth.name}`],
      answer: (line) => line.startsWith("AUTH ") ? "535 no" : undefined,
    });
    ok(seen.error instanceof Error);
    checkUnseen(seen, ASCII);
  }
});
