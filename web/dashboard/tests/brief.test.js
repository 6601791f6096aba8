// What pages say of an entry in short: that they hide no doubt, and claim none. Needs no demo and no browser: `npm run unit`.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { runnerImport } from "vite";

/** By its place in the sources. */
async function load(path) {
  return (await runnerImport(new URL(`../src/${path}`, import.meta.url).pathname, { configFile: false, logLevel: "error" })).module;
}

let words, alerts, paid;

before(async () => {
  process.env.TZ = "UTC";
  // What a browser brings along.
  Object.defineProperty(globalThis, "navigator", { value: { language: "en-GB" }, configurable: true });
  [words, paid, alerts] = await Promise.all(["parts/brief.ts", "parts/paid.ts", "parts/alert.tsx"].map(load));
});

const entry = (book, told) => ({ book, id: "one", from: "2026-11-12T09:30:00Z", to: null, progress: "ended", source: "smartcar_sync", ...told });

/** `Drove 322 km, 12 Nov` of an entry, with its cost. */
function said(happening, doubt, units = "metric") {
  const { did, amount, span, cost } = words.brief(happening, doubt, units);
  return [`${did} ${amount}`, span, cost].filter(Boolean).join(" | ").replaceAll("\u00a0", " ");
}

const drive = entry("trips", { amount: 322, unit: "km", to: "2026-11-12T09:30:00Z" });
const trip = (startedAfter, what = "drive") => words.doubtOfTrip({ startedAfter, what });

test("a movement of which nobody knows the day is told as one", () => {
  assert.equal(said(drive, trip("2026-11-06T16:00:00Z", "movement")), "Moved 322 km | some time between 6 Nov and 12 Nov 2026");
});

test("a drive has its day where that is known, also beyond midnight", () => {
  assert.equal(said(drive, trip("2026-11-12T09:00:00Z")), "Drove 322 km");
  const overnight = { ...drive, from: "2026-11-11T22:00:00Z", to: "2026-11-12T01:00:00Z" };
  assert.equal(said(overnight, trip("2026-11-11T21:50:00Z")), "Drove 322 km");
});

test("across the end of a year both days have their year", () => {
  const late = { ...drive, from: "2027-01-03T08:00:00Z", to: null };
  assert.equal(said(late, trip("2026-12-30T08:00:00Z")), "Drove 322 km | some time between 30 Dec 2026 and 3 Jan 2027");
});

const receipt = entry("fuel-entries", { amount: 52.9, unit: "l", cost: 1851.08, currency: "CZK" });
const fill = (told, finding) => words.doubtOfFill({ litres: 52.9, costIsEstimate: false, finding, ...told });

test("litres and cost that were reckoned are told with their doubt", () => {
  const found = fill({ costIsEstimate: true }, { asOf: "2026-11-12T09:30:00Z", litresLow: 30.329, litresHigh: 75.471 });
  assert.equal(said(receipt, found), "Filled up 52.9 ± 22.6 l | about CZK 1,851.08");
  assert.equal(said(receipt, found, "us"), "Filled up 14 ± 6 gal | about CZK 1,851.08");
});

test("what stands on a receipt is told as it stands there, whatever was found before", () => {
  assert.equal(said(receipt, fill({}, { filledAfter: "2026-11-01T00:00:00Z", asOf: null })), "Filled up 52.9 l | CZK 1,851.08");
});

const session = entry("charging-sessions", { amount: 18.3, unit: "kWh", cost: 6.4, currency: "EUR" });
const charge = (told) => words.doubtOfSession({ startedAfter: session.from, ...told });

test("a cost is told with what it lies between, and without where that is one sum", () => {
  const wide = charge({ energyPlusMinusKwh: 0.42, costLow: 5.9, costHigh: 6.9 });
  assert.equal(said(session, wide), "Charged 18.3 ± 0.4 kWh | about €6.40 (5.90–6.90)");
  assert.equal(said(session, charge({ energyPlusMinusKwh: 0.04, costLow: 6.4, costHigh: 6.4 })), "Charged 18.3 kWh | €6.40");
  assert.equal(said(receipt, { isEstimate: true, low: 1061.5, high: 2640.7 }), "Filled up 52.9 l | about CZK 1,851 (1,062–2,641)");
});

test("an entry of which the books say nothing more is told as it is", () => {
  assert.equal(said(session, undefined), "Charged 18.3 kWh | €6.40");
  assert.equal(said(entry("geofence-events", { state: "enter" }), undefined).trim(), "Came to");
});

test("what was paid has the range of its parts, and each currency is for itself", () => {
  const cost = (category, told) => ({ category, currency: "CZK", amount: null, estimated: 0, entries: 1, partial: 0, unpriced: 0, ...told });
  const { sums, withoutCost } = paid.paidFor([
    cost("fuel", { amount: 1851.08, low: 1061.5, high: 2640.7, estimated: 1851.08 }),
    cost("charging", { amount: 20, currency: "EUR", partial: 1 }),
    cost("charging", { currency: null, unpriced: 2 }),
    cost("insurance", { amount: 900, unpriced: 7 }),
  ]);
  assert.equal(withoutCost, 3);
  assert.deepEqual(sums, [
    { currency: "CZK", amount: 1851.08, low: 1061.5, high: 2640.7, isEstimate: true },
    { currency: "EUR", amount: 20, low: 20, high: 20, isEstimate: false },
  ]);
});

test("an alert that was found late, or is older than a day, is no news", () => {
  const now = Date.parse("2026-11-12T12:00:00Z");
  const alarm = (at, foundLater = false) => ({ at, foundLater });
  const [fresh, late, old] = [alarm("2026-11-12T11:00:00Z"), alarm("2026-11-12T11:00:00Z", true), alarm("2026-11-11T11:59:00Z")];
  assert.deepEqual(alerts.byAge([fresh, late, old], now), { fresh: [fresh], older: [late, old] });
});
