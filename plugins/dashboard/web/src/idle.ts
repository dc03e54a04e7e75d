// Ends the session of a page that is left alone: its own questions would keep it from idling out.

const longest_ms = 60 * 60_000;
const signs = ["pointerdown", "keydown", "wheel", "touchstart"] as const;

// Calls `end` after an hour without a sign of a person, until the function that it returns is called.
export function afterIdle(end: () => void): () => void {
  let last = performance.now();
  const sign = () => { last = performance.now(); };
  for (const name of signs) window.addEventListener(name, sign, { passive: true, capture: true });
  const timer = window.setInterval(() => {
    if (performance.now() - last >= longest_ms) end();
  }, 30_000);
  return () => {
    window.clearInterval(timer);
    for (const name of signs) window.removeEventListener(name, sign, { capture: true });
  };
}
