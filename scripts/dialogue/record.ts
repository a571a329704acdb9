/** stub @module */
import type { RecordCall } from "./calls.ts";
import type { VerbContext } from "./context.ts";
import { fail } from "./failure.ts";

export function record(_call: RecordCall, _context: VerbContext): Promise<number> {
  return fail("not yet");
}
