// Requests to the manager's API, by the cookie of the session.
import { observe } from "./clock";
import type { Session } from "./types";

// What the manager refused, in its own words; status 0: no answer.
export class Refusal extends Error {
  constructor(readonly status: number, detail: string) {
    super(detail);
  }
}

let session: Session | null = null;
let onEnd: () => void = () => {};
let renewing = false; // another session is about to take the place of this one

export function currentSession(): Session | null {
  return session;
}

// `end` is called when the manager no longer knows the session.
export function whenSessionEnds(end: () => void): void {
  onEnd = end;
}

export function may(permission: string): boolean {
  return session?.permissions.includes(permission) ?? false;
}

const base = "/api/v1";
const longest_wait_ms = 30_000;

async function detailOf(answer: Response): Promise<string> {
  try {
    const problem = (await answer.json()) as { detail?: unknown; title?: unknown };
    if (typeof problem.detail === "string" && problem.detail !== "") return problem.detail;
    if (typeof problem.title === "string") return problem.title;
  } catch {
    // No problem document: the status is what is known.
  }
  return `status ${answer.status}`;
}

interface Options {
  method?: string;
  body?: unknown;
  key?: string; // Idempotency-Key
  secret?: string; // in place of the session
  accept?: string; // media types; application/json where it is left out
  match?: string; // the version that a change is made from
}

function headersOf(options: Options): Headers {
  const headers = new Headers({ Accept: options.accept ?? "application/json" });
  if (options.body !== undefined) headers.set("Content-Type", "application/json");
  if (options.key !== undefined) headers.set("Idempotency-Key", options.key);
  if (options.match !== undefined) headers.set("If-Match", `"${options.match}"`);
  if (options.secret !== undefined) headers.set("Authorization", `Bearer ${options.secret}`);
  else if (options.method !== undefined && session) headers.set("X-CSRF-Token", session.csrf_token);
  return headers;
}

async function send(path: string, options: Options): Promise<Response> {
  const ended = new AbortController();
  const timer = window.setTimeout(() => ended.abort(), longest_wait_ms);
  try {
    const asked = performance.now();
    const init: RequestInit = {
      method: options.method ?? "GET", headers: headersOf(options), credentials: "same-origin", signal: ended.signal,
    };
    if (options.body !== undefined) init.body = JSON.stringify(options.body);
    const answer = await fetch(path, init);
    const date = answer.headers.get("Date");
    if (date !== null) observe(Date.parse(date), 1000, asked, performance.now());
    return answer;
  } catch {
    throw new Refusal(0, "the manager does not answer");
  } finally {
    window.clearTimeout(timer);
  }
}

async function answerTo(path: string, options: Options): Promise<Response> {
  const answer = await send(path.startsWith("/health") ? path : base + path, options);
  if (answer.status === 401 && session && !renewing && options.secret === undefined && path !== "/auth/session") {
    session = null;
    onEnd();
  }
  // /health says by 503 that nothing is decided now, and why.
  if (!answer.ok && !(path === "/health" && answer.status === 503)) throw new Refusal(answer.status, await detailOf(answer));
  return answer;
}

// The answer's JSON; null where it has none. A Refusal is thrown for any other status than 2xx.
export async function ask<T>(path: string, options: Options = {}): Promise<T> {
  const answer = await answerTo(path, options);
  if (answer.status === 204) return null as T;
  return (await answer.json()) as T;
}

// The answer as it came.
export async function askBlob(path: string): Promise<Blob> {
  return (await answerTo(path, { accept: "*/*" })).blob();
}

export async function resume(): Promise<Session | null> {
  try {
    session = await ask<Session>("/auth/session");
  } catch (why) {
    session = null;
    if (!(why instanceof Refusal) || why.status !== 401) throw why;
  }
  return session;
}

export type Credentials = { email: string; password: string } | { orchestrator: string; secret: string };

export async function login(credentials: Credentials): Promise<Session> {
  session = await ask<Session>("/auth/session", { method: "POST", body: credentials });
  return session;
}

// The new secret of an orchestrator, for the one that it has: no session may ask for it. What began by the old one has
// ended with it, so that a session by the new one takes its place.
export async function rotateOwnSecret(orchestrator: string, present: string): Promise<string> {
  renewing = true;
  try {
    const { secret } = await ask<{ secret: string }>(`/livepeer/orchestrators/${part(orchestrator)}/secret`, { method: "POST", body: {}, secret: present });
    await login({ orchestrator, secret }).catch(() => undefined); // the secret is shown whatever becomes of the session
    return secret;
  } finally {
    renewing = false;
  }
}

// By a signed message of POST /auth/wallet/challenge. `orchestrator` names one where the wallet is that of several.
export async function loginByWallet(signed: { message: string; signature: string }, orchestrator: string): Promise<Session> {
  session = await ask<Session>("/auth/wallet", {
    method: "POST", body: { ...signed, session: true, ...(orchestrator === "" ? {} : { orchestrator_id: orchestrator }) },
  });
  return session;
}

export async function logout(): Promise<void> {
  try {
    await ask("/auth/session", { method: "DELETE" });
  } finally {
    session = null;
  }
}

// Names a request that may be sent twice and is carried out once.
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return "web-" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function part(text: string): string {
  return encodeURIComponent(text);
}

const between_parts_ms = 110; // below the rate that the API grants

// Reads a list part by part, until `take` returns false or `most` parts are read. True: it was read to its end.
export async function parts<T extends { next_cursor: string | null }>(
  path: string, most: number, take: (one: T) => boolean, goes_on: () => boolean): Promise<boolean> {
  let cursor: string | null = null;
  for (let at = 0; at < most; ++at) {
    if (!goes_on()) return false;
    if (at > 0) await new Promise((done) => setTimeout(done, between_parts_ms));
    const query: string = `${path.includes("?") ? "&" : "?"}limit=200${cursor === null ? "" : "&cursor=" + part(cursor)}`;
    const one: T = await ask<T>(path + query);
    if (!goes_on()) return false;
    const more = take(one);
    if (one.next_cursor === null) return true;
    if (!more) return false;
    cursor = one.next_cursor;
  }
  return false;
}

export function messageOf(why: unknown): string {
  return why instanceof Error ? why.message : String(why);
}
