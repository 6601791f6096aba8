// Each page for itself: that everybody can use it, and that what people do there is done.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { carsOf, sql, until, visit, visitAsOperator } from "./demo.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LARGEST_FIRST_SCRIPT = 200_000;
const PHONE = { width: 390, height: 844 };

/** What people read, and how it comes to that. */
const TROUBLES = {
  away: ["The server cannot be reached.", (route) => route.abort()],
  failing: [
    "Something went wrong here.",
    (route) =>
      route.fulfill({
        status: 500,
        contentType: "application/problem+json",
        json: { type: "about:blank", title: "Internal", status: 500, detail: "Something went wrong here.", code: "internal", instance: "one" },
      }),
  ],
};

/** Of a person with one car. */
export const PAGES = [
  "/",
  ...["overview", "timeline", "health", "reminders", "trips", "log", "charging", "fuel", "mileage", "costs", "battery", "alerts", "connection", "data"].map(
    (book) => `/cars/CAR/${book}`,
  ),
  "/places",
  "/tariffs",
  "/notifications",
  "/settings",
];

export function testPages(given) {
  test("axe finds nothing serious, no page is wider than a phone, and nothing fails", { concurrency: true }, async (t) => {
    await Promise.all(["light", "dark"].map((colorScheme) => t.test(colorScheme, () => lookAtAll(given, colorScheme))));
  });

  test("axe finds nothing serious in what operators see, and it is no wider than a phone", { concurrency: true }, async (t) => {
    await parkSomething();
    await Promise.all(["light", "dark"].map((colorScheme) => t.test(colorScheme, () => lookAtOperators(given, colorScheme))));
  });

  test("axe finds nothing serious in dialogs", async () => {
    const { page, goto } = await visit(given.browser, given.electric, "/cars/CAR/timeline");
    await (await firstWhy(page)).click();
    await page.getByText("sure.").waitFor();
    assert.deepEqual(await serious(page), [], "why");
    await goto("/cars/CAR/trips");
    await page.getByRole("button", { name: "Correct" }).first().click();
    assert.deepEqual(await serious(page), [], "corrections");
    await goto("/tariffs");
    await page.getByRole("button", { name: /tariff|price/ }).first().click();
    assert.deepEqual(await serious(page), [], "a tariff");
    await page.close();
  });

  test("the first view needs little script, and nobody else is asked for anything", async () => {
    const page = await given.browser.newPage();
    let scripts = 0;
    const strangers = [];
    page.on("requestfinished", async (request) => {
      if (!request.url().startsWith(given.electric.origin)) strangers.push(request.url());
      if (request.resourceType() === "script") scripts += (await request.sizes()).responseBodySize;
    });
    await page.goto(`${given.electric.origin}/app/#access_token=${given.electric.token}`);
    await page.getByRole("heading", { name: "Garage" }).waitFor();
    await page.waitForTimeout(500);
    assert.deepEqual(strangers, []);
    if (!process.env.PAGES) assert.ok(scripts > 0 && scripts < LARGEST_FIRST_SCRIPT, `${scripts} bytes of script`);
    assert.equal(await page.evaluate(() => window.location.hash), "", "the token does not stay in the address");
    await page.close();
  });

  test("by the keyboard alone a person asks why something was recorded, and comes back to where they were", async () => {
    const { page } = await visit(given.browser, given.electric, "/cars/CAR/timeline");
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "Skip to content");
    const why = await firstWhy(page);
    await why.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Why was this recorded?" });
    await dialog.getByText("sure.").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.equal(await focused(page), "Why?");
    await page.close();
  });

  test("a person says what a trip was for, corrects it, and takes that back", async () => {
    const { page } = await visit(given.browser, given.electric, "/cars/CAR/trips");
    const trip = await lineOf(page, "Why? Trip of", 2);
    const business = trip.getByRole("button", { name: "Business" });
    await business.click();
    await until(async () => (await business.getAttribute("aria-pressed")) === "true");
    await trip.getByRole("button", { name: "Correct" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Notes").fill("To the customer");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    await trip.getByText("To the customer").waitFor();
    await business.click();
    await until(async () => (await business.getAttribute("aria-pressed")) === "false");
    await page.close();
  });

  test("a fill-up from a receipt stands in the book, in other pages that are open, too, and goes again", async () => {
    const { page: other } = await visit(given.browser, given.fuelled, "/cars/CAR/fuel");
    const { page } = await visit(given.browser, given.fuelled, "/cars/CAR/fuel");
    await page.getByRole("button", { name: "Add a fill-up" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Litres").fill("12.34");
    await dialog.getByLabel("Paid").fill("20");
    await dialog.getByLabel("Notes").fill("Typed by a test");
    await dialog.getByRole("button", { name: "Save" }).click();
    const fill = page.locator("li.card", { hasText: "Typed by a test" });
    await fill.waitFor();
    await other.locator("li.card", { hasText: "Typed by a test" }).waitFor();
    await other.close();
    await fill.getByRole("button", { name: "Correct" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "That never was" }).click();
    await fill.waitFor({ state: "detached" });
    await page.close();
  });

  test("an area is drawn by keys alone, over the date line, too, and its corners are moved and taken away", async () => {
    const { page } = await visit(given.browser, given.electric, "/places");
    await page.getByRole("button", { name: "Draw a circle" }).click();
    await page.getByLabel("Latitude").fill("66.9");
    await page.getByLabel("Longitude").fill("179.999");
    await page.getByRole("button", { name: "Draw an area" }).click();
    await page.getByRole("button", { name: "A new corner behind corner 1" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText(/^5 corners/).waitFor();
    await page.getByRole("button", { name: "Corner 2", exact: true }).focus();
    await page.keyboard.press("ArrowUp");
    await page.getByLabel("Name").fill("On both days");
    assert.deepEqual(await serious(page), []);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("5 corners", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Change On both days" }).click();
    await page.getByRole("button", { name: "Corner 2", exact: true }).focus();
    await page.keyboard.press("Delete");
    await page.getByText(/^4 corners/).waitFor();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("button", { name: "Change On both days" }).waitFor({ state: "detached" });
    await page.close();
  });

  test("a finger drags the edge of a circle", async () => {
    const { page } = await visit(given.browser, given.electric, "/places", { viewport: PHONE, hasTouch: true, isMobile: true });
    await page.getByRole("button", { name: "Change Home" }).click();
    const radius = page.getByLabel(/^Radius/);
    const before = Number(await radius.inputValue());
    const { x, y, width, height } = await page.getByRole("button", { name: "Edge of the circle" }).boundingBox();
    await swipe(page, { x: x + width / 2, y: y + height / 2 }, { x: x + width / 2 + 40, y: y + height / 2 });
    await until(async () => Number(await radius.inputValue()) > before);
    await page.close();
  });

  test("a tariff shows what it would change before it is saved", async () => {
    const { page } = await visit(given.browser, given.electric, "/tariffs");
    await page.getByRole("button", { name: /New price/ }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("A kilowatt hour").fill("0.5");
    await dialog.getByRole("button", { name: "What would change?" }).click();
    await dialog.getByRole("status").waitFor();
    await dialog.getByRole("button", { name: "Save it" }).waitFor();
    await dialog.getByLabel("A kilowatt hour").fill("0.6");
    await dialog.getByRole("button", { name: "What would change?" }).waitFor();
    await page.close();
  });

  test("people reckon in miles where they said so", async () => {
    const { page, goto } = await visit(given.browser, given.fuelled, "/settings");
    await page.getByLabel("Units").selectOption("uk");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved.").waitFor();
    await goto("/cars/CAR/overview");
    await page.getByText(/^[\d,]+ mi$/).first().waitFor();
    await page.close();
  });

  test("a name of one long word makes no page wider than a small phone", async () => {
    const { browser, bystander } = given;
    const [car] = await carsOf(bystander);
    await sql(`UPDATE cars SET name = '${"Berta".repeat(20)}' WHERE id = '${car.id}'`);
    const { page, goto } = await visit(browser, bystander, "/", { viewport: { width: 360, height: 740 } });
    for (const path of ["/", "/cars/CAR/overview", "/cars/CAR/log"]) {
      await goto(path);
      await fitsPhone(page, path);
    }
    await sql(`UPDATE cars SET name = '${car.name}' WHERE id = '${car.id}'`);
    await page.close();
  });

  test("on each page it is said when the server is away or fails, and one may try again", async () => {
    const { page, goto } = await visit(given.browser, given.electric, "/");
    let answer = (route) => route.continue();
    // Which cars there are is known already.
    await page.route(/\/api\/(?!cars$)/, (route) => answer(route));
    for (const [number, path] of PAGES.filter((path) => path !== "/").entries()) {
      // What does not answer is asked some times more, which takes seconds; who fails is believed at once.
      const [text, trouble] = number === 0 ? TROUBLES.away : TROUBLES.failing;
      answer = trouble;
      const alert = page.getByRole("alert").getByText(text).first();
      await goto(path, alert);
      assert.deepEqual(await serious(page), [], path);
      answer = (route) => route.continue();
      const again = page.getByRole("button", { name: "Try again" }).first();
      while (await again.isVisible()) {
        await again.click();
        await page.waitForTimeout(300);
      }
      await page.getByRole("heading").first().waitFor();
      assert.equal(await page.getByRole("alert").count(), 0, path);
    }
    await page.close();
  });

  test("who brings no token, or one that is over, is asked to come in", async () => {
    const page = await given.browser.newPage();
    await page.goto(`${given.electric.origin}/app/`);
    await page.getByRole("heading", { name: "Please come in from Carvetka" }).waitFor();
    await page.goto(`${given.electric.origin}/app/?again#access_token=over`);
    await page.getByRole("heading", { name: "Please come in from Carvetka" }).waitFor();
    await page.close();
  });
}

async function lookAtAll({ browser, electric }, colorScheme) {
  const { page, faults, goto } = await visit(browser, electric, "/", { viewport: PHONE, colorScheme });
  for (const path of PAGES) {
    await goto(path);
    await page.waitForTimeout(400);
    await lookAt(page, path);
  }
  assert.deepEqual(faults, []);
  await page.close();
}

async function lookAtOperators({ browser, operators }, colorScheme) {
  const { page, faults } = await visitAsOperator(browser, operators, { viewport: PHONE, colorScheme });
  await page.getByRole("heading", { name: "Parked messages" }).waitFor();
  await lookAt(page, "/operator");
  assert.deepEqual(faults, []);
  await page.close();
}

async function fitsPhone(page, path) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wider <= 0, `${path} is ${wider} px wider than a phone`);
}

async function lookAt(page, path) {
  await fitsPhone(page, path);
  assert.deepEqual(await serious(page), [], path);
}

/** As a worker does it, so that operators have something to look at. */
async function parkSomething() {
  await sql(`INSERT INTO parked_messages (id, queue, message_key, why, body, headers, parked_at)
    VALUES (gen_random_uuid(), 'events', gen_random_uuid()::text,
      'the database does not do it: new row for relation "webhook_events" violates a check', 'not shown', '{"type": "delivery.v1"}', now())`);
}

/** The cars of a demo live in the past: the line of time is followed back to where something happened. */
async function firstWhy(page) {
  const why = page.getByRole("button", { name: /^Why\?/ }).first();
  const earlier = page.getByRole("button", { name: "Earlier" });
  await why.or(earlier).first().waitFor();
  while (!(await why.isVisible()) && (await earlier.isVisible())) {
    await earlier.click();
    await page.waitForTimeout(1000);
  }
  return why;
}

async function swipe(page, from, to) {
  const finger = await page.context().newCDPSession(page);
  const touch = (type, touchPoints) => finger.send("Input.dispatchTouchEvent", { type, touchPoints });
  await touch("touchStart", [from]);
  for (const share of [0.3, 0.6, 1]) {
    await touch("touchMove", [{ x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }]);
  }
  await touch("touchEnd", []);
}

/** What axe finds serious or critical: rule, and where. */
async function serious(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).slice(0, 3).join(" | ")}`);
  });
}

function focused(page) {
  return page.evaluate(() => document.activeElement?.textContent?.trim());
}

/** A line of a book by what its button tells of it: others may come above it at any time. */
async function lineOf(page, about, number) {
  const button = page.getByRole("button", { name: about }).nth(number);
  const label = await button.getAttribute("aria-label");
  return page.locator("li.card").filter({ has: page.getByRole("button", { name: label, exact: true }) });
}
