/**
 * What is expected of a reply, as steps.
 *
 * @module
 */

import { octetsToLines } from "../text/parse_octets.ts";
import type { CodePattern, Position, ReplyLevel, ReplyLine, Step, Template } from "../step.ts";
import { literal } from "../template.ts";

/** A kind of reply: its codes, and what it means. */
export interface ReplyCase {
  /** The codes. */
  readonly codes: CodePattern;
  /** The outcome, if it has a name. */
  readonly outcome?: string;
}

/** What is expected of one reply. */
export interface Expectation {
  /** What it may be; at least one. */
  readonly cases: readonly ReplyCase[];
  /** The text behind the code. */
  readonly text?: Template;
  /** Further lines: of a body, or what is offered. */
  readonly rows?: readonly Template[];
  /** What must not be in it. */
  readonly forbid?: readonly string[];
  /** Whether the run goes on after another one. */
  readonly soft?: boolean;
  /** The time limit, in milliseconds. */
  readonly within?: number;
  /** How strictly it is compared. */
  readonly match?: ReplyLevel;
  /** Its name in reports. */
  readonly label?: string;
}

/** A command that waits for its reply. */
export interface Exchange {
  /** Where it stands. */
  readonly at: Position;
  /** What is said, for errors. */
  readonly what: string;
  /** What the client says. */
  readonly said: readonly Step[];
  /** Whether its reply may have further lines: a body of POP3, or what is offered. */
  readonly rows: "none" | "body" | "offers";
  /** What is expected: nothing after octets of which nothing is known. */
  readonly expected: readonly Expectation[];
  /** Whether what is expected was said. */
  readonly settled: boolean;
  /** Whether several replies may come. */
  readonly several: boolean;
  /** What a positive reply leads to; content is as it is on the wire. */
  readonly then?: "tls" | "recipient" | { readonly content: Uint8Array<ArrayBuffer> };
}

/** How deep the choices in a batch may go: a dialogue has sixteen levels in all. */
const MAX_CHOICES = 12;
/** More lines of content than this are octets in one step. */
const MAX_LINES = 1000;

const encoder = new TextEncoder();

/**
 * What follows a command, or several in one write.
 *
 * @param exchanges The commands in their order.
 * @throws {RangeError} If nobody can tell whether a content has a recipient.
 */
export function answersTo(exchanges: readonly Exchange[]): readonly Step[] {
  const last = exchanges.at(-1);
  const content = typeof last?.then === "object" && exchanges.length > 1;
  return follow(exchanges, { next: 0, accepted: !content, choices: 0 });
}

/** Where the replies of a batch are. */
interface Course {
  /** The command whose reply comes next. */
  readonly next: number;
  /** Whether a recipient was taken. */
  readonly accepted: boolean;
  /** How many choices there were. */
  readonly choices: number;
}

function follow(exchanges: readonly Exchange[], course: Course): readonly Step[] {
  const steps: Step[] = [];
  let { accepted } = course;
  for (const [offset, exchange] of exchanges.slice(course.next).entries()) {
    const [first] = exchange.expected;
    if (exchange.then === "recipient" && !accepted && first !== undefined) {
      const cases = bySign(first.cases);
      if (cases.some(isNegative) && cases.some((one) => !isNegative(one))) {
        if (course.choices === MAX_CHOICES) {
          throw new RangeError(
            `Cannot batch a content behind "${exchange.what}": too many recipients may be refused`,
          );
        }
        const next = course.next + offset + 1;
        const rest = (one: ReplyCase): readonly Step[] =>
          follow(exchanges, { next, accepted: !isNegative(one), choices: course.choices + 1 });
        steps.push(...choice(first, exchange, cases, rest));
        return steps;
      }
      accepted = cases.some((one) => !isNegative(one));
    }
    steps.push(...answersToOne(exchange, accepted));
  }
  return steps;
}

function answersToOne(exchange: Exchange, accepted: boolean): readonly Step[] {
  const { then, expected, at } = exchange;
  const [first] = expected;
  if (first === undefined) return [];
  const plain = expected.flatMap((one) => choice(one, exchange, one.cases));
  if (then === undefined || then === "recipient") return plain;
  const cases = bySign(first.cases);
  if (then === "tls") {
    const tls: Step = { kind: "tls", at };
    return choice(first, exchange, cases, (one) => isNegative(one) ? [] : [tls]);
  }
  // A refusal may come for DATA itself, and no content is sent then.
  const goOn: Expectation = { cases: [{ codes: ["354"] }] };
  const sent = [
    ...choice(goOn, exchange, goOn.cases),
    ...contentSteps(accepted ? then.content : new Uint8Array(), at),
    ...plain,
  ];
  const refused = cases.filter(isNegative).map((one) => arm(first, exchange, one));
  return refused.length === 0 ? sent : [alternatives([sent, ...refused], at)];
}

