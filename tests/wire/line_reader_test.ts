import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { type ByteSource, LineReader, LineTooLongError } from "../../src/wire/mod.ts";
import { countWork } from "./counting.ts";

const pure = { permissions: "none" } as const;
const octets = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** A source that gives these pieces, one per read; its copying is not counted as the reader's. */
class Pieces implements ByteSource {
  readonly #pieces: Iterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  reads = 0;

  constructor(pieces: Iterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.iterator]();
  }

  read(buffer: Uint8Array): Promise<number | null> {
    this.reads++;
    if (this.#piece.length === 0) {
      const next = this.#pieces.next();
      if (next.done) return Promise.resolve(null);
      this.#piece = next.value;
    }
    const count = Math.min(this.#piece.length, buffer.length);
    for (let at = 0; at < count; at++) buffer[at] = this.#piece[at] ?? 0;
    this.#piece = this.#piece.subarray(count);
    return Promise.resolve(count);
  }
}

function* cut(bytes: Uint8Array, size: number): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

type Read = [line: string, bareLf: boolean];

async function readAll(reader: LineReader, limit = 8192): Promise<{ lines: Read[]; rest: string }> {
  const lines: Read[] = [];
  do {
    for (let line = reader.line(limit); line !== undefined; line = reader.line(limit)) {
      lines.push([text(line), reader.bareLf]);
    }
  } while (await reader.fill());
  return { lines, rest: text(reader.peek()) };
}

const SAMPLE = "220 mail.example ESMTP\r\n250-a\n250 \r\n\r\n\n\rx\ry\r\r\n\0\xff\r\n25";
const LINES: Read[] = [
  ["220 mail.example ESMTP", false],
  ["250-a", true],
  ["250 ", false],
  ["", false],
  ["", true],
  ["\rx\ry\r", false],
  ["\0\xff", false],
];

Deno.test(
  "LineReader gives the same lines for every split in two [S2] [S11] [T-R01] [T-R02]",
  pure,
  async () => {
    const bytes = octets(SAMPLE);
    for (let at = 1; at < bytes.length; at++) {
      const reader = new LineReader(new Pieces([bytes.subarray(0, at), bytes.subarray(at)]));
      deepEqual(await readAll(reader), { lines: LINES, rest: "25" }, `split at ${at}`);
    }
  },
);

Deno.test(
  "LineReader gives the same lines octet by octet, and for every size of piece [S2] [T-R01]",
  pure,
  async () => {
    const bytes = octets(SAMPLE);
    for (let size = 1; size <= bytes.length; size++) {
      deepEqual(await readAll(new LineReader(new Pieces(cut(bytes, size)))), {
        lines: LINES,
        rest: "25",
      });
    }
  },
);

Deno.test(
  "LineReader gives the same lines for every offset of the end of the buffer [S2] [S11]",
  pure,
  async () => {
    const bytes = octets(SAMPLE);
    for (let bufferSize = 0; bufferSize <= bytes.length + 2; bufferSize++) {
      for (const size of [1, 2, 7, bytes.length]) {
        const reader = new LineReader(new Pieces(cut(bytes, size)), bufferSize);
        deepEqual(await readAll(reader), { lines: LINES, rest: "25" }, `${bufferSize}, ${size}`);
      }
    }
  },
);

Deno.test(
  "LineReader.line() does not read, and finds nothing in what is left of earlier reads",
  pure,
  async () => {
    const source = new Pieces([octets("a\r\nb\r\nc\r\n"), octets("d")]);
    const reader = new LineReader(source);
    equal(reader.line(10), undefined);
    equal(source.reads, 0);
    await reader.fill();
    for (const line of ["a", "b", "c"]) equal(text(reader.line(10) ?? octets("?")), line);
    await reader.fill(); // over the octets of the first read, whose line ends lie behind
    equal(reader.line(10), undefined);
    equal(reader.buffered, 1);
    equal(source.reads, 2);
  },
);

Deno.test(
  "LineReader.line() accepts exactly the limit, with either line end [S10] [T-R02]",
  pure,
  async () => {
    for (const end of ["\r\n", "\n"]) {
      for (const size of [1, 3, 100]) {
        const reader = new LineReader(new Pieces(cut(octets(`12345678${end}`), size)));
        deepEqual((await readAll(reader, 8)).lines, [["12345678", end === "\n"]]);
      }
    }
  },
);

Deno.test(
  "LineReader.line() refuses one octet more than the limit [S10] [T-X01]",
  pure,
  async () => {
    for (const end of ["\r\n", "\n"]) {
      for (const size of [1, 3, 100]) {
        const reader = new LineReader(new Pieces(cut(octets(`123456789${end}`), size)));
        await rejects(readAll(reader, 8), (error) => {
          ok(error instanceof LineTooLongError);
          equal(error.limit, 8);
          equal(error.name, "LineTooLongError");
          return true;
        });
      }
    }
  },
);

Deno.test(
  "LineReader stops an endless line at the limit, with a buffer of its size [S10] [T-X01]",
  pure,
  async () => {
    let given = 0;
    let largest = 0;
    const reader = new LineReader({
      read(buffer) {
        given += buffer.fill(120).length;
        largest = Math.max(largest, buffer.byteLength + buffer.byteOffset);
        return Promise.resolve(buffer.length);
      },
    });
    await rejects(readAll(reader, 8192), { name: "LineTooLongError" });
    ok(given <= 8192 + 16 * 1024, `${given} octets were taken in`);
    ok(largest <= 32 * 1024, `the buffer grew to ${largest}`);
  },
);

