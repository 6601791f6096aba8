// Puts a compressed twin beside each text of the built pages: the api only picks.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const TEXTS = /\.(js|css|html|svg)$/;

for (const name of readdirSync("dist", { recursive: true })) {
  if (TEXTS.test(name)) writeFileSync(`dist/${name}.gz`, gzipSync(readFileSync(`dist/${name}`), { level: 9 }));
}
