import { equal } from "node:assert/strict";
import { type Endpoint, formatEndpoint } from "../../src/wire/mod.ts";

Deno.test.each([
  [{ transport: "tcp", hostname: "127.0.0.1", port: 25 }, "127.0.0.1:25"],
  [{ transport: "tcp", hostname: "mail.example", port: 465 }, "mail.example:465"],
  [{ transport: "tcp", hostname: "::1", port: 25 }, "[::1]:25"],
  [{ transport: "unix", path: "/run/lmtp" }, "unix:/run/lmtp"],
  [{ transport: "memory" }, "memory"],
] as [Endpoint, string][])(
  "formatEndpoint() writes %j",
  { permissions: "none" },
  (endpoint, text) => {
    equal(formatEndpoint(endpoint), text);
  },
);