Deno.test(
  "LineReader takes a CR before the limit for one whose LF has yet to come",
  pure,
  async () => {
    const reader = new LineReader(new Pieces([octets("12345678\r"), octets("x")]));
    await reader.fill();
    equal(reader.line(8), undefined);
    await reader.fill();
    throws(() => reader.line(8), LineTooLongError);
  },
);

Deno.test(
  "LineReader looks at each octet once and moves it at most twice, octet by octet [T-R01]",
  pure,
  async () => {
    const line = `${"x".repeat(997)}\r\n`;
    for (const lines of [50, 100, 200]) {
      const bytes = octets(line.repeat(lines));
      const source = new Pieces(cut(bytes, 1));
      const work = await countWork(() => readAll(new LineReader(source)));
      // A call that finds nothing also looks at the line feed behind the last octet.
      ok(
        work.examined <= bytes.length + source.reads,
        `${work.examined} of ${bytes.length} examined`,
      );
      ok(work.moved <= 2 * bytes.length, `${work.moved} of ${bytes.length} moved`);
    }
  },
);

Deno.test(
  "LineReader looks at each octet of one long line once, however it is cut [T-X01]",
  pure,
  async () => {
    for (const size of [1, 10, 1000]) {
      for (const length of [10_000, 20_000, 40_000]) {
        const bytes = octets(`${"x".repeat(length)}\r\n`);
        const source = new Pieces(cut(bytes, size));
        const work = await countWork(() => readAll(new LineReader(source, 64), length));
        ok(work.examined <= bytes.length + source.reads, `${work.examined} examined`);
        ok(work.moved <= 2 * bytes.length, `${work.moved} moved`);
      }
    }
  },
);

Deno.test("LineReader takes little room and few reads for many short lines", pure, async () => {
  const bytes = octets("250 ok\r\n".repeat(4096)); // 32 KiB
  const source = new Pieces([bytes]);
  const reader = new LineReader(source, 1024);
  let lines = 0;
  const work = await countWork(async () => {
    lines = (await readAll(reader)).lines.length;
  });
  equal(lines, 4096);
  ok(source.reads <= 34, `${source.reads} reads`);
  ok(work.moved <= 32 * 8, `${work.moved} moved`); // less than a line per read
});

Deno.test("LineReader does not read a few octets into the end of its buffer", pure, async () => {
  let least = Infinity;
  const line = octets("250 ok\r\n");
  let at = 0;
  const reader = new LineReader({
    read(buffer) {
      least = Math.min(least, buffer.length);
      const count = Math.min(buffer.length, 301);
      for (let index = 0; index < count; index++) buffer[index] = line[at++ % line.length] ?? 0;
      return Promise.resolve(count);
    },
  }, 1024);
  for (let read = 0; read < 100; read++) {
    await reader.fill();
    while (reader.line(100) !== undefined);
  }
  ok(least >= 256, `a read had room for ${least}`);
});

Deno.test(
  "LineReader reads more at once where content rushes in, up to 64 KiB",
  pure,
  async () => {
    const sizes: number[] = [];
    const reader = new LineReader({
      read(buffer) {
        sizes.push(buffer.length + 1);
        return Promise.resolve(buffer.length);
      },
    });
    for (let read = 0; read < 6; read++) {
      await reader.fill();
      reader.take();
    }
    deepEqual(sizes, [16, 32, 64, 64, 64, 64].map((kibi) => kibi * 1024));
  },
);

Deno.test("LineReader.take() gives what has arrived, and lines go on behind it", pure, async () => {
  const reader = new LineReader(new Pieces([octets("abcdef\r\nnext\r\n")]));
  await reader.fill();
  equal(text(reader.peek(3)), "abc");
  equal(text(reader.take(3)), "abc");
  equal(reader.buffered, 11);
  equal(text(reader.take(0)), "");
  equal(text(reader.line(10) ?? octets("?")), "def");
  equal(text(reader.peek()), "next\r\n");
  equal(text(reader.take()), "next\r\n");
  equal(text(reader.take()), "");
  equal(reader.line(10), undefined);
  equal(await reader.fill(), false);
});

Deno.test(
  "LineReader.take() of a part that was searched does not lose the rest",
  pure,
  async () => {
    const reader = new LineReader(new Pieces([octets("abc"), octets("d\r\n")]));
    await reader.fill();
    equal(reader.line(10), undefined);
    equal(text(reader.take(1)), "a");
    await reader.fill();
    equal(text(reader.line(10) ?? octets("?")), "bcd");
    equal(reader.bareLf, false);
  },
);

Deno.test("LineReader.line() behind a CR that was taken ends in a bare LF", pure, async () => {
  const reader = new LineReader(new Pieces([octets("abc\r\n")]));
  await reader.fill();
  reader.take(4);
  equal(text(reader.line(10) ?? octets("?")), "");
  equal(reader.bareLf, true);
});

Deno.test("LineReader.fill() says false at the end, again and again [S17]", pure, async () => {
  const reader = new LineReader(new Pieces([octets("250")]));
  equal(await reader.fill(), true);
  equal(await reader.fill(), false);
  equal(await reader.fill(), false);
  equal(reader.line(10), undefined);
  equal(text(reader.peek()), "250");
});
