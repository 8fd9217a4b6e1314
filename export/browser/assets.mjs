// Copies the files of onnxruntime-web that the page needs into `dist/` beside it: `npm run assets`.
// For those who put a site together themselves; `make_site.py` takes them from `node_modules` directly.

import { copyFileSync, mkdirSync, readFileSync } from "node:fs";

const here = (path) => new URL(path, import.meta.url);
const { runtimes } = JSON.parse(readFileSync(here("package.json"), "utf8"));

mkdirSync(here("dist"), { recursive: true });
for (const name of Object.values(runtimes).flat()) {
  copyFileSync(here(`node_modules/onnxruntime-web/dist/${name}`), here(`dist/${name}`));
}
