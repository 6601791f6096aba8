import { useQueries } from "@tanstack/react-query";

import { api, unwrap } from "../api.ts";
import { distance, draw, drawIn, drawUnit, economy, economyIn, economyUnit, monthName } from "../format.ts";
import Chart from "../parts/chart.tsx";
import { middleOf } from "../parts/month_bars.tsx";
import { Loading, Trouble } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

const MONTHS = 6;

/** The last months, newest last, by the browser's clock. */
function monthsBack(): { month: string; from: Date; to: Date }[] {
  const today = new Date();
  return Array.from({ length: MONTHS }, (_, index) => {
    const from = new Date(today.getFullYear(), today.getMonth() - (MONTHS - 1 - index), 1);
    const to = new Date(from.getFullYear(), from.getMonth() + 1, 1);
    return { month: `${from.getFullYear()}-${String(from.getMonth() + 1).padStart(2, "0")}`, from, to };
  });
}

/** How much of what the car took, month by month. */
export function Consumption({ carId }: { carId: string }) {
  const units = useUnits();
  const months = monthsBack();
  const ledgers = useQueries({
    queries: months.map(({ month, from, to }) => ({
      queryKey: ["energy", carId, month],
      queryFn: () =>
        unwrap(
          api.GET("/api/cars/{carId}/energy", {
            params: { path: { carId }, query: { from: from.toISOString(), to: to.toISOString() } },
          }),
        ),
      staleTime: 60_000,
    })),
  });
  const rows = months.map(({ month }, index) => ({ month, ledger: ledgers[index]?.data }));
  const shown = (value: number | null | undefined, as: typeof economyIn) => (value ? as(value, units) : null);
  const fuel = rows.map(({ ledger }) => shown(ledger?.fuel?.per100Km, economyIn));
  const electricity = rows.map(({ ledger }) => shown(ledger?.electricity?.per100Km, drawIn));
  const has = (values: (number | null)[]) => values.some((value) => value != null);
  const failed = ledgers.find(({ isError }) => isError);
  if (failed) return <Trouble error={failed.error} again={() => void failed.refetch()} />;
  if (ledgers.some(({ isPending }) => isPending)) return <Loading />;
  if (!has(fuel) && !has(electricity)) {
    return <p className="card faint">Consumption by month stands here once enough was driven and filled or charged.</p>;
  }
  const lines = [
    ...(has(fuel) ? [{ label: `Fuel, ${economyUnit(units)}`, kind: "bars" as const, values: fuel }] : []),
    ...(has(electricity)
      ? [
          {
            label: `Electricity, ${drawUnit(units)}`,
            // Beside bars of fuel, of another scale.
            ...(has(fuel) ? { kind: "points" as const, colour: "warn", scale: "other" } : { kind: "bars" as const }),
            values: electricity,
          },
        ]
      : []),
  ];
  return (
    <section className="card">
      <Chart
        label="Consumption by month"
        unit={has(fuel) ? economyUnit(units) : drawUnit(units)}
        {...(has(fuel) && has(electricity) ? { otherUnit: drawUnit(units) } : {})}
        byMonth
        x={rows.map(({ month }) => middleOf(month))}
        lines={lines}
      >
        <table>
          <thead>
            <tr>
              <th scope="col">Month</th>
              <th scope="col">Driven</th>
              <th scope="col">Fuel</th>
              <th scope="col">Electricity</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ month, ledger }) => (
              <tr key={month}>
                <td>{monthName(month)}</td>
                <td>{distance(ledger?.km, units, 0)}</td>
                <td>{economy(ledger?.fuel?.per100Km, units)}</td>
                <td>{draw(ledger?.electricity?.per100Km, units)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Chart>
    </section>
  );
}
