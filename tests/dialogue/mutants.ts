/**
 * Dialogues with one thing changed: whoever plays the original must notice.
 *
 * @module
 */

import type {
  BytesStep,
  Dialogue,
  End,
  LineStep,
  LineTemplate,
  ReplyLine,
  ReplyStep,
  Step,
} from "../../src/dialogue/mod.ts";

/** What was changed. */
export const MUTATIONS = [
  "code",
  "verb",
  "capability",
  "argument",
  "content",
  "credential",
] as const;

/** A kind of change. */
export type Mutation = typeof MUTATIONS[number];

/** A dialogue in which one thing is changed. */
export interface Mutant {
  /** What was changed. */
  readonly kind: Mutation;
  /** What there is now. */
  readonly change: string;
  /** The line of the file. */
  readonly line: number;
  /** Who says it: the other end must notice. */
  readonly end: End;
  /** The whole. */
  readonly dialogue: Dialogue;
}

type Changed = Omit<Mutant, "dialogue"> & { readonly step: Step };

/**
 * All mutants of a dialogue. What nobody can notice is none:
 * - a line that may be missing (`S?`), for it may be missing;
 * - a code that the original takes as well (`{250|251}`, `2xx`, another arm);
 * - what stands in a hole that takes anything;
 * - what is in a block whose keyword nobody offers (`@when`): it is not played;
 * - the texts of replies, which are compared by their codes.
 */
export function mutantsOf(dialogue: Dialogue): readonly Mutant[] {
  const course = new Course(dialogue);
  const inSteps = changesOf(dialogue.steps, course).map(({ steps, ...change }) => ({
    ...change,
    dialogue: { ...dialogue, steps },
  }));
  return [...inSteps, ...credentials(dialogue)];
}

/** What is asked where a reply stands. */
class Course {
  readonly protocol: Dialogue["protocol"];
  /** The last command. */
  command = "";
  /** The keywords that were offered last. */
  offered: readonly string[] = [];
  /** Codes that other arms begin with. */
  taken: readonly string[] = [];

  constructor({ protocol }: Dialogue) {
    this.protocol = protocol;
  }
}

type ChangedSteps = Omit<Mutant, "dialogue"> & { readonly steps: readonly Step[] };

function changesOf(steps: readonly Step[], course: Course): readonly ChangedSteps[] {
  return steps.flatMap((step, index) =>
    changesOfStep(step, course).map(({ step: changed, ...change }) => ({
      ...change,
      steps: steps.with(index, changed),
    }))
  );
}

function changesOfStep(step: Step, course: Course): readonly Changed[] {
  switch (step.kind) {
    case "line":
      return changesOfLine(step, course);
    case "reply":
      return changesOfReply(step, course);
    case "bytes":
      return changesOfBytes(step);
    case "block":
      if (step.how === "when" && !course.offered.includes(step.capability)) return [];
      return step.arms.flatMap((arm, index) => {
        course.taken = step.arms.flatMap(([first]) =>
          first?.kind === "reply" ? first.lines.flatMap(codesOf) : []
        );
        return changesOf(arm, course).map(({ steps, ...change }) => ({
          ...change,
          // The same block with other steps in one of its arms.
          step: { ...step, arms: step.arms.with(index, steps) } as Step,
        }));
      });
    default:
      return [];
  }
}

function changesOfLine(step: LineStep, course: Course): readonly Changed[] {
  const [first] = step.template;
  const about = { line: step.at.line, end: step.end };
  const saying = (kind: Mutation, template: LineTemplate, change: string): Changed => ({
    ...about,
    kind,
    change,
    step: { ...step, template },
  });
  if (step.content) {
    const text = printed(step.template);
    if (text === ".") return [];
    return [saying("content", [...step.template, { kind: "text", text: "~" }], `${text}~`)];
  }
  if (first?.kind !== "text") return [];
  const [, verb = "", rest = ""] = /^(\S+)(.*)$/s.exec(first.text) ?? [];
  course.command = first.text;
  const changed: Changed[] = [
    saying("verb", [{ kind: "text", text: `XXXX${rest}` }, ...step.template.slice(1)], "XXXX"),
  ];
  for (const [at, text] of wordsOf(step.template)) {
    // The first word of the first part is the verb.
    if (at.part === 0 && at.index < verb.length) continue;
    const template = step.template.with(at.part, { kind: "text", text });
    changed.push(saying("argument", template, printed(template)));
  }
  const last = step.template.at(-1);
  const [, left] = last?.kind === "text" ? /^(.*\S) \S+$/s.exec(last.text) ?? [] : [];
  if (left !== undefined) {
    const template = step.template.with(-1, { kind: "text", text: left });
    changed.push(saying("argument", template, printed(template)));
  }
  return changed;
}

function changesOfBytes(step: BytesStep): readonly Changed[] {
  if (!(step.from instanceof Uint8Array)) return [];
  const from = step.from.slice();
  const [first = 0] = from;
  from[0] = first ^ 1;
  const { end, at: { line } } = step;
  return [{ kind: "content", change: "its first octet", line, end, step: { ...step, from } }];
}

