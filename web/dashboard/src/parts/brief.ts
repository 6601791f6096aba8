// An entry of any book in a few words, with what is not known of it: the same ones wherever it is shown in short.

import type { components } from "../api.ts";
import { distance, energy, moneyWithin, number, someTimeBetween, volume, type Estimate, type Units } from "../format.ts";
import type { IconName } from "./icon.tsx";

type Schemas = components["schemas"];
type Happening = Schemas["Happening"];

/** What the line of time leaves out, and the books tell. */
export interface Doubt extends Estimate {
  /** It began after this moment, and not after the one at which it stands. */
  after?: string | null | undefined;
  /** How far the amount may be off, in its own unit. */
  plusMinus?: number | null | undefined;
  /** Kilometres in a long time without readings, one drive or several. */
  isMovement?: boolean;
}

export interface Brief {
  /** `Drove` */
  did: string;
  /** With its unit, as this person reckons; empty where there is nothing to count. */
  amount: string;
  /** `some time between 6 Nov and 12 Nov 2026`, where nobody knows on which day it began. */
  span: string | null;
  /** Empty where no price is known. */
  cost: string;
}

/** `page`: where the book is that can be corrected. */
export const BOOKS: Record<Happening["book"], { icon: IconName; text: string; page?: string }> = {
  "meter-entries": { icon: "counter", text: "Counter", page: "mileage" },
  "fuel-entries": { icon: "fuel", text: "Filled up", page: "fuel" },
  "charging-sessions": { icon: "charge", text: "Charged", page: "charging" },
  trips: { icon: "drive", text: "Drove", page: "trips" },
  battery: { icon: "battery", text: "Battery", page: "battery" },
  alerts: { icon: "alert", text: "Alert", page: "alerts" },
  expenses: { icon: "money", text: "Paid", page: "costs" },
  issues: { icon: "issue", text: "Issue" },
  "geofence-events": { icon: "place", text: "Place" },
};

const PASSAGES: Record<string, string> = { enter: "Came to", exit: "Left", dwell: "Stayed at", passed: "Passed" };

const NONE_KNOWN: Doubt = { isEstimate: false };

export function brief(entry: Happening, doubt: Doubt | undefined, units: Units): Brief {
  const known = doubt ?? NONE_KNOWN;
  return {
    did: did(entry, known),
    amount: amount(entry, known, units),
    span: known.after ? span(known.after, entry) : null,
    cost: entry.cost == null ? "" : moneyWithin(entry.cost, entry.currency, known),
  };
}

/** Where the day of the beginning is known, a drive beyond midnight is no doubt. */
function span(after: string, { from, to }: Happening): string | null {
  return someTimeBetween(after, from) && someTimeBetween(after, to ?? from);
}

function did({ book, state }: Happening, { isMovement }: Doubt): string {
  if (book === "geofence-events") return PASSAGES[state ?? ""] ?? BOOKS[book].text;
  return isMovement ? "Moved" : BOOKS[book].text;
}

function amount({ amount, unit }: Happening, { plusMinus }: Doubt, units: Units): string {
  if (amount == null) return "";
  switch (unit) {
    case "km":
      return distance(amount, units);
    case "l":
      return volume(amount, units, plusMinus);
    case "kWh":
      return energy(amount, plusMinus);
    default:
      return `${number(amount)} ${unit ?? ""}`;
  }
}

export function doubtOfTrip({ startedAfter, what }: Schemas["Trip"]): Doubt {
  return { after: startedAfter, isMovement: what === "movement", isEstimate: false };
}

export function doubtOfFill({ litres, costIsEstimate, finding }: Schemas["FuelEntry"]): Doubt {
  const { litresHigh, filledAfter, asOf } = finding;
  // The lower end stops at nothing.
  const plusMinus = litres == null || litresHigh == null ? null : litresHigh - litres;
  // What a person says is exact, whatever was found then.
  return { after: asOf && filledAfter, plusMinus, isEstimate: costIsEstimate };
}

export function doubtOfSession(session: Schemas["ChargingSession"]): Doubt {
  const { startedAfter, energyPlusMinusKwh, costLow, costHigh } = session;
  return { after: startedAfter, plusMinus: energyPlusMinusKwh, low: costLow, high: costHigh, isEstimate: false };
}
