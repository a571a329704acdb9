/**
 * The flags that exactly one call needs (`--permissions`).
 *
 * @module
 */

import type { DialogueStep } from "../../src/dialogue/mod.ts";
import { grantsOf } from "../shared/grants.ts";
import type { ListenAddress, PermissionsCall } from "./calls.ts";
import type { VerbContext } from "./context.ts";
import { Library } from "./library.ts";
import { namedTarget } from "./targets.ts";

/**
 * The flags of a call. Its files are read, for they name others.
 *
 * @param call What was typed.
 * @param paths The files.
 * @param context Where standard input comes from.
 * @returns One flag of each kind.
 */
export async function callGrants(
  call: PermissionsCall,
  paths: readonly string[],
  { readers }: VerbContext,
): Promise<string[]> {
  const { root, from, to = [], proxy, listen, over, check, expand } = call;
  const targets = [...[to].flat(), proxy?.to].filter((one) => one !== undefined).map(namedTarget);
  const library = new Library({ root, from, readers });
  const named = (await library.load(paths)).flatMap(({ path, dialogues }) =>
    dialogues.flatMap(({ steps }) => filesOf(steps).map((file) => besideOf(path, file)))
  );
  const { tlsCa, cert, key, stored, promote, transcript, saveDialogue, output } = call;
  const formats = (call.format ?? []).map(({ path }) => path);
  const layout = call.verb === "fmt" && !check && !expand ? paths : [];
  return grantsOf({
    net: [
      ...targets.map(({ host, path }) => host ?? (path && `unix:${path}`)),
      listen && addressOf(listen, over),
      proxy && addressOf(proxy.listen),
    ],
    read: [
      ...Object.keys(library.sources).filter((path) => path !== "-" && path !== "stdin"),
      ...[...named, root, tlsCa, cert, key, stored, promote],
      ...targets.map(({ path }) => path),
    ],
    write: [
      ...[transcript === "-" ? undefined : transcript, saveDialogue, output],
      ...[...formats, ...layout, ...targets.map(({ path }) => path)],
    ],
    secrets: (call.secret ?? []).map(([, source]) => source),
  });
}

function filesOf(steps: readonly DialogueStep[]): readonly string[] {
  return steps.flatMap((step) =>
    step.kind === "block"
      ? step.arms.flatMap((arm) => filesOf(arm))
      : step.kind === "bytes" && "path" in step.from
      ? [step.from.path]
      : []
  );
}

function besideOf(file: string, path: string): string {
  return `${file.slice(0, file.lastIndexOf("/") + 1)}${path}`;
}

/** The sandbox takes other ports as well. */
function addressOf({ hostname, port }: ListenAddress, over = false): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return port === 0 || over ? host : `${host}:${port}`;
}
