import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { type ListOptions, readList } from "../../../src/jobs/bulk/list/rows.ts";

const PURE = { permissions: "none" } as const;
const encoder = new TextEncoder();

/** Reads a list; an error stands for its message without the common beginning. */
async function read(
  list: string | Uint8Array[],
  options?: ListOptions,
): Promise<(Record<string, string> | string)[]> {
  const pieces = typeof list === "string" ? [encoder.encode(list)] : list;
  const seen: (Record<string, string> | string)[] = [];
  for await (const row of readList(pieces, options)) {
    if (row instanceof Error) seen.push(row.message.replace("Cannot use the list: ", ""));
    else seen.push({ line: `${row.line}`, to: row.recipient, ...row.fields });
  }
  return seen;
}

const LIST = 'email,name,note\r\nann@mail.example,"Doe, Ann","says ""hi"""\r\n\r\n' +
  'ben@mail.example,Jürgen 🎉,"two\r\nlines"\ncy@mail.example,,""\n';

Deno.test("readList() gives fields, quotes and physical lines of CSV", PURE, async () => {
  const rows = await read(LIST);
  deepEqual(rows, [
    {
      line: "2",
      to: "ann@mail.example",
      email: "ann@mail.example",
      name: "Doe, Ann",
      note: 'says "hi"',
    },
    {
      line: "4",
      to: "ben@mail.example",
      email: "ben@mail.example",
      name: "Jürgen 🎉",
      note: "two\r\nlines",
    },
    { line: "6", to: "cy@mail.example", email: "cy@mail.example", name: "", note: "" },
  ]);
});

Deno.test("readList() reads the same however the octets are cut", PURE, async () => {
  const octets = encoder.encode(LIST);
  const whole = await read([octets]);
  for (let cut = 0; cut <= octets.length; cut++) {
    deepEqual(await read([octets.subarray(0, cut), octets.subarray(cut)]), whole, `cut at ${cut}`);
  }
  deepEqual(await read(Array.from(octets, (octet) => Uint8Array.of(octet))), whole);
});

Deno.test("readList() gives the last row of a list without a last line end", PURE, async () => {
  equal((await read("email\na@b.example")).length, 1);
  equal((await read('email\n"a@b.example"')).length, 1);
  equal((await read('{"email":"a@b.example"}', { format: "jsonl" })).length, 1);
});

Deno.test(
  "readList() takes a byte order mark for none of the first name [T-I33]",
  PURE,
  async () => {
    equal((await read("\ufeffemail\na@b.example\n")).length, 1);
  },
);

const WRONG_ROWS: readonly [name: string, row: string, error: string | RegExp][] = [
  ["ragged", "a@b.example,1,2", "line 2: it has 3 cells, the header has 2"],
  ["short", "a@b.example", "line 2: it has 1 cell, the header has 2"],
  ["a quote inside", 'a@b.example,1"2', /line 2: a quote stands in a cell/],
  ["text after a quote", '"a@b.example"x,1', /line 2: text follows the closing quote/],
  ["a lone CR", "a@b.example,1\r2", /line 2: a carriage return without a line feed/],
  ["no address", ",1", 'line 2, column "email": the address is missing'],
  ["two addresses", '"a@b.example,c@d.example",1', /^line 2, column "email": /],
  [
    "a line end in the address",
    '"a@b.example\r\nRCPT TO:<c@d.example>",1',
    /^line 2, column "email"/,
  ],
  ["a parameter", "a@b.example> NOTIFY=NEVER,1", /^line 2, column "email"/],
];

Deno.test.each(WRONG_ROWS)(
  "readList() refuses one row with %s and reads on [T-I33]",
  PURE,
  async (_, row, error) => {
    const rows = await read(`email,n\n${row}\nz@z.example,1\n`);
    equal(rows.length, 2);
    if (typeof error === "string") equal(rows[0], error);
    else match(String(rows[0]), error);
    ok(typeof rows[1] === "object");
  },
);

const WRONG_LISTS: readonly [name: string, list: string | Uint8Array[], error: RegExp][] = [
  [
    "an unclosed quote",
    'email\na@b.example\n"c@d.example\ne@f.example\n',
    /line 3: a quote is opened/,
  ],
  ["semicolons", "email;name\na@b.example;Ann\n", /line 1: the separator .* is ";", expected ","$/],
  ["tabs", "email\tname\n", /is a tab, expected ","$/],
  ["one name twice", "email,name,name\n", /line 1: two columns are named "name"/],
  ["an unnamed column", "email,,name\n", /line 1: "" is no name/],
  ["__proto__ [T-I16]", "email,__proto__\n", /"__proto__" cannot name a column/],
  ["constructor [T-I16]", "email,constructor\n", /"constructor" cannot name a column/],
  ["no address column", "mail,name\n", /no column is named "email", it has "mail", "name"/],
  ["another case", "Email,name\n", /no column is named "email", it has "Email"/],
  ["nothing", "", /it is empty/],
  ["NUL", "email\na@b.example\nc\0@d.example\n", /line 3: it holds NUL/],
  ["UTF-16", [Uint8Array.of(0xff, 0xfe, 0x65, 0)], /it is UTF-16/],
  ["ISO 8859-1", [encoder.encode("email\nj"), Uint8Array.of(0xfc, 10)], /line 2: it is not UTF-8/],
  [
    "half a character at its end",
    [encoder.encode("email\na@b.example\n"), Uint8Array.of(0xc3)],
    /line 3: it is not UTF-8/,
  ],
];

