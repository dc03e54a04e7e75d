// What the lists amount to, exactly.
import { decimalText, inUnits, sumOf } from "./amount";
import type { Store } from "./store";
import type { Payout } from "./types";

// In which asset an orchestrator is owed; null: in none yet.
export function assetOf(store: Store, id: string): { symbol: string; decimals: number } | null {
  const one = store.orchestrators.get(id);
  return one && one.asset !== null ? { symbol: one.asset, decimals: one.decimals } : null;
}

export function amountText(smallest: string, asset: { symbol: string; decimals: number } | null): string {
  return asset ? `${inUnits(smallest, asset.decimals)} ${asset.symbol}` : `${smallest} units`;
}

export function owedText(store: Store, id: string): string {
  const one = store.orchestrators.get(id);
  return one ? amountText(one.owed_wei, assetOf(store, id)) : "–";
}

// Sums for each asset, as texts with their symbols; an asset without a sum is left out.
class Sums {
  private readonly texts = new Map<string, string[]>();
  add(symbol: string, text: string): void {
    const known = this.texts.get(symbol);
    if (known) known.push(text);
    else this.texts.set(symbol, [text]);
  }
  lines(): string[] {
    return [...this.texts].map(([symbol, texts]) => `${decimalText(sumOf(texts))} ${symbol}`);
  }
}

export function owedTotal(store: Store): string[] {
  const sums = new Sums();
  for (const [id, one] of store.orchestrators) {
    const asset = assetOf(store, id);
    if (asset) sums.add(asset.symbol, inUnits(one.owed_wei, asset.decimals));
  }
  const lines = sums.lines();
  return lines.length > 0 ? lines : ["0"];
}

const over = new Set(["paid", "returned"]);

// Of payouts that are final, or on their way.
export function payoutTotal(payouts: Iterable<Payout>, final: boolean): string[] {
  const sums = new Sums();
  for (const one of payouts) {
    if (final ? one.state !== "paid" : over.has(one.state)) continue;
    sums.add(one.asset, inUnits(one.amount_wei, one.decimals));
  }
  const lines = sums.lines();
  return lines.length > 0 ? lines : ["0"];
}

// The same over all payouts that there ever were, where the API says so; a payee knows its own alone.
export function payoutsOfAll(store: Store, final: boolean): string[] {
  if (!store.status) return payoutTotal(allPayouts(store), final);
  const sums = new Sums();
  for (const one of store.status.networks) {
    const smallest = final ? one.paid : one.under_way;
    if (smallest !== "0") sums.add(one.asset, inUnits(smallest, one.decimals));
  }
  const lines = sums.lines();
  return lines.length > 0 ? lines : ["0"];
}

export function* allPayouts(store: Store): Generator<Payout> {
  for (const payouts of store.payouts.values()) yield* payouts.values();
}
