import { deepEqual, equal, ok } from "node:assert/strict";
import { fit, type FitOptions } from "../../src/dialogue/engine/fit.ts";
import { parseTemplate } from "../../src/dialogue/template.ts";

const pure = { permissions: "none" } as const;

function texts(
  template: string,
  line: string,
  options: Partial<FitOptions> & { readonly bound?: Readonly<Record<string, string>> } = {},
): readonly string[] | undefined {
  const { bound = {}, ...more } = options;
  return fit(parseTemplate(template), line, {
    known: (hole) => hole.kind === "hole" ? bound[hole.name] : undefined,
    greedy: (hole) => hole.kind === "any",
    ...more,
  })?.map(({ text }) => text);
}

Deno.test.each(
  [
    ["ok ${a} done", "ok x done", ["x"]],
    ["ok ${a} done", "ok x y done", ["x y"]],
    ["ok ${a} done", "ok x y don", undefined],
    ["ok ${a}", "ok x", ["x"]],
    ["ok ${a}", "ok x y", undefined],
    ["ok ${a}", "ok ", undefined],
    ["<${a}>", "<>", [""]],
    ["<${a}> ${b}", "<x> y", ["x", "y"]],
    ["${n:int} of ${m:int}", "12 of 34", ["12", "34"]],
    ["${n:int}", "x", undefined],
    ["${n:int}", "", undefined],
    ["${n:int}x", "12y", undefined],
    ["${_}", "any thing", ["any thing"]],
    ["a ${_} b", "a x y b", ["x y"]],
    ["${a}, ${b}.", "x, y, z.", ["x", "y, z"]],
    ["${a}.", "x.y.", ["x.y"]],
    ["", "", []],
    ["", "x", undefined],
  ] as const,
)("fit() of %s and %s [E13]", pure, (template, line, expected) => {
  deepEqual(texts(template, line), expected);
});

Deno.test(
  "fit() is open at its end where asked, and case of ASCII alone is folded [E13]",
  pure,
  () => {
    deepEqual(texts("queued as ${id}", "Queued AS A1 thanks", { open: true, ignoreCase: true }), [
      "A1",
    ]);
    equal(texts("queued as ${id}", "Queued AS A1", { open: true }), undefined);
    deepEqual(texts("\u212a ${a}", "\u212a b", { ignoreCase: true }), ["b"]);
    equal(texts("\u212a ${a}", "k b", { ignoreCase: true }), undefined);
  },
);

Deno.test("fit() takes a bound hole whole, blanks included [E13]", pure, () => {
  const bound = { a: "x y" };
  deepEqual(texts("${a}", "x y", { bound }), ["x y"]);
  deepEqual(texts("${a} z", "x y z", { bound }), ["x y"]);
  deepEqual(texts("${a}", "other", { bound }), ["other"]); // for the judge to refuse
  deepEqual(texts("${a}", "12", { bound: { a: "1" }, open: true }), ["12"]); // not its beginning
});

Deno.test("fit() looks at each character once for each literal [E13] [T-I43]", pure, () => {
  let looked = 0;
  const counted = (length: number): number => {
    looked = 0;
    const line = "a".repeat(length);
    const original = String.prototype.charAt;
    String.prototype.charAt = function (at) {
      looked++;
      return original.call(this, at);
    };
    try {
      equal(texts("${a}${b}${c}", `${line} `), undefined);
    } finally {
      String.prototype.charAt = original;
    }
    return looked;
  };
  const [small, large] = [counted(1000), counted(8000)];
  ok(large <= small * 9, `${small}, ${large}`);
});
