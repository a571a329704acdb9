import { equal, ok, throws } from "node:assert/strict";
import { WireLine } from "../../src/wire/mod.ts";

const pure = { permissions: "none" } as const;

Deno.test("WireLine refuses every control character, at every place [S85]", pure, () => {
  const controls = [...Array(0x20).keys(), 0x7f].map((code) => String.fromCharCode(code));
  for (const control of controls) {
    for (const text of [control, `${control}NOOP`, `NO${control}OP`, `NOOP${control}`]) {
      throws(() => new WireLine(text), { name: "SyntaxError" });
    }
  }
});

Deno.test("WireLine refuses half a character [S85]", pure, () => {
  throws(() => new WireLine("NOOP \ud83d"), SyntaxError);
  throws(() => new WireLine("\ude80 NOOP"), SyntaxError);
});

Deno.test("WireLine takes everything else as it is [T-I09]", pure, () => {
  for (const text of ["", "NOOP", "MAIL FROM:<ä@例え.example>", "🚀", "\u560a\u560d", "\x80\xff"]) {
    equal(new WireLine(text).expose(), text);
  }
});

Deno.test("WireLine shows what it refuses escaped and cut", pure, () => {
  throws(() => new WireLine(`NOOP\r\n${"x".repeat(500)}`), {
    message: `Cannot write the line "NOOP\\r\\n${"x".repeat(72)}": ` +
      "it holds a control character or half a character",
  });
});

Deno.test("WireLine shows a secret line by its stand-in alone [S86]", pure, () => {
  const line = new WireLine("PASS hunter2", { shown: "PASS ***" });
  equal(line.expose(), "PASS hunter2");
  equal(
    `${line} ${JSON.stringify({ line })} ${line.shown}`,
    'PASS *** {"line":"PASS ***"} PASS ***',
  );
  ok(!Deno.inspect(line).includes("hunter2"));
  throws(() => new WireLine("PASS hunt\ner2", { shown: "PASS ***" }), (error: SyntaxError) => {
    ok(error.message.startsWith('Cannot write the line "PASS ***"'));
    return true;
  });
});
