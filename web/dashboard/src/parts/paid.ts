// What was paid for fuel and electricity, and between what that lies.

import type { components } from "../api.ts";
import type { Estimate } from "../format.ts";

type Cost = components["schemas"]["CostSum"];

export interface Paid extends Estimate {
  currency: string;
  amount: number;
}

/** Money of different currencies is never added. `withoutCost`: so many entries have no price, or not for all. */
export function paidFor(costs: Cost[]): { sums: Paid[]; withoutCost: number } {
  const driving = costs.filter(({ category }) => category === "fuel" || category === "charging");
  const priced = driving.filter(({ amount }) => amount != null);
  const currencies = [...new Set(priced.flatMap(({ currency }) => currency ?? []))];
  return {
    sums: currencies.map((currency) => sumOf(currency, priced.filter((cost) => cost.currency === currency))),
    withoutCost: driving.reduce((count, { partial, unpriced }) => count + partial + unpriced, 0),
  };
}

function sumOf(currency: string, costs: Cost[]): Paid {
  const sum = (of: (cost: Cost) => number | null | undefined) => costs.reduce((total, cost) => total + (of(cost) ?? 0), 0);
  return {
    currency,
    amount: sum(({ amount }) => amount),
    low: sum(({ low, amount }) => low ?? amount),
    high: sum(({ high, amount }) => high ?? amount),
    isEstimate: costs.some(({ estimated }) => estimated > 0),
  };
}
