// How values are written.
import type { Trail } from "./trail";
import type { Payment } from "./types";

export const none = "–";

// "2026-11-28T08:38:01.929Z" as "2026-11-28 08:38:01"; all times of the page are UTC.
export function timeText(utc: string | null | undefined): string {
  if (!utc) return none;
  const found = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})/.exec(utc);
  return found ? `${found[1]} ${found[2]}` : utc;
}

export function hourText(utc: string | null | undefined): string {
  const text = timeText(utc);
  return text === none ? none : text.slice(11);
}

// A time span in at most two units: 75 is "1 min 15 s".
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

// Until `utc` by a clock that shows `now` (ms since 1970).
export function untilText(utc: string | null, now: number | null): string {
  if (!utc) return none;
  if (now === null) return hourText(utc);
  const seconds = Math.ceil((Date.parse(utc) - now) / 1000);
  if (!Number.isFinite(seconds)) return utc;
  if (seconds > 0) return `in ${spanText(seconds)}`;
  return seconds > -2 ? "now" : `${spanText(-seconds)} ago`;
}

export function percentText(percent: number | null | undefined): string {
  return percent === null || percent === undefined ? none : `${percent} %`;
}

// Parts per million as a percentage, by its digits.
export function ppmText(ppm: number | null): string {
  if (ppm === null) return none;
  const whole = Math.floor(ppm / 10_000);
  const fraction = String(ppm % 10_000).padStart(4, "0").replace(/0+$/, "");
  return `${whole}${fraction === "" ? "" : "." + fraction} %`;
}

export function shortHash(hash: string | null | undefined): string {
  if (!hash) return none;
  return hash.length > 20 ? `${hash.slice(0, 10)}…${hash.slice(-6)}` : hash;
}

// A name for a file, of characters that each system takes.
export function fileName(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 80);
}

// What became of a check, when, and how long its answer took.
export function checkText(last: Payment | undefined): string {
  if (!last) return "none yet";
  return outcomeText(last.job, last.decided_at, last.evidence?.latency_ms);
}

export function trailText(last: Trail | undefined): string {
  return last ? outcomeText(last.job, Number.isNaN(last.at) ? null : new Date(last.at).toISOString(), last.latency) : "none yet";
}

function outcomeText(job: string | undefined, at: string | null | undefined, latency: number | undefined): string {
  return `${job ?? none} ${hourText(at)}${latency === undefined ? "" : `, ${latency < 1 ? "< 1" : Math.round(latency)} ms`}`;
}
