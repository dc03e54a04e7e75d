// What the manager says of a draft: what it pays for each uptime, and what it would have paid.
import { ppmText, spanText } from "./text";

export interface Finding {
  file: string; // the configuration's, or that of the tables
  line: number | null;
  column: number | null;
  path: string;
  message: string;
}

interface Step { from_ppm: number; to_ppm: number; tier: string; decided: boolean; multiplier: string; amount_usd: string; next_in_seconds: string; usd_per_minute: string }

export interface Check {
  valid: boolean;
  text: string[];
  findings: Finding[];
  policies: { path: string; base_usd: string; table: Step[]; largest_usd_per_day: string }[];
  largest_usd_per_day_all: string | null;
}

interface Sum {
  decisions: number;
  recorded_usd: string;
  usd_at_these_checks: string;
  simulated_usd_low: string;
  simulated_usd_high: string;
  unobserved_seconds: number;
  other_tier: number;
  other_wait: number;
}

export interface Replay {
  valid: boolean;
  from?: string;
  to?: string;
  findings: Finding[];
  decisions?: number;
  not_reproduced?: number;
  problems?: string[];
  total?: Sum | null;
  orchestrators?: { changed: number; list: (Sum & { orchestrator: string })[] };
}

const shown_orchestrators = 5;

export function Checked({ check }: { check: Check }) {
  const policy = check.policies[0];
  // What is wrong with a tier is said at its row.
  const text = check.valid || check.findings.length === 0 ? check.text : ["refused: see what is said of its tiers"];
  return (
    <>
      <ul data-figure="check" class={check.valid ? "" : "findings"}>{text.map((line) => <li key={line}>{line}</li>)}</ul>
      {policy && (
        <div class="wide" tabIndex={0} role="region" aria-label="what each uptime pays">
          <table>
            <thead><tr><th scope="col" class="number">From</th><th scope="col" class="number">To</th><th scope="col">Tier</th><th scope="col" class="number">×</th>
              <th scope="col" class="number">USD</th><th scope="col" class="number">Next after</th><th scope="col" class="number">USD a minute</th></tr></thead>
            <tbody>{policy.table.map((one) => (
              <tr key={one.from_ppm}>
                <td class="number">{ppmText(one.from_ppm)}</td><td class="number">{ppmText(one.to_ppm)}</td><th scope="row">{one.decided ? one.tier : "nothing is decided"}</th>
                <td class="number">{one.multiplier}</td><td class="number">{one.amount_usd}</td><td class="number">{one.next_in_seconds} s</td><td class="number">{one.usd_per_minute}</td>
              </tr>
            ))}</tbody>
          </table>
          <p class="note">At most {policy.largest_usd_per_day} USD a day for one orchestrator.</p>
        </div>
      )}
    </>
  );
}

export const rangeText = (sum: Sum) => (sum.simulated_usd_low === sum.simulated_usd_high ? sum.simulated_usd_low : `${sum.simulated_usd_low} to ${sum.simulated_usd_high}`);

// Those that would be paid or checked otherwise, the largest change first.
export function Differs({ changed, list }: { changed: number; list: (Sum & { orchestrator: string })[] }) {
  const listed = list.slice(0, shown_orchestrators);
  const more = changed - listed.length;
  return (
    <div class="wide" tabIndex={0} role="region" aria-label="orchestrators that would change most">
      <table>
        <thead><tr><th scope="col">Would change most</th><th scope="col" class="number">Checks</th><th scope="col" class="number">Recorded USD</th><th scope="col" class="number">Would be USD</th><th scope="col" class="number">Other tiers</th></tr></thead>
        <tbody>{listed.map((one) => (
          <tr key={one.orchestrator} data-changed={one.orchestrator}>
            <th scope="row">{one.orchestrator}</th><td class="number">{one.decisions}</td><td class="number">{one.recorded_usd}</td><td class="number">{rangeText(one)}</td><td class="number">{one.other_tier}</td>
          </tr>
        ))}</tbody>
      </table>
      {more > 0 && <p class="note">And {more} more.</p>}
    </div>
  );
}

export function Replayed({ replay, days }: { replay: Replay; days: number }) {
  const { total, orchestrators } = replay;
  if (!replay.valid) return <ul class="findings">{replay.findings.map((one) => <li key={one.message}>{one.message}</li>)}</ul>;
  if (!total || !orchestrators) {
    return (
      <>
        <p class="problem">{replay.not_reproduced} of {replay.decisions} decisions are not what their own policy comes to now, so nothing is compared.</p>
        <ul>{(replay.problems ?? []).slice(0, shown_orchestrators).map((one) => <li key={one}>{one}</li>)}</ul>
      </>
    );
  }
  return (
    <>
      <p data-figure="replay">
        {`Last ${days === 1 ? "day" : `${days} days`}: ${rangeText(total)} USD instead of ${total.recorded_usd}; `}
        {orchestrators.changed === 0 ? "nothing would change." : `${orchestrators.changed} ${orchestrators.changed === 1 ? "orchestrator" : "orchestrators"} would change.`}
      </p>
      <p class="note">
        {total.decisions} decisions, each reproduced first; {total.usd_at_these_checks} USD for the same checks, {total.other_tier} in another tier.
        {total.unobserved_seconds > 0 && ` Its own checks ask about ${spanText(total.unobserved_seconds)} that was not observed: hence a range.`}
      </p>
      {orchestrators.list.length > 0 && <Differs {...orchestrators} />}
    </>
  );
}
