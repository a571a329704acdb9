/**
 * Test results in the notations of other programs: TAP 14, JUnit XML, annotations of GitHub. One plain
 * shape goes in; whatever its texts hold, they stay texts.
 *
 * @module
 */

import { visible } from "./plain_text.ts";

/** One thing that went wrong in a test. */
export interface TestProblem {
  /** `failure`: something was not as expected. `error`: the test could not be carried out. */
  readonly kind: "failure" | "error";
  /** What kind of thing, in one word. */
  readonly id: string;
  /** What went wrong, in one sentence. */
  readonly message: string;
  /** The file it is about. */
  readonly file?: string;
  /** The line in it, from 1. */
  readonly line?: number;
  /** The column in it, from 1. */
  readonly column?: number;
  /** More of it, by name, for those notations that have room. */
  readonly details?: Readonly<Record<string, string | number>>;
}

/** One test. */
export interface TestCase {
  /** Its name. */
  readonly name: string;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** Why it was not carried out; `""` if nobody says. */
  readonly skipped?: string;
  /** What went wrong; nothing if it passed. */
  readonly problems: readonly TestProblem[];
}

/** Tests that belong together, such as those of one file. */
export interface TestSuite {
  /** Its name. */
  readonly name: string;
  /** Its tests. */
  readonly cases: readonly TestCase[];
}

/** A notation of test results. */
export type TestFormat = "tap" | "junit" | "github";

/**
 * Writes test results.
 *
 * @param suites The results.
 * @param format The notation.
 * @param name What was run, for those notations that tell.
 * @returns Lines, each with its end.
 *
 * @example Usage
 * ```ts
 * import { testReport } from "./test_report.ts";
 * import { equal } from "node:assert/strict";
 *
 * const suites = [{ name: "a.dialogue", cases: [{ name: "greeting", ms: 3, problems: [] }] }];
 * equal(testReport(suites, "tap"), "TAP version 14\n1..1\nok 1 - greeting\n");
 * ```
 */
export function testReport(
  suites: readonly TestSuite[],
  format: TestFormat,
  name: string = "tests",
): string {
  switch (format) {
    case "tap":
      return tap(suites);
    case "junit":
      return junit(suites, name);
    case "github":
      return github(suites);
  }
}

function tap(suites: readonly TestSuite[]): string {
  const cases = suites.flatMap(({ cases }) => cases);
  const points = cases.map((one, index) => point(one, index + 1));
  return `TAP version 14\n1..${cases.length}\n${points.join("")}`;
}

function point({ name, ms, skipped, problems }: TestCase, number: number): string {
  const verdict = problems.length > 0 ? "not ok" : "ok";
  // What begins with "#" would be a directive, and a backslash would take the next character.
  const title = visible(name).replace(/[\\#]/g, "\\$&");
  const why = skipped === undefined ? "" : ` # SKIP ${visible(skipped)}`.trimEnd();
  const head = `${verdict} ${number} - ${title}${why}\n`;
  if (problems.length === 0) return head;
  const blocks = problems.map((problem) => {
    const { id, message, details = {} } = problem;
    const at = placeOf(problem);
    const fields = { id, message, ...(at === "" ? {} : { at }), ...details };
    return Object.entries(fields).map(([key, value]) => `${scalar(key)}: ${scalar(value)}`);
  });
  const [first = []] = blocks;
  const rest = blocks.slice(1).map((lines) =>
    lines.map((line, index) => `    ${index === 0 ? "- " : "  "}${line}\n`).join("")
  );
  const others = rest.length === 0 ? "" : `  others:\n${rest.join("")}`;
  const lines = [...first, `duration_ms: ${Math.round(ms)}`].map((line) => `  ${line}\n`);
  return `${head}  ---\n${lines.join("")}${others}  ...\n`;
}

/** A key or a value of YAML: JSON is YAML, where no control character stands in it. */
function scalar(value: string | number): string {
  if (typeof value === "number") return String(value);
  return /^[a-z][A-Za-z_]*$/.test(value) && !/^(?:y|n|yes|no|on|off|true|false|null)$/.test(value)
    ? value
    : JSON.stringify(visible(value));
}

function placeOf({ file = "", line, column }: TestProblem): string {
  return [file, line, column].filter((part) => part !== undefined && part !== "").join(":");
}

function junit(suites: readonly TestSuite[], name: string): string {
  const all = suites.flatMap(({ cases }) => cases);
  const lines = suites.map((suite) => {
    const cases = suite.cases.map((one) => junitCase(one, suite.name));
    return `  <testsuite${attributes({ name: suite.name, ...counts(suite.cases) })}>\n` +
      `${cases.join("")}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n` +
    `<testsuites${attributes({ name, ...counts(all) })}>\n${lines.join("")}</testsuites>\n`;
}

function junitCase({ name, ms, skipped, problems }: TestCase, suite: string): string {
  const head = `    <testcase${attributes({ name, classname: suite, time: seconds(ms) })}`;
  const inside = problems.map((problem) => {
    const { kind, id, message, details = {} } = problem;
    const at = placeOf(problem);
    const text = [
      ...(at === "" ? [] : [at]),
      ...Object.entries(details).map(([key, value]) => `${key}: ${value}`),
    ].map((line) => xml(visible(line))).join("\n");
    return `      <${kind}${attributes({ type: id, message })}>${text}</${kind}>\n`;
  });
  if (skipped !== undefined) {
    inside.push(`      <skipped${skipped === "" ? "" : attributes({ message: skipped })}/>\n`);
  }
  return inside.length === 0 ? `${head}/>\n` : `${head}>\n${inside.join("")}    </testcase>\n`;
}

function counts(cases: readonly TestCase[]): Readonly<Record<string, string | number>> {
  const first = cases.map(({ problems }) => problems[0]?.kind);
  return {
    tests: cases.length,
    failures: first.filter((kind) => kind === "failure").length,
    errors: first.filter((kind) => kind === "error").length,
    skipped: cases.filter(({ skipped }) => skipped !== undefined).length,
    time: seconds(cases.reduce((sum, { ms }) => sum + ms, 0)),
  };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values).map(([key, value]) => ` ${key}="${xml(visible(String(value)))}"`)
    .join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Text of XML; what no document may hold, not even by number, was made visible or is replaced. */
function xml(text: string): string {
  return text.toWellFormed().replace(/[\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

function github(suites: readonly TestSuite[]): string {
  return suites.flatMap(({ name, cases }) =>
    cases.flatMap((one) =>
      one.problems.map(({ id, message, file = name, line, column }) => {
        const properties = Object.entries({ file, line, col: column, title: id })
          .filter(([, value]) => value !== undefined)
          .map(([key, value]) => `${key}=${property(String(value))}`);
        return `::error ${properties.join(",")}::${data(`${one.name}: ${message}`)}\n`;
      })
    )
  ).join("");
}

function data(text: string): string {
  // Line ends are kept, for a message may have several lines; all other controls are made visible.
  return text.split("\n").map((line) => visible(line).replaceAll("%", "%25")).join("%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
