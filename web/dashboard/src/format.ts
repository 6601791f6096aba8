// Numbers, moments and amounts as this person reads them. The books are metric; pages may show miles and gallons.

export type Units = "metric" | "us" | "uk";

const KM_PER_MILE = 1.609344;
const LITRES_PER_GALLON: Record<Units, number> = { metric: 1, us: 3.785411784, uk: 4.54609 };

export const NONE = "–";

const locale = navigator.language;

export function number(value: number | null | undefined, digits = 1): string {
  return value == null ? NONE : value.toLocaleString(locale, { maximumFractionDigits: digits });
}

export function distance(km: number | null | undefined, units: Units, digits = 1): string {
  if (km == null) return NONE;
  return units === "metric" ? `${number(km, digits)} km` : `${number(km / KM_PER_MILE, digits)} mi`;
}

export function volume(litres: number | null | undefined, units: Units, plusMinus?: number | null): string {
  const gallon = LITRES_PER_GALLON[units];
  return measured(litres == null ? null : litres / gallon, (plusMinus ?? 0) / gallon, units === "metric" ? "l" : "gal");
}

/** Less than this is not seen in an amount as it is shown. */
const SMALLEST_SHOWN = 0.05;

/** `52.9 ± 22.6 l`; without the second where it is too little to be shown. */
function measured(value: number | null | undefined, plusMinus: number | null | undefined, unit: string): string {
  if (value == null) return NONE;
  return plusMinus != null && plusMinus >= SMALLEST_SHOWN ? `${number(value)} ± ${number(plusMinus)} ${unit}` : `${number(value)} ${unit}`;
}

export function economy(litresPer100Km: number | null | undefined, units: Units): string {
  return litresPer100Km == null ? NONE : `${number(economyIn(litresPer100Km, units))} ${economyUnit(units)}`;
}

/** Litres for a hundred kilometres, or miles with a gallon. */
export function economyIn(litresPer100Km: number, units: Units): number {
  return units === "metric" ? litresPer100Km : (100 / KM_PER_MILE) * (LITRES_PER_GALLON[units] / litresPer100Km);
}

export function economyUnit(units: Units): string {
  return units === "metric" ? "l/100 km" : "mpg";
}

export function energy(kwh: number | null | undefined, plusMinus?: number | null): string {
  return measured(kwh, plusMinus, "kWh");
}

/** Of electricity: kilowatt hours for a hundred kilometres, or miles with a kilowatt hour. */
export function drawIn(kwhPer100Km: number, units: Units): number {
  return units === "metric" ? kwhPer100Km : 100 / KM_PER_MILE / kwhPer100Km;
}

export function drawUnit(units: Units): string {
  return units === "metric" ? "kWh/100 km" : "mi/kWh";
}

const KPA_PER_BAR = 100;
const KPA_PER_PSI = 6.894757;

/** Of tyres. */
export function pressure(kpa: number, units: Units): string {
  return units === "metric" ? `${(kpa / KPA_PER_BAR).toFixed(1)} bar` : `${number(kpa / KPA_PER_PSI, 0)} psi`;
}

/** So many of the person's own units a kilometre is. */
export function unitsPerKm(units: Units): number {
  return units === "metric" ? 1 : 1 / KM_PER_MILE;
}

export function distanceUnit(units: Units): string {
  return units === "metric" ? "km" : "mi";
}

/** What a person typed, in kilometres. */
export function kmOf(text: string, units: Units): number {
  return Number(text) / unitsPerKm(units);
}

export function percent(value: number | null | undefined): string {
  return value == null ? NONE : `${number(value, 0)} %`;
}

export function money(amount: number | null | undefined, currency: string | null | undefined): string {
  if (amount == null || !currency) return NONE;
  return amount.toLocaleString(locale, { style: "currency", currency });
}

/** Of a sum that is not known exactly. */
export interface Estimate {
  /** What it lies between, where that is known. */
  low?: number | null | undefined;
  high?: number | null | undefined;
  isEstimate: boolean;
}

/** From so much on, what lies between says that the digits behind the point are none. */
const WIDE = 10;

/** `CZK 1,851.08` of what stands on receipts, `about CZK 1,851 (1,062–2,641)` of what was reckoned. */
export function moneyWithin(amount: number | null | undefined, currency: string | null | undefined, { low, high, isEstimate }: Estimate): string {
  if (amount == null || !currency) return NONE;
  const isRange = low != null && high != null && high - low >= 0.01;
  if (!isRange) return isEstimate ? `about ${money(amount, currency)}` : money(amount, currency);
  const digits = high - low >= WIDE ? 0 : 2;
  const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const [least, most] = [low, high].map((end) => end.toLocaleString(locale, form));
  return `about ${amount.toLocaleString(locale, { style: "currency", currency, ...form })} (${least}–${most})`;
}

export function moment(at: string | null | undefined): string {
  if (!at) return NONE;
  return new Date(at).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
}

export function clock(at: string): string {
  return new Date(at).toLocaleTimeString(locale, { timeStyle: "short" });
}

/** `10 Oct` */
export function date(at: string | Date): string {
  return new Date(at).toLocaleDateString(locale, { day: "numeric", month: "short", year: "numeric" });
}

/** Of a month as the api writes it, `2026-10`. */
export function monthName(month: string): string {
  return new Date(`${month.slice(0, 7)}-15`).toLocaleDateString(locale, { month: "short", year: "numeric" });
}

/** Words of the api, such as `battery_weak`, for those of which the page knows no better. */
export function plain(word: string): string {
  const text = word.replaceAll("_", " ").replaceAll("-", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.round(minutes / 1440)} days`;
}

export function day(at: string): string {
  return new Date(at).toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

/** A moment that is only known to lie between two others. */
export function between(after: string | null | undefined, by: string | null | undefined): string {
  if (!by) return NONE;
  if (!after || new Date(by).getTime() - new Date(after).getTime() < 60_000) return moment(by);
  const sameDay = new Date(after).toDateString() === new Date(by).toDateString();
  return `${moment(after)} – ${sameDay ? clock(by) : moment(by)}`;
}

/** `some time between 6 Nov and 12 Nov 2026`: what is known of a day that nobody saw; nothing where both are one day. */
export function someTimeBetween(after: string, by: string): string | null {
  const [first, last] = [new Date(after), new Date(by)];
  if (first >= last || first.toDateString() === last.toDateString()) return null;
  const isSameYear = first.getFullYear() === last.getFullYear();
  const start = isSameYear ? first.toLocaleDateString(locale, { day: "numeric", month: "short" }) : date(first);
  return `some time between ${start} and ${date(last)}`;
}

const AGES: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** `3 hours ago` */
export function age(at: string | null | undefined, now = Date.now()): string {
  if (!at) return NONE;
  const seconds = (now - new Date(at).getTime()) / 1000;
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  for (const [unit, length] of AGES) {
    if (Math.abs(seconds) >= length) return words.format(-Math.round(seconds / length), unit);
  }
  return "just now";
}
