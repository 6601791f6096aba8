// What those who look after the pipeline see and do, and that nobody else does.

import assert from "node:assert/strict";
import { test } from "node:test";

import { carsOf, open, sql, until, visitAsOperator } from "./demo.js";

/** The pipeline and not the page: cars have to say something first. */
const PIPELINE_MS = 60_000;

export function tellOperators(given) {
  test("who does not know the operators' secret is told so, and who knows it sees queues", async () => {
    const { browser, operators, electric } = given;
    const { page } = await open(browser, operators.origin);
    await page.goto(`${operators.origin}/app/operator`);
    const secret = page.getByLabel(/^OPERATOR_TOKEN/);
    const look = page.getByRole("button", { name: "Look" });
    for (const wrong of ["a-secret-of-forty-characters-that-is-wrong", electric.token]) {
      await secret.fill(wrong);
      await look.click();
      await page.getByRole("alert").waitFor();
      assert.equal(await page.getByRole("heading", { name: "The pipeline" }).count(), 0);
      await page.reload();
    }
    await secret.fill(operators.token);
    await look.click();
    await page.getByRole("heading", { name: "The pipeline" }).waitFor();
    await page.getByRole("table", { name: "Queues" }).getByRole("rowheader", { name: "events", exact: true }).waitFor();
    await page.getByRole("button", { name: "Leave" }).click();
    await secret.waitFor();
    await page.close();
  });

  test("what the database refused is parked with the reason, and taken up in the page once that is mended", async () => {
    const { browser, operators, bystander } = given;
    const { page, faults } = await visitAsOperator(browser, operators);
    await sql(`ALTER TABLE webhook_events ADD CONSTRAINT until_mended CHECK (vehicle_id <> ${await vehicleOf(bystander)}) NOT VALID`);
    const parked = page.locator("li", { hasText: "until_mended" });
    await parked.first().waitFor({ timeout: PIPELINE_MS });
    await sql("ALTER TABLE webhook_events DROP CONSTRAINT until_mended");
    const message = await parked.first().locator("code").textContent();
    await page.getByRole("button", { name: `Replay ${message}` }).click();
    await page.getByText(message).waitFor({ state: "detached" });
    const stored = `SELECT count(*) FROM parked_messages JOIN webhook_events ON event_id = message_key
      WHERE parked_messages.id = '${message}' AND state = 'replayed'`;
    await until(async () => (await sql(stored)) === "1");
    // What was parked beside it.
    while (await parked.first().isVisible()) {
      const other = await parked.first().locator("code").textContent();
      await page.getByRole("button", { name: `Replay ${other}` }).click();
      await page.getByText(other).waitFor({ state: "detached" });
    }
    assert.deepEqual(faults, []);
    await page.close();
  });
}

/** Smartcar's id of this person's car, in SQL. */
async function vehicleOf(person) {
  const [car] = await carsOf(person);
  return sql(`SELECT quote_literal(smartcar_vehicle_id) FROM smartcar_vehicles WHERE car_id = '${car.id}'`);
}
