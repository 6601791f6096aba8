// One person's whole story, from the consent to the tax office, and that nobody else sees any of it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { carsOf, carvetka, sql, until, visit } from "./demo.js";

/** The pipeline and not the page: what a car says has to come, and a replay has to be through. */
const PIPELINE_MS = 120_000;

export function tellStory(given) {
  test("a person connects a car, follows it, corrects its book, and nobody else sees it", async (t) => {
    const { page, faults, goto } = await visit(given.browser, given.newcomer, "/cars/CAR/connection");
    const [car] = await carsOf(given.newcomer);
    await t.test("a car is connected through Smartcar's own pages", () => connect(page, car));
    await t.test("what it says arrives while one looks", () => arrivesLive(page, goto));
    await t.test("a fill-up is in the book, and why", () => findsFillUp(page, goto));
    await t.test("a corrected charging session survives a replay", () => correctsSession(given));
    await t.test("a parked car that leaves is an alert", () => isTold(page, goto));
    await t.test("a drawn place tells who came and went", () => drawsPlace(page, goto));
    await t.test("who comes there is an alert, too, and unread", () => hearsOfPlace(page, goto));
    await t.test("a planned service has a due date", () => plansService(page, goto));
    await t.test("the mileage log is saved as a file", () => savesLog(page, goto));
    await t.test("another person sees nothing of it", () => isHidden(given, car));
    assert.deepEqual(faults, []);
    await page.close();
  });
}

async function connect(page, car) {
  await page.getByRole("button", { name: "Disconnect" }).click();
  await page.getByText("Not connected").waitFor();
  await page.getByLabel("Also keep where the car is").check();
  await page.getByRole("button", { name: "Connect to Smartcar" }).click();
  await page.getByRole("button", { name: "Any brand" }).click();
  await page.getByLabel("E-mail").fill(`${car.vin}@compatible.smartcar.com`);
  await page.getByLabel("Password").fill("any");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.getByText("The car is connected.").waitFor();
  await page.getByText("Where the car is is kept").waitFor();
}

async function arrivesLive(page, goto) {
  await goto("/cars/CAR/overview");
  const counter = page.locator(".head .figure");
  const before = await counter.textContent();
  // Nobody touches the page meanwhile.
  await until(async () => (await counter.textContent()) !== before, PIPELINE_MS);
}

async function findsFillUp(page, goto) {
  await goto("/cars/CAR/fuel");
  await page.getByRole("button", { name: /^Why\? Fill-up/ }).first().click({ timeout: PIPELINE_MS });
  const dialog = page.getByRole("dialog", { name: "Why was this recorded?" });
  await dialog.getByText("sure.").waitFor();
  await dialog.getByRole("cell", { name: "Fuel level" }).first().waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
}

/** Not every plug-in hybrid is plugged in. */
async function correctsSession({ browser, electric }) {
  const { page, goto } = await visit(browser, electric, "/cars/CAR/charging");
  const [car] = await carsOf(electric);
  const correct = page.getByRole("button", { name: "Correct" }).first();
  await correct.click({ timeout: PIPELINE_MS });
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What it cost").fill("12.34");
  await dialog.getByLabel("Notes").fill("Paid by card");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  const session = page.locator("li.card", { hasText: "Paid by card" });
  await session.getByText("12.34").waitFor();
  assert.match(await carvetka("replay", "--car", car.id), /\S/);
  await goto("/cars/CAR/charging");
  await session.getByText("12.34").waitFor();
  await page.close();
}

