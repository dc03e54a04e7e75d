// Invitations by which orchestrators join: one is made and shown once, those that are open are listed and revoked.
import { useEffect, useState } from "preact/hooks";
import { ask, may, part } from "./api";
import { useAttempt } from "./attempt";
import { Dialog } from "./orders";
import { Mark, Problem, Time } from "./parts";
import { none } from "./text";

interface Invitation {
  id: string;
  state: "open" | "used" | "expired" | "revoked";
  capability: string | null;
  network: string | null;
  approve: boolean;
  made_by: string;
  expires_at: string;
  used_by: string | null;
}
interface Made { invitation: Invitation; token: string; command: string }

const path = "/livepeer/orchestrators/invitations";
const most_shown = 50;
const text = (form: FormData, name: string) => String(form.get(name) ?? "").trim();

function Shown({ made }: { made: Made }) {
  return (
    <div class="order" role="status">
      <p>The invitation, which is not shown again and is taken once, until <Time at={made.invitation.expires_at} /> UTC:</p>
      <p><code class="hash" data-figure="token">{made.token}</code></p>
      <p>At the orchestrator, with it in the file FILE of mode 0600, and its own options behind:</p>
      <p><code class="hash" data-figure="command">{made.command}</code></p>
    </div>
  );
}

function Form({ busy, make }: { busy: boolean; make: (form: FormData) => void }) {
  return (
    <form class="order" onSubmit={(event) => { event.preventDefault(); make(new FormData(event.currentTarget as HTMLFormElement)); }}>
      <label class="field">Valid for<input name="expires_in" required pattern="\d{1,4}[mhd]" defaultValue="24h" autocomplete="off" /></label>
      <label class="field">Capability, one of the configuration (empty: any)<input name="capability" maxLength={128} autocomplete="off" /></label>
      <label class="field">Network, one of the configuration (empty: the first)<input name="network" maxLength={128} autocomplete="off" /></label>
      <label><input type="checkbox" name="approve" /> Approve it at its first proof</label>
      <div class="buttons"><button type="submit" class="main" disabled={busy}>Make the invitation</button></div>
    </form>
  );
}

function List({ all, busy, revoke }: { all: Invitation[]; busy: boolean; revoke: (id: string) => void }) {
  if (all.length === 0) return <p class="note">There is none.</p>;
  return (
    <div class="wide" tabIndex={0} role="region" aria-label="Invitations">
      <table>
        <thead><tr><th>Revoke</th><th>State</th><th>Id</th><th>Expires (UTC)</th><th>For</th><th>Approves</th><th>Used by</th><th>Made by</th></tr></thead>
        <tbody>
          {all.slice(0, most_shown).map((one) => (
            <tr key={one.id} data-invitation={one.id}>
              <td>{one.state === "open"
                ? <button type="button" disabled={busy} aria-label={`Revoke ${one.id}`} onClick={() => revoke(one.id)}>Revoke</button> : none}</td>
              <td><Mark of={one.state} /></td>
              <td><code>{one.id}</code></td>
              <td><Time at={one.expires_at} /></td>
              <td>{[one.capability, one.network].filter((each) => each !== null).join(", ") || none}</td>
              <td>{one.approve ? "yes" : "no"}</td>
              <td>{one.used_by ?? none}</td>
              <td>{one.made_by}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function InvitationsDialog({ close }: { close: () => void }) {
  const [all, setAll] = useState<Invitation[] | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  const { busy, problem, attempt } = useAttempt();
  const change = (act: () => Promise<void>) => void attempt(async () => {
    await act();
    setAll((await ask<{ invitations: Invitation[] }>(path)).invitations);
  });
  useEffect(() => change(async () => undefined), []);
  const make = (form: FormData) => change(async () => {
    const named = (name: string) => (text(form, name) === "" ? {} : { [name]: text(form, name) });
    setMade(await ask<Made>(path, {
      method: "POST",
      body: {
        manager_url: location.origin, expires_in: text(form, "expires_in"), approve: form.get("approve") !== null,
        ...named("capability"), ...named("network"),
      },
    }));
  });
  const revoke = (id: string) => change(async () => { await ask(`${path}/${part(id)}`, { method: "DELETE" }); });
  return (
    <Dialog title="Invite an orchestrator" close={close}>
      {made ? <Shown made={made} /> : <Form busy={busy} make={make} />}
      <Problem text={problem} />
      <h3>Invitations</h3>
      {all ? <List all={all} busy={busy} revoke={revoke} /> : <p class="note" role="status">Asking the manager …</p>}
      <div class="buttons"><button type="button" onClick={close}>Close</button></div>
    </Dialog>
  );
}

export function Invite() {
  const [shown, setShown] = useState(false);
  if (!may("orchestrators:approve")) return null;
  return (
    <>
      <button type="button" onClick={() => setShown(true)}>Invite an orchestrator</button>
      {shown && <InvitationsDialog close={() => setShown(false)} />}
    </>
  );
}
