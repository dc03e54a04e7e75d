import { useEffect, useRef, useState } from "preact/hooks";
import { login, loginByWallet } from "./api";
import { useAttempt } from "./attempt";
import { signIn, walletOf } from "./wallet";

// Both ways in: an account, or an orchestrator by its own secret.
export function Login({ done, note }: { done: () => void; note: string | null }) {
  const [own, setOwn] = useState(false);
  const { busy, problem, attempt } = useAttempt();
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), [own]);

  const enter = (act: () => Promise<unknown>) => void attempt(async () => {
    await act();
    done();
  });
  const wallet = walletOf(window);
  const byWallet = () => {
    const id = first.current?.value.trim() ?? "";
    if (wallet) enter(async () => loginByWallet(await signIn(wallet, location.origin), id));
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const name = String(form.get("name") ?? "").trim();
    const secret = String(form.get("secret") ?? "");
    enter(() => login(own ? { orchestrator: name, secret } : { email: name, password: secret }));
  };
  return (
    <main class="login">
      <form onSubmit={submit} aria-labelledby="login-title">
        <h1 id="login-title">stipend</h1>
        <fieldset class="ways">
          <legend>Log in as</legend>
          <label><input type="radio" name="way" checked={!own} onChange={() => setOwn(false)} /> an account</label>
          <label><input type="radio" name="way" checked={own} onChange={() => setOwn(true)} /> an orchestrator</label>
        </fieldset>
        <label class="field">{own ? "Orchestrator's id" : "E-mail"}
          <input ref={first} name="name" required maxLength={512} autocomplete="username" autocapitalize="off" spellcheck={false} />
        </label>
        <label class="field">{own ? "Its secret" : "Password"}
          <input name="secret" type="password" required maxLength={1024} autocomplete="current-password" />
        </label>
        <button class="main" type="submit" disabled={busy}>Log in</button>
        {own && (wallet
          ? <button type="button" disabled={busy} onClick={byWallet}>Log in by wallet</button>
          : <p class="note">Or by the wallet that it is paid to, in a browser that has one.</p>)}
        {problem !== null ? <p class="problem" role="alert">{problem}</p> : note !== null && <p class="note" role="status">{note}</p>}
      </form>
    </main>
  );
}
