// What one orchestrator offers, asked for when it is looked at.
import { useEffect, useState } from "preact/hooks";
import { inUnits } from "./amount";
import { ask, messageOf, part } from "./api";
import { none } from "./text";

interface Offer { reachable: boolean; capacity: number | null; price_wei_per_second: string | null; latency_ms: number }

export function priceOf(wei_per_second: string | null): string {
  return wei_per_second === null ? none : wei_per_second === "0" ? "free" : `${inUnits(wei_per_second, 9)} gwei/s`;
}

export function OfferFigure({ id }: { id: string }) {
  const [found, setFound] = useState<Offer | string | null>(null);
  useEffect(() => {
    let wanted = true;
    ask<Offer>(`/livepeer/orchestrators/${part(id)}/offer`).then(
      (answer) => { if (wanted) setFound(answer); }, (why) => { if (wanted) setFound(messageOf(why)); });
    return () => { wanted = false; };
  }, [id]);
  const offer = found !== null && typeof found !== "string" && found.reachable ? found : null;
  const value = priceOf(offer?.price_wei_per_second ?? null);
  return (
    <div class="figure">
      <dt>Price offered</dt><dd data-figure="offer">{value}</dd>
      <dd class="note">
        {found === null ? "Asking …" : typeof found === "string" ? found
          : !found.reachable ? "it names no price" : `capacity ${found.capacity ?? "not stated"}, answered in ${found.latency_ms} ms`}
      </dd>
    </div>
  );
}
