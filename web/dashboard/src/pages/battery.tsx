import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "../api.ts";
import { energy, NONE, number, percent } from "../format.ts";
import { Empty, Wait } from "../parts/states.tsx";

/** What the battery holds, with how far that may be off. */
export function BatteryBook({ carId }: { carId: string }) {
  const battery = useQuery({
    queryKey: ["battery", carId],
    queryFn: () => unwrap(api.GET("/api/cars/{carId}/battery", { params: { path: { carId } } })),
  });
  return (
    <Wait for={battery}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="Nobody can say yet how the battery is">
            It takes five charging sessions over at least 30 points, in mild weather.
          </Empty>
        ) : (
          <div className="card scroll">
            <table>
              <caption>What the battery held</caption>
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
                    <td>{estimate.month.slice(0, 7)}</td>
                    <td>{energy(estimate.usableKwh, estimate.plusMinusKwh)}</td>
                    <td>{percent(estimate.healthPercent)}</td>
                    <td>{estimate.trendPercentPerYear == null ? NONE : `${number(estimate.trendPercentPerYear)} %`}</td>
                    <td>{estimate.sessions}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )
      }
    </Wait>
  );
}
