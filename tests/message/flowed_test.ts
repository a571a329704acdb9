import { compose, encodeText } from "@mailwright/mailwright/message";
import { equal, match, ok } from "node:assert/strict";
import { flow } from "../../src/message/flowed.ts";
import { seeded, textOf } from "./random.ts";

const pure = { permissions: "none" } as const;

/** Reads flowed text as RFC 3676 section 4 tells it. */
function unflowed(text: string): string {
  let read = "";
  let open = false;
  for (const line of text.split("\n")) {
    const quoted = line.startsWith(">");
    const content = line.startsWith(" ") ? line.slice(1) : line;
    read += open && !quoted ? content : `${read === "" && !open ? "" : "\n"}${content}`;
    open = content.endsWith(" ") && content !== "-- " && !quoted;
  }
  return read;
}

/** What flowed text can say: no blanks at the end of a line, but for the line above a signature. */
function sayable(text: string): string {
  return text.split("\n").map((line) => line === "-- " ? line : line.replace(/ +$/, "")).join("\n");
}

Deno.test.each([
  ["short", "short"],
  ["a b  \nc", "a b\nc"],
  ["-- \nAnn", "-- \nAnn"],
  [" indented", "  indented"],
  ["From here", " From here"],
  ["> quoted  ", "> quoted"],
  [`${"word ".repeat(15)}word word`, `${"word ".repeat(15)}\nword word`],
  ["x".repeat(100), "x".repeat(100)],
  [`${"x".repeat(100)} y`, `${"x".repeat(100)} \ny`],
  [
    `${"word ".repeat(15)}>>> ${"x".repeat(70)}`,
    `${"word ".repeat(15)}
 >>> ${"x".repeat(70)}`,
  ],
])("flow() wraps %j softly", pure, (text, lines) => {
  equal(flow(text), lines);
});

Deno.test("flow() changes nothing that a reader sees", pure, () => {
  const random = seeded(4);
  const words = [..."ab >-\n", "From ", "-- ", "word ", "word ", "long".repeat(25), "   ", "é"];
  for (let round = 0; round < 500; round++) {
    const text = `x${textOf(random, words, 80)}`;
    const lines = flow(text);
    equal(unflowed(lines), sayable(text), JSON.stringify(text));
    for (const line of lines.split("\n")) {
      ok(
        line.length <= 78 || line.startsWith(">") || /^ *(?:-- )?\S+ ?$/.test(line),
        JSON.stringify(line),
      );
    }
  }
});

Deno.test("compose() writes format=flowed where it is asked for", pure, () => {
  const { bytes } = compose({
    from: "ann@mail.example",
    to: "bob@mail.example",
    subject: "x",
    text: `${"word ".repeat(30)}\n`,
    html: "<p>x",
    flowed: true,
    date: 0,
    messageId: "<1@mail.example>",
  });
  const message = new TextDecoder().decode(bytes);
  match(message, /text\/plain; charset=utf-8; format=flowed\r\n/);
  match(message, /word \r\nword/);
  match(message, /text\/html; charset=utf-8\r\n/);
  const { bytes: long } = encodeText("x ".repeat(600), { flowed: true });
  ok(new TextDecoder().decode(long).split("\r\n").every((line) => line.length <= 78));
});
