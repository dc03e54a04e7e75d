// Where the page is: the path and the parameters behind the # of its address.
import { useEffect, useState } from "preact/hooks";

export interface Route {
  path: string[];
  query: URLSearchParams;
}

export function routeOf(hash: string): Route {
  const text = hash.replace(/^#\/?/, "");
  const mark = text.indexOf("?");
  const path = (mark < 0 ? text : text.slice(0, mark)).split("/").filter((one) => one !== "").map(decoded);
  return { path, query: new URLSearchParams(mark < 0 ? "" : text.slice(mark + 1)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // no escape after all
  }
}

export function linkTo(...path: string[]): string {
  return "#/" + path.map(encodeURIComponent).join("/");
}

// Changes parameters without a step in the history; null removes one.
export function setQuery(changes: Record<string, string | null>): void {
  const { path, query } = routeOf(location.hash);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(key);
    else query.set(key, value);
  }
  const rest = query.toString();
  history.replaceState(null, "", linkTo(...path) + (rest === "" ? "" : "?" + rest));
  window.dispatchEvent(new Event("hashchange"));
}

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    window.addEventListener("hashchange", changed);
    return () => window.removeEventListener("hashchange", changed);
  }, []);
  return routeOf(hash);
}
