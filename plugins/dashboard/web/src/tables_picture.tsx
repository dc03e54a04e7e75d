// A table of tiers as a picture: what is paid over the uptime, with edges that are dragged, or moved by keys.
import { useEffect, useRef, useState } from "preact/hooks";
import { compare, parseDecimal, share } from "./amount";
import { fromPpm, one_ppm, percentOf, rangeOf, withEdge, type Tier } from "./tables_model";

const height = 190; // px, of the steps
const below = 26; // px, for the scale
const tenth = 1000; // ppm: a step of the pointer and of an arrow key
const percent = 10 * tenth;
const grip = 12; // px to each side
const letter = 7; // px, of a text at most

function largest(tiers: Tier[]): string {
  let most = "1";
  for (const { multiplier } of tiers) {
    const a = parseDecimal(multiplier);
    const b = parseDecimal(most);
    if (a && b && compare(a, b) > 0) most = multiplier;
  }
  return most;
}

// As much as there is space for.
function wordsFor(tier: Tier, space: number): string {
  const all = `${tier.name} × ${tier.multiplier}`;
  return all.length * letter <= space ? all : `× ${tier.multiplier}`;
}

function moved(key: string, now: number, least: number, most: number): number | null {
  switch (key) {
    case "ArrowRight": case "ArrowUp": return now + tenth;
    case "ArrowLeft": case "ArrowDown": return now - tenth;
    case "PageUp": return now + percent;
    case "PageDown": return now - percent;
    case "Home": return least;
    case "End": return most;
    default: return null;
  }
}

interface Props { tiers: Tier[]; change: ((tiers: Tier[]) => void) | null; label: string }

export function Picture({ tiers, change, label }: Props) {
  const frame = useRef<SVGSVGElement>(null);
  const [width, setWidth] = useState(800);
  const [held, setHeld] = useState<number | null>(null);
  useEffect(() => {
    const svg = frame.current;
    if (!svg) return;
    const watch = new ResizeObserver(() => setWidth(Math.max(200, svg.clientWidth)));
    watch.observe(svg);
    return () => watch.disconnect();
  }, []);
  const x = (ppm: number) => Math.round((ppm / one_ppm) * width);
  const most = largest(tiers);
  const steps = tiers.map((tier, at) => {
    const from = fromPpm(tier) ?? 0;
    const to = at === 0 ? one_ppm : (fromPpm(tiers[at - 1] as Tier) ?? one_ppm);
    const tall = Math.round((share(tier.multiplier, most) / 1000) * (height - 24));
    return { tier, at, left: x(from), right: x(to), top: height - tall };
  });
  const at_pointer = (event: PointerEvent): number => {
    const box = frame.current?.getBoundingClientRect();
    if (!box || box.width === 0) return 0;
    return Math.round(((event.clientX - box.left) / box.width) * (one_ppm / tenth)) * tenth;
  };
  const drag = (at: number) => ({
    onPointerDown: (event: PointerEvent) => {
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      setHeld(at);
    },
    onPointerMove: (event: PointerEvent) => {
      const tier = tiers[at];
      if (held === at && tier) change?.(withEdge(tiers, at, at_pointer(event) + (tier.above ? 1 : 0)));
    },
    onPointerUp: () => setHeld(null),
    onPointerCancel: () => setHeld(null),
    onKeyDown: (event: KeyboardEvent) => {
      const range = rangeOf(tiers, at);
      const tier = tiers[at];
      const now = tier ? fromPpm(tier) : null;
      if (!range || now === null) return;
      const next = moved(event.key, now, range.least, range.most);
      if (next === null) return;
      event.preventDefault();
      change?.(withEdge(tiers, at, next));
    },
  });
  return (
    <svg ref={frame} class="picture" height={height + below} role="group" aria-label={label}>
      {steps.map(({ tier, at, left, right, top }) => (
        <g key={at}>
          <rect class={`step s${at % 2}`} x={left} y={top} width={Math.max(1, right - left)} height={height - top} />
          {right - left > 40 && <text class="name" x={(left + right) / 2} y={Math.max(14, top - 6)}>{wordsFor(tier, right - left)}</text>}
        </g>
      ))}
      <line class="ground" x1={0} x2={width} y1={height} y2={height} />
      {[0, 20, 40, 60, 80, 100].map((one) => (
        <text key={one} class={`scale ${one === 0 ? "first" : one === 100 ? "last" : ""}`} x={x(one * percent)} y={height + 17}>{one} %</text>
      ))}
      {change !== null && steps.map(({ tier, at, left }) => {
        const range = rangeOf(tiers, at);
        const now = fromPpm(tier);
        if (!range || now === null) return null;
        return (
          <g key={`edge-${at}`} class="edge" role="slider" tabindex={0} aria-orientation="horizontal" data-edge={tier.name}
            aria-label={`lower edge of ${tier.name}`} aria-valuemin={Number(percentOf(range.least))} aria-valuemax={Number(percentOf(range.most))}
            aria-valuenow={Number(percentOf(now))} aria-valuetext={`${tier.above ? "above" : "at least"} ${tier.edge} %`} {...drag(at)}>
            <rect class="grip" x={left - grip} y={0} width={2 * grip} height={height} />
            <line x1={left} x2={left} y1={0} y2={height} />
            <circle cx={left} cy={height - 9} r={6} />
          </g>
        );
      })}
    </svg>
  );
}
