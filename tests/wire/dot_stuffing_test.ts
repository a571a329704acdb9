import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { DotStuffer, DotUnstuffer } from "../../src/wire/mod.ts";
import { countWork } from "./counting.ts";

const pure = { permissions: "none" } as const;
const octets = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** All strings over the octets that matter, up to a length. */
function* strings(alphabet: string, longest: number): Iterable<string> {
  yield "";
  if (longest === 0) return;
  for (const rest of strings(alphabet, longest - 1)) {
    for (const octet of alphabet) yield octet + rest;
  }
}

/** All ways to cut a text into pieces: each bit says whether a cut stands behind an octet. */
function* cuttings(whole: string): Iterable<string[]> {
  for (let cuts = 0; cuts < 2 ** Math.max(0, whole.length - 1); cuts++) {
    const pieces: string[] = [];
    let piece = "";
    for (let at = 0; at < whole.length; at++) {
      piece += whole[at];
      if (cuts >> at & 1) {
        pieces.push(piece);
        piece = "";
      }
    }
    yield [...pieces, piece];
  }
}

/** A few ways to cut a longer text: octet by octet, in pieces of each small size, as a whole. */
function* slicings(whole: string): Iterable<string[]> {
  for (const size of [1, 2, 3, 5, 8, Infinity]) {
    const pieces: string[] = [];
    for (let at = 0; at < whole.length; at += size) pieces.push(whole.slice(at, at + size));
    yield pieces;
  }
}

function stuff(pieces: readonly string[], stuffer: DotStuffer = new DotStuffer()): string {
  let out = "";
  for (const piece of pieces) out += text(stuffer.push(octets(piece)));
  return out + text(stuffer.end());
}

/** What the content is on the wire, by the book and without state. */
function expected(content: string): string {
  const lines = content.split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  return [...lines.map((line) => line.startsWith(".") ? `.${line}` : line), "."]
    .map((line) => `${line}\r\n`).join("");
}

/** What every receiver must find on the wire after the CRLF of DATA, strict or lenient. */
function assertOneMessage(wire: string): void {
  const seen = `\r\n${wire}`;
  ok(!/\r(?!\n)|(?<!\r)\n/.test(seen), `a lone CR or LF in ${JSON.stringify(wire)}`);
  equal(seen.indexOf("\r\n.\r\n"), seen.length - 5, `an end within ${JSON.stringify(wire)}`);
  // What lenient receivers take for an end: any line end around the dot.
  const ends = [...seen.matchAll(/(?:\r\n|\r|\n)\.(?=\r\n|\r|\n)/g)];
  equal(ends.length, 1, `more than one end in ${JSON.stringify(wire)}`);
}

Deno.test(
  "DotStuffer is right for every short content in every cutting [S46] [S47] [S48] [T-I24] [T-I25]",
  pure,
  () => {
    for (const content of strings("\r\n.a", 6)) {
      const wire = expected(content);
      assertOneMessage(wire);
      for (const pieces of cuttings(content)) {
        equal(stuff(pieces), wire, JSON.stringify(pieces));
      }
    }
  },
);

Deno.test("DotStuffer, exact, takes CRLF alone, in every cutting [S46] [T-I26]", pure, () => {
  for (const content of strings("\r\n.a", 5)) {
    const pure = !/\r(?!\n)|(?<!\r)\n/.test(content);
    for (const pieces of cuttings(content)) {
      const stuffer = new DotStuffer({ lineEnds: "exact" });
      if (pure) equal(stuff(pieces, stuffer), expected(content));
      else throws(() => stuff(pieces, stuffer), SyntaxError, JSON.stringify(pieces));
    }
  }
});

Deno.test(
  "DotStuffer without dots makes line ends right and nothing else, in every cutting",
  pure,
  () => {
    for (const content of strings("\r\n.a", 5)) {
      const lines = content.replaceAll(/\r\n|\r|\n/g, "\r\n");
      const wire = lines === "" || lines.endsWith("\r\n") ? lines : `${lines}\r\n`;
      for (const pieces of cuttings(content)) {
        equal(stuff(pieces, new DotStuffer({ dots: false })), wire, JSON.stringify(pieces));
      }
    }
  },
);

Deno.test.each([
  "\n.\n",
  "\n.\r",
  "\r.\n",
  "\r.\r",
  "\n.\r\n",
  "\r.\r\n",
  "\r\n.\n",
  "\r\n.\r",
  "\r\n.\r\r\n",
  "\r\r\n.\r\r\n",
  "\r\n.\r\n",
])("DotStuffer lets no end of others through: %j [S46] [T-I23]", pure, (end) => {
  const content =
    `hello${end}MAIL FROM:<evil@x.example>\r\nRCPT TO:<v@x.example>\r\nDATA\r\nspoof${end}`;
  for (const pieces of slicings(content)) {
    const wire = stuff(pieces);
    assertOneMessage(wire);
    equal(wire, expected(content));
  }
});

