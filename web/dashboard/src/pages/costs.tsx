import { useQuery } from "@tanstack/react-query";

import { api, unwrap, type components } from "../api.ts";
import { money, NONE } from "../format.ts";
import { Empty, Wait } from "../parts/states.tsx";

type Cost = components["schemas"]["CostSum"];

/** What the car costs, month by month. */
export function CostsBook({ carId }: { carId: string }) {
  const costs = useQuery({
    queryKey: ["costs", carId],
    queryFn: () =>
      unwrap(api.GET("/api/cars/{carId}/costs", { params: { path: { carId }, query: { by: "month" } } })),
  });
  return (
    <Wait for={costs}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="Nothing was spent yet">Fill-ups, charging and expenses add up here.</Empty>
        ) : (
          <div className="card scroll">
            <table>
              <caption>Costs by month</caption>
              <thead>
                <tr>
                  <th scope="col">Month</th>
                  <th scope="col">What</th>
                  <th scope="col">Amount</th>
                  <th scope="col">Between</th>
                  <th scope="col">Entries</th>
                </tr>
              </thead>
              <tbody>
                {[...items].reverse().map((cost) => (
                  <tr key={`${cost.month}-${cost.category}-${cost.currency}`}>
                    <td>{cost.month}</td>
                    <td>{cost.category}</td>
                    <td>{money(cost.amount, cost.currency)}</td>
                    <td>{range(cost)}</td>
                    <td>
                      {cost.entries}
                      {cost.unpriced > 0 && <span className="faint"> ({cost.unpriced} without a price)</span>}
                    </td>
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

function range({ low, high, currency }: Cost): string {
  if (low == null || high == null || high - low < 0.01) return NONE;
  return `${money(low, currency)} – ${money(high, currency)}`;
}
