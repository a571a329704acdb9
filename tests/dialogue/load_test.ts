import { loadDialogue, parseDialogue } from "@mailwright/mailwright";
import { deepEqual, equal, rejects } from "node:assert/strict";

const pure = { permissions: "none" } as const;

function folder(files: Record<string, string>) {
  const asked: string[] = [];
  const read = (path: string): Promise<string> => {
    asked.push(path);
    const file = files[path];
    return file === undefined ? Promise.reject(new Error(`no ${path}`)) : Promise.resolve(file);
  };
  return { asked, read };
}

Deno.test(
  "loadDialogue() reads each file once, and gives what parseDialogue() gives",
  pure,
  async () => {
    const files: Record<string, string> = {
      a: "@proc hello {\nC: EHLO me\nS: 250 mx\n}\n@include b\n",
      b: "@secret pass\n",
      c: "C: QUIT\nS: 221 bye\n",
    };
    const text = "S: 220 mx\n@include a\n@call hello\n@include c\n@include c\n";
    const { asked, read } = folder(files);
    const loaded = await loadDialogue(text, { read });
    deepEqual(asked, ["a", "c", "b"]);
    deepEqual(loaded, parseDialogue(text, { read: (path) => files[path] ?? "" }));
  },
);

Deno.test("loadDialogue() rejects what parseDialogue() refuses [T-I44]", pure, async () => {
  const loop = folder({ a: "@include b\n", b: "@include a\n" });
  await rejects(loadDialogue("@include a\n", { read: loop.read }), { name: "DialogueSyntaxError" });
  deepEqual(loop.asked, ["a", "b"]);
  const out = folder({});
  await rejects(loadDialogue("@include ../a\n", { read: out.read }), {
    name: "DialogueSyntaxError",
  });
  deepEqual(out.asked, []);
  const deep = folder(
    Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f${n}`, `@include f${n + 1}\n`])),
  );
  await rejects(loadDialogue("@include f0\n", { read: deep.read }), {
    name: "DialogueSyntaxError",
  });
  equal(deep.asked.length, 8);
});

Deno.test(
  "loadDialogue() rejects with what the reader says, and with the reason of a signal",
  pure,
  async () => {
    const { read } = folder({});
    await rejects(loadDialogue("@include a\n", { read }), { message: "no a" });
    const reason = new Error("enough");
    await rejects(
      loadDialogue("@include a\n", { read, signal: AbortSignal.abort(reason) }),
      reason,
    );
  },
);
