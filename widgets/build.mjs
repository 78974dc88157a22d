// Bundles every entry into one ES module for the wheel, prints what each weighs, and refuses a heavy one.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "recq_nb", "widgets", "static");
const entries = readdirSync(join(here, "src", "entry")).filter((name) => !name.includes(".test."));
const MOST_KB = 300;

const built = await build({
  entryPoints: entries.map((name) => join(here, "src", "entry", name)),
  outdir: target,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".css": "text" },
  legalComments: "inline",
  charset: "utf8",
  write: false,
});

// Each file is replaced in one step: a kernel that starts meanwhile finds the old module or the new one.
mkdirSync(target, { recursive: true });
let heavy = false;
for (const { path, contents } of built.outputFiles) {
  const gzipped = gzipSync(contents).length / 1000;
  heavy ||= gzipped > MOST_KB;
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
  console.log(
    `${basename(path).padEnd(20)} ${(contents.length / 1000).toFixed(0).padStart(5)} kB  ${gzipped.toFixed(1).padStart(6)} kB gzipped`,
  );
}
const names = new Set(built.outputFiles.map(({ path }) => basename(path)));
for (const name of readdirSync(target)) {
  if (name.endsWith(".js") && !names.has(name)) {
    rmSync(join(target, name));
  }
}
if (heavy) {
  console.error(`A bundle weighs more than ${MOST_KB} kB gzipped.`);
  process.exit(1);
}
