import { deepEqual, equal, ok } from "node:assert/strict";
import { type Bound, DomainGate } from "../../../src/jobs/bulk/send/domain_gate.ts";

const PURE = { permissions: "none" } as const;
const to = (recipient: string): Bound => ({ recipient });

Deno.test("DomainGate lets as many in for each domain as it was told", PURE, () => {
  const gate = new DomainGate(2);
  deepEqual(
    ["1@x", "2@x", "3@x", "1@y", "2@y", "3@y"].map((each) => gate.admit(to(each))),
    [true, true, false, true, true, false],
  );
  equal(gate.parked, 2);
  equal(gate.take(), undefined);
});

Deno.test("DomainGate lets the next one in, in order, when one has come back", PURE, () => {
  const gate = new DomainGate(1);
  const [one, two, three] = [to("1@x"), to("2@x"), to("3@x")];
  deepEqual([one, two, three].map((each) => gate.admit(each)), [true, false, false]);
  gate.leave(one);
  equal(gate.take(), two);
  equal(gate.take(), undefined);
  equal(gate.parked, 1);
  gate.leave(two);
  equal(gate.take(), three);
  gate.leave(three);
  equal(gate.parked, 0);
  equal(gate.admit(to("4@x")), true);
});

Deno.test("DomainGate keeps a place for who is free and has not been taken yet", PURE, () => {
  const gate = new DomainGate(1);
  const [one, two] = [to("1@x"), to("2@x")];
  gate.admit(one);
  gate.admit(two);
  gate.leave(one);
  equal(gate.admit(to("3@x")), false);
  equal(gate.parked, 2);
});

Deno.test("DomainGate goes by what follows the last at sign", PURE, () => {
  const gate = new DomainGate(1);
  equal(gate.admit(to('"a@y"@x')), true);
  equal(gate.admit(to("b@y")), true);
  equal(gate.admit(to("c@x")), false);
});

Deno.test("DomainGate gives all away that wait, and forgets them", PURE, () => {
  const gate = new DomainGate(1);
  const items = ["1@x", "2@x", "3@x", "1@y", "2@y"].map(to);
  for (const item of items) gate.admit(item);
  gate.leave(to("1@x")); // the second is free now, and nobody has taken it
  deepEqual([...gate.clear()].map(({ recipient }) => recipient), ["2@x", "3@x", "2@y"]);
  equal(gate.parked, 0);
  equal(gate.take(), undefined);
  deepEqual([...gate.clear()], []);
});

Deno.test(
  "DomainGate never has more inside than it was told, whatever comes and goes",
  PURE,
  () => {
    let seed = 1;
    const random = (below: number): number => (seed = seed * 48_271 % 2_147_483_647) % below;
    const gate = new DomainGate(3);
    const inside: Bound[] = [];
    let came = 0;
    let left = 0;
    const leave = (item: Bound | undefined): void => {
      if (item === undefined) return;
      gate.leave(item);
      left++;
      for (let free = gate.take(); free !== undefined; free = gate.take()) inside.push(free);
    };
    for (let step = 0; step < 20_000; step++) {
      if (random(2) === 0) {
        const item = to(`${came++}@d${random(5)}`);
        if (gate.admit(item)) inside.push(item);
      } else leave(inside.splice(random(Math.max(inside.length, 1)), 1)[0]);
      const counts = Map.groupBy(inside, ({ recipient }) => recipient.split("@")[1]);
      for (const [domain, items] of counts) ok(items.length <= 3, domain);
      equal(came, left + inside.length + gate.parked);
    }
    while (inside.length > 0) leave(inside.pop());
    deepEqual([left, gate.parked], [came, 0]);
  },
);
