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
  expunge: {
    expected: "UIDs with commas between them",
    read(value) {
      const expunge = value.split(",");
      return expunge.includes("") ? undefined : { expunge };
    },
  },
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

/** A part of what was typed. Errors name its column, in characters. */
interface Word extends ArgumentValue {
  /** All that was typed. */
  readonly whole: ArgumentValue;
  /** Where it begins there. */
  readonly index: number;
}

/**
 * The type of a fault.
 *
 * @param argument The text and where it was given.
 * @returns The fault.
 * @throws {ValidationError} If it is none; the error names the place.
 */
export function fault(argument: ArgumentValue): SandboxFault {
  const [first = wordAt(argument, 0, ""), ...more] = [
    ...argument.value.matchAll(/(?<![^ ])(?:reply=.*|[^ ]+)/gs),
  ].map(({ 0: value, index }) => wordAt(argument, index, value));
  if (first.value === "") refuse(first, `a VERB and what goes wrong, or ${ABOUT_OCTETS}`);
  if (/^[a-z]+=/.test(first.value)) return wireFault([first, ...more]);
  const verb = first.value.toUpperCase();
  if (VERBS.has(verb) || verb.startsWith("X")) return commandFault({ ...first, value: verb }, more);
  return refuse(first, "a verb of SMTP, LMTP or POP3, or of a client's own that begins with X");
}

const ABOUT_OCTETS = "at=N then=drop, chunk=N or coalesce=N";

function commandFault(verb: Word, words: readonly Word[]): CommandFault {
  const fault = { verb: verb.value, ...readFields(words, COMMAND) };
  const { reply, silent, delayMs, extra, then, effect, expunge } = fault;
  if ((reply ?? silent ?? delayMs ?? extra ?? then ?? effect ?? expunge) === undefined) {
    refuse(verb, "what goes wrong behind it, such as reply=451 4.3.0 Later, silent or then=drop");
  }
  const said = wordOf(words, "reply");
  if (said === undefined) return fault;
  if (silent) refuse(said, "either silent or a reply");
  for (const { 0: swallowed, 1: name = "", index } of said.value.matchAll(/ ([a-z]+)=[^ ]*/g)) {
    if (!Object.hasOwn(COMMAND, name)) continue;
    const word = wordAt(said.whole, said.index + index + 1, swallowed.slice(1));
    refuse(word, `${name}= before reply=, which takes the rest of the line`);
  }
  return fault;
}

function wireFault(words: readonly [Word, ...Word[]]): WireFault {
  const fault = readFields(words, WIRE);
  const { at, then, chunk, coalesce, side } = fault;
  const end = wordOf(words, "at") ?? wordOf(words, "then");
  if (end !== undefined && (at === undefined || then === undefined)) {
    refuse(end, "at and then together");
  }
  if ((at ?? chunk ?? coalesce) === undefined) {
    refuse(words[0], `a VERB before it, or ${ABOUT_OCTETS} beside it`);
  }
  const writes = chunk !== undefined || coalesce !== undefined || then === "split";
  const sided = wordOf(words, "side");
  if (side === "received" && writes && sided !== undefined) {
    refuse(sided, "side=sent with split, chunk and coalesce");
  }
  return fault;
}

function readFields<Fault>(words: readonly Word[], fields: Fields<Fault>): Partial<Fault> {
  let read: Partial<Fault> = {};
  const seen = new Set<string>();
  for (const word of words) {
    const [, name = word.value, given] = /^([^=]*)=(.*)$/s.exec(word.value) ?? [];
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) refuse(word, `one of ${Object.keys(fields).join(", ")}`);
    if (seen.has(name)) refuse(word, `${name} once`);
    seen.add(name);
    const value = given ?? field.bare;
    const part = value === undefined ? undefined : field.read(value, word);
    read = { ...read, ...part ?? refuse(word, `${field.expected} behind "${name}="`) };
  }
  return read;
}

function wordOf(words: readonly Word[], name: string): Word | undefined {
  return words.find(({ value }) => value.startsWith(`${name}=`));
}

function wordAt(whole: ArgumentValue, index: number, value: string): Word {
  const column = [...whole.value.slice(0, index)].length + 1;
  const name = `${whole.name} "${whole.value}", column ${column}:`;
  return { ...whole, name, value, whole, index };
}

function refuse({ name, value }: Word, expected: string): never {
  throw new ValidationError(`Cannot read ${name} "${value}": expected ${expected}`);
}
