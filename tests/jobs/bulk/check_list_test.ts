import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { BulkMessage } from "../../../src/jobs/bulk/message/bulk_message.ts";
import { checkList } from "../../../src/jobs/bulk/list/check_list.ts";
import { KeySet } from "../../../src/jobs/bulk/list/key_set.ts";

const PURE = { permissions: "none" } as const;
const MESSAGE = new BulkMessage({
  kind: "written",
  from: "news@here.example",
  subject: "Hello {{name}}",
  text: "You owe {{sum}}.\n",
  attachments: [],
  headers: [],
}, { fingerprint: "f" });

function list(...lines: readonly string[]): Uint8Array[] {
  return [new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""))];
}

Deno.test("checkList() counts, and keeps the first of everything", PURE, async () => {
  const rows = Array.from({ length: 100 }, (_, at) => `p${at % 50}@x.example,P${at},1`);
  const check = await checkList(list("email,name,sum", ...rows, "nobody,x,1"), {
    message: MESSAGE,
    nowMs: 0,
    maxErrors: 3,
    samples: 2,
  });
  deepEqual(
    [check.rows, check.recipients, check.duplicates, check.wrong, check.samples.length],
    [101, 50, 50, 1, 2],
  );
  deepEqual(check.firstDuplicates.map(({ line, first }) => [line, first]), [
    [52, 2],
    [53, 3],
    [54, 4],
  ]);
  ok(check.octets > 50 * 200);
});

Deno.test(
  "checkList() lists what rows lack, and refuses each of them with its line",
  PURE,
  async () => {
    const check = await checkList(
      list(
        "email,name",
        "a@x.example,A",
        '"b@x.example","B',
        'b"',
        "c@x.example,",
        "d@x.example,D",
      ),
      { message: MESSAGE, nowMs: 0 },
    );
    deepEqual(check.missing, [
      { field: "sum", rows: 2, line: 2 },
      { field: "name", rows: 1, line: 5 },
    ]);
    // The second row begins in line 3, and its name would begin a line of the header.
    deepEqual(check.errors.map(({ line }) => line), [2, 3, 5, 6]);
    equal(check.recipients, 0);
  },
);

Deno.test("checkList() tells where a list ends that makes no sense", PURE, async () => {
  const check = await checkList(list("email", "a@x.example", '"b@x.example'), { nowMs: 0 });
  deepEqual([check.rows, check.recipients, check.wrong, check.errors[0]?.line], [1, 1, 1, 3]);
  const stop = AbortSignal.abort(new Error("enough"));
  await rejects(checkList(list("email", "a@x.example"), { nowMs: 0, signal: stop }), /enough/);
});

Deno.test(
  "KeySet knows each key and its first line, in memory that does not hold the keys",
  PURE,
  () => {
    const keys = new KeySet();
    const COUNT = 50_000;
    for (let at = 1; at <= COUNT; at++) equal(keys.add(`p${at}@mail.example`, at), undefined);
    equal(keys.size, COUNT);
    for (let at = 1; at <= COUNT; at += 7) equal(keys.add(`p${at}@mail.example`, 99), at);
    equal(keys.add("", 5), undefined);
    equal(keys.add("", 6), 5);
  },
);
