// What a car says of its condition, in words.

import type { components } from "../api.ts";
import { distance, energy, number, percent, plain, volume, type Units } from "../format.ts";
import type { Tyre } from "./car_drawing.tsx";

export type HealthSignal = components["schemas"]["HealthSignal"];

export function nameOf({ name }: HealthSignal): string {
  if (name.startsWith("low_voltage")) return plain(name.replace("low_voltage", "12 V"));
  return plain(name.replace(/^diagnostics-/, ""));
}

/** What a maker's own check calls so. */
export function isBad({ name, value }: HealthSignal): boolean {
  if (name === "trouble_code_count") return typeof value === "number" && value > 0;
  return value === "WARN" || value === "BAD" || value === "ERROR" || value === "CRITICAL";
}

export function inWords({ name, value, unit }: HealthSignal, units: Units): string {
  if (typeof value === "boolean") return truth(name, value);
  if (typeof value !== "number") return plain(String(value ?? "").toLowerCase());
  switch (unit) {
    case "km":
      return distance(value, units, 0);
    case "percent":
      return percent(value);
    case "l":
      return volume(value, units);
    case "kWh":
      return energy(value);
    case "W":
      return `${number(value / 1000)} kW`;
    case "km/h":
      return `${distance(value, units, 0)}/h`;
    default:
      return `${number(value)} ${unit ?? ""}`;
  }
}

const TRUTHS: Record<string, [string, string]> = {
  locked: ["Locked", "Open"],
  charging: ["Charging", "Not charging"],
  charging_cable: ["Plugged in", "Not plugged in"],
  online: ["Online", "Asleep"],
};

function truth(name: string, value: boolean): string {
  const [yes, no] = TRUTHS[name] ?? ["Yes", "No"];
  return value ? yes : no;
}

/** A wheel, a door or a window: which one, and what is told of it. */
export interface Part {
  row?: number;
  column?: number;
  tirePressure?: number;
}

const SIDES = ["left", "right"];

export function partsOf(value: object): Part[] {
  const { values } = value as { values?: unknown };
  const parts: unknown[] = Array.isArray(values) ? values : [value];
  return parts.filter((part): part is Part => typeof part === "object" && part !== null);
}

/** Of a value that tells of nothing but tyres. */
export function tyresOf({ value }: HealthSignal): Tyre[] {
  if (typeof value !== "object" || value === null) return [];
  return partsOf(value).flatMap(({ row, column, tirePressure }) =>
    row == null || column == null || tirePressure == null ? [] : [{ row, column, kpa: tirePressure }],
  );
}

/** Seen from above. */
function position({ row, column }: Part): string {
  if (row == null) return "";
  return `${row === 0 ? "front" : "rear"} ${SIDES[column ?? -1] ?? ""}`.trim();
}

/** `Front left: closed` */
export function partInWords(part: Part): string {
  const { row: _row, column: _column, ...said } = part;
  const words = Object.entries(said as Record<string, unknown>)
    .filter(([, value]) => value != null && typeof value !== "object")
    .map(([name, value]) => {
      const word = typeof value === "string" && name !== "code" ? value.toLowerCase().replaceAll("_", " ") : String(value);
      return name === "code" || name === "status" ? word : `${name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()} ${word}`;
    })
    .join(", ");
  const where = position(part);
  return where ? `${plain(where)}: ${words}` : words;
}
