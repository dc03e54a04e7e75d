// What an orchestrator settles by itself: where its alerts go, and its secret.
import { useEffect, useState } from "preact/hooks";
import { ask, currentSession, messageOf, part, Refusal, rotateOwnSecret } from "./api";
import { Problem, Time } from "./parts";
import { none } from "./text";

interface Target {
  state: string; webhook: string | null; email: string | null; set_at: string; code_until: string | null; waiting: number;
  sent_today: number; failures: number; last_error: string | null; last_success: string | null;
}

function Shown({ of: one }: { of: Target }) {
  return (
    <dl class="rows">
      <dt>Goes to</dt><dd data-figure="target">{one.webhook ?? one.email ?? none}</dd>
      <dt>State</dt><dd>{one.state}{one.code_until !== null && <>; its code counts until <Time at={one.code_until} /></>}</dd>
      <dt>Sent today</dt><dd>{one.sent_today}; {one.waiting} wait{one.failures > 0 && `; ${one.failures} failed in a row: ${one.last_error ?? ""}`}</dd>
      <dt>Last accepted</dt><dd><Time at={one.last_success} /></dd>
    </dl>
  );
}

export function AlertTarget({ id }: { id: string }) {
  const path = `/livepeer/orchestrators/${part(id)}/alert-target`;
  const [target, setTarget] = useState<Target | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const attempt = (act: () => Promise<Target | null>) =>
    void act().then((next) => { setTarget(next); setProblem(null); }, (why) => setProblem(messageOf(why)));
  useEffect(() => {
    ask<Target>(path).then(setTarget, (why) => {
      if (!(why instanceof Refusal) || why.status !== 404) setProblem(messageOf(why));
    });
  }, [id]);
  const set = (event: SubmitEvent) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get("target") ?? "").trim();
    attempt(() => ask<Target>(path, { method: "PUT", body: text.startsWith("https://") ? { webhook: text } : { email: text } }));
  };
  const confirm = (event: SubmitEvent) => {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget as HTMLFormElement).get("code") ?? "").trim();
    attempt(() => ask<Target>(`${path}/confirm`, { method: "POST", body: { code } }));
  };
  return (
    <>
      {target === null ? <p class="note">No alerts are sent.</p> : <Shown of={target} />}
      <form onSubmit={set} aria-label="alert target">
        <label class="field">A webhook (a URL with https) or an e-mail address
          <input name="target" required maxLength={2048} pattern="https://\S+|[^@\s]+@[^@\s]+" autocomplete="off" /></label>
        <div class="buttons"><button type="submit">Set</button>
          {target !== null && <button type="button" onClick={() => attempt(() => ask<Target | null>(path, { method: "DELETE" }))}>Send none</button>}</div>
      </form>
      {target?.state === "unconfirmed" && (
        <form onSubmit={confirm} aria-label="code">
          <label class="field">The code that came by e-mail<input name="code" required maxLength={64} autocomplete="one-time-code" /></label>
          <button type="submit">Confirm</button>
        </form>
      )}
      <Problem text={problem} />
    </>
  );
}

// The new secret is shown once.
export function OwnSecret({ id }: { id: string }) {
  const [secret, setSecret] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const rotate = (event: SubmitEvent) => {
    event.preventDefault();
    const present = String(new FormData(event.currentTarget as HTMLFormElement).get("present") ?? "").trim();
    setProblem(null);
    rotateOwnSecret(id, present).then(setSecret, (why) => setProblem(messageOf(why)));
  };
  if (secret !== null) {
    return (
      <div role="status">
        <p>The new secret, which is shown only now. The old one is void; write this one where its worker reads it.</p>
        <p class="hash" data-figure="secret">{secret}</p>
      </div>
    );
  }
  return (
    <form onSubmit={rotate} aria-label="secret">
      <p class="note">Another secret makes the one that its worker uses void at once, and ends the sessions that began by it.</p>
      <label class="field">The present secret<input name="present" type="password" required maxLength={256} autocomplete="off" /></label>
      <button type="submit">Rotate the secret</button>
      <Problem text={problem} />
    </form>
  );
}

export function isOwn(id: string): boolean {
  return currentSession()?.orchestrator === id;
}
