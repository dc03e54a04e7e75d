// What the host observed of the services of one orchestrator, as strips over the last day.
import { useEffect, useState } from "preact/hooks";
import { ask, messageOf, part } from "./api";
import { Problem } from "./parts";
import { hourText, none, spanText, timeText } from "./text";

interface Span { from: string; to: string; verdict: string }
interface Observations { from: string; to: string; complete: boolean; targets: { target: string; spans: Span[] }[] }

const width = 960; // of the drawing, in its own units
const classes: Record<string, string> = { up: "full", down: "failed", degraded: "part", unknown: "unknown" };

function lengths(spans: Span[]): Map<string, number> {
  const out = new Map<string, number>();
  for (const one of spans) out.set(one.verdict, (out.get(one.verdict) ?? 0) + (Date.parse(one.to) - Date.parse(one.from)) / 1000);
  return out;
}

function Day({ from, to, spans }: { from: string; to: string; spans: Span[] }) {
  const start = Date.parse(from);
  const scale = width / Math.max(1, Date.parse(to) - start);
  const paths = new Map<string, string>();
  for (const one of spans) {
    const kind = classes[one.verdict] ?? "unknown";
    const x = (Date.parse(one.from) - start) * scale;
    const length = Math.max(1, (Date.parse(one.to) - Date.parse(one.from)) * scale);
    const height = kind === "full" ? 18 : kind === "part" ? 11 : kind === "failed" ? 18 : 5;
    paths.set(kind, `${paths.get(kind) ?? ""}M${x.toFixed(1)} 19v-${height}h${length.toFixed(1)}v${height}z`);
  }
  const words = [...lengths(spans)].map(([verdict, seconds]) => `${verdict} ${spanText(seconds)}`).join(", ");
  return (
    <svg class="strip day" viewBox={`0 0 ${width} 20`} preserveAspectRatio="none" role="img" aria-label={words === "" ? "nothing was observed" : words}>
      {[...paths].map(([kind, path]) => <path key={kind} class={kind} d={path} />)}
    </svg>
  );
}

// `news` changes where there may be newer ones.
export function Services({ id, news }: { id: string; news: number }) {
  const [found, setFound] = useState<Observations | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let wanted = true;
    ask<Observations>(`/livepeer/orchestrators/${part(id)}/observations`).then(
      (answer) => { if (wanted) { setFound(answer); setProblem(null); } }, (why) => wanted && setProblem(messageOf(why)));
    return () => { wanted = false; };
  }, [id, news]);
  if (problem !== null) return <Problem text={problem} />;
  if (found === null) return <p class="note" role="status">Asking …</p>;
  if (found.targets.length === 0) {
    return <p class="note">This host has observed none in the last day. `checks` of the configuration say what it looks at by itself; the worker's own services are in its answers.</p>;
  }
  return (
    <div class="wide" tabIndex={0} role="region" aria-label="observed services">
      <table>
        <thead><tr><th scope="col">Service</th><th scope="col">Now</th><th scope="col">Since</th><th scope="col">{timeText(found.from)} to {hourText(found.to)}</th><th scope="col">Observed</th></tr></thead>
        <tbody>
          {found.targets.map(({ target, spans }) => {
            const last = spans.at(-1);
            return (
              <tr key={target} data-service={target}>
                <th scope="row">{target}</th><td>{last?.verdict ?? none}</td><td>{last ? timeText(last.from) : none}</td>
                <td><Day from={found.from} to={found.to} spans={spans} /></td>
                <td>{[...lengths(spans)].map(([verdict, seconds]) => `${verdict} ${spanText(seconds)}`).join(", ")}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {!found.complete && <p class="note">Only the newest ones.</p>}
    </div>
  );
}
