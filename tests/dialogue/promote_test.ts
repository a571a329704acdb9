import { parseDialogue, promoteDialogue, selfPlay } from "../../src/dialogue/mod.ts";
import { equal, rejects } from "node:assert/strict";

const pure = { permissions: "none" } as const;
const FILE = "a.dialogue";

/** What a text becomes when a server has said what another text says. */
async function promoted(text: string, heard: string): Promise<string> {
  const { client } = await selfPlay(parseDialogue(heard), { match: { client: "verb" } });
  const dialogue = parseDialogue(text, { file: FILE });
  return await promoteDialogue(dialogue, { file: FILE, text }, client.transcript);
}

Deno.test.each<[what: string, text: string, heard: string, fresh: string]>([
  [
    "a reply of several lines",
    "@smtp\nS: 220 mx\nC: HELP\nS: 214-a\nS: 214 b\nC: NOOP\nS: 250 ok\n",
    "@smtp\nS: 220-mx\nS: 220 two\nC: HELP\nS: 214-one\nS: 214-two\nS: 214 three\nC: NOOP\nS: 250 fine\n",
    "@smtp\nS: 220-mx\nS: 220 two\nC: HELP\nS: 214-one\nS: 214-two\nS: 214 three\nC: NOOP\nS: 250 fine\n",
  ],
  [
    "one that has become shorter, and its comments",
    "@smtp\nS: 220 mx\nC: HELP\nS: 214-a\n# why\nS: 214-b\nS: 214 c\n",
    "@smtp\nS: 220 mx\nC: HELP\nS: 214 one\n",
    "@smtp\nS: 220 mx\nC: HELP\nS: 214 one\n# why\n",
  ],
  [
    "what stands beside holes",
    "@smtp\nS: 220 mx\nC: HELP\nS: {214|211}-a\nS: {214|211} id ${id}\n",
    "@smtp\nS: 220 mx\nC: HELP\nS: 214-one\nS: 214 id 7\n",
    "@smtp\nS: 220 mx\nC: HELP\nS: {214|211}-one\nS: {214|211} id ${id}\n",
  ],
  [
    "the parameters of what is offered, and no more of it",
    "@smtp\nS: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250-SIZE 10\nS? 250-DSN\nS: 250 AUTH PLAIN\nS! TLS\n",
    "@smtp\nS: 220 mx\nC: EHLO me\nS: 250-mx.example hi\nS: 250-AUTH LOGIN\nS: 250-HELP\nS: 250 SIZE 99\n",
    "@smtp\nS: 220 mx\nC: EHLO me\nS: 250-mx.example hi\nS: 250-SIZE 99\nS? 250-DSN\nS: 250 AUTH LOGIN\nS! TLS\n",
  ],
  [
    "a body of POP3, and what a maildrop offers",
    "@pop3\nS: +OK\nC: CAPA\nS: +OK list\nS: EXPIRE 1\nS: .\nC: RETR 1\nS: +OK 3\nS: a\nS: .\nC: TOP 1 0\nS: +OK\nS: .\n",
    "@pop3\nS: +OK hi\nC: CAPA\nS: +OK offers\nS: EXPIRE 2\nS: TOP\nS: .\nC: RETR 1\nS: +OK 5\nS: b\nS: ..c\nS: .\nC: TOP 1 0\nS: +OK\nS: x\nS: .\n",
    "@pop3\nS: +OK\nC: CAPA\nS: +OK offers\nS: EXPIRE 2\nS: .\nC: RETR 1\nS: +OK 5\nS: b\nS: ..c\nS: .\nC: TOP 1 0\nS: +OK\nS: .\n",
  ],
  [
    "rows with holes not at all",
    "@pop3\nS: +OK\nC: LIST\nS: +OK\nS: 1 ${size:int}\nS: .\n",
    "@pop3\nS: +OK\nC: LIST\nS: +OK two\nS: 1 10\nS: 2 20\nS: .\n",
    "@pop3\nS: +OK\nC: LIST\nS: +OK\nS: 1 ${size:int}\nS: .\n",
  ],
  [
    "what is the same in each turn",
    "@smtp\nS: 220 mx\n@repeat 2 {\nC: NOOP\nS: 250 a\nC: VRFY a\nS: 252 a\n}\n",
    "@smtp\nS: 220 mx\nC: NOOP\nS: 250 b\nC: VRFY a\nS: 252 b\nC: NOOP\nS: 250 b\nC: VRFY a\nS: 252 c\n",
    "@smtp\nS: 220 mx\n@repeat 2 {\nC: NOOP\nS: 250 b\nC: VRFY a\nS: 252 a\n}\n",
  ],
  [
    "what is called from further down, and more than once",
    "@smtp\n@proc p {\nC: HELP\nS: 214 a\n}\nS: 220 mx\nC: NOOP\nS: 250 ok\n@call p\n@call p\n",
    "@smtp\nS: 220-mx\nS: 220 two\nC: NOOP\nS: 250 fine\nC: HELP\nS: 214-a\nS: 214 b\nC: HELP\nS: 214-a\nS: 214 b\n",
    "@smtp\n@proc p {\nC: HELP\nS: 214-a\nS: 214 b\n}\nS: 220-mx\nS: 220 two\nC: NOOP\nS: 250 fine\n@call p\n@call p\n",
  ],
  [
    "what would be syntax as text",
    "\t@smtp\r\nS: 220 mx\r\nC: NOOP\r\n  S: 250 ok\r\n",
    "@smtp\nS: 220 mx\nC: NOOP\nS: 250 $${x} <close>\n",
    "\t@smtp\r\nS: 220 mx\r\nC: NOOP\r\n  S: 250 $${x} <close>\r\n",
  ],
])("promoteDialogue() takes over %s", pure, async (_what, text, heard, fresh) => {
  equal(await promoted(text, heard), fresh);
  // What was taken over is what was heard.
  equal(await promoted(fresh, heard), fresh);
});

Deno.test("promoteDialogue() takes over no other session", pure, async () => {
  const text = "@smtp\nS: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 SIZE 10\n";
  const fails = { name: "DialogueError" };
  await rejects(promoted(text, "@smtp\nS: 220 mx\nC: EHLO me\nS: 550 no\n"), fails);
  await rejects(promoted(text, "@smtp\nS: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 HELP\n"), fails);
  await rejects(promoted(text, "@smtp\nS: 220 mx\nC: EHLO you\nS: 250-mx\nS: 250 SIZE\n"), fails);
});
