// The objections of one orchestrator. Their texts are as others wrote them, and are only ever text nodes.
import { useEffect, useState } from "preact/hooks";
import { ask, may, messageOf, part } from "./api";
import { useAttempt } from "./attempt";
import { Mark, Problem, Time } from "./parts";
import type { Objection } from "./types";

const most_shown = 200;

function Answer({ of: one, changed }: { of: Objection; changed: () => void }) {
  const { busy, problem, attempt } = useAttempt();
  const [draft, setDraft] = useState<{ reason: string; amount: string } | null>(null);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setDraft({ reason: String(form.get("reason") ?? ""), amount: String(form.get("amount") ?? "").trim() });
  };
  const send = async () => {
    if (!draft) return;
    const body = draft.amount === "" ? { reason: draft.reason } : { reason: draft.reason, amount_usd: draft.amount };
    const done = await attempt(() => ask(`/livepeer/orchestrators/${part(one.orchestrator)}/payments/${one.epoch}/objection/answer`, { method: "POST", body }));
    if (done) changed();
    else setDraft(null);
  };
  if (draft) {
    return (
      <div class="order" role="group" aria-label="the answer, before it is sent">
        <p>The answer is final: “{draft.reason}”{draft.amount === "" ? ", and pays nothing." : `, and pays ${draft.amount} USD.`}</p>
        <button type="button" class="main" disabled={busy} onClick={() => void send()}>Answer</button>
        <button type="button" onClick={() => setDraft(null)}>Back</button>
      </div>
    );
  }
  return (
    <details>
      <summary>Answer</summary>
      <form class="order" onSubmit={submit}>
        <label class="field">Reason, which the orchestrator gets<textarea name="reason" required maxLength={2000} rows={3} /></label>
        {may("payments:adjust") && (
          <label class="field">Pay, in USD (nothing where it is empty)<input name="amount" inputMode="decimal" pattern="\d{1,12}(\.\d{1,18})?" autocomplete="off" /></label>
        )}
        <button type="submit">Preview</button>
        <Problem text={problem} />
      </form>
    </details>
  );
}

export function Objections({ id, news }: { id: string; news: number }) {
  const [all, setAll] = useState<Objection[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let wanted = true;
    ask<{ objections: Objection[] }>(`/livepeer/objections?orchestrator=${part(id)}&limit=${most_shown}`).then(
      (answer) => wanted && setAll(answer.objections), (why) => wanted && setProblem(messageOf(why)));
    return () => { wanted = false; };
  }, [id, round, news]);
  if (problem !== null) return <Problem text={problem} />;
  if (all === null) return <p class="note" role="status">Asking …</p>;
  if (all.length === 0) return <p class="note">None.</p>;
  return (
    <ul class="objections">
      {all.map((one) => (
        <li key={one.epoch} data-objection={one.epoch}>
          <p><Mark of={one.state} /> epoch {one.epoch}, <Time at={one.objected_at} />, by {one.by}</p>
          <blockquote>{one.text}</blockquote>
          {one.answer !== null && (
            <><p class="note">Answered <Time at={one.answered_at} /> by {one.answered_by}{one.amount_usd !== null && `, with ${one.amount_usd} USD`}</p>
              <blockquote>{one.answer}</blockquote></>
          )}
          {one.state === "open" && may("objections:answer") && <Answer of={one} changed={() => setRound(round + 1)} />}
        </li>
      ))}
    </ul>
  );
}
