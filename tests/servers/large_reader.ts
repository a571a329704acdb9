/**
 * A program that retrieves one large message and tells what memory that took: a process of its own,
 * for in that of the tests the compiler has left free memory that would hide the growth.
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
}

/** What it prints as JSON. */
export interface LargeReport {
  /** Whether the message is {@linkcode largeMessage}, octet by octet. */
  readonly whole: boolean;
  /** The memory of the process before the first octet. */
  readonly first: number;
  /** The most memory from then on. */
  readonly most: number;
}

const encoder = new TextEncoder();
const HEADER = encoder.encode("Subject: Two hundred megabytes\r\n\r\n");
/** A line of the body: it begins with a dot. */
const LINE = encoder.encode(`.${"x".repeat(73)}.\r\n`);
const LINES = Math.ceil(200 * 1024 ** 2 / LINE.length);
const SIZE = HEADER.length + LINES * LINE.length;

/** The message that is expected. */
export function largeMessage(): Uint8Array {
  const message = new Uint8Array(SIZE);
  message.set(HEADER);
  for (let at = HEADER.length; at < SIZE; at += LINE.length) message.set(LINE, at);
  return message;
}

/** The octet of the message at a place. */
function octetAt(at: number): number | undefined {
  return at < HEADER.length ? HEADER[at] : LINE[(at - HEADER.length) % LINE.length];
}

async function retrieve({ url, caPem, user, password }: LargeOrder): Promise<LargeReport> {
  await using session = await connectPop3({
    url,
    caCerts: [caPem],
    auth: { user, password: new Secret(password) },
  });
  const { numbers: [no] } = await session.snapshot();
  const answer = no && await session.retr(no);
  if (!answer?.ok) throw new Error("Cannot retrieve the message: there is none");
  let right = true;
  let at = 0;
  let pieces = 0;
  const first = Deno.memoryUsage().rss;
  let most = first;
  await answer.value.read((piece) => {
    for (const octet of piece) if (octet !== octetAt(at++)) right = false;
    // Asking costs more than reading a line.
    if (pieces++ % 1_000 === 0) most = Math.max(most, Deno.memoryUsage().rss);
  });
  return { whole: right && at === SIZE, first, most };
}

if (import.meta.main) {
  const order: LargeOrder = await new Response(Deno.stdin.readable).json();
  await Deno.stdout.write(encoder.encode(JSON.stringify(await retrieve(order))));
}
