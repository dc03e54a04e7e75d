// The host's clock, as its answers show it. A browser's own clock may be wrong by hours.

let lowest = -Infinity; // of host time minus `performance.now()`, in ms
let highest = Infinity;

// An answer that was asked for at `asked` and came at `came` (performance.now()) names the time `at` (ms since 1970),
// which the host cut to `step` ms.
export function observe(at: number, step: number, asked: number, came: number): void {
  if (!Number.isFinite(at)) return;
  const low = at - came;
  const high = at + step - asked;
  // Another time than before: the host's clock was set, or this machine slept.
  if (high < lowest || low > highest) {
    lowest = low;
    highest = high;
    return;
  }
  lowest = Math.max(lowest, low);
  highest = Math.min(highest, high);
}

// ms since 1970 at the host; null: not known yet.
export function hostNow(): number | null {
  if (!Number.isFinite(lowest)) return null;
  return performance.now() + (lowest + highest) / 2;
}

// Calls `tick` each second until the function that it returns is called.
const ticks = new Set<() => void>();
let timer: number | undefined;
export function eachSecond(tick: () => void): () => void {
  ticks.add(tick);
  timer ??= window.setInterval(() => ticks.forEach((one) => one()), 1000);
  return () => {
    ticks.delete(tick);
    if (ticks.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}
