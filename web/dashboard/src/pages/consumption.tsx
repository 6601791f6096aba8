import { useQueries } from "@tanstack/react-query";

import { api, unwrap, type components } from "../api.ts";
import { distance, monthName, number } from "../format.ts";
import { amountOf, electricityConsumed, fuelConsumed, type Consumed } from "../parts/consumed.ts";
import MonthBars from "../parts/month_bars.tsx";
import { Loading, Trouble } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

type Ledger = components["schemas"]["EnergyLedger"];

/** A month, and what it took as far as anybody knows. */
interface Month {
  month: string;
  km: number | null | undefined;
  consumed: Consumed;
}

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
  const failed = ledgers.find(({ isError }) => isError);
  if (failed) return <Trouble error={failed.error} again={() => void failed.refetch()} />;
  if (ledgers.some(({ isPending }) => isPending)) return <Loading />;
  const told = (of: (ledger: Ledger | undefined) => Consumed): Month[] =>
    months.map(({ month }, index) => ({ month, km: ledgers[index]?.data?.km, consumed: of(ledgers[index]?.data) }));
  const kinds = [
    { name: "Fuel", months: told((ledger) => fuelConsumed(ledger?.fuel, units)) },
    { name: "Electricity", months: told((ledger) => electricityConsumed(ledger?.electricity, units)) },
  ]
    .map(({ name, months }) => ({ name, months: months.slice(firstKnown(months)) }))
    .filter(({ months }) => months.length > 0);
  if (kinds.length === 0) {
    return <p className="card faint">Consumption by month stands here once enough was driven and filled or charged.</p>;
  }
  return (
    <>
      {kinds.map(({ name, months }) => (
        <section key={name} className="card">
          <Bars name={name} months={months} />
        </section>
      ))}
    </>
  );
}

/** Months before the car was heard of say nothing. */
function firstKnown(months: Month[]): number {
  const first = months.findIndex(({ consumed }) => consumed.value != null);
  return first < 0 ? months.length : first;
}

function Bars({ name, months }: { name: string; months: Month[] }) {
  const units = useUnits();
  const unit = months[0]?.consumed.unit ?? "";
  const vague = months.filter(({ consumed }) => consumed.value != null && consumed.low == null);
  return (
    <>
      <MonthBars
        label={`${name} by month, in ${unit}; the whisker is at least and at most`}
        unit={unit}
        name={name}
        months={months.map(({ month, consumed }) => ({ month, ...consumed }))}
      >
        <table>
          <thead>
            <tr>
              <th scope="col">Month</th>
              <th scope="col">Driven</th>
              <th scope="col">{name}</th>
              <th scope="col">At least</th>
              <th scope="col">At most</th>
            </tr>
          </thead>
          <tbody>
            {months.map(({ month, km, consumed }) => (
              <tr key={month}>
                <td>{monthName(month)}</td>
                <td>{distance(km, units, 0)}</td>
                <td>{amountOf(consumed)}</td>
                <td>{number(consumed.low)}</td>
                <td>{number(consumed.high)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </MonthBars>
      {vague.length > 0 && (
        <p className="faint">How far this may be off is not known of {vague.map(({ month }) => monthName(month)).join(", ")}.</p>
      )}
    </>
  );
}
