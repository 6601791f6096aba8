import { useQuery } from "@tanstack/react-query";

import { api, unwrap, type components } from "../api.ts";
import { distance, distanceUnit, monthName, unitsPerKm, type Units } from "../format.ts";
import { DialogButton } from "../parts/dialog.tsx";
import MonthBars from "../parts/month_bars.tsx";
import { Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";
import { Consumption } from "./consumption.tsx";
import { ReadingForm, Readings } from "./counter.tsx";

type Schemas = components["schemas"];

/** How far, how much of what, and what the counter showed. */
export default function MileageBook({ carId }: { carId: string }) {
  return (
    <>
      <div className="acts end">
        <DialogButton name="Add a reading" title="What the counter shows">
          {(done) => <ReadingForm carId={carId} done={done} />}
        </DialogButton>
      </div>
      <Months carId={carId} />
      <Consumption carId={carId} />
      <Readings carId={carId} />
    </>
  );
}

function Months({ carId }: { carId: string }) {
  const units = useUnits();
  const mileage = useQuery({
    queryKey: ["mileage", carId, "months"],
    queryFn: () =>
      unwrap(api.GET("/api/cars/{carId}/mileage", { params: { path: { carId }, query: { between: "months" } } })),
  });
  return (
    <section className="card">
      <Wait for={mileage}>
        {({ items, sinceLast }) => {
          // The way of a milestone is the one that leads to it: of the month that ends there.
          const ways = items.flatMap(({ odometer, way }) => (way?.km == null ? [] : [{ at: monthBefore(odometer.at), way }]));
          if (sinceLast?.km != null && items.length > 0) ways.push({ at: new Date().toISOString().slice(0, 7), way: sinceLast });
          if (ways.length === 0) return <p className="faint">As soon as two months are known, their kilometres stand here.</p>;
          return <MonthChart ways={ways} units={units} />;
        }}
      </Wait>
    </section>
  );
}

/** Of the moment at which a month ended: `2026-10`. */
function monthBefore(end: string): string {
  return new Date(Date.parse(end) - 15 * 86_400_000).toISOString().slice(0, 7);
}

function MonthChart({ ways, units }: { ways: { at: string; way: Schemas["DrivenWay"] }[]; units: Units }) {
  const shown = (km: number | null | undefined) => (km == null ? null : km * unitsPerKm(units));
  return (
    <MonthBars
      label="How far the car came, month by month; the whisker is at least and at most"
      unit={distanceUnit(units)}
      name="Driven"
      months={ways.map(({ at, way }) => ({ month: at, value: shown(way.km), low: shown(way.lowKm), high: shown(way.highKm) }))}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">Month</th>
            <th scope="col">Driven</th>
            <th scope="col">At least</th>
            <th scope="col">At most</th>
          </tr>
        </thead>
        <tbody>
          {ways.map(({ at, way }) => (
            <tr key={at}>
              <td>{monthName(at)}</td>
              <td>{distance(way.km, units, 0)}</td>
              <td>{distance(way.lowKm, units, 0)}</td>
              <td>{distance(way.highKm, units, 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </MonthBars>
  );
}
