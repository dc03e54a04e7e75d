import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { AnalyticsPage } from "./analytics";
import { currentSession, logout, may, messageOf, resume, whenSessionEnds } from "./api";
import { FlowPage } from "./flow";
import { afterIdle } from "./idle";
import { LabPage } from "./lab";
import { Login } from "./login";
import { OrchestratorPage } from "./orchestrator";
import { OrchestratorsPage } from "./orchestrators";
import { Overview } from "./overview";
import { StoreContext, useStore } from "./parts";
import { linkTo, useRoute } from "./route";
import { Store } from "./store";
import { follow } from "./stream";
import { TablesPage } from "./tables";
import "./style.css";

function StreamState() {
  const { stream, problem } = useStore();
  const words = stream.state === "live" ? "live" : stream.state === "connecting" ? "connecting" : "stream lost";
  return (
    <>
      <span class={`stream ${stream.state}`} role="status" data-stream={stream.state}>{words}</span>
      {stream.state === "lost" && (
        <p class="banner" role="alert">
          The manager's events have not come since {new Date(stream.since).toISOString().slice(11, 19)} UTC by this
          browser's clock: figures may be old. Trying again.
        </p>
      )}
      {stream.state !== "lost" && problem !== null && <p class="banner" role="alert">Last request: {problem}.</p>}
    </>
  );
}

function Shell({ left }: { left: () => void }) {
  const { path } = useRoute();
  const session = currentSession();
  if (!session) return null;
  const own = session.orchestrator;
  const place = path[0] ?? (own === null ? "overview" : "orchestrators");
  const links: [string, string, boolean][] = own === null
    ? [["overview", "Overview", may("status:read")], ["orchestrators", "Orchestrators", may("orchestrators:read")],
       ["flow", "Flow", may("payments:read")], ["tables", "Tables", may("status:read")], ["lab", "Lab", may("policy:write")],
       ["analytics", "Analytics", may("payments:read")]]
    : [["orchestrators", own, true], ["flow", "Flow", true]];
  const end = () => void logout().catch(() => undefined).finally(left);
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById("content")?.focus(); }}>
        To the content
      </a>
      <header>
        <span class="brand">stipend</span>
        <nav aria-label="Pages">
          {links.filter(([, , allowed]) => allowed).map(([name, title]) => (
            <a key={name} href={own !== null && name === "orchestrators" ? linkTo(name, own) : linkTo(name)}
              aria-current={place === name ? "page" : undefined}>{title}</a>
          ))}
        </nav>
        <span class="account">{session.principal} <span class="note">{session.role}</span></span>
        <button type="button" onClick={end}>Log out</button>
        <StreamState />
      </header>
      <main id="content" tabIndex={-1}>
        {place === "overview" && own === null ? <Overview />
          : place === "flow" ? <FlowPage />
          : place === "tables" && own === null ? <TablesPage />
          : place === "lab" && own === null ? <LabPage />
          : place === "analytics" && own === null ? <AnalyticsPage />
          : place === "sla" && own === null ? <AnalyticsPage only="sla" />
          : place === "orchestrators" && (own ?? path[1]) ? <OrchestratorPage key={own ?? path[1]} id={(own ?? path[1]) as string} />
          : place === "orchestrators" ? <OrchestratorsPage />
          : <p>There is no page of this name. <a href="#/">To the start</a></p>}
      </main>
      <footer class="note">Times are UTC. <a href="licenses.txt">Licenses</a></footer>
    </>
  );
}

function LoggedIn({ left }: { left: () => void }) {
  const store = useMemo(() => new Store(), []);
  useEffect(() => {
    store.start();
    const end = follow(store);
    const endIdle = afterIdle(() => void logout().catch(() => undefined).finally(left));
    return () => {
      endIdle();
      end();
      store.stop();
    };
  }, [store]);
  return <StoreContext.Provider value={store}><Shell left={left} /></StoreContext.Provider>;
}

type State = { at: "starting" } | { at: "in" } | { at: "out"; note: string | null };

function Page() {
  const [state, setState] = useState<State>({ at: "starting" });
  useEffect(() => {
    whenSessionEnds(() => setState({ at: "out", note: "The session has ended." }));
    resume().then((session) => setState(session ? { at: "in" } : { at: "out", note: null }),
      (why) => setState({ at: "out", note: messageOf(why) }));
  }, []);
  if (state.at === "starting") return <main><p class="note" role="status">Asking the manager …</p></main>;
  if (state.at === "out") return <Login note={state.note} done={() => setState({ at: "in" })} />;
  return <LoggedIn left={() => setState({ at: "out", note: "Logged out." })} />;
}

const page = document.getElementById("page");
if (page) {
  page.replaceChildren();
  render(<Page />, page);
}