Deno.test.each(WRONG_LISTS)(
  "readList() refuses a list with %s [T-I33]",
  PURE,
  async (_, list, error) => {
    await rejects(read(list), { name: "ListError", message: error });
  },
);

Deno.test(
  "readList() takes the separator that it is told, and no other [T-I33]",
  PURE,
  async () => {
    const text = 'email;name\r\na@b.example;"Ann; ""A"", first"\r\n';
    for (const separator of [";", "\t"] as const) {
      const list = encoder.encode(text.replaceAll(/;(?! )/g, separator));
      const [row] = await Array.fromAsync(readList([list], { separator }));
      deepEqual(row instanceof Error ? row : { ...row?.fields }, {
        ...{ email: "a@b.example", name: 'Ann; "A", first' },
      });
    }
    const commas = readList([encoder.encode("email,name\n")], { separator: ";" });
    await rejects(commas.next(), { message: /is ",", expected ";"$/ });
  },
);

Deno.test(
  "readList() holds no more than a cell of a quote that is not closed [T-I35]",
  PURE,
  async () => {
    let given = 0;
    function* endless(): Generator<Uint8Array> {
      yield encoder.encode('email\n"');
      for (;; given++) yield new Uint8Array(1024).fill(0x61);
    }
    const rows = readList(endless());
    await rejects(rows.next(), { message: /line 2: a cell is longer than 65536 characters/ });
    equal(given, 64);
  },
);

Deno.test("readList() looks at each octet once, also of long cells [T-I35]", PURE, async () => {
  // What is passed on is seen by what remains: a row comes as soon as its line has ended.
  let given = 0;
  function* rows(): Generator<Uint8Array> {
    yield encoder.encode("email,text\n");
    for (; given < 1_000; given++) {
      yield encoder.encode(`u${given}@mail.example,"${"x".repeat(999)}"\n`);
    }
  }
  let seen = 0;
  for await (const row of readList(rows())) {
    ok(!(row instanceof Error));
    ok(given - seen <= 1, `${given} pieces were taken for ${seen} rows`);
    seen++;
  }
  equal(seen, 1_000);
});

Deno.test("readList() takes texts, numbers and truth values of JSON Lines", PURE, async () => {
  const rows = await read('{"email":"a@b.example","n":5,"vip":true}\n\n{"email":"c@d.example"}\n', {
    format: "jsonl",
  });
  deepEqual(rows, [
    { line: "1", to: "a@b.example", email: "a@b.example", n: "5", vip: "true" },
    { line: "3", to: "c@d.example", email: "c@d.example" },
  ]);
});

const WRONG_JSON: readonly [row: string, error: RegExp][] = [
  ["nonsense", /line 1: it is not JSON/],
  ["[1]", /line 1: it is not a JSON object/],
  ["null", /line 1: it is not a JSON object/],
  ['{"email":null}', /column "email": expected a text/],
  ['{"email":"a@b.example","x":{}}', /column "x": expected a text/],
  ['{"email":"a@b.example","__proto__":"x"}', /"__proto__" cannot name a field/],
  ['{"email":"a@b.example","x":"\\u0000"}', /column "x": it holds NUL/],
  ['{"name":"Ann"}', /"email" is missing/],
];

Deno.test.each(WRONG_JSON)(
  "readList() refuses the JSON row %s [T-I33]",
  PURE,
  async (row, error) => {
    const rows = await read(`${row}\n{"email":"z@z.example"}\n`, { format: "jsonl" });
    equal(rows.length, 2);
    match(String(rows[0]), error);
  },
);

Deno.test(
  "readList() normalises the domain for the key and keeps the local part [T-I34]",
  PURE,
  async () => {
    const keys: string[] = [];
    const list = "email\nAnn@MÜNCHEN.example\nAnn@xn--mnchen-3ya.example\nann@münchen.example\n";
    for await (const row of readList([encoder.encode(list)])) {
      if (!(row instanceof Error)) keys.push(row.key);
    }
    deepEqual(keys, [
      "Ann@xn--mnchen-3ya.example",
      "Ann@xn--mnchen-3ya.example",
      "ann@xn--mnchen-3ya.example",
    ]);
  },
);
