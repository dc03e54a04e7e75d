// Tables of tiers as they are edited: exact decimals as texts, edges in whole parts per million.
import { parseDecimal } from "./amount";

export type Scalar = string | null;

// A row as the manager gives it: every value is the text that was written.
export type Row = Record<string, Scalar>;

export interface Tier {
  name: string;
  edge: string; // in percent
  above: boolean; // the edge itself is not in the tier
  multiplier: string;
  delay: string; // "" for none
  failure: boolean; // a check that ends here counts as failed
}

export interface Table {
  name: string;
  tiers: Tier[]; // from the best down
}

export const one_ppm = 1_000_000;
const percent_decimals = 4;
const ppm_per_percent = 10_000;

// "95.0001" is 950001; null where it is no percentage of at most four decimals.
export function ppmOf(percent: string): number | null {
  const value = parseDecimal(percent.trim());
  if (!value || value.digits < 0n || value.scale > percent_decimals) return null;
  const ppm = value.digits * 10n ** BigInt(percent_decimals - value.scale);
  return ppm <= BigInt(one_ppm) ? Number(ppm) : null;
}

export function percentOf(ppm: number): string {
  const fraction = String(ppm % ppm_per_percent).padStart(percent_decimals, "0").replace(/0+$/, "");
  return Math.floor(ppm / ppm_per_percent) + (fraction === "" ? "" : "." + fraction);
}

// The lowest uptime that is in the tier; null where its edge is no percentage.
export function fromPpm(tier: Tier): number | null {
  const ppm = ppmOf(tier.edge);
  return ppm === null ? null : ppm + (tier.above ? 1 : 0);
}

function sorted(tiers: Tier[]): Tier[] {
  return tiers.map((tier, at) => ({ tier, at, from: fromPpm(tier) ?? 0 }))
    .sort((a, b) => b.from - a.from || a.at - b.at).map(({ tier }) => tier);
}

// null where the rows are no tiers.
export function tableOf(name: string, rows: unknown): Table | null {
  if (!Array.isArray(rows)) return null;
  const tiers: Tier[] = [];
  for (const row of rows as unknown[]) {
    if (typeof row !== "object" || row === null) return null;
    const { tier, above, at_least, multiplier, delay, counts_as_failure } = row as Row;
    const edge = above ?? at_least;
    if (typeof tier !== "string" || typeof edge !== "string" || typeof multiplier !== "string") return null;
    tiers.push({ name: tier, edge, above: typeof above === "string", multiplier, delay: delay ?? "", failure: counts_as_failure === "true" });
  }
  return { name, tiers: sorted(tiers) };
}

// Where the edge of the tier at that place may be, in parts per million of its lowest uptime. The worst one holds 0 %.
export function rangeOf(tiers: Tier[], at: number): { least: number; most: number } | null {
  const here = tiers[at];
  const worse = tiers[at + 1];
  if (!here || !worse) return null;
  const better = tiers[at - 1];
  const below = fromPpm(worse);
  const beyond = better ? fromPpm(better) : one_ppm + 1;
  return below === null || beyond === null ? null : { least: below + 1, most: beyond - 1 };
}

// The tiers with that edge at that lowest uptime, held to what its neighbours leave.
export function withEdge(tiers: Tier[], at: number, from: number): Tier[] {
  const range = rangeOf(tiers, at);
  const tier = tiers[at];
  if (!range || !tier) return tiers;
  const held = Math.min(Math.max(from, range.least), range.most);
  const edge = percentOf(tier.above ? held - 1 : held);
  return tiers.map((one, place) => (place === at ? { ...one, edge } : one));
}

export function withTier(tiers: Tier[], at: number, changes: Partial<Tier>): Tier[] {
  return tiers.map((one, place) => (place === at ? { ...one, ...changes } : one));
}

// A new tier in the middle of the one at that place.
export function split(tiers: Tier[], at: number): Tier[] {
  const tier = tiers[at];
  const from = tier ? fromPpm(tier) : null;
  const better = at > 0 ? fromPpm(tiers[at - 1] as Tier) : one_ppm;
  if (!tier || from === null || better === null || better - from < 2) return tiers;
  const edge = percentOf(from + Math.floor((better - from) / 2));
  let number = 2;
  while (tiers.some((one) => one.name === `${tier.name}-${number}`)) ++number;
  const added = { ...tier, name: `${tier.name}-${number}`, edge, above: false };
  return [...tiers.slice(0, at), added, ...tiers.slice(at)];
}

// What is wrong with a tier before anything is asked; null: nothing is.
export function problemOf(tier: Tier): string | null {
  if (!/^[a-z0-9_-]{1,31}$/.test(tier.name)) return "name: want 1 to 31 characters a-z, 0-9, - and _";
  if (ppmOf(tier.edge) === null) return "edge: want a percentage from 0 to 100 with at most four decimals";
  const multiplier = parseDecimal(tier.multiplier.trim());
  if (!multiplier || multiplier.digits < 0n || multiplier.scale > 6) return "multiplier: want a decimal of at most six places";
  if (tier.delay !== "" && !/^\d{1,9}(\.\d{1,9})?(ms|s|m|h|d)$/.test(tier.delay.trim())) return "delay: want a duration such as 30s or 2m";
  return null;
}

export interface Written {
  text: string;
  // The table and the place of the tier that each line holds; lines count from 1.
  lines: Map<number, { table: string; tier: number }>;
}

// The text of the file. Decimals are written as they were typed.
export function written(tables: Table[]): Written {
  const out = ["# Tables of the policy, by name, as the web page wrote them. They are laid over payment.policy.config.tables."];
  const lines: Written["lines"] = new Map();
  if (tables.length === 0) out.push("{}");
  for (const table of tables) {
    out.push(`${JSON.stringify(table.name)}:`);
    table.tiers.forEach((tier, at) => {
      const parts = [`tier: ${JSON.stringify(tier.name)}`, `${tier.above ? "above" : "at_least"}: ${tier.edge.trim()}`, `multiplier: ${tier.multiplier.trim()}`];
      if (tier.delay.trim() !== "") parts.push(`delay: ${JSON.stringify(tier.delay.trim())}`);
      if (tier.failure) parts.push("counts_as_failure: true");
      out.push(`  - {${parts.join(", ")}}`);
      lines.set(out.length, { table: table.name, tier: at });
    });
  }
  return { text: out.join("\n") + "\n", lines };
}
