// The last checks of an orchestrator, in the same space from the first one to the millionth: a byte for each bar of its
// strip, and the newest check's own fields.
import { compare, parseDecimal } from "./amount";
import type { Payment } from "./types";

export type CheckKind = "full" | "part" | "failed" | "unknown";

const kinds: CheckKind[] = ["full", "part", "failed", "unknown"];
const whole = { digits: 1n, scale: 0 };

export const trail_length = 30;

export interface Bar {
  kind: CheckKind;
  uptime: number; // percent, rounded; 0 where it is none
}

function kindOf(one: Payment): CheckKind {
  if (one.job !== "ok") return "failed";
  if (one.uptime_percent === null || one.uptime_percent === undefined) return "unknown";
  const multiplier = parseDecimal(one.multiplier ?? "");
  return multiplier && compare(multiplier, whole) >= 0 ? "full" : "part";
}

// The kind in the two upper bits would leave 64 heights; so it is the quotient by this. 0 is an epoch that is not known.
const heights = 51;

function coded(one: Payment): number {
  return 1 + kinds.indexOf(kindOf(one)) * heights + Math.round((one.uptime_percent ?? 0) / 2);
}

function decoded(code: number): Bar {
  return { kind: kinds[Math.floor((code - 1) / heights)] as CheckKind, uptime: ((code - 1) % heights) * 2 };
}

export class Trail {
  epoch = -1; // of the newest check; none: -1
  job: string | undefined;
  at = 0; // Unix time in ms
  latency: number | undefined; // ms
  uptime: number | null = null; // percent
  tier: string | undefined;
  amount = ""; // USD
  private readonly codes = new Uint8Array(trail_length); // that of an epoch at its remainder

  // Epochs come in any order, and more than once.
  take(one: Payment): void {
    const epoch = one.epoch;
    if (epoch === undefined || epoch <= this.epoch - trail_length) return;
    if (epoch > this.epoch) {
      const missed = Math.min(epoch - this.epoch - 1, trail_length);
      for (let back = 1; back <= missed; ++back) this.codes[this.place(epoch - back)] = 0;
      this.epoch = epoch;
      this.job = one.job;
      this.at = Date.parse(one.decided_at ?? "");
      this.latency = one.evidence?.latency_ms;
      this.uptime = one.uptime_percent ?? null;
      this.tier = one.tier;
      this.amount = one.amount_usd;
    }
    this.codes[this.place(epoch)] = coded(one);
  }

  // Of the epochs that are known, the oldest first.
  bars(): Bar[] {
    const out: Bar[] = [];
    for (let back = trail_length - 1; back >= 0; --back) {
      const code = this.epoch < back ? 0 : this.codes[this.place(this.epoch - back)] ?? 0;
      if (code !== 0) out.push(decoded(code));
    }
    return out;
  }

  private place(epoch: number): number {
    return ((epoch % trail_length) + trail_length) % trail_length;
  }
}
