import { useQuery } from "@tanstack/react-query";

import { api, unwrap, type components } from "../api.ts";
import { energy, monthName, NONE, number, percent } from "../format.ts";
import Chart from "../parts/chart.tsx";
import { EvidenceButton } from "../parts/evidence.tsx";
import { Empty, Wait } from "../parts/states.tsx";

type Estimate = components["schemas"]["BatteryEstimate"];

/** What the battery holds, with how far that may be off. */
export default function BatteryBook({ carId }: { carId: string }) {
  const battery = useQuery({
    queryKey: ["battery", carId],
    queryFn: () => unwrap(api.GET("/api/cars/{carId}/battery", { params: { path: { carId } } })),
  });
  return (
    <Wait for={battery}>
      {({ items }) => {
        const [newest] = items;
        if (!newest) {
          return (
            <Empty title="Nobody can say yet how the battery is">
              It takes five charging sessions over at least 30 points, in mild weather.
            </Empty>
          );
        }
        return (
          <>
            <Newest estimate={newest} carId={carId} />
            <section className="card">
              <History items={[...items].reverse()} />
            </section>
          </>
        );
      }}
    </Wait>
  );
}

function Newest({ estimate, carId }: { estimate: Estimate; carId: string }) {
  const trend = estimate.trendPercentPerYear;
  return (
    <section className="card">
      <h2>Usable energy</h2>
      <p className="figure">{energy(estimate.usableKwh, estimate.plusMinusKwh)}</p>
      <p className="faint">
        In {monthName(estimate.month)}, from {estimate.sessions} charging sessions.{" "}
        {estimate.healthPercent == null
          ? "What it held when it was new is not known."
          : `That is ${percent(estimate.healthPercent)} of what it held when it was new.`}{" "}
        {trend != null && `It changes by ${number(trend)} % a year.`}
      </p>
      <div className="acts">
        <EvidenceButton carId={carId} book="battery" entryId={estimate.id} about={`Battery in ${monthName(estimate.month)}`} />
      </div>
    </section>
  );
}

/** Oldest first. */
function History({ items }: { items: Estimate[] }) {
  return (
    <Chart
      label="What the battery held, month by month; the band is how far that may be off"
      unit="kWh"
      byMonth
      x={items.map(({ month }) => Date.parse(month) / 1000)}
      lines={[
        {
          label: "Usable",
          values: items.map(({ usableKwh }) => usableKwh),
          low: items.map(({ usableKwh, plusMinusKwh }) => usableKwh - plusMinusKwh),
          high: items.map(({ usableKwh, plusMinusKwh }) => usableKwh + plusMinusKwh),
        },
      ]}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">Month</th>
            <th scope="col">Usable</th>
            <th scope="col">Health</th>
            <th scope="col">A year</th>
            <th scope="col">Sessions</th>
          </tr>
        </thead>
        <tbody>
          {items.map((estimate) => (
            <tr key={estimate.id}>
              <td>{monthName(estimate.month)}</td>
              <td>{energy(estimate.usableKwh, estimate.plusMinusKwh)}</td>
              <td>{percent(estimate.healthPercent)}</td>
              <td>{estimate.trendPercentPerYear == null ? NONE : `${number(estimate.trendPercentPerYear)} %`}</td>
              <td>{estimate.sessions}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Chart>
  );
}
