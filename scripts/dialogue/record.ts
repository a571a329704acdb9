/**
 * `record`: writes a session down, one that is typed or those that go through a proxy.
 *
 * @module
 */

import type { RecordCall } from "./calls.ts";
import type { VerbContext } from "./context.ts";
import { fail } from "./failure.ts";
import { recordProxy } from "./record_proxy.ts";
import { recordTyped } from "./record_typed.ts";

/**
 * Writes sessions down.
 *
 * @param call What was typed.
 * @param context The rest.
 * @returns The exit number.
 */
export async function record(call: RecordCall, context: VerbContext): Promise<number> {
  const { to, proxy } = call;
  if (proxy !== undefined) return await recordProxy(call, proxy, context);
  if (to !== undefined) return await recordTyped(call, to, context);
  return fail("Cannot record: --to or --proxy is missing, such as --to smtp://mail.example");
}
