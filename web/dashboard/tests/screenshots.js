// Pictures of each page, light and dark, on a phone and on a desk: for people to look at. Nobody compares them.

import { mkdirSync } from "node:fs";
import { test } from "node:test";

import { visit, visitAsOperator } from "./demo.js";
import { PAGES } from "./pages.js";

const FOLDER = new URL("../../../target/screenshots/", import.meta.url).pathname;
const SCREENS = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 900 } };
/** Until maps and charts stand still. */
const DRAWING_MS = 500;
/** Books may be long: what is below is more of the same. */
const TALLEST = 2600;

export function takeScreenshots(given) {
  test("each page has its picture", { concurrency: true }, async (t) => {
    const looks = Object.keys(SCREENS).flatMap((screen) => ["light", "dark"].map((colorScheme) => ({ screen, colorScheme })));
    await Promise.all(looks.map((look) => t.test(`${look.screen}, ${look.colorScheme}`, () => takeAll(given, look))));
  });
}

async function takeAll({ browser, electric, fuelled, newcomer, shy, operators }, { screen, colorScheme }) {
  const viewport = SCREENS[screen];
  const folder = `${FOLDER}${screen}-${colorScheme}/`;
  mkdirSync(folder, { recursive: true });
  for (const [who, { person, paths }] of Object.entries({
    electric: { person: electric, paths: PAGES },
    // What the first one has not.
    fuelled: { person: fuelled, paths: PAGES.filter((path) => /fuel|overview|health|mileage/.test(path)) },
    newcomer: { person: newcomer, paths: PAGES.filter((path) => /alerts|places|reminders|notifications|^\/$/.test(path)) },
    shy: { person: shy, paths: PAGES.filter((path) => /reminders|places/.test(path)) },
  })) {
    const { page, goto } = await visit(browser, person, "/", { viewport, colorScheme });
    for (const path of paths) {
      await goto(path);
      await openMore(page);
      const name = path === "/" ? "-garage" : path.replace("/cars/CAR", "").replaceAll("/", "-");
      await take(page, `${folder}${who}${name}.png`);
    }
    await page.close();
  }
  const { page } = await visitAsOperator(browser, operators, { viewport, colorScheme });
  await take(page, `${folder}operators.png`);
  await page.close();
}

/** As tall as the page is, up to where it is enough. */
async function take(page, path) {
  await page.waitForTimeout(DRAWING_MS);
  const viewport = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ ...viewport, height: Math.min(Math.max(height, viewport.height), TALLEST) });
  await page.screenshot({ path });
  await page.setViewportSize(viewport);
}

/** What a press shows belongs to the page. */
async function openMore(page) {
  const curve = page.getByRole("button", { name: "Curve and cost" }).first();
  if (await curve.isVisible()) {
    await curve.click();
    await page.locator(".chart canvas").first().waitFor({ timeout: 5_000 }).catch(() => undefined);
  }
}
