/**
 * Faults as they are typed: `RCPT after=2 times=1 reply=451 4.3.0 Later`. The names are those of the
 * sandbox's own type.
 *
 * @module
 */

import { type ArgumentValue, duration, ValidationError } from "../../src/cli/mod.ts";
import type { CommandFault, SandboxFault, WireFault } from "../../src/sandbox/mod.ts";

/** What the help says about faults. */
export const FAULT_HELP: string =
  "A --fault is a VERB and what goes wrong at it. CONNECT is the greeting, " +
  ". the end of DATA, * every command; the first --fault that fits a command counts.\n" +
  "  what   reply=TEXT (takes the rest of the line), silent, delay=2s, extra=TEXT,\n" +
  "         then=close|drop|stall, effect=yes|no, expunge=UID,UID\n" +
  "  where  after=N times=N pattern=TEXT connection=N protocol=smtp|lmtp|pop3\n" +
  "Without a VERB it is about octets: at=N then=close|drop|stall|split, chunk=N, coalesce=N;\n" +
  "  where  side=sent|received connection=N protocol=smtp|lmtp|pop3\n" +
  "In a TEXT, \\r \\n \\t \\\\ and \\x20 stand for characters.";

/** What the sandbox knows; other verbs of a client begin with X. */
const VERBS: ReadonlySet<string> = new Set([
  ..."CONNECT . * QUIT NOOP RSET AUTH".split(" "),
  ..."EHLO HELO LHLO STARTTLS MAIL RCPT DATA BDAT VRFY EXPN HELP ETRN ATRN TURN".split(" "),
  ..."CAPA LANG STLS UTF8 USER PASS APOP STAT LIST UIDL RETR TOP DELE".split(" "),
]);

/** What `name=value` adds to a fault. */
interface Field<Fault> {
  readonly expected: string;
  /** The value of the name alone. */
  readonly bare?: string;
  read(value: string, argument: ArgumentValue): Partial<Fault> | undefined;
}

const ESCAPE = /\\(?:x([0-7][0-9a-f])|([rnt\\]))/gi;
const CHARACTERS: Readonly<Record<string, string>> = { r: "\r", n: "\n", t: "\t", "\\": "\\" };

function number<Fault>(least: number, make: (number: number) => Fault): Field<Fault> {
  return {
    expected: `a whole number from ${least} on`,
    read: (value) =>
      /^\d{1,15}$/.test(value) && Number(value) >= least ? make(Number(value)) : undefined,
  };
}

function word<Fault, const Word extends string>(
  words: readonly Word[],
  make: (word: Word) => Fault,
): Field<Fault> {
  return {
    expected: words.join(" or "),
    read(value) {
      const found = words.find((one) => one === value);
      return found === undefined ? undefined : make(found);
    },
  };
}

function text<Fault>(make: (text: string) => Fault): Field<Fault> {
  return {
    expected: "a text with no other escapes than \\r \\n \\t \\\\ and \\x00 to \\x7f",
    read(value) {
      if (value === "" || value.replaceAll(ESCAPE, "").includes("\\")) return undefined;
      return make(
        value.replaceAll(
          ESCAPE,
          (_, hex?: string, name = "") =>
            hex === undefined ? CHARACTERS[name] ?? "" : String.fromCharCode(parseInt(hex, 16)),
        ),
      );
    },
  };
}

type Fields<Fault> = Readonly<Record<string, Field<Fault>>>;

const WHERE: Fields<Pick<CommandFault & WireFault, "protocol" | "connection">> = {
  protocol: word(["smtp", "lmtp", "pop3"], (protocol) => ({ protocol })),
  connection: number(0, (connection) => ({ connection })),
};

