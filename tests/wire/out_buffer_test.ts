import { equal } from "node:assert/strict";
import { OutBuffer } from "../../src/wire/out_buffer.ts";
import { seeded } from "../message/random.ts";

const pure = { permissions: "none" } as const;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

Deno.test("OutBuffer gathers lines and content in order", pure, () => {
  const out = new OutBuffer();
  equal(out.length, 0);
  out.line("MAIL FROM:<ä@x.example>");
  out.content(Uint8Array.of(46, 13, 10));
  equal(out.length, 29);
  equal(text(out.take()), "MAIL FROM:<ä@x.example>\r\n.\r\n");
  equal(out.length, 0);
});

Deno.test("OutBuffer leaves what was taken alone until it is given back", pure, () => {
  for (const first of ["small", "L".repeat(100_000)]) {
    const out = new OutBuffer();
    const taken: Uint8Array[] = [];
    out.line("over");
    out.giveBack(out.take());
    for (const line of [first, "second", "third", "fourth"]) {
      out.line(line);
      taken.push(out.take()); // none is given back: all of them are under way
    }
    equal(
      text(taken.reduce((all, one) => Uint8Array.of(...all, ...one))),
      `${first}\r\nsecond\r\nthird\r\nfourth\r\n`,
    );
  }
});

Deno.test("OutBuffer lends and takes back in any order", pure, () => {
  const random = seeded(11);
  const out = new OutBuffer();
  const lent: { readonly bytes: Uint8Array; readonly before: string }[] = [];
  let gathered = "";
  for (let round = 0; round < 5_000; round++) {
    const line = String.fromCharCode(97 + random(26)).repeat(
      random(20) === 0 ? 70_000 : random(40),
    );
    switch (random(6)) {
      case 0:
        lent.push({ bytes: out.take(), before: gathered });
        gathered = "";
        break;
      case 1: {
        const [back] = lent.splice(random(lent.length + 1), 1);
        if (back !== undefined) out.giveBack(back.bytes);
        break;
      }
      case 2:
        out.clear();
        gathered = "";
        break;
      default:
        out.line(line);
        gathered += `${line}\r\n`;
    }
    equal(out.length, gathered.length);
    for (const { bytes, before } of lent.slice(-4)) equal(text(bytes), before);
    if (lent.length > 4) out.giveBack(lent.splice(0, 1)[0]?.bytes ?? new Uint8Array(0));
  }
});

Deno.test("OutBuffer uses two small buffers in turns, and keeps no large one", pure, () => {
  const out = new OutBuffer();
  const buffers = new Set<ArrayBufferLike>();
  for (let turn = 0; turn < 10; turn++) {
    out.line("NOOP");
    const bytes = out.take();
    buffers.add(bytes.buffer);
    out.giveBack(bytes);
  }
  equal(buffers.size, 2);
  out.content(new Uint8Array(100_000));
  const large = out.take();
  out.giveBack(large);
  for (let turn = 0; turn < 3; turn++) {
    out.line("NOOP");
    const bytes = out.take();
    equal(bytes.buffer === large.buffer, false);
    out.giveBack(bytes);
  }
});

Deno.test("OutBuffer.clear() forgets", pure, () => {
  const out = new OutBuffer();
  out.line("NOOP");
  out.clear();
  out.line("QUIT");
  equal(text(out.take()), "QUIT\r\n");
});
