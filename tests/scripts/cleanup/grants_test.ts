import { deepEqual } from "node:assert/strict";
import { archiveFolders } from "../../../scripts/cleanup/grants.ts";
import { grantsOf } from "../../../scripts/shared/grants.ts";
import { checkPolicy } from "../../../src/jobs/mod.ts";

const pure = { permissions: "none" } as const;

Deno.test("grantsOf() gives one flag of each kind, and what is written is read too", pure, () => {
  deepEqual(
    grantsOf({
      net: ["mail.example:995", undefined],
      read: ["policy.toml", undefined],
      write: ["ann.job"],
      secrets: [{ kind: "file", path: "pw" }, { kind: "env", name: "PW" }, { kind: "stdin" }],
    }),
    [
      "--allow-net=mail.example:995",
      "--allow-read=policy.toml,pw,ann.job",
      "--allow-write=ann.job",
      "--allow-env=PW",
    ],
  );
  deepEqual(grantsOf({ secrets: [{ kind: "command", path: "/bin/pw" }] }), [
    "--allow-run=/bin/pw",
  ]);
});

Deno.test.each([
  [{ maildir: "archive/lists/{yyyy}/{mm}" }, ".", "archive"],
  [{ maildir: "archive" }, "etc", "etc/archive"],
  [{ maildir: "a-{yyyy}" }, ".", "."],
  [{ eml: "a/b{yyyy}" }, "etc", "etc/a"],
  [{ mbox: "old/mail.mbox" }, "etc", "etc/old"],
  [{ mbox: "mail-{yyyy}.mbox" }, "etc", "etc"],
  [{ mbox: "mail.mbox" }, ".", "."],
])(
  "archiveFolders() gives the folder beside the policy: %j in %s",
  pure,
  (archive, base, folder) => {
    const rule = { id: "a", do: "keep", when: { size: ">1B" } };
    const policy = checkPolicy({ rules: [rule], archives: { old: archive } });
    deepEqual(archiveFolders(policy, base), [folder]);
  },
);