Deno.test("DotStuffer refuses NUL and says where [T-I23]", pure, () => {
  for (const lineEnds of ["normalize", "exact"] as const) {
    for (const pieces of slicings("hello\r\n\0.\r\n")) {
      throws(() => stuff(pieces, new DotStuffer({ lineEnds })), {
        name: "SyntaxError",
        message: "Cannot send octet 7: NUL is not text",
      });
    }
  }
});

Deno.test.each([
  ["a\nb", "LF", 1],
  ["a\r\nbc\rd", "CR", 5],
  ["ab\r", "CR", 2],
  ["\n", "LF", 0],
] as [string, string, number][])(
  "DotStuffer, exact, says which octet of %j it refuses [T-I26]",
  pure,
  (content, what, at) => {
    for (const pieces of slicings(content)) {
      throws(() => stuff(pieces, new DotStuffer({ lineEnds: "exact" })), {
        name: "SyntaxError",
        message: `Cannot send octet ${at}: a lone ${what} is not a line end, ` +
          "and the content must stay exact",
      });
    }
  },
);

Deno.test("DotStuffer gives nothing out that ends in a CR: its LF goes with it", pure, () => {
  const stuffer = new DotStuffer();
  equal(text(stuffer.push(octets("a\r"))), "a");
  equal(text(stuffer.push(octets(""))), "");
  equal(text(stuffer.push(octets("\r"))), "\r\n");
  equal(text(stuffer.push(octets("\nb"))), "\r\nb");
  equal(text(stuffer.end()), "\r\n.\r\n");
});

Deno.test("DotStuffer ends an empty content with the dot alone [S48] [T-I25]", pure, () => {
  equal(stuff([]), ".\r\n");
  equal(stuff([""]), ".\r\n");
  equal(stuff([], new DotStuffer({ dots: false })), "");
});

Deno.test("DotStuffer doubles one dot per line, however many follow [S47] [T-I24]", pure, () => {
  equal(stuff(["...\r\n.\r\n..\r\na.\r\n"]), "....\r\n..\r\n...\r\na.\r\n.\r\n");
});

Deno.test("DotStuffer leaves octets above 127 and other control characters alone", pure, () => {
  const content = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
    .filter((octet) => !"\0\r\n".includes(octet)).join("");
  for (const pieces of slicings(content)) equal(stuff(pieces), `${content}\r\n.\r\n`);
});

Deno.test("DotStuffer counts octets and the longest line, in every cutting", pure, () => {
  for (const content of strings("\r\n.a", 5)) {
    const longest = Math.max(...content.split(/\r\n|\r|\n/).map((line) => line.length));
    for (const pieces of cuttings(content)) {
      const stuffer = new DotStuffer();
      stuff(pieces, stuffer);
      equal(stuffer.octets, content.length);
      equal(stuffer.longestLine, longest, JSON.stringify(pieces));
    }
  }
});

Deno.test("DotStuffer knows a long line before it ends", pure, () => {
  const stuffer = new DotStuffer();
  stuffer.push(octets("short\r\n"));
  for (let part = 0; part < 3; part++) stuffer.push(octets("x".repeat(400)));
  equal(stuffer.longestLine, 1200);
  stuffer.push(octets("\r\nshort"));
  equal(stuffer.longestLine, 1200);
});

Deno.test("DotStuffer begins another content behind the end", pure, () => {
  const stuffer = new DotStuffer();
  equal(stuff(["no end\r"], stuffer), "no end\r\n.\r\n");
  equal(stuffer.octets, 7);
  equal(stuffer.longestLine, 6);
  equal(stuff([".x"], stuffer), "..x\r\n.\r\n");
  equal(stuffer.octets, 2);
  equal(stuffer.longestLine, 2);
});

Deno.test("DotStuffer moves each octet at most once", pure, async () => {
  for (const line of ["x".repeat(75) + "\r\n", "." + "x".repeat(75) + "\n", "\n", ".\r"]) {
    for (const size of [10_000, 20_000]) {
      const content = octets(line.repeat(Math.ceil(size / line.length)));
      const work = await countWork(() => new DotStuffer().push(content));
      ok(work.moved + work.examined <= content.length, `${work.moved} of ${content.length}`);
    }
  }
});

interface Unstuffed {
  content: string;
  consumed: number;
  ended: boolean;
  bareLf: boolean;
}

