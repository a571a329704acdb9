import { equal } from "node:assert/strict";
import { applyCommand } from "../../../scripts/cleanup/next_command.ts";

const pure = { permissions: "none" } as const;

Deno.test("applyCommand() repeats the call with another verb", pure, () => {
  const args = ["--server", "pop3s://mail.example", "--user", "ann", "--job", "ann.job", "--json"];
  const expected = "cleanup apply 3f2a9c41 --server pop3s://mail.example --user ann --job ann.job";
  equal(applyCommand(args, "3f2a9c41"), expected);
  equal(applyCommand(["plan", "--all", ...args, "--accept-churn"], "3f2a9c41"), expected);
});

Deno.test("applyCommand() quotes for a shell", pure, () => {
  equal(
    applyCommand(["--job", "Ann's box", "--policy", "a;b.toml"], "3f2a9c41"),
    "cleanup apply 3f2a9c41 --job 'Ann'\\''s box' --policy 'a;b.toml'",
  );
});
