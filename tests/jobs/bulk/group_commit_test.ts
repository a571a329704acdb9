import { deepEqual, equal, rejects } from "node:assert/strict";
import { GroupCommit } from "../../../src/jobs/bulk/journal/group_commit.ts";

const PURE = { permissions: "none" } as const;

Deno.test("GroupCommit writes together what comes together", PURE, async () => {
  const groups: (readonly number[])[] = [];
  const commit = new GroupCommit<number>((changes) => void groups.push(changes));
  const late = async (): Promise<void> => {
    await undefined; // as a handler that has something to do first
    await undefined;
    await commit.add(3);
  };
  await Promise.all([commit.add(1), commit.add(2), late()]);
  await commit.add(4);
  deepEqual(groups, [[1, 2, 3], [4]]);
});

Deno.test(
  "GroupCommit does not wait for ever for what comes one after the other",
  PURE,
  async () => {
    const groups: number[] = [];
    const commit = new GroupCommit<number>((changes) => void groups.push(changes.length));
    let going = true;
    const pouring = (async () => {
      const added: Promise<void>[] = [];
      for (let at = 0; going && at < 10_000; at++) {
        added.push(commit.add(at));
        await undefined;
      }
      await Promise.all(added);
    })();
    await commit.add(-1);
    going = false;
    await pouring;
    equal((groups[0] ?? 0) <= 70, true);
  },
);

Deno.test("GroupCommit writes one group after the other", PURE, async () => {
  const log: string[] = [];
  let finish = (): void => {};
  const commit = new GroupCommit<string>(async (changes) => {
    log.push(`begin ${changes.join()}`);
    await new Promise<void>((resolve) => finish = resolve);
    log.push(`end ${changes.join()}`);
  });
  const first = commit.add("a");
  for (let turn = 0; turn < 100 && log.length === 0; turn++) await undefined;
  const second = commit.add("b");
  for (let turn = 0; turn < 100; turn++) await undefined;
  deepEqual(log, ["begin a"]);
  finish();
  await first;
  for (let turn = 0; turn < 100 && log.length < 3; turn++) await undefined;
  finish();
  await second;
  deepEqual(log, ["begin a", "end a", "begin b", "end b"]);
});

Deno.test("GroupCommit writes nothing any more after a failure [T-B09]", PURE, async () => {
  let writes = 0;
  const commit = new GroupCommit<number>(() => {
    writes++;
    throw new Error("disk full");
  });
  await rejects(Promise.all([commit.add(1), commit.add(2)]), { message: "disk full" });
  await rejects(commit.add(3), { message: "disk full" });
  equal(writes, 1);
  await commit.flush();
});

Deno.test("GroupCommit fails what waits behind a failed write", PURE, async () => {
  let fail = (): void => {};
  let writes = 0;
  const commit = new GroupCommit<number>(() => {
    writes++;
    return new Promise<void>((_, reject) => fail = () => reject(new Error("disk full")));
  });
  const first = commit.add(1);
  for (let turn = 0; turn < 100 && writes === 0; turn++) await undefined;
  const second = commit.add(2);
  fail();
  await rejects(first, { message: "disk full" });
  await rejects(second, { message: "disk full" });
  equal(writes, 1);
});
