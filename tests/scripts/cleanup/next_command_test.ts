import { equal } from "node:assert/strict";
import { applyCommand, planCommand } from "../../../scripts/cleanup/next_command.ts";

const pure = { permissions: "none" } as const;
const SERVER = ["--server", "pop3s://mail.example", "--user", "ann@mail.example"];

Deno.test("applyCommand() repeats the call with another verb", pure, () => {
  const args = [...SERVER, "--job", "ann.job", "--json"];
  const expected =
    "cleanup apply 3f2a9c41 --server pop3s://mail.example --user ann@mail.example --job ann.job";
  equal(applyCommand(args, "3f2a9c41"), expected);
  equal(applyCommand(["plan", "--all", ...args, "--accept-churn"], "3f2a9c41"), expected);
});

Deno.test("applyCommand() quotes for a shell", pure, () => {
  equal(
    applyCommand(["--job", "Ann's box", "--policy", "a;b.toml"], "3f2a9c41"),
    "cleanup apply 3f2a9c41 --job 'Ann'\\''s box' --policy 'a;b.toml'",
  );
});

Deno.test("planCommand() repeats the call that wrote the policy", pure, () => {
  const expected = "cleanup plan --server pop3s://mail.example --user ann@mail.example " +
    "--policy 'my rules.toml' --job ann.job";
  const policy = "my rules.toml";
  for (
    const more of [
      [],
      ["--sample", "50", "--policy", policy],
      ["--sample=50", `--policy=${policy}`, "--quiet"],
    ]
  ) {
    equal(planCommand(["init", ...SERVER, ...more], policy, "ann@mail.example"), expected);
  }
  equal(planCommand(["init"], "p.toml", "'"), "cleanup plan --policy p.toml --job mailbox.job");
});
