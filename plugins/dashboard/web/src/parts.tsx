// Small pieces that all pages use.
import type { ComponentChildren } from "preact";
import { useContext, useEffect, useReducer } from "preact/hooks";
import { createContext } from "preact";
import { eachSecond, hostNow } from "./clock";
import type { Store } from "./store";
import { none, timeText, untilText } from "./text";
import { trail_length, type CheckKind, type Trail } from "./trail";

export const StoreContext = createContext<Store>(null as unknown as Store);

// The store; the component is drawn again when it changes.
export function useStore(): Store {
  const store = useContext(StoreContext);
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => store.subscribe(() => draw(undefined)), [store]);
  return store;
}

export function useSeconds(): void {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => eachSecond(() => draw(undefined)), []);
}

export function Countdown({ at }: { at: string | null }) {
  useSeconds();
  return at === null ? <>{none}</> : <time dateTime={at} title={`${timeText(at)} UTC`}>{untilText(at, hostNow())}</time>;
}

export function Time({ at }: { at: string | null | undefined }) {
  return at ? <time dateTime={at}>{timeText(at)}</time> : <>{none}</>;
}

// How a state is coloured; the word itself is always there.
const tones: Record<string, string> = {
  ok: "good", connected: "good", excellent: "good", good: "good", paid: "good", confirmed: "good", approved: "good",
  answered: "plain", warning: "warn", degraded: "warn", held: "warn", unapproved: "warn", open: "warn", poor: "warn",
  frozen: "bad", critical: "bad", offline: "bad", unhealthy: "bad", unavailable: "bad", suspended: "bad", failed: "bad",
  disconnected: "off", removed: "off", returned: "off",
};

export function Mark({ of: word }: { of: string | null | undefined }) {
  if (!word) return <>{none}</>;
  return <span class={`mark ${tones[word] ?? "plain"}`}>{word}</span>;
}

export function Section({ title, children, note }: { title: string; children: ComponentChildren; note?: ComponentChildren }) {
  const id = "s-" + title.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return (
    <section aria-labelledby={id}>
      <div class="head"><h2 id={id}>{title}</h2>{note !== undefined && <span class="note">{note}</span>}</div>
      {children}
    </section>
  );
}

export function Figure({ name, value, children, figure }: {
  name: string; value: string | string[]; children?: ComponentChildren; figure: string;
}) {
  const lines = Array.isArray(value) ? value : [value];
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd data-figure={figure}>{lines.map((line) => <span class="amount" key={line}>{line}</span>)}</dd>
      {children !== undefined && <dd class="note">{children}</dd>}
    </div>
  );
}

export function Problem({ text }: { text: string | null }) {
  return text === null ? null : <p class="problem" role="alert">{text}</p>;
}

const bar = 4; // px, with its gap

// The last checks of one orchestrator, the newest at the right; the height is the uptime.
export function Strip({ trail }: { trail: Trail | undefined }) {
  const shown = trail?.bars() ?? [];
  const paths: Record<CheckKind, string> = { full: "", part: "", failed: "", unknown: "" };
  const counts: Record<CheckKind, number> = { full: 0, part: 0, failed: 0, unknown: 0 };
  shown.forEach(({ kind, uptime }, index) => {
    ++counts[kind];
    const x = (trail_length - shown.length + index) * bar;
    const height = kind === "full" || kind === "part" ? Math.max(2, (uptime / 100) * 18) : kind === "failed" ? 18 : 5;
    paths[kind] += `M${x} 19v-${height.toFixed(1)}h3v${height.toFixed(1)}z`;
  });
  const words = shown.length === 0 ? "no check yet"
    : `last ${shown.length} checks: ${counts.full} paid in full, ${counts.part} less, ${counts.failed} failed` +
      (counts.unknown > 0 ? `, ${counts.unknown} unknown` : "");
  return (
    <svg class="strip" viewBox={`0 0 ${trail_length * bar} 20`} role="img" aria-label={words}>
      <path class="full" d={paths.full} /><path class="part" d={paths.part} />
      <path class="failed" d={paths.failed} /><path class="unknown" d={paths.unknown} />
    </svg>
  );
}
