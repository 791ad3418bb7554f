// Bundles the extension, and packs it: dist/byhand.vsix.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createVSIX } from "@vscode/vsce";
import { build } from "esbuild";

mkdirSync("dist", { recursive: true });
const { metafile } = await build({
  entryPoints: ["src/extension.ts"],
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  minify: true,
  metafile: true,
  outfile: "dist/extension.js",
  logLevel: "warning",
});

// The licenses of all that is in the bundle go with it.
const inside = Object.keys(metafile.inputs).map(
  (file) => file.match(/^node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0],
);
const licenses = [...new Set(inside)].filter(Boolean).map((folder) => {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (!file) throw new Error(`${folder}: has no license file`);
  return `${folder.replace("node_modules/", "")}\n\n${readFileSync(`${folder}/${file}`, "utf8")}`;
});
writeFileSync("dist/LICENSES.txt", licenses.join("\n\n"));
copyFileSync("../../LICENSE", "LICENSE");

await createVSIX({
  packagePath: "dist/byhand.vsix",
  dependencies: false,
  allowMissingRepository: true,
});
