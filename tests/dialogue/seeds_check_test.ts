/** The checks of `deno task seeds`, over the founding pages and over pages that fail. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { checkPage, credentialsOf } from "./seeds_check.ts";

Deno.test.each([
  ["sina", 1],
  ["sina_indented", 1],
  ["codes", 0],
  ["rfc821", 1],
  ["postfix_winmail", 2],
])("checkPage() finds all well with %s.txt", async (name, count) => {
  const file = `${name}.txt`;
  const text = await Deno.readTextFile(`tests/fixtures/seeds/${file}`);
  const sessions = await checkPage({ file, text });
  equal(sessions.length, count);
  for (const [, checked] of sessions) {
    deepEqual(checked.filter(({ problem }) => problem !== undefined), []);
    ok(checked.some(({ skipped }) => skipped === false));
  }
});

Deno.test("checkPage() tells what cannot be played: curl shows no content", async () => {
  const text = "> EHLO me\n< 250 mx\n> DATA\n< 354 go\n> QUIT\n< 221 bye\n";
  const [session] = await checkPage({ file: "page.txt", text });
  const failed = session?.[1].filter(({ problem }) => problem !== undefined);
  deepEqual(failed?.map(({ check }) => check), ["alone", "tcp", "sandbox"]);
});

Deno.test("credentialsOf() finds answers, initial responses and passwords [T-I45]", {
  permissions: "none",
}, () => {
  const text = `>AUTH LOGIN
>334 VXNlcm5hbWU6
>c2FtcGxlc0BtYWlsLmV4
>334 UGFzc3dvcmQ6
>b3BlbnNleg== ---- the password
>235 go ahead
>C: AUTH PLAIN AGFubgBwZW5jaWw=
>pass pencil
`;
  deepEqual(credentialsOf(text), [
    "c2FtcGxlc0BtYWlsLmV4",
    "b3BlbnNleg==",
    "AGFubgBwZW5jaWw=",
    "pass pencil",
    "samples@mail.ex",
    "opensez",
    "\0ann\0pencil",
  ]);
});
