import { deepEqual, equal, rejects } from "node:assert/strict";
import { pieces } from "../../src/smtp/pieces.ts";
import { settle } from "../fake_clock.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };

function stream(texts: readonly string[]): { source: ReadableStream<Uint8Array>; ends: unknown[] } {
  const ends: unknown[] = [];
  const rest = [...texts];
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      const text = rest.shift();
      if (text === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(text));
    },
    cancel: (reason) => void ends.push(reason),
  }, { highWaterMark: 0 });
  return { source, ends };
}

async function read(source: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const piece of source) text += new TextDecoder().decode(piece);
  return text;
}

Deno.test("pieces() gives all that a source gives, and leaves it unlocked", PURE, async () => {
  const { gone } = { gone: new AbortController().signal };
  const { source, ends } = stream(["a", "b", "c"]);
  equal(await read(pieces(source, gone)), "abc");
  equal(source.locked, false);
  deepEqual(ends, []);
  async function* generated(): AsyncGenerator<Uint8Array> {
    yield* ["a", "b"].map((text) => new TextEncoder().encode(text));
  }
  equal(await read(pieces(generated(), gone)), "ab");
});

Deno.test("pieces() lets go of a source that is not read to its end", PURE, async () => {
  const { source, ends } = stream(["a", "b", "c"]);
  for await (const _ of pieces(source, new AbortController().signal)) break;
  equal(ends.length, 1);
  equal(source.locked, false);
});

Deno.test("pieces() asks nothing of a source that nobody wants any more", PURE, async () => {
  const { source, ends } = stream(["a"]);
  const gone = AbortSignal.abort(new Error("gone"));
  await rejects(read(pieces(source, gone)), { message: "gone" });
  deepEqual(ends.map((reason) => (reason as Error).message), ["gone"]);
});

Deno.test("pieces() does not wait for a source that does not answer", PURE, async () => {
  const gone = new AbortController();
  let asked = 0;
  const source: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        asked++;
        return new Promise(() => {});
      },
      return: () => new Promise(() => {}), // nor to this
    }),
  };
  const reading = read(pieces(source, gone.signal));
  await settle();
  gone.abort(new Error("gone"));
  await rejects(reading, { message: "gone" });
  equal(asked, 1);
});

Deno.test("pieces() passes on why a source failed", PURE, async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(new Uint8Array(1));
    throw new Error("the disk is gone");
  }
  await rejects(read(pieces(failing(), new AbortController().signal)), {
    message: "the disk is gone",
  });
});
