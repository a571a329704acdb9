/**
 * Maildrops that hold messages from the beginning: files of a Maildir.
 *
 * @module
 */
import type { MailServer } from "./mail_server.ts";
import { list, stored, together, withLf } from "./maildir.ts";
import { poll } from "./poll.ts";
import { account, run } from "./process.ts";
import { splitAddress } from "./users.ts";

/** A POP3 server. */
export interface Pop3Server extends MailServer {
  /** TCP ports: POP3 with STLS, POP3 within TLS. */
  readonly ports: { readonly pop3: number; readonly pop3s: number };
  /** Puts messages into the mailbox of a user, in this order. */
  fill(address: string, messages: Iterable<Uint8Array>): Promise<void>;
}

/** Maildrops that are Maildirs of the account `nobody`. */
export interface Maildrops {
  /** The folder that holds the mail of `local@domain` in the Maildir `domain/local/Maildir`. */
  readonly mail: string;
  /** Whether lines end in a lone LF in its files. @default {false} */
  readonly storesLf?: boolean;
}

/** Puts messages into the Maildir of a user, in this order. */
export async function fillMaildrop(
  server: Maildrops,
  address: string,
  messages: Iterable<Uint8Array>,
): Promise<void> {
  const { domain, local } = splitAddress(address);
  const owner = await account("nobody");
  let folder = server.mail;
  for (const name of [domain, local, "Maildir"]) await make(folder = `${folder}/${name}`, owner);
  for (const name of ["cur", "new", "tmp"]) await make(`${folder}/${name}`, owner);
  let number = (await list(`${folder}/new`)).length;
  await together([...messages], async (message) => {
    const stored = server.storesLf ? withLf(message) : message;
    // The second of delivery orders them; the size in the name is believed.
    const name = `${1_780_000_000 + number}.M${number++}P1.mail,S=${stored.length}`;
    await Deno.writeFile(`${folder}/new/${name}`, stored);
  });
  await run("chown", ["-R", `${owner.uid}:${owner.gid}`, `${folder}/new`]);
}

/** The messages of a user as they are stored, by the names of their files: Dovecot's unique-ids. */
export async function maildropOf(
  server: Maildrops,
  address: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { domain, local } = splitAddress(address);
  const folder = `${server.mail}/${domain}/${local}/Maildir`;
  return await poll(`${folder} to be still`, () => stored(folder));
}

async function make(path: string, owner: { uid: number; gid: number }): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  await Deno.chown(path, owner.uid, owner.gid);
}
