// Follows the manager's events, and begins again where they end.
import { currentSession, part, resume } from "./api";
import type { Store } from "./store";

const names = ["payment", "payout", "objection", "state", "alert", "gap"];
const again_after_ms = 2_000;

// Returns the function that ends it.
export function follow(store: Store): () => void {
  let source: EventSource | null = null;
  let timer: number | undefined;
  let ended = false;
  let opened = false;

  const lost = () => {
    if (store.stream.state !== "lost") store.setStream({ state: "lost", since: Date.now() });
  };
  const again = () => {
    if (ended) return;
    timer = window.setTimeout(() => {
      // Whether the session is still known: its end leads to the login.
      resume().then((session) => session && open(), again);
    }, again_after_ms);
  };
  const open = () => {
    if (ended) return;
    const own = currentSession()?.orchestrator ?? null;
    const now = new EventSource(`/api/v1/events${own === null ? "" : "?orchestrator=" + part(own)}`);
    source = now;
    let first = true;
    now.onopen = () => {
      store.setStream({ state: "live" });
      // A new source has no last id, so what came in between is read anew; one that came back goes on by its id.
      if (first && opened) void store.loadAll();
      first = false;
      opened = true;
    };
    now.onerror = () => {
      lost();
      if (now.readyState !== EventSource.CLOSED) return; // the browser tries again by itself, with the last id
      now.close();
      again();
    };
    for (const name of names) {
      now.addEventListener(name, (event) => {
        try {
          store.takeEvent(name, JSON.parse((event as MessageEvent<string>).data));
        } catch {
          void store.loadAll(); // what it said is not known
        }
      });
    }
  };
  open();
  return () => {
    ended = true;
    window.clearTimeout(timer);
    source?.close();
  };
}
