import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, unwrap, type components } from "../api.ts";
import { date, distance, distanceUnit, draw, economy, kmOf, moment, monthName, unitsPerKm, type Units } from "../format.ts";
import { Act, BookList, usePages } from "../parts/book.tsx";
import Chart from "../parts/chart.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { EvidenceButton } from "../parts/evidence.tsx";
import { Field, Form, instant, localInput } from "../parts/form.tsx";
import { Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

type Schemas = components["schemas"];
type MeterEntry = Schemas["MeterEntry"];

/** How far, how much of what, and what the counter showed. */
export default function MileageBook({ carId }: { carId: string }) {
  const [isAdding, setAdding] = useState(false);
  return (
    <>
      <div className="acts end">
        <button type="button" onClick={() => setAdding(true)} aria-haspopup="dialog">
          Add a reading
        </button>
      </div>
      {isAdding && (
        <Dialog title="What the counter shows" close={() => setAdding(false)}>
          <ReadingForm carId={carId} done={() => setAdding(false)} />
        </Dialog>
      )}
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
    <Chart
      label="How far the car came, month by month; the whisker is at least and at most"
      unit={distanceUnit(units)}
      byMonth
      x={ways.map(({ at }) => Date.parse(`${at}-15`) / 1000)}
      lines={[
        {
          label: "Driven",
          kind: "bars",
          values: ways.map(({ way }) => shown(way.km)),
          low: ways.map(({ way }) => shown(way.lowKm)),
          high: ways.map(({ way }) => shown(way.highKm)),
        },
      ]}
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
    </Chart>
  );
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

function Consumption({ carId }: { carId: string }) {
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
  const fuel = rows.map(({ ledger }) => ledger?.fuel?.per100Km ?? null);
  const electricity = rows.map(({ ledger }) => ledger?.electricity?.per100Km ?? null);
  const has = (values: (number | null)[]) => values.some((value) => value != null);
  if (!has(fuel) && !has(electricity)) return null;
  const lines = [
    ...(has(fuel) ? [{ label: "Fuel, l/100 km", kind: "bars" as const, values: fuel }] : []),
    ...(has(electricity) ? [{ label: "Electricity, kWh/100 km", kind: has(fuel) ? ("points" as const) : ("bars" as const), colour: "warn", values: electricity, scale: has(fuel) ? "other" : "y" }] : []),
  ];
  return (
    <section className="card">
      <Chart
        label="Consumption by month"
        unit={has(fuel) ? "l/100 km" : "kWh/100 km"}
        {...(has(fuel) && has(electricity) ? { otherUnit: "kWh/100 km" } : {})}
        byMonth
        x={rows.map(({ month }) => Date.parse(`${month}-15`) / 1000)}
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

const SOURCES: Record<string, string> = { manual: "you", smartcar_sync: "the car", import: "an import" };

function Readings({ carId }: { carId: string }) {
  const units = useUnits();
  const pages = usePages<MeterEntry>(["meter-entries", carId], (cursor) =>
    unwrap(api.GET("/api/cars/{carId}/meter-entries", { params: { path: { carId }, query: cursor ? { cursor } : {} } })),
  );
  const items = [...(pages.data?.pages ?? []).flatMap(({ items }) => items)].reverse();
  return (
    <>
      {items.length > 1 && (
        <section className="card">
          <Chart
            label="What the counter showed"
            unit={distanceUnit(units)}
            x={items.map(({ entryDate }) => Date.parse(entryDate) / 1000)}
            lines={[{ label: "Odometer", values: items.map(({ odometerKm }) => odometerKm * unitsPerKm(units)) }]}
          />
        </section>
      )}
      <h2>What the counter showed</h2>
      <BookList pages={pages} empty="Nobody read the counter yet">
        {(entry) => <ReadingLine entry={entry} carId={carId} />}
      </BookList>
    </>
  );
}

function ReadingLine({ entry, carId }: { entry: MeterEntry; carId: string }) {
  const units = useUnits();
  const [isOpen, setOpen] = useState(false);
  const path = { carId, entryId: entry.id };
  return (
    <div className="row">
      <span>
        <strong>{distance(entry.odometerKm, units, 0)}</strong> <span className="faint">{moment(entry.entryDate)}</span>{" "}
        <span className="faint">from {SOURCES[entry.source] ?? entry.source}</span>
      </span>
      <span className="acts">
        <EvidenceButton carId={carId} book="meter-entries" entryId={entry.id} about={`Counter, ${moment(entry.entryDate)}`} />
        <button type="button" className="quiet small" onClick={() => setOpen(true)} aria-haspopup="dialog" aria-label={`Change ${date(entry.entryDate)}`}>
          Change
        </button>
      </span>
      {isOpen && (
        <Dialog title="What the counter showed" close={() => setOpen(false)}>
          <ReadingForm carId={carId} entry={entry} done={() => setOpen(false)} />
          <div className="acts end">
            <Act
              name="Delete"
              isQuiet
              confirm="Delete this reading? The machine does not bring it back."
              act={() => unwrap(api.DELETE("/api/cars/{carId}/meter-entries/{entryId}", { params: { path } }))}
              done={() => setOpen(false)}
            />
          </div>
        </Dialog>
      )}
    </div>
  );
}

function ReadingForm({ carId, entry, done }: { carId: string; entry?: MeterEntry; done: () => void }) {
  const units = useUnits();
  return (
    <Form
      name="Save"
      done={done}
      submit={(filled) => {
        const body = {
          odometerKm: kmOf(filled["km"] ?? "", units),
          entryDate: instant(filled["at"] ?? ""),
          notes: filled["notes"] ?? null,
        };
        return entry
          ? unwrap(
              api.PATCH("/api/cars/{carId}/meter-entries/{entryId}", {
                params: { path: { carId, entryId: entry.id } },
                body,
              }),
            )
          : unwrap(api.POST("/api/cars/{carId}/meter-entries", { params: { path: { carId } }, body }));
      }}
    >
      <div className="fields">
        <Field
          label={`It shows (${units === "metric" ? "km" : "miles"})`}
          name="km"
          type="number"
          step="0.1"
          min="0"
          required
          defaultValue={entry ? (entry.odometerKm * unitsPerKm(units)).toFixed(1) : ""}
        />
        <Field label="When" name="at" type="datetime-local" required defaultValue={localInput(entry?.entryDate ?? new Date().toISOString())} />
      </div>
      <Field label="Notes" name="notes" maxLength={2000} defaultValue={entry?.notes ?? ""} />
    </Form>
  );
}
