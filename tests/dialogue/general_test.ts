import { deepEqual, equal } from "node:assert/strict";
import { makeGeneral, parseDialogue, playBoth, printDialogue } from "../../src/dialogue/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { shipped } from "./library.ts";
import { turning } from "./played.ts";

const PURE = { permissions: "none" } as const;

function general(text: string): string {
  return printDialogue(makeGeneral(parseDialogue(text)));
}

Deno.test(
  "makeGeneral() leaves the capabilities that are used, and of AUTH what was used",
  PURE,
  () => {
    equal(
      general(`@smtp
@var user = ann
@secret pass
S: 220 mx.example ESMTP Postfix
C: EHLO me
S: 250-mx.example
S: 250-PIPELINING
S: 250-AUTH PLAIN LOGIN CRAM-MD5
S: 250 STARTTLS
C: STARTTLS
S: 220 2.0.0 Ready to start TLS
C & S: <tls>
C: AUTH PLAIN \${plain user pass}
S: 235 2.7.0 Authentication successful
C: QUIT
S: 221 2.0.0 Bye
`),
      `@smtp
@var user = ann
@secret pass
S: 220
C: EHLO me
S: 250-mx.example
S: 250-AUTH PLAIN
S: 250 STARTTLS
C: STARTTLS
S: 220
C & S: <tls>
C: AUTH PLAIN \${plain user pass}
S: 235
C: QUIT
S: 221
`,
    );
  },
);

Deno.test("makeGeneral() leaves texts that are part of the protocol, or used later", PURE, () => {
  equal(
    general(`@smtp
@var user = ann
@secret pass
S: 220 mx.example
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: \${b64 user}
S: 334 UGFzc3dvcmQ6
C: \${b64 pass}
S: 235 ok
C: HELP
S: 214 see \${topic=VRFY}
C: \${topic}
S: 252 maybe
`),
    `@smtp
@var user = ann
@secret pass
S: 220
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: \${b64 user}
S: 334 UGFzc3dvcmQ6
C: \${b64 pass}
S: 235
C: HELP
S: 214 see \${topic=VRFY}
C: \${topic}
S: 252
`,
  );
});

Deno.test("makeGeneral() of a shipped dialogue is content with the server of the dialogue", async () => {
  const wrong: string[] = [];
  let played = 0;
  for (const { name, dialogue } of shipped()) {
    const clock = new FakeClock();
    const { client } = await turning(
      clock,
      playBoth(makeGeneral(dialogue), dialogue, { throwOnFailure: false, clock }),
    );
    played++;
    const [failure] = client.failures;
    if (failure !== undefined) wrong.push(`${name}: ${failure.message}`);
  }
  deepEqual(wrong, []);
  equal(played > 100, true);
});

Deno.test("makeGeneral() of what is general already changes nothing", () => {
  for (const { name, dialogue } of shipped()) {
    const once = makeGeneral(dialogue);
    deepEqual(makeGeneral(once), once, name);
  }
});
