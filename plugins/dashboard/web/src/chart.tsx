// The uptime of one orchestrator over time. Failed checks, unknown uptime and gaps are drawn as what they are.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Gap, Payment } from "./types";

const seconds = (utc: string | undefined | null) => (utc ? Date.parse(utc) / 1000 : NaN);

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// The day where it is another than at the tick before.
export function tickText(at: number, before: number | undefined): string {
  const text = new Date(at * 1000).toISOString();
  const day = before === undefined || new Date(before * 1000).toISOString().slice(0, 10) !== text.slice(0, 10);
  return (day ? text.slice(5, 10) + " " : "") + text.slice(11, 19).replace(/:00$/, "");
}

// Slanted lines over the whole height from `from` to `to` (px of the canvas).
function hatch(plot: uPlot, from: number, to: number, stroke: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, bbox.top, Math.max(2, to - from), bbox.height);
  ctx.clip();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let x = from - bbox.height; x < to; x += 7) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

function bands(plot: uPlot, decisions: Payment[], gaps: Gap[], now: number): void {
  const { ctx, bbox } = plot;
  const x = (at: number) => Math.min(Math.max(plot.valToPos(at, "x", true), bbox.left), bbox.left + bbox.width);
  decisions.forEach((one, index) => {
    const to = seconds(one.decided_at);
    const before = decisions[index - 1];
    const from = before ? seconds(before.decided_at) : to;
    if (one.job !== "ok") {
      ctx.fillStyle = colour("--band-bad");
      ctx.fillRect(x(from), bbox.top, Math.max(2, x(to) - x(from)), bbox.height);
    } else if (one.uptime_percent === null || one.uptime_percent === undefined) {
      hatch(plot, x(from), x(to), colour("--faint"));
    }
  });
  for (const gap of gaps) hatch(plot, x(seconds(gap.from)), x(gap.to === null ? now : seconds(gap.to)), colour("--warn"));
}

interface Props {
  decisions: Payment[]; // the oldest first
  gaps: Gap[];
  now: number; // s since 1970, at the host
}

export function UptimeChart({ decisions, gaps, now }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef<Props>({ decisions, gaps, now });
  latest.current = { decisions, gaps, now };
  // A gap that goes on is drawn up to now.
  const end = gaps.some((gap) => gap.to === null) ? [now] : [];
  const data = (): uPlot.AlignedData => [
    [...decisions.map((one) => seconds(one.decided_at)), ...end],
    [...decisions.map((one) => (one.job === "ok" ? one.uptime_percent ?? null : null)), ...end.map(() => null)],
  ];

  useEffect(() => {
    const box = frame.current;
    if (!box) return undefined;
    const axis = (): Partial<uPlot.Axis> => ({
      stroke: () => colour("--text-soft"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { stroke: () => colour("--line"), width: 1 },
      font: "12px system-ui, sans-serif",
    });
    const made = new uPlot({
      width: Math.max(200, box.clientWidth), height: 220, tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), "Etc/UTC"),
      legend: { show: false }, cursor: { drag: { x: true, y: false } },
      scales: { y: { range: [0, 105] } },
      axes: [{ ...axis(), space: 90, values: (_, ticks) => ticks.map((at, index) => tickText(at, ticks[index - 1])) }, { ...axis(), values: (_, ticks) => ticks.map((one) => `${one} %`), size: 56 }],
      series: [{}, {
        label: "uptime", stroke: () => colour("--accent"), width: 1.5, spanGaps: false,
        ...(uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: -1 }) } : {}), points: { show: false },
      }],
      hooks: { drawClear: [(one) => bands(one, latest.current.decisions, latest.current.gaps, latest.current.now)] },
    }, data(), box);
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: Math.max(200, box.clientWidth), height: 220 }));
    watcher.observe(box);
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => made.redraw();
    dark.addEventListener("change", redraw);
    return () => {
      watcher.disconnect();
      dark.removeEventListener("change", redraw);
      made.destroy();
    };
  }, []);
  const newest = decisions.at(-1)?.epoch;
  useEffect(() => plot.current?.setData(data()), [newest, decisions.length, JSON.stringify(gaps), end.map((at) => Math.floor(at / 5)).join()]);

  const failed = decisions.filter((one) => one.job !== "ok").length;
  const label = `uptime of the last ${decisions.length} decisions: ${failed} failed checks, ${gaps.length} gaps; the decisions are listed below`;
  return (
    <figure class="chart">
      <div ref={frame} role="img" aria-label={label} />
      <figcaption class="note">
        <span class="key line" /> uptime <span class="key failed" /> failed check <span class="key gap" /> gap: not paid through our own fault
        <span class="key unknown" /> uptime unknown
      </figcaption>
    </figure>
  );
}
