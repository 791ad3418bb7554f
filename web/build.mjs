// Builds what browsers get, into src/byhand/assets: `make web`. With --check nothing is written: it
// fails if what lies there is not what this would build.
//
// view.js is one module that needs nothing beside it: notebooks and pages without a server take it
// as text. What else there is loads on its own, where it is used.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, "../src/byhand/assets");

const shared = {
  absWorkingDir: HERE,
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: true,
  legalComments: "none", // they are in LICENSES.txt
  metafile: true,
  write: false,
  outdir: OUT,
  logLevel: "warning",
  jsx: "automatic",
  jsxImportSource: "preact",
};

/** The view and KaTeX are modules of their own also for the page, which so shares them with others. */
const apart = {
  name: "apart",
  setup(found) {
    found.onResolve({ filter: /\/(view|math)\/index$/ }, ({ path, resolveDir }) => {
      const part = relative(join(HERE, "src"), join(resolveDir, path)).split("/")[0];
      return { path: `./${part}.js`, external: true };
    });
  },
};

const PARTS = [
  { entryPoints: { view: "src/view/index.tsx" } },
  { entryPoints: { standalone: "src/standalone/index.ts" } },
  {
    entryPoints: { math: "src/math/index.ts" },
    loader: { ".woff2": "dataurl", ".woff": "empty", ".ttf": "empty" },
  },
  {
    entryPoints: { page: "src/page/index.tsx" },
    splitting: true,
    chunkNames: "[name]-[hash]",
    plugins: [apart],
    loader: { ".woff2": "file" },
    assetNames: "[name]",
  },
];

const licence = (name) => {
  const folder = join(HERE, "node_modules", name);
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[sc]e/i.test(each));
  return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
};

const built = new Map();
const used = new Set();
for (const part of PARTS) {
  if (!existsSync(join(HERE, Object.values(part.entryPoints)[0]))) continue;
  const { metafile, outputFiles } = await build({ ...shared, ...part });
  for (const file of outputFiles) built.set(basename(file.path), Buffer.from(file.contents));
  for (const input of Object.keys(metafile.inputs)) {
    const found = input.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//);
    if (found) used.add(found[1]);
  }
}
const licences = [...used].sort().map(licence);
built.set("LICENSES.txt", Buffer.from(licences.join(`\n${"-".repeat(72)}\n\n`)));

const there = readdirSync(OUT).filter((name) => /\.(js|css|txt|woff2)$/.test(name));
if (process.argv.includes("--check")) {
  const same = (name) =>
    there.includes(name) && readFileSync(join(OUT, name)).equals(built.get(name));
  const odd = [...built.keys()].filter((name) => !same(name));
  odd.push(...there.filter((name) => !built.has(name)));
  if (odd.length) {
    console.error(`src/byhand/assets: ${odd.join(", ")}: not what web/ gives: run make web`);
    process.exit(1);
  }
} else {
  for (const name of there) rmSync(join(OUT, name));
  for (const [name, contents] of built) writeFileSync(join(OUT, name), contents);
}
