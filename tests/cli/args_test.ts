import { deepEqual, doesNotMatch, equal, throws } from "node:assert/strict";
import {
  duration,
  formatTarget,
  logLevel,
  neverInArguments,
  port,
  rate,
  size,
  tlsLevel,
} from "../../src/cli/mod.ts";

function given(name: string, value: string) {
  return { label: "Option", name, type: "any", value };
}

Deno.test.each<[string, number]>([
  ["1ms", 1],
  ["500ms", 500],
  ["30s", 30_000],
  ["5m", 300_000],
  ["6h", 21_600_000],
  ["21d", 1_814_400_000],
])("duration() reads %s", { permissions: "none" }, (value, ms) => {
  equal(duration(given("--timeout", value)), ms);
});

Deno.test.each([
  ...["5x", "5", "-1s", "0s", "1.5s", " 5s", "5S", "5 s", "1h30m", "5min", "s", "99999999999999d"],
].map((value) => [value] as [string]))(
  "duration() refuses %s, naming option and value [T-I46]",
  { permissions: "none" },
  (value) => {
    throws(() => duration(given("--timeout", value)), {
      name: "ValidationError",
      message: `Cannot read --timeout "${value}": expected a duration such as 500ms, 30s or 5m`,
    });
  },
);

Deno.test.each<[string, number]>([
  ["512B", 512],
  ["1kB", 1000],
  ["1KB", 1000],
  ["10MB", 10_000_000],
  ["2GB", 2_000_000_000],
  ["64KiB", 65_536],
  ["1MiB", 1_048_576],
  ["1GiB", 1_073_741_824],
])("size() reads %s", { permissions: "none" }, (value, octets) => {
  equal(size(given("--limit", value)), octets);
});

Deno.test.each([["10"], ["10mb"], ["10kiB"], ["10iB"], ["0B"], ["-1B"], ["1.5MB"], [
  "99999999999GB",
]])(
  "size() refuses %s [T-I46]",
  { permissions: "none" },
  (value) => {
    throws(() => size(given("--limit", value ?? "")), {
      message: `Cannot read --limit "${value}": expected a size such as 10MB or 64KiB`,
    });
  },
);

Deno.test("port() reads 1 to 65535", { permissions: "none" }, () => {
  equal(port(given("--port", "1")), 1);
  equal(port(given("--port", "65535")), 65_535);
});

Deno.test.each([["0"], ["65536"], ["70000"], ["smtp"], ["0587"], ["+25"], ["25 "], ["1e3"]])(
  "port() refuses %s [T-I46]",
  { permissions: "none" },
  (value) => {
    throws(() => port(given("--port", value ?? "")), {
      message: `Cannot read --port "${value}": expected a port from 1 to 65535`,
    });
  },
);

Deno.test("rate() reads counts per second, minute and hour", { permissions: "none" }, () => {
  deepEqual(rate(given("--rate", "10/s")), { count: 10, perMs: 1000 });
  deepEqual(rate(given("--rate", "600/min")), { count: 600, perMs: 60_000 });
  deepEqual(rate(given("--rate", "20000/h")), { count: 20_000, perMs: 3_600_000 });
});

Deno.test.each([["10"], ["0/s"], ["10/m"], ["10/d"], ["10 /s"], ["-1/s"], ["1.5/s"]])(
  "rate() refuses %s [T-I46]",
  { permissions: "none" },
  (value) => {
    throws(() => rate(given("--rate", value ?? "")), {
      message: `Cannot read --rate "${value}": expected a rate such as 10/s, 600/min or 20000/h`,
    });
  },
);

Deno.test("tlsLevel and logLevel know their words only [T-I46]", { permissions: "none" }, () => {
  equal(tlsLevel.parse(given("--tls", "required")), "required");
  equal(logLevel.parse(given("--log", "debug")), "debug");
  throws(() => tlsLevel.parse(given("--tls", "on")), {
    message: 'Cannot read --tls "on": expected one of none, opportunistic, required, implicit',
  });
  throws(() => logLevel.parse(given("--log", "Debug")), { name: "ValidationError" });
});

Deno.test("formatTarget() reads a format and a path", { permissions: "none" }, () => {
  const format = formatTarget(["text", "json"]);
  deepEqual(format(given("--format", "text")), { format: "text" });
  deepEqual(format(given("--format", "json:C:\\out.json")), {
    format: "json",
    path: "C:\\out.json",
  });
  for (const value of ["xml", "json:", "JSON", ":out"]) {
    throws(() => format(given("--format", value)), {
      message:
        `Cannot read --format "${value}": expected one of text, json, or one of them with :PATH`,
    });
  }
});

Deno.test("neverInArguments() refuses a password and does not repeat it [T-I47]", {
  permissions: "none",
}, () => {
  throws(() => neverInArguments(given("--password", "hunter2")), (error) => {
    doesNotMatch(Deno.inspect(error), /hunter2/);
    return /use --password-from env:NAME/.test(String(error));
  });
});
