/** Findings in words. */

import type { Finding } from "./documents.js";

/** What a rule found, where it shows, under which clause, and what to do instead. */
export function told(finding: Finding): string {
  const lines = [`${finding.severity}: ${finding.title} (${finding.rule})`, `  ${finding.clause}`];
  return [...lines, ...finding.evidence.map(evidence), `  ${finding.remedy}`].join("\n");
}

function evidence(one: Finding["evidence"][number]): string {
  const parts = [`${one.message} ${one.number}`, one.element, one.found, one.expected && `expected ${one.expected}`];
  return `  ${parts.filter(Boolean).join(", ")}`;
}
