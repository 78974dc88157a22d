// Bundles every entry into one ES module for the wheel, prints what each weighs, and refuses a heavy one.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "recq_nb", "widgets", "static");
const entries = readdirSync(join(here, "src", "entry")).filter((name) => !name.includes(".test."));
const MOST_KB = 300;

rmSync(target, { recursive: true, force: true });
await build({
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
});

let heavy = false;
for (const name of readdirSync(target).sort()) {
  const text = readFileSync(join(target, name));
  const gzipped = gzipSync(text).length / 1000;
  heavy ||= gzipped > MOST_KB;
  console.log(
    `${name.padEnd(20)} ${(text.length / 1000).toFixed(0).padStart(5)} kB  ${gzipped.toFixed(1).padStart(6)} kB gzipped`,
  );
}
if (heavy) {
  console.error(`A bundle weighs more than ${MOST_KB} kB gzipped.`);
  process.exit(1);
}
