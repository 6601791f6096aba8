// One bar a month, with a whisker from at least to at most, and the numbers below.

import type { ReactNode } from "react";

import Chart, { type Line } from "./chart.tsx";

export interface Month {
  /** `2026-10` */
  month: string;
  value: number | null | undefined;
  low?: number | null | undefined;
  high?: number | null | undefined;
}

export default function MonthBars(props: { months: Month[]; label: string; unit: string; name: string; children: ReactNode }) {
  const { months, label, unit, name, children } = props;
  return (
    <Chart label={label} unit={unit} byMonth x={months.map(({ month }) => middleOf(month))} lines={[barsOf(name, months)]}>
      {children}
    </Chart>
  );
}

export function barsOf(label: string, months: Month[]): Line {
  return {
    label,
    kind: "bars",
    values: months.map(({ value }) => value ?? null),
    low: months.map(({ low }) => low ?? null),
    high: months.map(({ high }) => high ?? null),
  };
}

/** Where its bar stands, in seconds. */
export function middleOf(month: string): number {
  return Date.parse(`${month.slice(0, 7)}-15`) / 1000;
}
