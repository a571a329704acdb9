/**
 * The least a program on Deno can do: a window of 64 commands, ends of answers counted, nothing kept.
 * What it reaches is what the machine allows: `top|retr|dele PORT USER PASSWORD COUNT`.
 *
 * @module
 */

const [task, port, user, password, count] = Deno.args as [string, string, string, string, string]; // from our runner

const WINDOW = 64;
const LF = 10;
const CR = 13;
const DOT = 46;
/** So many octets of the last read are looked at again: an end may have begun in them. */
const HELD = 4;
const encoder = new TextEncoder();
const buffer = new Uint8Array(64 * 1024);
using socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
socket.setNoDelay(true);

/** Writes, reads once, and counts the answers that have ended. */
async function turn(commands: string, ended: (octets: Uint8Array) => number): Promise<number> {
  if (commands !== "") await socket.write(encoder.encode(commands)); // small enough for one write
  const read = await socket.read(buffer.subarray(HELD));
  if (read === null) throw new Error("Cannot read: the server closed");
  const ends = ended(buffer.subarray(0, HELD + read));
  buffer.copyWithin(0, read, read + HELD);
  return ends;
}

function lines(octets: Uint8Array): number {
  let ends = 0;
  for (let at = octets.indexOf(LF, HELD); at >= 0; at = octets.indexOf(LF, at + 1)) ends++;
  return ends;
}

function bodies(octets: Uint8Array): number {
  let ends = 0;
  for (let at = octets.indexOf(DOT, 2); at >= 0; at = octets.indexOf(DOT, at + 1)) {
    const alone = octets[at - 2] === CR && octets[at - 1] === LF;
    if (alone && octets[at + 1] === CR && octets[at + 2] === LF) ends++;
  }
  return ends;
}

await turn("", lines);
for (const command of [`USER ${user}`, `PASS ${password}`, "STAT"]) {
  await turn(`${command}\r\n`, lines);
}

const begin = performance.now();
for (let ends = await turn("UIDL\r\n", bodies); ends === 0;) ends = await turn("", bodies);
const [verb, rest] = task === "top" ? ["TOP", " 0"] : [task.toUpperCase(), ""];
const ended = task === "dele" ? lines : bodies;
let accepted = 0;
for (let sent = 0; accepted < Number(count);) {
  let commands = "";
  for (; sent < Number(count) && sent - accepted < WINDOW; sent++) {
    commands += `${verb} ${sent + 1}${rest}\r\n`;
  }
  accepted += await turn(commands, ended);
}
if (task === "dele") await turn("QUIT\r\n", lines);
const ms = performance.now() - begin;
await Deno.stdout.write(encoder.encode(JSON.stringify({ ms, accepted })));
