// Workshops near by: what an installation has to import, and what a person has to agree to.

import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { carvetka, until, visit } from "./demo.js";

/** The pipeline and not the page: until the car stands somewhere and says so. */
const PIPELINE_MS = 120_000;

export function findWorkshops(given) {
  test("what is due long since shows workshops near the car, where they are imported and positions are agreed to", async () => {
    const { electric, shy, browser } = given;
    const { page, faults, goto } = await visit(browser, electric, "/cars/CAR/reminders");
    await remind(page, "Brake fluid");
    const near = page.getByRole("region", { name: "Near by" });
    await near.getByText("No workshops are known here").waitFor();
    const told = await carvetka("centers", "import", await mapAround(await homeOf(electric)));
    assert.match(told, /^new 1, /);
    await until(async () => {
      await goto("/cars/CAR/reminders");
      return near.getByRole("heading", { name: "Brakes & Daughters" }).isVisible();
    }, PIPELINE_MS);
    await near.getByText("OpenStreetMap").waitFor();
    assert.equal(await near.getByRole("link", { name: "+49 30 123" }).getAttribute("href"), "tel:+4930123");
    assert.deepEqual(faults, []);
    await page.close();

    const { page: other } = await visit(browser, shy, "/cars/CAR/reminders");
    await remind(other, "Brake fluid");
    await other.getByRole("region", { name: "Near by" }).getByText(/only if you agree/).waitFor();
    assert.equal(await other.getByText("Brakes & Daughters").count(), 0);
    await other.close();
  });
}

/** Of something that should have been done years ago. */
async function remind(page, what) {
  await page.getByRole("button", { name: "Add a reminder" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What is to be done").fill(what);
  await dialog.getByLabel("Every (months)").fill("12");
  await dialog.getByLabel("Done last").fill("2022-03-01T08:00");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.locator("li.card", { hasText: what }).getByText("overdue", { exact: true }).waitFor();
}

async function homeOf({ origin, token }) {
  const answer = await fetch(`${origin}/api/geofences`, { headers: { Authorization: `Bearer ${token}` } });
  return (await answer.json()).items.find(({ name }) => name === "Home").circle;
}

/** As Overpass answers. */
async function mapAround({ latitude, longitude }) {
  const elements = [
    {
      type: "node",
      id: 7,
      lat: latitude + 0.01,
      lon: longitude,
      tags: { shop: "car_repair", name: "Brakes & Daughters", phone: "+49 30 123", opening_hours: "Mo-Fr 08:00-18:00" },
    },
    { type: "node", id: 8, lat: latitude, lon: longitude + 0.01, tags: { shop: "bakery", name: "No workshop" } },
  ];
  const file = join(await mkdtemp(join(tmpdir(), "workshops-")), "map.json");
  await writeFile(file, JSON.stringify({ version: 0.6, elements }));
  return file;
}
