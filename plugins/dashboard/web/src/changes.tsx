// What changed about one orchestrator beside its decisions, as the ledger has it.
import { useEffect, useState } from "preact/hooks";
import { ask, messageOf, part } from "./api";
import { Problem, Time } from "./parts";
import type { Change } from "./types";

interface Part { changes: Change[]; next_cursor: string | null }

const names: Record<string, string> = {
  orchestrator: "identity", adjustment: "adjustment", pardon: "pardon", manual_payment: "manual payment",
  objection: "objection", objection_answer: "answer to an objection",
};

// The members that a row states; of an identity those that differ from the one before it.
function words(one: Change, older: Change | undefined): string[] {
  const before = one.kind === "orchestrator" && older ? older.details : {};
  return Object.entries(one.details)
    .filter(([name, value]) => value !== "" && value !== null && (one.kind !== "orchestrator" || before[name] !== value))
    .map(([name, value]) => `${name.replace(/_/g, " ")}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
}

export function Changes({ id, news }: { id: string; news: number }) {
  const [all, setAll] = useState<Change[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [state, setState] = useState<{ loading: boolean; problem: string | null }>({ loading: true, problem: null });
  const load = (from: string | null) => {
    ask<Part>(`/livepeer/orchestrators/${part(id)}/changes?limit=50${from === null ? "" : "&cursor=" + part(from)}`).then((answer) => {
      setAll((old) => (from === null ? answer.changes : [...old, ...answer.changes]));
      setCursor(answer.next_cursor);
      setState({ loading: false, problem: null });
    }, (why) => setState({ loading: false, problem: messageOf(why) }));
  };
  useEffect(() => load(null), [id, news]);
  if (state.problem !== null) return <Problem text={state.problem} />;
  if (state.loading) return <p class="note" role="status">Asking …</p>;
  if (all.length === 0) return <p class="note">None that is not archived.</p>;
  return (
    <>
      <ul class="objections">
        {all.map((one, index) => {
          const older = all.slice(index + 1).find((other) => other.kind === "orchestrator");
          return (
            <li key={one.row} data-change={one.row}>
              <p><b>{names[one.kind] ?? one.kind}</b>{" "}
                {one.at !== null ? <Time at={one.at} /> : one.not_before !== null ? <>after <Time at={one.not_before} /></> : "at first"}{" "}
                <span class="note">row {one.row}</span></p>
              <ul>{words(one, older).map((text) => <li key={text}>{text}</li>)}</ul>
            </li>
          );
        })}
      </ul>
      {cursor !== null && <button type="button" onClick={() => load(cursor)}>Older ones</button>}
    </>
  );
}
