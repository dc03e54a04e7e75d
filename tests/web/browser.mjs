// A browser that is steered by lines of JSON: node browser.mjs FOLDER_OF_PACKAGES CHROMIUM. Each line is a call, and
// gets one line: {"value":...} or {"error":...}.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [, , packages, program] = process.argv;
const require = createRequire(join(packages, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
let context, page, said, patience;

async function begin({ scheme = "light", width = 1600, height = 1000, ...rest }) {
  patience = rest.patience;
  await context?.close();
  context = await browser.newContext({ colorScheme: scheme, viewport: { width, height }, acceptDownloads: true });
  context.setDefaultTimeout(patience);
  page = await context.newPage();
  said = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) said.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => said.push(`page: ${error.stack}`));
  page.on("dialog", (dialog) => { said.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  page.on("request", (request) => {
    const { origin } = new URL(request.url());
    if (page.url().startsWith("http") && request.url().startsWith("http") && origin !== new URL(page.url()).origin) said.push(`request to ${request.url()}`);
  });
}

const calls = {
  begin,
  // Runs in each page before its own scripts, as what a wallet puts into it does.
  init: async ({ code }) => void (await context.addInitScript(code)),
  // Answers take `latency` ms longer, and come at `rate` bytes a second.
  slow: async ({ latency, rate }) => {
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", { offline: false, latency, downloadThroughput: rate, uploadThroughput: rate });
  },
  goto: async ({ url }) => void (await page.goto(url)),
  fill: ({ at, text }) => page.fill(at, text),
  click: ({ at }) => page.click(at),
  // By the pointer, from the first point to the last one.
  drag: async ({ points: [first, ...rest] }) => {
    await page.mouse.move(first.x, first.y);
    await page.mouse.down();
    for (const { x, y } of rest) await page.mouse.move(x, y, { steps: 4 });
    await page.mouse.up();
  },
  press: ({ key }) => page.keyboard.press(key),
  choose: async ({ at, value }) => void (await page.selectOption(at, value)),
  type: ({ text }) => page.keyboard.type(text),
  wait: async ({ at }) => void (await page.waitForSelector(at)),
  gone: async ({ at }) => void (await page.waitForSelector(at, { state: "detached" })),
  // By the debugger: the page's content security policy refuses code that is made of texts.
  until: async ({ code }) => {
    for (const end = Date.now() + patience; !(await page.evaluate(code));) {
      if (Date.now() > end) throw new Error("it does not come");
      await new Promise((done) => setTimeout(done, 20));
    }
  },
  value: ({ code }) => page.evaluate(code),
  scheme: ({ scheme }) => page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" }),
  size: ({ width, height }) => page.setViewportSize({ width, height }),
  shot: async ({ file }) => void (await page.screenshot({ path: file })),
  // Bytes that the page's scripts hold.
  heap: async () => {
    const session = await context.newCDPSession(page);
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    await session.detach();
    return usedSize;
  },
  said: () => said.splice(0),
  // Evaluated by the debugger, so that the page's own content security policy stays as it is.
  axe: async () => {
    await page.evaluate(axe);
    const { violations } = await page.evaluate("axe.run()");
    return violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html.slice(0, 200)).slice(0, 3).join(" ")}`);
  },
  download: async ({ at }) => {
    const [file] = await Promise.all([page.waitForEvent("download"), page.click(at)]);
    return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { call, ...rest } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await calls[call](rest)) ?? null };
  } catch (error) {
    answer = { error: `${call} ${JSON.stringify(rest)}: ${error.message}` };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
