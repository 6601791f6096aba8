// What a hundred kilometres took, as this person reads it, and between what that lies.

import { drawIn, drawUnit, economyIn, economyUnit, number, NONE, type Units } from "../format.ts";

/** As the api has it. */
interface Told {
  per100Km?: number | null;
  per100KmLow?: number | null;
  per100KmHigh?: number | null;
}

/** In the person's units. */
export interface Consumed {
  value: number | null;
  /** Both are absent where nobody knows how far the value may be off; the second alone where there is no most. */
  low: number | null;
  high: number | null;
  unit: string;
}

export function fuelConsumed(told: Told | null | undefined, units: Units): Consumed {
  return consumed(told, (per100Km) => economyIn(per100Km, units), economyUnit(units));
}

export function electricityConsumed(told: Told | null | undefined, units: Units): Consumed {
  return consumed(told, (per100Km) => drawIn(per100Km, units), drawUnit(units));
}

function consumed(told: Told | null | undefined, as: (per100Km: number) => number, unit: string): Consumed {
  const shown = (per100Km: number | null | undefined) => (per100Km == null ? Infinity : as(per100Km));
  const known = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? null : value);
  // The less a way takes, the more miles a gallon makes: without end where it may have been nothing.
  const [low, high] = [shown(told?.per100KmLow), shown(told?.per100KmHigh)].sort((one, other) => one - other);
  return { value: known(shown(told?.per100Km)), low: known(low), high: known(high), unit };
}

/** `7.1 l/100 km` */
export function amountOf({ value, unit }: Consumed): string {
  return value == null ? NONE : `${number(value)} ${unit}`;
}

/** `7.1 l/100 km, 6.8 – 7.4` */
export function amountWithin(consumed: Consumed): string {
  const { low, high } = consumed;
  if (low == null) return amountOf(consumed);
  return `${amountOf(consumed)}, ${high == null ? `at least ${number(low)}` : `${number(low)} – ${number(high)}`}`;
}