/** Around home, where the map looks first. */
async function drawsPlace(page, goto) {
  await goto("/places");
  await page.getByRole("button", { name: "Draw an area" }).click();
  const { x, y, width, height } = await page.locator(".map").boundingBox();
  for (const [east, south] of [[0.2, 0.15], [0.8, 0.15], [0.8, 0.85], [0.2, 0.85]]) {
    await page.mouse.click(x + width * east, y + height * south);
  }
  await page.getByText(/^4 corners/).waitFor();
  await page.getByLabel("Name").fill("Our street");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("heading", { name: "Our street" }).waitFor();
  await goto("/cars/CAR/timeline");
  await until(async () => {
    const earlier = page.getByRole("button", { name: "Earlier" });
    if (await earlier.isVisible()) await earlier.click();
    return page.getByText(/(Came to|Left|Stayed at)\s+Our street/).first().isVisible();
  }, PIPELINE_MS);
}

async function hearsOfPlace(page, goto) {
  const place = "FROM geofences WHERE name = 'Our street'";
  // It counts from when the place was drawn. The car lives in the past: as if it had been drawn then.
  await sql(`UPDATE geofence_tellings SET told_from = told_from - interval '90 days' WHERE geofence_id IN (SELECT id ${place})`);
  await sql(`SELECT carvetka_mark_users_cars_dirty(user_id, 'epoch', 'a place tells of the past') ${place}`);
  await goto("/cars/CAR/alerts");
  const arrived = page.locator("li.card", { hasText: "The car has arrived" }).filter({ hasText: "Our street" });
  await arrived.first().waitFor({ timeout: PIPELINE_MS });
  const menu = page.getByRole("navigation", { name: "Carvetka sync" });
  await menu.getByRole("link", { name: /^Notifications \(\d+\)$/ }).click({ timeout: PIPELINE_MS });
  await arrived.first().waitFor();
}

async function isTold(page, goto) {
  await goto("/cars/CAR/alerts");
  const alerts = page.locator("li.card", { hasText: "The car left its place" });
  await alerts.first().waitFor({ timeout: PIPELINE_MS });
  const seen = alerts.getByRole("button", { name: "Seen" });
  const unseen = await seen.count();
  await seen.first().click();
  await until(async () => (await seen.count()) === unseen - 1);
  const watched = page.getByLabel("Tell me when the parked car leaves its place");
  await watched.click();
  await page.getByText("Watched since").waitFor();
  await watched.click();
  await page.getByText("Watched since").waitFor({ state: "detached" });
}

async function plansService(page, goto) {
  await goto("/cars/CAR/reminders");
  await page.getByRole("button", { name: "Add a reminder" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What is to be done").fill("Oil change");
  await dialog.getByLabel(/^Every \((km|mi)/).fill("15000");
  await dialog.getByLabel("Every (months)").fill("12");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  const reminder = page.locator("li.card", { hasText: "Oil change" });
  await reminder.getByText("Most likely").waitFor();
  await reminder.getByText(/\d{1,2} \w+ 20\d\d/).first().waitFor();
}

async function savesLog(page, goto) {
  await goto("/cars/CAR/trips");
  await page.getByRole("link", { name: "Mileage log for the tax office" }).click();
  await page.getByRole("heading", { name: /^Mileage log, / }).waitFor();
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as CSV" }).click();
  const lines = (await readFile(await (await saved).path(), "utf8")).trim().split("\n");
  assert.ok(lines.length > 5, `${lines.length} lines`);
}

async function isHidden({ browser, electric }, car) {
  const { page, goto } = await visit(browser, electric, "/");
  assert.equal(await page.locator("li.card").count(), 1, "their own car alone");
  await goto(`/cars/${car.id}/trips`, page.getByText("There is no such car"));
  const Authorization = `Bearer ${electric.token}`;
  for (const book of ["trips", "fuel-entries", "charging-sessions", "alerts", "timeline", "health", "reminders", "mileage-log", "export"]) {
    const span = new URLSearchParams({ from: "2026-01-01T00:00:00Z", to: "2026-03-01T00:00:00Z" });
    const { status } = await fetch(`${electric.origin}/api/cars/${car.id}/${book}?${span}`, { headers: { Authorization } });
    assert.equal(status, 404, book);
  }
  await goto("/places");
  assert.equal(await page.getByText("Our street").count(), 0);
  await page.close();
}
