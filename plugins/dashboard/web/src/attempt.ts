// What is begun by a button: once at a time, with what went wrong.
import { useRef, useState } from "preact/hooks";
import { messageOf } from "./api";

export interface Attempt {
  busy: boolean;
  problem: string | null; // of the last one
  // False where it failed, or where another one is under way, so that a second click begins nothing.
  attempt: (act: () => Promise<unknown>) => Promise<boolean>;
}

export function useAttempt(): Attempt {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const under_way = useRef(false);
  const attempt = async (act: () => Promise<unknown>): Promise<boolean> => {
    if (under_way.current) return false;
    under_way.current = true;
    setBusy(true);
    setProblem(null);
    try {
      await act();
      return true;
    } catch (why) {
      setProblem(messageOf(why));
      return false;
    } finally {
      under_way.current = false;
      setBusy(false);
    }
  };
  return { busy, problem, attempt };
}
