import { doesNotMatch, equal, match } from "node:assert/strict";
import { testReport, type TestSuite } from "../../src/cli/mod.ts";

const pure = { permissions: "none" } as const;

const SUITES: readonly TestSuite[] = [
  {
    name: "a.dialogue",
    cases: [
      { name: "greeting", ms: 3.4, problems: [] },
      {
        name: "partial",
        ms: 1204,
        problems: [
          {
            kind: "failure",
            id: "reply-code",
            message: "expected 550, server said 450",
            file: "a.dialogue",
            line: 13,
            column: 4,
            details: { expected: "550", actual: "450", waited_ms: 3 },
          },
          { kind: "error", id: "timeout", message: "nothing came" },
        ],
      },
    ],
  },
  {
    name: "b.dialogue",
    cases: [
      { name: "later", ms: 0, skipped: "needs PIPELINING", problems: [] },
      { name: "cut", ms: 10, problems: [{ kind: "error", id: "connect", message: "nobody" }] },
    ],
  },
];

Deno.test("testReport() writes TAP 14", pure, () => {
  equal(
    testReport(SUITES, "tap"),
    `TAP version 14
1..4
ok 1 - greeting
not ok 2 - partial
  ---
  id: "reply-code"
  message: "expected 550, server said 450"
  at: "a.dialogue:13:4"
  expected: "550"
  actual: "450"
  waited_ms: 3
  duration_ms: 1204
  others:
    - id: timeout
      message: "nothing came"
  ...
ok 3 - later # SKIP needs PIPELINING
not ok 4 - cut
  ---
  id: connect
  message: nobody
  duration_ms: 10
  ...
`,
  );
  equal(testReport([], "tap"), "TAP version 14\n1..0\n");
});

Deno.test("testReport() writes JUnit XML", pure, () => {
  equal(
    testReport(SUITES, "junit", "dialogue"),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="dialogue" tests="4" failures="1" errors="1" skipped="1" time="1.217">
  <testsuite name="a.dialogue" tests="2" failures="1" errors="0" skipped="0" time="1.207">
    <testcase name="greeting" classname="a.dialogue" time="0.003"/>
    <testcase name="partial" classname="a.dialogue" time="1.204">
      <failure type="reply-code" message="expected 550, server said 450">a.dialogue:13:4
expected: 550
actual: 450
waited_ms: 3</failure>
      <error type="timeout" message="nothing came"></error>
    </testcase>
  </testsuite>
  <testsuite name="b.dialogue" tests="2" failures="0" errors="1" skipped="1" time="0.010">
    <testcase name="later" classname="b.dialogue" time="0.000">
      <skipped message="needs PIPELINING"/>
    </testcase>
    <testcase name="cut" classname="b.dialogue" time="0.010">
      <error type="connect" message="nobody"></error>
    </testcase>
  </testsuite>
</testsuites>
`,
  );
});

Deno.test("testReport() writes annotations", pure, () => {
  equal(
    testReport(SUITES, "github"),
    `::error file=a.dialogue,line=13,col=4,title=reply-code::partial: expected 550, server said 450
::error file=a.dialogue,title=timeout::partial: nothing came
::error file=b.dialogue,title=connect::cut: nobody
`,
  );
  equal(testReport([], "github"), "");
});

const HOSTILE =
  "a\r\nok 2 - b # TODO \\\x1b[2J\u202e]]><b c='d\" e&amp;\x00\ud800\uffff%0A::error,f:\u2028...\n---\n  ...\n";

function hostile(skipped: boolean): TestSuite[] {
  return [{
    name: HOSTILE,
    cases: [{
      name: HOSTILE,
      ms: 1,
      ...(skipped ? { skipped: HOSTILE } : {}),
      problems: skipped ? [] : [{
        kind: "failure",
        id: HOSTILE,
        message: HOSTILE,
        file: HOSTILE,
        line: 1,
        column: 1,
        details: { [HOSTILE]: HOSTILE },
      }],
    }],
  }];
}

Deno.test.each([[false], [true]])(
  "testReport() keeps hostile texts on their lines, skipped: %s [T-R12]",
  pure,
  (skipped) => {
    const [tap, junit, github] = (["tap", "junit", "github"] as const)
      .map((format) => testReport(hostile(skipped), format)) as [string, string, string];
    for (const text of [tap, junit, github]) {
      // deno-lint-ignore no-control-regex -- looking for them is the test
      doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]/);
    }
    equal(tap.split("\n").filter((line) => /^(?:not )?ok /.test(line)).length, 1);
    equal(tap.split("\n").filter((line) => line === "  ...").length, skipped ? 0 : 1);
    equal(tap.split("\n").length, skipped ? 4 : 11);
    match(tap, /^(?:not )?ok 1 - a\\\\r\\\\nok 2 - b \\# TODO \\\\\\\\x1b\[2J/m);
    // Only what was written as markup is markup.
    equal(junit.split("<").length, skipped ? 9 : 10);
    doesNotMatch(junit, /&(?!(?:amp|lt|gt|quot|apos);)|[\ud800-\udfff\ufffe\uffff]/);
    equal(github.split("\n").length, skipped ? 1 : 2);
    const [, properties = ""] = /^::error (.*?)::/.exec(github) ?? [];
    equal(properties.split(",").length, skipped ? 1 : 4);
  },
);

Deno.test("testReport() lets an annotation have several lines", pure, () => {
  const problem = { kind: "failure", id: "x", message: "one\ntwo: 100 %, more" } as const;
  const suites = [{ name: "a:b,c", cases: [{ name: "t", ms: 0, problems: [problem] }] }];
  equal(
    testReport(suites, "github"),
    "::error file=a%3Ab%2Cc,title=x::t: one%0Atwo: 100 %25, more\n",
  );
});
