import { deepEqual, equal, ok } from "node:assert/strict";
import { BodyCutter } from "../../src/pop3/body_cutter.ts";
import { type BodyEnd, DotUnstuffer } from "../../src/wire/mod.ts";
import { countWork } from "../wire/counting.ts";
import { latin1 } from "./test_server.ts";

const none = { permissions: "none" } as const;

/** What a reader gets that sees `sizes[0]` octets first, then `sizes[1]` more … */
function cutAll(octets: Uint8Array, sizes: Iterable<number>, bodyEnd: BodyEnd = "crlf") {
  const cutter = new BodyCutter(bodyEnd);
  let content = "";
  let used = 0;
  let here = 0;
  for (const size of sizes) {
    here += size;
    while (!cutter.ended) {
      const run = cutter.cut(octets.subarray(used, here));
      used += cutter.consumed;
      content += String.fromCharCode(...run);
      if (cutter.consumed === 0) break;
    }
  }
  return { content, ended: cutter.ended, used, bareLf: cutter.bareLf };
}

const BODIES: readonly { name: string; wire: string; content: string }[] = [
  { name: "an empty body", wire: ".\r\n", content: "" },
  { name: "two dots", wire: "..\r\n.\r\n", content: ".\r\n" },
  { name: "three dots", wire: "...\r\n.\r\n", content: "..\r\n" },
  { name: "a dot and text", wire: "..x\r\n.\r\n", content: ".x\r\n" },
  { name: "a dot that was not doubled", wire: ".x\r\n.\r\n", content: "x\r\n" },
  { name: "a dot and LF", wire: ".\nx\r\n.\r\n", content: "\nx\r\n" },
  { name: "a dot and CR", wire: ".\rx\r\n.\r\n", content: "\rx\r\n" },
  {
    name: "a lone LF before what looks like the end",
    wire: "a\n.\r\nb\r\n.\r\n",
    content: "a\n.\r\nb\r\n",
  },
  {
    name: "a lone CR before what looks like the end",
    wire: "a\r.\r\nb\r\n.\r\n",
    content: "a\r.\r\nb\r\n",
  },
  { name: "CR CR LF", wire: "a\r\r\n.\r\n", content: "a\r\r\n" },
  { name: "lone line feeds", wire: "\n\n.\n\r\n.\r\n", content: "\n\n.\n\r\n" },
  { name: "NUL and octets above 127", wire: "\0\xff\xfe\r\n.\r\n", content: "\0\xff\xfe\r\n" },
  { name: "empty lines", wire: "\r\n\r\n.\r\n", content: "\r\n\r\n" },
];

Deno.test.each(BODIES)(
  "BodyCutter reads $name, wherever it is cut [P3] [T-P09]",
  none,
  ({ wire, content }) => {
    const octets = latin1(`${wire}+OK next`);
    for (let first = 0; first <= wire.length; first++) {
      for (let second = 0; first + second <= wire.length; second++) {
        const seen = cutAll(octets, [first, second, octets.length - first - second]);
        equal(seen.content, content);
        deepEqual([seen.ended, seen.used], [true, wire.length]);
      }
    }
    const single = cutAll(octets, Array(octets.length).fill(1));
    deepEqual([single.content, single.used], [content, wire.length]);
  },
);

Deno.test("BodyCutter takes LF for a line end where the session does [P2] [T-P09]", none, () => {
  const wire = "a\n..b\n.c\r\n..\r\n.\n+OK";
  for (const sizes of [[wire.length], Array(wire.length).fill(1)]) {
    const seen = cutAll(latin1(wire), sizes, "lf");
    deepEqual(seen, { content: "a\n.b\nc\r\n.\r\n", ended: true, used: 16, bareLf: true });
  }
});

Deno.test("BodyCutter reads the same wherever the octets stand in a buffer", none, () => {
  const line = "x".repeat(13);
  const wires = [`${line}\r\n${line}${line}\r\n..\r\n\r\n.\r\n`, `${line}\n\n.\n${line}\r\n.\r\n`];
  for (const wire of wires) {
    const alone = cutAll(latin1(wire), [wire.length]);
    for (let before = 0; before < 9; before++) {
      for (let behind = 0; behind < 5; behind++) {
        const buffer = latin1("\n".repeat(before) + wire + "\n".repeat(behind));
        const octets = buffer.subarray(before, before + wire.length);
        deepEqual(cutAll(octets, [wire.length]), alone);
      }
    }
    equal(alone.ended, true);
  }
});

Deno.test("BodyCutter agrees with wire's DotUnstuffer on whatever comes", none, () => {
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 3_000; round++) {
    const octets = Uint8Array.from({ length: random(24) }, () => [13, 10, 46, 97][random(4)] ?? 0);
    const bodyEnd = random(2) === 0 ? "crlf" : "lf";
    const dots = new DotUnstuffer({ bodyEnd });
    const content = dots.push(octets).slice();
    const sizes = Array.from({ length: octets.length }, () => 1 + random(4));
    const seen = cutAll(octets, sizes, bodyEnd);
    equal(seen.ended, dots.ended);
    // What is unfinished may be held back.
    const expected = String.fromCharCode(...content);
    if (seen.ended) deepEqual([seen.content, seen.used], [expected, dots.consumed]);
    else equal(expected.startsWith(seen.content), true);
  }
});

Deno.test("BodyCutter looks at each octet once and moves none [T-P11]", none, async () => {
  const work = async (lines: number): Promise<number> => {
    const octets = latin1("x".repeat(70) + "\r\n..y\r\n".repeat(lines) + ".\r\n");
    const { examined, moved } = await countWork(() => {
      const cutter = new BodyCutter("crlf");
      for (let used = 0; !cutter.ended; used += cutter.consumed) cutter.cut(octets.subarray(used));
    });
    equal(moved, 0);
    ok(examined > 0.5 * octets.length && examined < 2.2 * octets.length, `${examined}`);
    return examined;
  };
  ok(await work(2_000) <= 2.2 * await work(1_000));
});
