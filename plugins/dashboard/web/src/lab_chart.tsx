// The factor of demand over time, beside the jobs that were asked for and the orchestrators that were up.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { colour, tickText } from "./chart";

export interface Point { at: string; factor: string; recorded: string; up: number; jobs: number; failed: number }

interface Props { points: Point[]; by: "recorded" | "configured"; least: string; most: string }

const height = 260; // px
const dash = [6, 4];

// For a line on a screen alone; figures are shown as the texts that they came as.
const dataOf = (points: Point[]): uPlot.AlignedData => [
  points.map((one) => Date.parse(one.at) / 1000),
  points.map((one) => Number(one.factor)),
  points.map((one) => Number(one.recorded)),
  points.map((one) => one.up),
  points.map((one) => one.jobs),
];

function axis(more: uPlot.Axis): uPlot.Axis {
  return {
    stroke: () => colour("--text-soft"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { stroke: () => colour("--line"), width: 1 },
    font: "12px system-ui, sans-serif", ...more,
  };
}

export function FactorChart({ points, by, least, most }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = frame.current;
    if (!box) return undefined;
    const stepped = uPlot.paths.stepped?.({ align: 1 });
    const until = uPlot.paths.stepped?.({ align: -1 }); // jobs are those of the time before their point
    const line = (label: string, name: string, more: Partial<uPlot.Series>): uPlot.Series => ({
      label, stroke: () => colour(name), width: 1.5, points: { show: points.length < 3 }, ...(stepped ? { paths: stepped } : {}), ...more,
    });
    const size = () => ({ width: Math.max(200, box.clientWidth), height });
    const made = new uPlot({
      ...size(), tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), "Etc/UTC"), legend: { show: false }, cursor: { drag: { x: true, y: false } },
      scales: { factor: { range: (_, low, high) => [Math.min(low ?? 1, 1) - 0.05, Math.max(high ?? 1, 1) + 0.05] }, count: { range: (_, _low, high) => [0, Math.max(high ?? 1, 1) * 1.1] } },
      axes: [axis({ space: 90, values: (_, ticks) => ticks.map((at, index) => tickText(at, ticks[index - 1])) }), axis({ scale: "factor", size: 56 }),
        axis({ scale: "count", side: 1, size: 50, grid: { show: false } })],
      series: [{}, line("factor", "--accent", { scale: "factor" }), line("recorded", "--faint", { scale: "factor", show: by === "configured" }),
        line("up", "--good", { scale: "count", dash }), line("jobs", "--warn", { scale: "count", ...(until ? { paths: until } : {}) })],
    }, dataOf(points), box);
    const watcher = new ResizeObserver(() => made.setSize(size()));
    watcher.observe(box);
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => made.redraw();
    dark.addEventListener("change", redraw);
    return () => {
      watcher.disconnect();
      dark.removeEventListener("change", redraw);
      made.destroy();
    };
  }, [points, by]);
  return (
    <figure class="chart" data-points={points.length}>
      <div ref={frame} role="img" aria-label={`factor of demand, ${least} to ${most}, with the orchestrators that were up and the jobs that were asked for; the points are listed below`} />
      <figcaption class="note">
        <span class="key line" /> factor {by === "configured" && <><span class="key line before" /> factor that was recorded </>}
        <span class="key line up" /> orchestrators up <span class="key line jobs" /> jobs asked for
      </figcaption>
    </figure>
  );
}
