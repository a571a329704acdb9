/**
 * A program that sends one large message and tells what memory that took: a process of its own, for
 * in that of the tests the compiler has left free memory that would hide the growth.
 *
 * @module
 */
import { connectSmtp, Secret } from "@mailwright/mailwright/smtp";

/** What the program reads as JSON. */
export interface LargeOrder {
  /** The server. */
  readonly url: string;
  /** The authority to trust. */
  readonly caPem: string;
  /** Sender, and user of the login. */
  readonly user: string;
  /** The password. */
  readonly password: string;
  /** The recipient. */
  readonly to: string;
  /** Whether it goes by BDAT. */
  readonly chunking: boolean;
}

/** What it prints as JSON. */
export interface LargeReport {
  /** What became of the message. */
  readonly outcome: string;
  /** The octets of content that went over the wire. */
  readonly octets: number;
  /** The memory of the process before the first octet of the body. */
  readonly first: number;
  /** The most memory from then on. */
  readonly most: number;
}

const encoder = new TextEncoder();
const HEADER = encoder.encode("Subject: Two hundred megabytes\r\n\r\n");
/** A piece of the body: its lines begin with dots, and its end is within a line. */
const PIECE = encoder.encode(`..${"x".repeat(76)}\r\n`.repeat(820)).subarray(0, 65_521);
const PIECES = Math.ceil(200 * 1024 ** 2 / PIECE.length);

/** Whether the body of a stored message is all that was sent, and a line end. */
export function isWhole(stored: Uint8Array): boolean {
  const size = PIECES * PIECE.length;
  const message = stored.subarray(-HEADER.length - size - 2);
  if (!HEADER.every((octet, i) => message[i] === octet)) return false;
  const body = message.subarray(HEADER.length);
  for (let at = 0; at < size; at++) {
    if (body[at] !== PIECE[at % PIECE.length]) return false;
  }
  return body[size] === 0x0d && body[size + 1] === 0x0a;
}

async function send(
  { url, caPem, user, password, to, chunking }: LargeOrder,
): Promise<LargeReport> {
  await using session = await connectSmtp({
    url,
    caCerts: [caPem],
    auth: { user, password: new Secret(password) },
  });
  let first = 0;
  let most = 0;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield HEADER;
    first = Deno.memoryUsage().rss;
    for (let i = 0; i < PIECES; i++) {
      yield await Promise.resolve(PIECE);
      most = Math.max(most, Deno.memoryUsage().rss);
    }
  }
  const envelope = { from: user, to: [to], policy: "all" } as const;
  const { outcome, octets } = await session.send(envelope, pieces(), { chunking });
  return { outcome, octets, first, most };
}

if (import.meta.main) {
  const order: LargeOrder = await new Response(Deno.stdin.readable).json();
  await Deno.stdout.write(encoder.encode(JSON.stringify(await send(order))));
}