const COMMAND: Fields<Omit<CommandFault, "verb">> = {
  reply: text((reply) => ({ reply })),
  silent: { ...word(["yes"], () => ({ silent: true })), bare: "yes" },
  delay: {
    expected: "a duration",
    read: (value, argument) => ({ delayMs: duration({ ...argument, value }) }),
  },
  extra: text((extra) => ({ extra })),
  then: word(["close", "drop", "stall"], (then) => ({ then })),
  effect: word(["yes", "no"], (given) => ({ effect: given === "yes" })),
  expunge: text((uids) => ({ expunge: uids.split(",") })),
  after: number(0, (after) => ({ after })),
  times: number(1, (times) => ({ times })),
  pattern: text((pattern) => ({ pattern })),
  ...WHERE,
};

const WIRE: Fields<WireFault> = {
  at: number(0, (at) => ({ at })),
  then: word(["close", "drop", "stall", "split"], (then) => ({ then })),
  chunk: number(1, (chunk) => ({ chunk })),
  coalesce: number(2, (coalesce) => ({ coalesce })),
  side: word(["sent", "received"], (side) => ({ side })),
  ...WHERE,
};

/**
 * The type of a fault.
 *
 * @param argument The text and where it was given.
 * @returns The fault.
 * @throws {ValidationError} If it is none; the error names the place.
 */
export function fault(argument: ArgumentValue): SandboxFault {
  const words = [...argument.value.matchAll(/(?<![^ ])(?:reply=.*|[^ ]+)/gs)].map((match) => ({
    ...argument,
    name: `${argument.name} "${argument.value}", column ${match.index + 1}:`,
    value: match[0],
  }));
  const [first] = words;
  if (first === undefined || /^[a-z]+=/.test(first.value)) {
    return checkedWire(argument, readFields(words, WIRE));
  }
  const verb = first.value.toUpperCase();
  if (!VERBS.has(verb) && !verb.startsWith("X")) {
    refuse(first, "a verb of SMTP, LMTP or POP3, or of a client's own that begins with X");
  }
  return checkedCommand(argument, { verb, ...readFields(words.slice(1), COMMAND) });
}

function readFields<Fault>(words: readonly ArgumentValue[], fields: Fields<Fault>): Partial<Fault> {
  let read: Partial<Fault> = {};
  const seen = new Set<string>();
  for (const argument of words) {
    const [, name = argument.value, given] = /^([^=]*)=(.*)$/s.exec(argument.value) ?? [];
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) refuse(argument, `one of ${Object.keys(fields).join(", ")}`);
    if (seen.has(name)) refuse(argument, `${name} once`);
    seen.add(name);
    const value = given ?? field.bare;
    const part = value === undefined ? undefined : field.read(value, argument);
    read = { ...read, ...part ?? refuse(argument, `${field.expected} behind "${name}="`) };
  }
  return read;
}

function checkedCommand(argument: ArgumentValue, fault: CommandFault): CommandFault {
  const { reply, silent, delayMs, extra, then, effect, expunge } = fault;
  const what = [reply, silent, delayMs, extra, then, effect, expunge];
  if (what.every((one) => one === undefined)) {
    refuse(argument, "what goes wrong, such as reply=451 4.3.0 Later, silent or then=drop");
  }
  const swallowed = / ([a-z]+)=/.exec(String(reply))?.[1];
  if (swallowed !== undefined && Object.hasOwn(COMMAND, swallowed)) {
    refuse(argument, `${swallowed}= before reply=, which takes the rest of the line`);
  }
  if (silent && reply !== undefined) refuse(argument, "either silent or a reply");
  return fault;
}

function checkedWire(argument: ArgumentValue, fault: WireFault): WireFault {
  const { at, then, chunk, coalesce, side } = fault;
  const ends = at !== undefined && then !== undefined;
  if (!ends && (at ?? then) !== undefined) refuse(argument, "at and then together");
  if (!ends && (chunk ?? coalesce) === undefined) {
    refuse(argument, "a VERB and what goes wrong, or at=N then=drop, chunk=N or coalesce=N");
  }
  const writes = chunk !== undefined || coalesce !== undefined || then === "split";
  if (side === "received" && writes) {
    refuse(argument, "split, chunk and coalesce for what is sent");
  }
  return fault;
}

function refuse({ name, value }: ArgumentValue, expected: string): never {
  throw new ValidationError(`Cannot read ${name} "${value}": expected ${expected}`);
}
