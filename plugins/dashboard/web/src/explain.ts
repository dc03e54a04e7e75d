// Explanations of decisions. A host makes one at a time, so this page asks for one after the other.
import { ask, part, Refusal } from "./api";
import type { Explanation } from "./types";

const busy_again_ms = 700;
const most_tries = 20;

let last: Promise<unknown> = Promise.resolve();

async function asked(path: string): Promise<Explanation> {
  for (let attempt = 1; ; ++attempt) {
    try {
      return await ask<Explanation>(path);
    } catch (why) {
      // 503: the host makes one for another client.
      if (!(why instanceof Refusal) || why.status !== 503 || attempt === most_tries) throw why;
    }
    await new Promise((done) => setTimeout(done, busy_again_ms));
  }
}

export function explain(id: string, epoch: number): Promise<Explanation> {
  const path = `/livepeer/orchestrators/${part(id)}/payments/${epoch}/explanation`;
  const next = last.then(() => asked(path));
  last = next.catch(() => undefined);
  return next;
}