/** Each word of the text parts of a line with its last letter or digit changed. */
function* wordsOf(
  template: LineTemplate,
): Generator<[at: { readonly part: number; readonly index: number }, text: string]> {
  for (const [part, each] of template.entries()) {
    if (each.kind !== "text") continue;
    for (const { 0: word, index } of each.text.matchAll(/[A-Za-z0-9]+/g)) {
      const last = index + word.length - 1;
      const other = each.text[last] === "7" ? "8" : "7";
      yield [{ part, index }, each.text.slice(0, last) + other + each.text.slice(last + 1)];
    }
  }
}

function changesOfReply(step: ReplyStep, course: Course): readonly Changed[] {
  const { taken, command } = course;
  course.taken = [];
  const about = { line: step.at.line, end: step.end };
  const whole = step.lines.map((line) => codesOf(line)).find((codes) => codes.length > 0) ?? [];
  const accepted = [...taken, ...whole];
  const changed: Changed[] = othersOf(whole).filter((code) => !fits(code, accepted))
    .map((code) => ({
      ...about,
      kind: "code",
      change: code,
      step: { ...step, lines: step.lines.map((line) => withCode(line, code)) },
    }));
  const lines = step.lines.filter(isCertain);
  for (const line of lines.length > 1 ? lines : []) {
    // RFC 5321 section 4.2.1: all lines of a reply have one code.
    const [other] = othersOf(codesOf(line)).filter((code) => !fits(code, accepted));
    if (other === undefined || course.protocol === "pop3") continue;
    const mixed = step.lines.map((each) => each === line ? withCode(each, other) : each);
    const change = `${other} in one line`;
    changed.push({
      ...about,
      kind: "code",
      change,
      line: line.at.line,
      step: { ...step, lines: mixed },
    });
  }
  if (!/^(?:EHLO|LHLO|CAPA)(?: |$)/i.test(command) || !/^(?:250|\+OK)$/.test(whole[0] ?? "")) {
    return changed;
  }
  course.offered = lines.flatMap((line) =>
    line.kind === "line" ? printed(line.text ?? []).split(" ", 1) : []
  );
  for (const line of lines.slice(1)) {
    const at = { ...about, kind: "capability", line: line.at.line } as const;
    const name = printed(line.kind === "line" ? line.text ?? [] : []);
    changed.push({
      ...at,
      change: `no ${name}`,
      step: { ...step, lines: without(step.lines, line) },
    });
    const renamed = step.lines.map((each) => each === line ? renamedTo(each) : each);
    changed.push({ ...at, change: `X${name}`, step: { ...step, lines: renamed } });
  }
  return changed;
}

/** Whether a line is always said. */
function isCertain(line: ReplyLine): boolean {
  return line.kind === "line" && !line.optional;
}

function codesOf(line: ReplyLine): readonly string[] {
  return line.kind === "line" ? line.code : [];
}

/** Another class, another digit, another indicator. */
function othersOf([code = ""]: readonly string[]): readonly string[] {
  if (code === "") return [];
  if (code.startsWith("+") || code === "-ERR") {
    return ["+OK", "-ERR"].filter((other) => other !== code);
  }
  const served = code.replace("xx", "50");
  const other = served.startsWith("5") ? "4" : served.startsWith("4") ? "2" : "5";
  return [other + served.slice(1), `${served.slice(0, 2)}9`];
}

function fits(code: string, accepted: readonly string[]): boolean {
  return accepted.some((one) => one === code || (one.endsWith("xx") && one[0] === code[0]));
}

function withCode(line: ReplyLine, code: string): ReplyLine {
  return line.kind === "line" && line.code.length > 0 ? { ...line, code: [code] } : line;
}

function without(lines: readonly ReplyLine[], line: ReplyLine): readonly ReplyLine[] {
  const left = lines.filter((each) => each !== line);
  const last = left.at(-1);
  // The line before the last one may be the last one now.
  return last?.kind === "line" && last.code[0] !== "+OK" && line.kind === "line"
    ? left.with(-1, { ...last, more: line.more && lines.at(-1) !== line })
    : left;
}

function renamedTo(line: ReplyLine): ReplyLine {
  if (line.kind !== "line") return line;
  return { ...line, text: [{ kind: "text", text: "X" }, ...line.text ?? []] };
}

/** Each name and each secret with another value. */
function credentials(dialogue: Dialogue): readonly Mutant[] {
  const about = { kind: "credential", line: 1, end: "C" } as const;
  const secrets = dialogue.secrets.map(({ name, sample = "" }): Mutant => ({
    ...about,
    change: name,
    dialogue: {
      ...dialogue,
      secrets: dialogue.secrets.map((each) =>
        each.name === name ? { name, sample: `other ${sample}` } : each
      ),
    },
  }));
  const names = Object.entries(dialogue.vars).map(([name, value]): Mutant => ({
    ...about,
    change: name,
    dialogue: { ...dialogue, vars: { ...dialogue.vars, [name]: `other-${value}` } },
  }));
  return [...secrets, ...names];
}

function printed(template: LineTemplate): string {
  return template.map((part) => part.kind === "text" ? part.text : "${}").join("");
}
