/**
 * A program that writes one large message to a file and tells what memory that took: a process of its
 * own, for in that of the tests the compiler has left free memory that would hide the growth.
 *
 * @module
 */

import { connectPop3, Secret } from "@mailwright/mailwright/pop3";

/** What the program reads as JSON. */
export interface LargeOrder {
  /** The server. */
  readonly url: string;
  /** The authority to trust. */
  readonly caPem: string;
  /** Who logs in. */
  readonly user: string;
  /** The password. */
  readonly password: string;
  /** Where the message goes. */
  readonly file: string;
}

/** What it prints as JSON. */
export interface LargeReport {
  /** The most memory that the process has ever had. */
  readonly peak: number;
}

const encoder = new TextEncoder();
const HEADER = encoder.encode(
  "Date: Mon, 5 May 2025 12:00:00 +0000\r\nSubject: One hundred megabytes\r\n\r\n",
);
/** Lines of the body: one begins with a dot, one with two. */
const LINES = encoder.encode(`.${"x".repeat(73)}.\r\n..${"y".repeat(72)}\r\n${"z".repeat(74)}\r\n`);
const TIMES = Math.ceil(100 * 1024 ** 2 / LINES.length);

/** The message that is expected. */
export function largeMessage(): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(HEADER.length + TIMES * LINES.length);
  message.set(HEADER);
  for (let at = HEADER.length; at < message.length; at += LINES.length) message.set(LINES, at);
  return message;
}

async function retrieve({ url, caPem, user, password, file }: LargeOrder): Promise<void> {
  await using session = await connectPop3({
    url,
    caCerts: [caPem],
    auth: { user, password: new Secret(password) },
  });
  const { numbers: [no] } = await session.snapshot();
  const answer = no && await session.retr(no);
  if (!answer?.ok) throw new Error("Cannot retrieve the message: there is none");
  using target = await Deno.open(file, { write: true, create: true });
  await answer.value.read(async (piece) => {
    for (let at = 0; at < piece.length;) at += await target.write(piece.subarray(at));
  });
}

/** As Linux keeps it, in kilobytes; what getrusage() says counts the parent as well. */
export async function peak(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

if (import.meta.main) {
  await retrieve(await new Response(Deno.stdin.readable).json());
  const report: LargeReport = { peak: await peak() };
  await Deno.stdout.write(encoder.encode(JSON.stringify(report)));
}
