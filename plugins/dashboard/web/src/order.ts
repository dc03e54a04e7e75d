// The order of long tables: a key is computed once for each row.
import { useMemo } from "preact/hooks";
import type { Store } from "./store";

export type Key = string | number | bigint | null;

function compareKeys(a: Key, b: Key): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? -1 : 1;
}

// Sorts by `key`, then by `rank`; rows without a key are the last in both directions.
export function ordered<Row>(rows: Row[], key: (row: Row) => Key, rank: (row: Row) => number, falling: boolean): Row[] {
  const keyed = rows.map((row) => ({ row, key: key(row), rank: rank(row) }));
  const sign = falling ? -1 : 1;
  keyed.sort((a, b) => {
    const order = compareKeys(a.key, b.key);
    return (a.key === null || b.key === null ? order : sign * order) || a.rank - b.rank;
  });
  return keyed.map((one) => one.row);
}

// Ids as a reader orders them: .2 before .10. Comparing them so is slow, so it is done once for each set of ids.
const collator = new Intl.Collator("en", { numeric: true });

export function useRanks(store: Store): Map<string, number> {
  return useMemo(() => {
    const ids = [...store.orchestrators.keys()].sort(collator.compare);
    return new Map(ids.map((id, at) => [id, at]));
  }, [store, store.membership]);
}
