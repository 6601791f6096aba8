// One charging session or two: a person cuts it, joins it, and takes both back.

import assert from "node:assert/strict";
import { test } from "node:test";

import { carsOf, until, visit } from "./demo.js";

/** So much that both halves are worth a line. */
const ENOUGH_KWH = 8;
/** Of numbers that add up. */
const ROUNDING_KWH = 0.05;

export function tellJoining(given) {
  test("a charging session is cut in two, joined again, and both words are taken back", async () => {
    const { browser, electric } = given;
    const { page, faults } = await visit(browser, electric, "/cars/CAR/charging");
    const whole = await longSession(electric);
    const parts = () => sessionsWithin(electric, whole);
    const becomes = async (number) => {
      await until(async () => (await parts()).length === number);
      const kwh = (await parts()).reduce((sum, { energyKwh }) => sum + energyKwh, 0);
      assert.ok(Math.abs(kwh - whole.energyKwh) < ROUNDING_KWH, `${kwh} of ${whole.energyKwh} kWh`);
      // The page follows.
      await until(async () => (await linesOf(page, await parts())) === number);
    };
    await becomes(1);

    const cut = await correcting(page, whole);
    await cut.getByText("These were two").click();
    await cut.getByLabel("The second began at").fill(middleOf(whole.segments[0]));
    await cut.getByRole("button", { name: "Split" }).click();
    await becomes(2);

    const [second] = await parts();
    const joined = await correcting(page, second);
    await joined.getByText("It belongs to the one before").click();
    await joined.getByRole("button", { name: "Join both" }).click();
    await becomes(1);

    for (const number of [2, 1]) {
      const undone = await correcting(page, (await parts()).at(-1));
      await undone.getByRole("button", { name: "Undo my last word" }).click();
      await becomes(number);
    }
    assert.deepEqual(faults, []);
    await page.close();
  });
}

async function correcting(page, session) {
  await lineOf(page, session).getByRole("button", { name: "Correct" }).click();
  return page.getByRole("dialog");
}

/** As its button tells when it began. */
function lineOf(page, { startedAt }) {
  const began = new Date(startedAt).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  return page.locator("li.card").filter({ has: page.getByRole("button", { name: `Why? Charged ${began}`, exact: true }) });
}

async function linesOf(page, sessions) {
  const counts = await Promise.all(sessions.map((session) => lineOf(page, session).count()));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Newest first. */
async function sessionsOf(person) {
  const [car] = await carsOf(person);
  const answer = await fetch(`${person.origin}/api/cars/${car.id}/charging-sessions`, {
    headers: { Authorization: `Bearer ${person.token}` },
  });
  return (await answer.json()).items;
}

async function sessionsWithin(person, { startedAfter, endedAt }) {
  const sessions = await sessionsOf(person);
  return sessions.filter((session) => session.startedAt >= startedAfter && session.endedAt && session.endedAt <= endedAt);
}

/** One of the machine's that is over. */
async function longSession(person) {
  let found;
  await until(async () => {
    const sessions = await sessionsOf(person);
    found = sessions.find(({ state, energyKwh, endedAt, segments }) => state === "recorded" && endedAt && energyKwh > ENOUGH_KWH && segments.length === 1);
    return found !== undefined;
  });
  return found;
}

/** While current flows, as a field of the browser has it. */
function middleOf({ startedAt, endedAfter }) {
  const middle = (Date.parse(startedAt) + Date.parse(endedAfter)) / 2;
  return new Date(middle - new Date(middle).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
