/**
 * A maildrop of Dovecot that holds messages from the beginning: files of a Maildir.
 *
 * @module
 */
import type { DovecotServer } from "./dovecot.ts";
import { list } from "./maildir.ts";
import { account } from "./process.ts";
import { splitAddress } from "./users.ts";

/** Puts messages into the Maildir of a user, in this order. */
export async function fillMaildrop(
  server: DovecotServer,
  address: string,
  messages: Iterable<Uint8Array>,
): Promise<void> {
  const { domain, local } = splitAddress(address);
  const owner = await account("nobody");
  let folder = server.mail;
  for (const name of [domain, local, "Maildir"]) await make(folder = `${folder}/${name}`, owner);
  for (const name of ["cur", "new", "tmp"]) await make(`${folder}/${name}`, owner);
  let number = (await list(`${folder}/new`)).length;
  for (const message of messages) {
    // The second of delivery orders them; Dovecot believes a size in the name.
    const path = `${folder}/new/${1_780_000_000 + number}.M${number}P1.mail,S=${message.length}`;
    await Deno.writeFile(path, message);
    await Deno.chown(path, owner.uid, owner.gid);
    number++;
  }
}

/** The messages of a user by the unique-ids that Dovecot gives them: the names of their files. */
export async function maildropOf(
  server: DovecotServer,
  address: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { domain, local } = splitAddress(address);
  const folder = `${server.mail}/${domain}/${local}/Maildir`;
  const paths = [...await list(`${folder}/new`), ...await list(`${folder}/cur`)];
  const messages = new Map<string, Uint8Array>();
  for (const path of paths) {
    const [uid = ""] = path.slice(path.lastIndexOf("/") + 1).split(":");
    messages.set(uid, await Deno.readFile(path));
  }
  return messages;
}

async function make(path: string, owner: { uid: number; gid: number }): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  await Deno.chown(path, owner.uid, owner.gid);
}
