// Puts a compressed twin beside each text of the built pages: the api only picks. And fails where people would wait for them.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const TEXTS = /\.(js|css|html|svg)$/;
/** Compressed bytes of all scripts that the first view needs, and of any that comes later. */
const FIRST_VIEW = 150_000;
const LATER = 60_000;

const sizes = new Map();
for (const name of readdirSync("dist", { recursive: true })) {
  if (!TEXTS.test(name)) continue;
  const twin = gzipSync(readFileSync(`dist/${name}`), { level: 9 });
  writeFileSync(`dist/${name}.gz`, twin);
  sizes.set(name, twin.length);
}

const page = readFileSync("dist/index.html", "utf8");
const scripts = [...sizes].filter(([name]) => name.endsWith(".js"));
const isFirst = ([name]) => page.includes(name);
const first = scripts.filter(isFirst).reduce((sum, [, size]) => sum + size, 0);
const [largest, most] = scripts.filter((script) => !isFirst(script)).sort(([, one], [, other]) => other - one)[0];
console.log(`compressed: the first view's scripts ${inKb(first)} of at most ${inKb(FIRST_VIEW)}; later at most ${inKb(LATER)}: ${largest} ${inKb(most)}`);
if (first === 0 || first > FIRST_VIEW || most > LATER) {
  console.error("the pages have become too large: load later what not everybody needs (lazy), or leave it out");
  process.exitCode = 1;
}

function inKb(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
