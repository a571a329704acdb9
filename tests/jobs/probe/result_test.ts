import { deepEqual, equal } from "node:assert/strict";
import {
  exitCodeOf,
  type Finding,
  statusOf,
  worstFirst,
  worstStatus,
} from "../../../src/jobs/mod.ts";

Deno.test("worstStatus() orders ok, warning, unknown, critical", { permissions: "none" }, () => {
  equal(worstStatus([]), "ok");
  equal(worstStatus(["ok", "warning"]), "warning");
  equal(worstStatus(["warning", "unknown", "ok"]), "unknown");
  equal(worstStatus(["unknown", "critical", "warning"]), "critical");
});

Deno.test("exitCodeOf() is that of monitoring plugins", { permissions: "none" }, () => {
  deepEqual((["ok", "warning", "critical", "unknown"] as const).map(exitCodeOf), [0, 1, 2, 3]);
});

Deno.test("statusOf() takes info for ok", { permissions: "none" }, () => {
  equal(statusOf("info"), "ok");
  equal(statusOf("unknown"), "unknown");
});

Deno.test("worstFirst() keeps the order of equals", { permissions: "none" }, () => {
  const finding = (id: string, severity: Finding["severity"]): Finding => ({
    host: "mail.example",
    ip: null,
    port: 25,
    protocol: "smtp",
    stage: "tcp",
    id,
    severity,
    evidence: [],
    fix: "",
  });
  const findings = [
    finding("a", "info"),
    finding("b", "warning"),
    finding("c", "critical"),
    finding("d", "unknown"),
    finding("e", "critical"),
  ];
  equal(worstFirst(findings).map(({ id }) => id).join(""), "cedba");
});
