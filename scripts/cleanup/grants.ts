/**
 * The flags that exactly one call needs (`--permissions`).
 *
 * @module
 */

import type { Policy, PolicyArchive } from "../../src/jobs/mod.ts";
import { grantsOf, proxyHost, smtpHost } from "../shared/grants.ts";
import type { PermissionsCall, ServerCall } from "./calls.ts";
import { serverOf } from "./connection.ts";
import { readPolicy } from "./policy_file.ts";

/**
 * The folders of the archives of a policy, as they lie beside it: the first step of each path.
 *
 * @param policy The policy.
 * @param base The folder that their paths begin at.
 * @returns The folders.
 */
export function archiveFolders(policy: Policy, base: string): string[] {
  return Object.values(policy.archives).map((archive) => {
    const [first = "", ...below] = pathOf(archive).split("/");
    // Whose name has a day in it, or is a file, lies with others in the base itself.
    const own = !first.includes("{") && !("mbox" in archive && below.length === 0);
    if (base === ".") return own ? first : base;
    return own ? `${base}/${first}` : base;
  });
}

/**
 * Makes sure of what a call will reach and write, before it asks anybody.
 *
 * @param call The call.
 * @param folders The folders that it writes.
 * @throws {Deno.errors.NotCapable} If something is not granted, in the words of the platform.
 */
export async function checkGrants(call: ServerCall, folders: readonly string[]): Promise<void> {
  for (const path of folders) {
    for (const name of ["read", "write"] as const) await checkGrant({ name, path }, path);
  }
  const host = reachedBy(call);
  await checkGrant({ name: "net", host }, host);
}

async function checkGrant(
  asked: Deno.PermissionDescriptor,
  value: string,
): Promise<void> {
  const { name } = asked;
  if ((await Deno.permissions.query(asked)).state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Requires ${name} access to "${value}", run again with the --allow-${name} flag`,
  );
}

/** Whom a call connects to: the proxy, if there is one. */
function reachedBy(call: ServerCall): string {
  if (call.proxy !== undefined) return proxyHost(call.proxy);
  const { host, port } = serverOf(call);
  return `${host}:${port}`;
}

/**
 * What must be granted for a folder that may have to be made: a new name is written into its parent.
 *
 * @param folder The folder.
 * @returns What is written, and what is read besides.
 */
async function makingOf(folder: string): Promise<{ write: string; read: string[] }> {
  let made = folder;
  for (let above = parentOf(made); !await mayBeThere(made); above = parentOf(made)) {
    if (above === made || await mayBeThere(above)) return { write: made, read: [above] };
    made = above;
  }
  return { write: folder, read: [] };
}

async function mayBeThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

function parentOf(path: string): string {
  const at = path.replace(/\/+$/, "").lastIndexOf("/");
  return at < 0 ? "." : path.slice(0, at) || "/";
}

/**
 * The flags of a call. Its policy is read, for it names the archives.
 *
 * @param call What was typed.
 * @returns One flag of each kind.
 */
export async function callGrants(call: PermissionsCall): Promise<string[]> {
  const { job, policy: path, smtp } = call;
  const asks = call.user !== undefined;
  const archives = job === undefined || path === undefined ? [] : await archivesOf(path);
  const reads = (smtp ?? call.export ?? call.by) !== undefined;
  const written = [job, ...(reads ? [] : archives), call.export];
  const folders = await Promise.all(written.filter((each) => each !== undefined).map(makingOf));
  return grantsOf({
    net: [asks ? reachedBy(call) : undefined, smtp && smtpHost(smtp)],
    read: [
      ...[call.tlsCa, call.tlsCert, call.tlsKey, call.smtpTlsCa, job && path],
      ...folders.flatMap(({ read }) => read),
      ...(reads ? archives : []),
    ],
    // Without a job the policy is what is to be written.
    write: [...folders.map(({ write }) => write), job === undefined ? path : undefined],
    env: asks && call.server === undefined ? ["POP3_URL"] : [],
    secrets: [call.passwordFrom, call.tokenFrom, call.smtpPasswordFrom, call.smtpTokenFrom],
  });
}

async function archivesOf(path: string): Promise<string[]> {
  const { policy, base } = await readPolicy(path);
  return archiveFolders(policy, base);
}

function pathOf(archive: PolicyArchive): string {
  if ("maildir" in archive) return archive.maildir;
  return "eml" in archive ? archive.eml : archive.mbox;
}
