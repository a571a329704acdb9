import { deepEqual, equal, ok } from "node:assert/strict";
import { probe, type ProbeRun, renderText } from "../../../src/jobs/mod.ts";
import { Secret } from "../../../src/smtp/mod.ts";
import { type Connection, memoryPair } from "../../../src/wire/mod.ts";
import { breaches } from "./schema.ts";

/** What a server says that is as it should be. */
const GOOD: Readonly<Record<string, string>> = {
  CAPA: "+OK\r\nUIDL\r\nUSER\r\nPIPELINING\r\nSASL PLAIN\r\n.\r\n",
  STAT: "+OK 2 30\r\n",
  LIST: "+OK\r\n1 10\r\n2 20\r\n.\r\n",
  UIDL: "+OK\r\n1 a\r\n2 b\r\n.\r\n",
  TOP: "+OK\r\nSubject: x\r\n\r\n.\r\n",
};

/** What makes no sense in most places. Behind what is no refusal the server leaves. */
const ODD: readonly string[] = [
  ...["-ERR\r\n", "-ERR [AUTH] no\r\n", "-ERR [SYS/TEMP] no\r\n", "-ERR [IN-USE] no\r\n"],
  ...["", "\r\n", ".\r\n", "+\r\n", "+ \r\n", "+ abc\r\n", "+OK\r\n", "+OK", "+OK\n", "+OKAY\r\n"],
  ...["+OK \x00\r\n", "+OK \x1b[31m\r\n", "+ERR no\r\n", "\xff\xfe\r\n", "220 hi\r\n", "* OK\r\n"],
  ...[
    "+OK 1\r\n+OK 2\r\n",
    "+OK -1 2\r\n",
    "+OK 99999999999999999999 1\r\n",
    "+OK\r\n0 1\r\n.\r\n",
  ],
  ...["+OK\r\n..\r\n1 1\r\n1 1\r\n.\r\n", "+OK\r\n1 \x1b[31m\r\n.\r\n", "+OK\r\n1\r\n.\r\n"],
  ...[`${"x".repeat(9000)}\r\n`, `+OK\r\n${"X\r\n".repeat(150)}.\r\n`],
];
const COMMANDS = ["", "CAPA", "USER", "PASS", "AUTH", "STAT", "LIST", "UIDL", "TOP", "QUIT"];

/** A server that is odd once: at one command, the first or a later one of its kind. */
async function serve(connection: Connection, verb: string, after: number, odd: string) {
  let left = after;
  const answer = async (to: string): Promise<void> => {
    const text = to === verb && left-- === 0 ? odd : GOOD[to] ?? "+OK <1@mail.example>\r\n";
    await connection.write(Uint8Array.from(text, (character) => character.charCodeAt(0)));
    if (text === odd && !odd.startsWith("-ERR")) connection.close();
  };
  await answer("");
  const buffer = new Uint8Array(1000);
  let heard = "";
  for (let count; (count = await connection.read(buffer)) !== null;) {
    const lines = (heard + String.fromCharCode(...buffer.subarray(0, count))).split("\r\n");
    heard = lines.pop() ?? "";
    for (const line of lines) await answer(line.split(" ", 1)[0] ?? "");
  }
  connection.close();
}

async function meet(verb: string, after: number, odd: string, way: string): Promise<ProbeRun> {
  const [ours, theirs] = memoryPair();
  serve(theirs, verb, after, odd).catch(() => {}); // the probe goes when it has seen enough
  return await probe("pop3://mail.example", {
    dial: () => Promise.resolve(ours),
    tls: "none",
    login: {
      user: "ann",
      password: new Secret("pencil"),
      allowCleartext: true,
      mechanisms: [way],
    },
    touch: true,
    pipelining: after > 0,
  });
}

for (const verb of COMMANDS) {
  const where = verb === "" ? "its greeting" : verb;
  Deno.test(`probe() survives whatever a server of POP3 says in ${where}`, async () => {
    for (const [after, way] of [[0, "USER"], [0, "PLAIN"], [1, "USER"]] as const) {
      for (const odd of ODD) {
        const run = await meet(verb, after, odd, way);
        const what = JSON.stringify([verb, after, way, odd.slice(0, 40)]);
        deepEqual(await breaches(run), [], what);
        // deno-lint-ignore no-control-regex -- finding control characters is what it is for
        ok(!/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(renderText(run)), what);
        for (const { severity, evidence } of run.findings) {
          ok(severity === "info" || evidence.length > 0, what);
        }
        const done = run.targets[0]?.stages.some(({ name, ok }) => name === "top" && ok);
        if (run.exitCode === 0) equal(done, true, what);
      }
    }
  });
}
