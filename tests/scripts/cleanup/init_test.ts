import { deepEqual, equal, match, ok } from "node:assert/strict";
import { parseConfig } from "../../../src/cli/mod.ts";
import { checkPolicy, type Policy } from "../../../src/jobs/mod.ts";
import { cleanup, inSetting, USER } from "./script.ts";
import { listMail, mail, many } from "./mails.ts";

async function read(text: string): Promise<Policy> {
  const octets = new TextEncoder().encode(text);
  return checkPolicy(await parseConfig(octets, { format: "toml", file: "starter" }));
}

/** The policy with all rules switched on, as its first lines tell to do it. */
function switchedOn(text: string): string {
  return text.replace(/^#(?! |$)/gm, "");
}

Deno.test("cleanup init writes a policy that removes nothing, and proposes rules with figures", async () => {
  await inSetting(async ({ box, folder, server }) => {
    box.fill(USER, [
      ...many(12, (at) => listMail(100 + at)),
      ...many(3, (at) => listMail(5 + at)),
      ...many(4, (at) => mail({ days: 400 + at, from: "robot@shop.example" })),
      mail({ days: 800 }),
      mail({ days: 40, size: 1_100_000 }),
      mail({ days: 1, from: "chef@mail.example" }),
    ]);
    const path = `${folder}/policy.toml`;
    const { code, out, err } = await cleanup(["init", ...server, "--policy", path]);
    deepEqual([code, err], [0, ""]);
    match(out, /^Wrote .*policy\.toml: nothing in it removes anything yet\.\n/);
    const text = await Deno.readTextFile(path);
    equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    match(out, /\ncleanup plan --server pop3:\S+ --user .* --job tim\.job\n$/);
    match(text, /\ncount = 3\n/); // a tenth of the mailbox
    match(text, /there were 22 messages, 1\.\d+ MB\./);
    match(text, /# Mailing lists older than 90 days: 12 messages, \d/);
    match(text, /# Larger than 1MB and older than 30 days: 1 message, 1\.\d+ MB/);
    match(text, /# Everything older than two years: 1 message,/);
    match(text, /# From news\.lists\.example, older than 180 days|#\s+15 .* news\.lists\.example/);
    match(text, /# From robot@shop\.example, older than 180 days: 4 messages/);
    const off = await read(text);
    deepEqual(off.rules.map((rule) => rule.do), ["keepNewest", "keep"]);
    const on = await read(switchedOn(text));
    ok(on.rules.length >= off.rules.length + 4);
    for (const rule of on.rules) if (rule.do === "remove") equal(rule.archive, "mail");
    equal(box.maildrop(USER).length, 22);
  });
});

Deno.test("cleanup init looks at a sample, and says so", async () => {
  await inSetting(async ({ box, folder, server }) => {
    box.fill(USER, many(30, (at) => listMail(100 + at)));
    const path = `${folder}/policy.toml`;
    const { code, out } = await cleanup([
      ...["init", ...server, "--policy", path],
      ...["--sample", "10", "--json"],
    ]);
    equal(code, 0);
    deepEqual(JSON.parse(out).seen.messages, 10);
    equal(JSON.parse(out).whole.messages, 30);
    match(await Deno.readTextFile(path), /of 10 messages that were looked at/);
    equal(box.ledger.entries.filter(({ text }) => text.startsWith("TOP ")).length, 10);
    equal(box.ledger.entries.some(({ text }) => /^(RETR|DELE)/.test(text)), false);
  });
});

Deno.test("cleanup init never overwrites a file, and asks no server before it knows", async () => {
  await inSetting(async ({ box, server, policy }) => {
    const path = await policy("mine = true\n");
    const { code, err } = await cleanup(["init", ...server, "--policy", path]);
    equal(code, 1);
    match(err, /^cleanup: Cannot write ".*policy\.toml": it exists, and is left as it is/);
    equal(await Deno.readTextFile(path), "mine = true\n");
    equal(box.ledger.entries.length, 0);
  });
});

Deno.test("cleanup init writes valid TOML whatever strangers call themselves", async () => {
  await inSetting(async ({ box, folder, server }) => {
    const odd = [
      '"a\\"b]"@evil.example',
      "=?utf-8?q?=0A[[rules]]?= <x@evil.example>",
      "<>",
      "a b c",
    ];
    box.fill(USER, [
      ...odd.flatMap((from) => many(4, () => mail({ days: 400, from }))),
      ...many(4, () => listMail(400, { fields: 'List-Id: <a"]\\u0000[[rules]]>\r\n' })),
      ...many(4, () => listMail(400, { fields: "List-Id:\r\n" })),
    ]);
    const path = `${folder}/policy.toml`;
    equal((await cleanup(["init", ...server, "--policy", path])).code, 0);
    const text = await Deno.readTextFile(path);
    equal((await read(text)).rules.some((rule) => rule.do === "remove"), false);
    await read(switchedOn(text));
  });
});

Deno.test("cleanup init of an empty mailbox shows an example", async () => {
  await inSetting(async ({ folder, server }) => {
    const path = `${folder}/policy.toml`;
    equal((await cleanup(["init", ...server, "--policy", path])).code, 0);
    const text = await Deno.readTextFile(path);
    match(text, /# Mailing lists older than 90 days: 0 messages, 0 B/);
    await read(switchedOn(text));
  });
});
