/** Every seam, loaded, and one behaviour of each: pins and types cannot drift unseen. */

import { equal, throws } from "node:assert/strict";
import { Command, CommanderError, Help, Option } from "../../src/deps/commander.ts";
import { Cron } from "../../src/deps/croner.ts";
import { Mustache } from "../../src/deps/mustache.ts";
import { type Email, PostalMime } from "../../src/deps/postal_mime.ts";
import { formatBytes } from "../../src/deps/std/bytes.ts";
import { bold, cyan, dim, green, red, yellow } from "../../src/deps/std/colors.ts";
import { formatDuration } from "../../src/deps/std/duration.ts";
import { parseToml, TomlError } from "../../src/deps/toml.ts";

Deno.test("commander.ts cuts options off arguments", { permissions: "none" }, () => {
  const command = new Command().argument("<host>").addOption(new Option("-p, --port <port>"));
  command.parse(["h", "-p25"], { from: "user" });
  equal(command.opts()["port"], "25");
  equal(command.args.join(), "h");
  equal(new Help().displayWidth("\x1b[1mab\x1b[22m"), 2);
  throws(
    () =>
      new Command().exitOverride().configureOutput({ writeErr: () => {} }).parse(["--x"], {
        from: "user",
      }),
    CommanderError,
  );
});

Deno.test("croner.ts knows when an expression comes due", { permissions: "none" }, () => {
  const cron = new Cron("30 2 29 3 *", { timezone: "Europe/Paris" });
  // There is no half past two on that day: the clocks go from two to three.
  const due = cron.nextRun(new Date("2026-01-01T00:00:00Z"))?.toISOString();
  equal(due, "2026-03-29T01:00:00.000Z");
  throws(() => new Cron("61 * * * *"), { name: "RangeError" });
  // @ts-expect-error: an expression is text
  throws(() => new Cron(61));
});

Deno.test("toml.ts refuses a key that stands there twice", { permissions: "none" }, () => {
  equal(JSON.stringify(parseToml("[a]\nb = [1, true]")), '{"a":{"b":[1,true]}}');
  throws(
    () => parseToml("a = 1\na = 2"),
    (error) => error instanceof TomlError && error.line === 2 && error.column === 1,
  );
  // @ts-expect-error: TOML is text
  throws(() => parseToml(1));
});

Deno.test("mustache.ts fills in a template", { permissions: "none" }, () => {
  equal(Mustache.render("{{a}}{{{a}}}", { a: "<" }), "&lt;<");
  // @ts-expect-error: a template is text
  throws(() => Mustache.render(1, {}), TypeError);
});

Deno.test("postal_mime.ts parses a tree of parts", { permissions: "none" }, async () => {
  const part = (text: string): string => `--b\r\nContent-Type: text/plain\r\n\r\n${text}\r\n`;
  const email: Email = await PostalMime.parse(
    `Content-Type: multipart/mixed; boundary=b\r\n\r\n${part("one")}${part("two")}--b--\r\n`,
  );
  equal(email.text, "one\n\ntwo\n");
  // @ts-expect-error: the subject is text
  email.subject?.toFixed;
});

Deno.test("std/bytes.ts writes a byte count", { permissions: "none" }, () => {
  equal(formatBytes(1337), "1.34 kB");
  // @ts-expect-error: a count is a number
  throws(() => formatBytes("1337"), TypeError);
});

Deno.test("std/duration.ts writes a duration", { permissions: "none" }, () => {
  equal(formatDuration(99_000, { ignoreZero: true }), "1m 39s");
  // @ts-expect-error: there is no such style
  throws(() => formatDuration(1, { style: "long" }), TypeError);
});

Deno.test("std/colors.ts wraps text, and leaves it alone under NO_COLOR", {
  permissions: "none",
}, () => {
  const codes = [[bold, 1, 22], [dim, 2, 22], [red, 31, 39], [green, 32, 39], [yellow, 33, 39], [
    cyan,
    36,
    39,
  ]] as const;
  for (const [paint, open, close] of codes) {
    equal(paint("a"), Deno.noColor ? "a" : `\x1b[${open}ma\x1b[${close}m`);
  }
  // @ts-expect-error: the result is text, not a number
  red("a").toFixed;
});
