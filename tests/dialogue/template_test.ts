import { DialogueSyntaxError, parseLineTemplate, printLineTemplate } from "@mailwright/mailwright";
import { deepEqual, equal, throws } from "node:assert/strict";
import { fillTemplate, literal } from "../../src/dialogue/template.ts";

const pure = { permissions: "none" } as const;

Deno.test.each([
  ["", []],
  ["$ {x}", literal("$ {x}")],
  ["$${x}", literal("${x}")],
  ["$$$${x}", literal("$${x}")],
  ["$$${x}", [{ kind: "text", text: "$" }, { kind: "hole", name: "x", int: false }]],
  ["${_}", [{ kind: "any" }]],
  ["${_=a b}", [{ kind: "any", sample: "a b" }]],
  ["${n:int=12}", [{ kind: "hole", name: "n", int: true, sample: "12" }]],
  ["${a=}", [{ kind: "hole", name: "a", int: false, sample: "" }]],
  ["${a=${b}", [{ kind: "hole", name: "a", int: false, sample: "${b" }]],
  ["${b64 user=eA==}", [{ kind: "codec", value: { codec: "b64", name: "user" }, sample: "eA==" }]],
  ["${plain u p}", [{ kind: "codec", value: { codec: "plain", user: "u", secret: "p" } }]],
  ["${xoauth2 u p}", [{ kind: "codec", value: { codec: "xoauth2", user: "u", secret: "p" } }]],
  ["${apop s p}", [{ kind: "codec", value: { codec: "apop", stamp: "s", secret: "p" } }]],
  ["${cram c u p}", [{
    kind: "codec",
    value: { codec: "cram", challenge: "c", user: "u", secret: "p" },
  }]],
  ["${len}", [{ kind: "codec", value: { codec: "len" } }]],
  ['${repeat 1 "\\x1b\\\\"}', [
    { kind: "codec", value: { codec: "repeat", count: 1, text: "\x1b\\" } },
  ]],
  ['${repeat 3 "a\\"}"}x', [
    { kind: "codec", value: { codec: "repeat", count: 3, text: 'a"}' } },
    { kind: "text", text: "x" },
  ]],
])("parseLineTemplate() reads %j, printLineTemplate() writes it", pure, (text, parts) => {
  deepEqual(parseLineTemplate(text), parts);
  equal(printLineTemplate(parseLineTemplate(text)), text);
});

Deno.test.each([
  ["a ${x", 3],
  ["${}", 1],
  ["${1a}", 1],
  ["${a b}", 1],
  ["${b64}x ${b64 a b}", 9],
  ["${plain u}", 1],
  ["${a:text}", 1],
  ["${n:int=x}", 1],
  ['${repeat 3 "a}', 1],
  ['${repeat 1 "\\x0a"}', 1],
  ['${repeat 1 "\\x41"}', 1],
  ['${repeat 1048577 "a"}', 1],
  ["${_ a}", 1],
])("parseLineTemplate() refuses %j at character %d [T-I41] [T-I44]", pure, (text, column) => {
  throws(() => parseLineTemplate(text), (error) => {
    equal(error instanceof DialogueSyntaxError, true);
    deepEqual((error as DialogueSyntaxError).problems[0].at, { file: "", line: 1, column });
    return true;
  });
});

Deno.test("printLineTemplate() refuses a sample that would end its hole", pure, () => {
  throws(() => printLineTemplate([{ kind: "any", sample: "}" }]), TypeError);
});

Deno.test("fillTemplate() takes a value as it is, never as syntax [T-I42]", pure, () => {
  equal(fillTemplate(parseLineTemplate("a ${x}"), () => "${y}"), "a ${y}");
  equal(fillTemplate(parseLineTemplate("a ${x}"), () => undefined), undefined);
});
