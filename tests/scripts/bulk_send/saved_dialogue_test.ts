import { deepEqual, equal, match } from "node:assert/strict";
import { KeptSession } from "../../../scripts/bulk_send/kept_session.ts";
import type { Said } from "../../../scripts/shared/transcript.ts";
import { parseDialogue, selfPlay } from "../../../src/dialogue/mod.ts";
import { Secret } from "../../../src/smtp/mod.ts";
import { dialogue } from "../dialogue/script.ts";
import { bulkSend, inSetting, PASSWORD, people, USER } from "./script.ts";

const pure = { permissions: "none" } as const;

/** What was said, from lines such as `C: NOOP`; `C.` is content. */
function said(text: string): Said[] {
  return text.trim().split("\n").map((line) => ({
    ...{ at: 0, tls: false, end: line.startsWith("C") ? "C" as const : "S" as const },
    ...line[1] === "."
      ? { kind: "content" as const, text: "", bytes: new TextEncoder().encode(line.slice(3)) }
      : { kind: "line" as const, text: line.slice(3) },
  }));
}

/** What is kept of it. */
function kept(text: string): string {
  const session = new KeptSession();
  said(text).forEach(session.listen() ?? (() => {}));
  return session.events.map(({ end, kind, text, bytes }) =>
    kind === "content" ? `${end}. ${new TextDecoder().decode(bytes)}` : `${end}: ${text}`
  ).join("\n");
}

const BEGIN = "S: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 HELP\n";

function message(n: number): string {
  return `C: MAIL FROM:<${n}@a>\nC: RCPT TO:<${n}@b>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n` +
    `C. text ${n}\nC. .\nS: 250 ${n}\n`;
}

Deno.test("KeptSession keeps three messages and the end, however many there are", pure, () => {
  const end = "C: QUIT\nS: 221 bye";
  const first = BEGIN + [1, 2, 3].map(message).join("");
  equal(kept(first + end), first + end);
  const many = Array.from({ length: 1_000 }, (_, at) => message(at + 1)).join("");
  equal(kept(BEGIN + many + end), first + end);
  // What was left out before the end is no part of it; what comes unasked is.
  equal(
    kept(`${first}C: MAIL FROM:<4@a>\nC: QUIT\nS: 250 ok\nS: 221 bye\nS: 421 gone`),
    `${first}${end}\nS: 421 gone`,
  );
});

Deno.test("KeptSession knows whose answer it is where commands run ahead", pure, () => {
  const chunk = (n: number): string => `C: MAIL FROM:<${n}@a>\nC: BDAT 4 LAST\nC. four\n`;
  const answers = (n: number): string => `S: 250 mail ${n}\nS: 250-bdat\nS: 250 ${n}\n`;
  const ahead = [1, 2, 3, 4, 5].map(chunk).join("") + [1, 2, 3, 4, 5].map(answers).join("");
  equal(
    kept(`${BEGIN}${ahead}C: QUIT\nS: 221 bye`),
    `${BEGIN}${[1, 2, 3].map(chunk).join("")}${[1, 2, 3].map(answers).join("")}C: QUIT\nS: 221 bye`,
  );
});

Deno.test("KeptSession hears the connection that speaks first", pure, () => {
  const session = new KeptSession();
  const [one, two] = [session.listen(), session.listen()];
  const [greeting, busy] = said("S: 220 mx\nS: 421 busy");
  if (greeting === undefined || busy === undefined) throw new Error("two were said");
  two?.(greeting);
  one?.(busy);
  equal(session.listen(), undefined);
  deepEqual(session.events, [greeting]);
});

Deno.test("bulk_send saves what was said as a dialogue that parses, self-plays and runs again", async () => {
  await inSetting(async ({ box, folder, all, input, server, journal, write }) => {
    await write("people.csv", people(30));
    const login = ["--user", USER, "--password-from", "stdin"];
    const path = `${folder}/job.dialogue`;
    const saved = ["--save-dialogue", path];
    const sent = await bulkSend(["send", ...all, ...login, ...saved, "--limit", "20"]);
    equal(sent.code, 3, sent.err);
    equal((await Deno.stat(path)).mode, 0o100600);
    const text = await Deno.readTextFile(path);
    for (const secret of [PASSWORD, btoa(PASSWORD), btoa(`\0${USER}\0${PASSWORD}`)]) {
      equal(text.includes(secret), false);
    }
    equal(text.match(/^C: MAIL FROM/gm)?.length, 3);
    match(text, /^C: QUIT\nS: 221 .*\n$/m);
    const { client } = await selfPlay(parseDialogue(text), {
      vars: { user: USER },
      secrets: { pass: new Secret(PASSWORD) },
    });
    deepEqual([client.status, client.failures], ["passed", []]);

    const before = box.mails.length;
    const again = await dialogue([
      ...["run", path, "--to", box.smtpUrl, "--tls-ca", `${folder}/ca.pem`],
      ...["--var", `user=${USER}`, "--secret", "pass=stdin"],
    ]);
    equal(again.code, 0, again.out + again.err);
    equal(box.mails.length, before + 3);

    // Another session takes its place only if that is wished; one that said nothing leaves no file.
    const refused = await bulkSend(["resume", ...journal, ...saved]);
    equal(refused.code, 2);
    match(refused.err, /--save-dialogue ".*": it exists already; --force replaces it/);
    equal(box.mails.length, before + 3);
    equal((await bulkSend(["resume", ...journal, ...saved, "--force"])).code, 0);
    const nobody = ["--save-dialogue", `${folder}/nobody.dialogue`];
    const other = [
      "send",
      ...input,
      "--journal",
      `${folder}/b.db`,
      "--server",
      "smtp://127.0.0.1:1",
    ];
    equal((await bulkSend([...other, ...nobody])).code, 3);
    equal(
      (await Array.fromAsync(Deno.readDir(folder))).some(({ name }) => /^nobody/.test(name)),
      false,
    );

    const test = ["send", ...input, ...server, ...login, "--test-to", "me@here.example"];
    equal((await bulkSend([...test, ...nobody])).code, 0);
    match(await Deno.readTextFile(nobody[1] ?? ""), /^C: RCPT TO:<me@here\.example>/m);
    const dry = await bulkSend(["send", ...input, "--dry-run", `${folder}/dry`, ...saved]);
    equal(dry.code, 2);
    match(dry.err, /--dry-run asks none/);
  }, { requires: "login" });
});
