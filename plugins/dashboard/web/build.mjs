// Builds the page: node build.mjs FOLDER. The same sources and packages give the same bytes.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
if (process.argv.length !== 3) {
  console.error("usage: node build.mjs FOLDER");
  process.exit(2);
}
const target = resolve(process.argv[2]);

const built = await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.tsx" },
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2020"],
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none", // licenses.txt has them
  outdir: target,
  write: false,
});

// A name changes with what is in the file, so that a browser may keep it for good.
const names = {};
const files = new Map();
for (const file of built.outputFiles) {
  const kind = file.path.endsWith(".css") ? "css" : "js";
  const hash = createHash("sha256").update(file.contents).digest("hex").slice(0, 16);
  names[kind] = `app-${hash}.${kind}`;
  files.set(names[kind], file.contents);
}
const page = readFileSync(join(here, "src/index.html"), "utf8").replace("app.css", names.css).replace("app.js", names.js);
files.set("index.html", page);
files.set("icon.svg", readFileSync(join(here, "src/icon.svg")));
const licenses = ["preact", "uplot"].map((name) => {
  const folder = join(here, "node_modules", name);
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return `${name} ${version}\n\n${readFileSync(join(folder, "LICENSE"), "utf8").trim()}\n`;
});
files.set("licenses.txt", licenses.join("\n----\n\n"));

mkdirSync(target, { recursive: true });
for (const old of readdirSync(target)) {
  if (!files.has(old)) rmSync(join(target, old));
}
for (const [name, contents] of files) writeFileSync(join(target, name), contents);
