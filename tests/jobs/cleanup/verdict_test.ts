import { deepEqual, equal } from "node:assert/strict";
import {
  conjunction,
  disjunction,
  known,
  type Lack,
  opposite,
  unknown,
  type Verdict,
} from "../../../src/jobs/cleanup/rules/verdict.ts";

type Sign = "T" | "F" | "A" | "U" | "P";

const LACKS: Readonly<Record<string, Lack>> = { A: "absent", U: "unobtained", P: "pending" };

function verdictOf(sign: string): Verdict {
  const lack = LACKS[sign];
  return lack === undefined ? known(sign === "T", { fact: sign, value: 1 }) : unknown(lack);
}

function signOf({ truth, lack }: Verdict): Sign {
  if (truth !== undefined) return truth ? "T" : "F";
  return lack === "absent" ? "A" : lack === "unobtained" ? "U" : "P";
}

Deno.test.each([
  ["TT", "T"],
  ["TF", "F"],
  ["FT", "F"],
  ["FF", "F"],
  ["TA", "A"],
  ["AT", "A"],
  ["FA", "F"],
  ["AF", "F"],
  ["UF", "F"],
  ["UT", "U"],
  ["AU", "U"],
  ["UA", "U"],
  ["AA", "A"],
  ["FP", "F"],
  ["TP", "P"],
  ["AP", "P"],
])("conjunction() of %s is %s", { permissions: "none" }, (signs, expected) => {
  equal(signOf(conjunction([...signs].map(verdictOf))), expected);
});

Deno.test.each([
  ["TT", "T"],
  ["TF", "T"],
  ["FT", "T"],
  ["FF", "F"],
  ["TA", "T"],
  ["AT", "T"],
  ["FA", "A"],
  ["AF", "A"],
  ["UT", "T"],
  ["UF", "U"],
  ["AU", "U"],
  ["TP", "T"],
  ["FP", "P"],
  ["UP", "P"],
])("disjunction() of %s is %s", { permissions: "none" }, (signs, expected) => {
  equal(signOf(disjunction([...signs].map(verdictOf))), expected);
});

Deno.test.each([["T", "F"], ["F", "T"], ["A", "A"], ["U", "U"], ["P", "P"]])(
  "opposite() of %s is %s",
  { permissions: "none" },
  (sign, expected) => {
    equal(signOf(opposite(verdictOf(sign))), expected);
  },
);

Deno.test("conjunction() looks at nothing behind the first false", { permissions: "none" }, () => {
  let asked = 0;
  const verdicts = Iterator.from("ATFTT").map((sign) => {
    asked++;
    return verdictOf(sign);
  });
  equal(conjunction(verdicts).truth, false);
  equal(asked, 3);
});

Deno.test(
  "disjunction() looks at nothing behind the first pending",
  { permissions: "none" },
  () => {
    let asked = 0;
    const verdicts = Iterator.from("FPT").map((sign) => {
      asked++;
      return verdictOf(sign);
    });
    equal(disjunction(verdicts).lack, "pending");
    equal(asked, 2);
  },
);

Deno.test("conjunction() has the evidence of all that is true", { permissions: "none" }, () => {
  const facts = ["a", "b"].map((fact) => known(true, { fact, value: 1 }));
  deepEqual(conjunction(facts).evidence.map(({ fact }) => fact), ["a", "b"]);
});
