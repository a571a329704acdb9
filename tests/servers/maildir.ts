/**
 * Reading what a server put into a Maildir.
 *
 * @module
 */
import { poll } from "./poll.ts";

const LF = 0x0a;
const CR = 0x0d;

/** Waits for `count` messages in the `new` and `cur` folders of a Maildir, oldest first. */
export async function readMaildir(path: string, count = 1): Promise<Uint8Array[]> {
  return await poll(`${count} messages in ${path}`, async () => {
    const found = await stored(path, count);
    if (found === undefined) return undefined;
    const names = [...found.keys()].sort((a, b) => arrival(a) - arrival(b));
    return names.flatMap((name) => found.get(name) ?? []);
  });
}

/**
 * Reads the messages of a Maildir as they are now, by their names without flags; `undefined` if there
 * are fewer than `count`, or a server has moved one of them meanwhile.
 */
export async function stored(
  path: string,
  count: number = 0,
): Promise<Map<string, Uint8Array> | undefined> {
  const messages = new Map<string, Uint8Array>();
  const paths = [...await list(`${path}/new`), ...await list(`${path}/cur`)];
  if (paths.length < count) return undefined;
  try {
    await together(paths, async (file) => {
      const [name = ""] = file.slice(file.lastIndexOf("/") + 1).split(":");
      messages.set(name, await Deno.readFile(file));
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return messages.size === paths.length ? messages : undefined;
}

/** Many things at a time, for mailboxes of many messages. */
export async function together<T>(
  all: readonly T[],
  work: (each: T) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < all.length; at += 200) {
    await Promise.all(all.slice(at, at + 200).map(work));
  }
}

/** The body of a stored message as text; delivery adds header fields, never a line here. */
export function bodyOf(message: Uint8Array = new Uint8Array()): string {
  const text = new TextDecoder().decode(message);
  return text.slice(text.indexOf("\r\n\r\n") + 4);
}

/** Gives a message stored with bare LF the line ends it had on the wire. */
export function withCrlf(stored: Uint8Array): Uint8Array {
  const isBare = (byte: number, i: number) => byte === LF && stored[i - 1] !== CR;
  let added = 0;
  stored.forEach((byte, i) => added += Number(isBare(byte, i)));
  const wire = new Uint8Array(stored.length + added);
  let end = 0;
  stored.forEach((byte, i) => {
    if (isBare(byte, i)) wire[end++] = CR;
    wire[end++] = byte;
  });
  return wire;
}

/** Gives a message the line ends of a server that stores a lone LF: the way back. */
export function withLf(message: Uint8Array): Uint8Array {
  return message.filter((byte, i) => byte !== CR || message[i + 1] !== LF);
}

/** The paths in a folder; none where there is no folder. */
export async function list(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => `${folder}/${name}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

// A name begins with the second of delivery; the microsecond follows "M" (Dovecot, Postfix) or
// "H" (Exim).
function arrival(name: string): number {
  const micro = /[MH](\d+)/.exec(name)?.[1] ?? "0";
  return Number.parseInt(name) * 1e6 + Number(micro);
}