/** One reply of several kinds, each with what follows it. */
function choice(
  expectation: Expectation,
  exchange: Exchange,
  cases: readonly ReplyCase[],
  then: (one: ReplyCase) => readonly Step[] = () => [],
): readonly Step[] {
  const arms = cases.map((one) => [...arm(expectation, exchange, one), ...then(one)]);
  const [only = []] = arms;
  return arms.length === 1 ? only : [alternatives(arms, exchange.at)];
}

function alternatives(arms: readonly (readonly Step[])[], at: Position): Step {
  return { kind: "block", how: "alt", arms, at };
}

function arm(expectation: Expectation, exchange: Exchange, one: ReplyCase): readonly Step[] {
  const { soft, within, match, label } = expectation;
  const { at } = exchange;
  // A refusal offers nothing and has no body.
  const { rows, forbid = [] } = isNegative(one) ? withoutRows(expectation, exchange) : expectation;
  const reply: Step = {
    kind: "reply",
    end: "S",
    lines: linesOf({ ...expectation, rows }, at, one.codes),
    forbid,
    at,
    ...(label === undefined ? {} : { label }),
    ...(within === undefined ? {} : { within }),
    ...(match === undefined ? {} : { match }),
    ...(soft === undefined ? {} : { soft }),
  };
  return one.outcome === undefined ? [reply] : [reply, { kind: "outcome", name: one.outcome, at }];
}

/** The expectation of a refusal. Holes in lines that it has not would have no value afterwards. */
function withoutRows({ rows = [] }: Expectation, { what }: Exchange): Partial<Expectation> {
  const hole = rows.flat().find(({ kind }) => kind === "hole");
  if (hole === undefined) return {};
  throw new TypeError(`Cannot capture lines of the reply to "${what}": it may be a refusal`);
}

function linesOf(
  { text, rows }: Pick<Expectation, "text"> & { readonly rows: Expectation["rows"] | undefined },
  at: Position,
  codes: CodePattern,
): readonly ReplyLine[] {
  const line = { kind: "line", at, optional: false } as const;
  const said = text === undefined ? {} : { text };
  if (rows === undefined) return [{ ...line, code: codes, more: false, ...said }];
  const body = /^[+-]/.test(codes[0] ?? ""); // only POP3 has lines without a code
  const first = { ...line, code: codes, more: body || rows.length > 0, ...said };
  const further = rows.map((row, index) => ({
    ...line,
    code: body ? [] : codes,
    more: !body && index + 1 < rows.length,
    text: row,
  }));
  return [first, ...further];
}

/** Cases of which each is a refusal, or none. */
function bySign(cases: readonly ReplyCase[]): readonly ReplyCase[] {
  return cases.flatMap(({ codes, ...rest }) => {
    const signs = [
      codes.filter((code) => !REFUSAL.test(code)),
      codes.filter((c) => REFUSAL.test(c)),
    ];
    return signs.filter(({ length }) => length > 0).map((some) => ({ codes: some, ...rest }));
  });
}

const REFUSAL = /^(?:[45]|-ERR$)/;

function isNegative({ codes }: ReplyCase): boolean {
  return codes.every((code) => REFUSAL.test(code));
}

/** A content, as it is on the wire, and its last dot; by lines if it is text. */
function contentSteps(content: Uint8Array<ArrayBuffer>, at: Position): readonly Step[] {
  const lines = octetsToLines(content);
  const said = (text: string): Step => ({
    kind: "line",
    end: "C",
    template: literal(text),
    content: true,
    at,
  });
  // A line in angle brackets could be read as an event.
  if (
    lines !== undefined && lines.length <= MAX_LINES && !lines.some((one) => /^<.*>$/.test(one))
  ) {
    return [...lines, "."].map(said);
  }
  return [{ kind: "bytes", end: "C", from: content, stuffed: false, at }, said(".")];
}

/** A text in UTF-8; octets as they are, in a copy. */
export function octetsOf(octets: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return typeof octets === "string" ? encoder.encode(octets) : octets.slice();
}
