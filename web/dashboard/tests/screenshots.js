// Pictures of each page, light and dark, on a phone and on a desk: for people to look at. Nobody compares them.

import { mkdirSync } from "node:fs";
import { test } from "node:test";

import { visit } from "./demo.js";
import { PAGES } from "./pages.js";

const FOLDER = new URL("../../../target/screenshots/", import.meta.url).pathname;
const SCREENS = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 900 } };
/** Until maps and charts stand still. */
const DRAWING_MS = 500;
/** Books may be long: what is below is more of the same. */
const TALLEST = 2600;

export function takeScreenshots(given) {
  for (const [screen, viewport] of Object.entries(SCREENS)) {
    for (const colorScheme of ["light", "dark"]) {
      test(`each page has its picture: ${screen}, ${colorScheme}`, async () => {
        for (const [who, person] of Object.entries({ electric: given.electric, fuelled: given.fuelled })) {
          const { page, goto } = await visit(given.browser, person, "/", { viewport, colorScheme });
          const folder = `${FOLDER}${screen}-${colorScheme}/`;
          mkdirSync(folder, { recursive: true });
          for (const path of PAGES) {
            // Of the second person only what the first one has not.
            if (who === "fuelled" && !/fuel|overview|health/.test(path)) continue;
            await goto(path);
            await openMore(page);
            await page.waitForTimeout(DRAWING_MS);
            const height = await page.evaluate(() => document.documentElement.scrollHeight);
            await page.setViewportSize({ ...viewport, height: Math.min(Math.max(height, viewport.height), TALLEST) });
            await page.screenshot({ path: `${folder}${who}${path.replace("/cars/CAR", "").replaceAll("/", "-")}.png` });
            await page.setViewportSize(viewport);
          }
          await page.close();
        }
      });
    }
  }
}

/** What a press shows belongs to the page. */
async function openMore(page) {
  const curve = page.getByRole("button", { name: "Curve and cost" }).first();
  if (await curve.isVisible()) {
    await curve.click();
    await page.locator(".chart canvas").first().waitFor({ timeout: 5_000 }).catch(() => undefined);
  }
}