function unstuff(pieces: readonly string[], bodyEnd: "crlf" | "lf" = "crlf"): Unstuffed {
  const unstuffer = new DotUnstuffer({ bodyEnd });
  let content = "";
  let consumed = 0;
  for (const piece of pieces) {
    content += text(unstuffer.push(octets(piece)));
    consumed += unstuffer.consumed;
  }
  return { content, consumed, ended: unstuffer.ended, bareLf: unstuffer.bareLf };
}

/** What a receiver makes of the wire, by the book and without state. */
function received(wire: string, bodyEnd: "crlf" | "lf"): Unstuffed {
  const lineEnd = bodyEnd === "crlf" ? /\r\n/g : /\n/g;
  let content = "";
  let begin = 0;
  for (const found of wire.matchAll(lineEnd)) {
    const stop = found.index + found[0].length;
    const line = wire.slice(begin, stop);
    if (line === ".\r\n" || line === ".\n" && bodyEnd === "lf") {
      const bareLf = /(?<!\r)\n/.test(wire.slice(0, stop));
      return { content, consumed: stop, ended: true, bareLf };
    }
    content += line.startsWith(".") ? line.slice(1) : line;
    begin = stop;
  }
  // Of an unfinished line, what could still become the end is held back.
  const rest = wire.slice(begin);
  if (rest !== ".\r") content += rest.startsWith(".") ? rest.slice(1) : rest;
  return { content, consumed: wire.length, ended: false, bareLf: /(?<!\r)\n/.test(wire) };
}

for (const bodyEnd of ["crlf", "lf"] as const) {
  Deno.test(
    `DotUnstuffer, ${bodyEnd}, is right for every short body in every cutting [T-P09]`,
    pure,
    () => {
      for (const wire of strings("\r\n.a", 6)) {
        const whole = received(wire, bodyEnd);
        for (const pieces of cuttings(wire)) {
          deepEqual(unstuff(pieces, bodyEnd), whole, JSON.stringify(pieces));
        }
      }
    },
  );
}

Deno.test(
  "DotUnstuffer gives back what DotStuffer took, in every cutting [T-I24] [T-P09]",
  pure,
  () => {
    for (const content of strings("\r\n.a", 3)) {
      const lines = content.replaceAll(/\r\n|\r|\n/g, "\r\n");
      const whole = lines === "" || lines.endsWith("\r\n") ? lines : `${lines}\r\n`;
      const wire = stuff([content]);
      for (const pieces of cuttings(`${wire}Q`)) {
        const { content, consumed, ended } = unstuff(pieces);
        deepEqual({ content, consumed, ended }, {
          content: whole,
          consumed: wire.length,
          ended: true,
        });
      }
    }
  },
);

Deno.test("DotUnstuffer leaves what follows the end alone", pure, () => {
  const unstuffer = new DotUnstuffer();
  equal(text(unstuffer.push(octets("a\r\n.\r\n+OK\r\n.x"))), "a\r\n");
  equal(unstuffer.consumed, 6);
  equal(text(unstuffer.push(octets("+OK\r\n"))), "");
  equal(unstuffer.consumed, 0);
  equal(unstuffer.ended, true);
});

Deno.test.each([
  ["..", "."],
  ["...", ".."],
  [".x", "x"],
  [".\n", "\n"],
  [".\rx", "\rx"],
  [".\r\r", "\r\r"],
  ["a\n.\r\nb", "a\n.\r\nb"],
  ["a\r.\r\nb", "a\r.\r\nb"],
])("DotUnstuffer reads the line %j exactly [T-P09]", pure, (line, content) => {
  for (const pieces of slicings(`${line}\r\n.\r\n`)) {
    const seen = unstuff(pieces);
    equal(seen.content, `${content}\r\n`);
    equal(seen.ended, true);
  }
});

Deno.test("DotUnstuffer lets all octets through", pure, () => {
  const content = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
  for (const pieces of slicings(`${content}\r\n.\r\n`)) {
    equal(unstuff(pieces).content, `${content}\r\n`);
  }
});

Deno.test("DotUnstuffer looks at each octet once and moves it once", pure, async () => {
  for (
    const line of ["x".repeat(75) + "\r\n", ".." + "x".repeat(75) + "\r\n", "\n", ".\r", "\r\n"]
  ) {
    for (const size of [10_000, 20_000]) {
      const wire = octets(line.repeat(Math.ceil(size / line.length)));
      const work = await countWork(() => new DotUnstuffer().push(wire));
      ok(work.examined <= wire.length, `${work.examined} of ${wire.length} examined`);
      ok(work.moved <= wire.length, `${work.moved} of ${wire.length} moved`);
    }
  }
});
