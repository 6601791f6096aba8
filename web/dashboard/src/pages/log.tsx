import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { api, download, unwrap, type components } from "../api.ts";
import { date, distance, moment, NONE, plain, type Units } from "../format.ts";
import { Act } from "../parts/book.tsx";
import { Field } from "../parts/form.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { Empty, Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

type Schemas = components["schemas"];
type Line = Schemas["LogLine"];

/** The driver's log of a time, as the tax office wants to see it: trips in order, and what is missing between them. */
export default function LogPage({ carId }: { carId: string }) {
  const year = new Date().getFullYear();
  const [from, setFrom] = useState(`${year}-01-01`);
  const [to, setTo] = useState(`${year}-12-31`);
  const span = { from: new Date(`${from}T00:00`), to: new Date(Date.parse(`${to}T00:00`) + 86_400_000) };
  const isSpan = span.from < span.to;
  const query = isSpan ? { from: span.from.toISOString(), to: span.to.toISOString() } : { from: "", to: "" };
  const log = useQuery({
    queryKey: ["log", carId, from, to],
    // The same address gives CSV, too, where it is asked to.
    queryFn: () =>
      unwrap(api.GET("/api/cars/{carId}/mileage-log", { params: { path: { carId }, query } })) as Promise<Schemas["MileageLog"]>,
    enabled: isSpan,
    placeholderData: (before) => before,
  });
  const path = `/api/cars/${carId}/mileage-log?${new URLSearchParams({ ...query, format: "csv" })}`;
  return (
    <>
      <div className="row no-print">
        <Link href={`/cars/${carId}/trips`}>Back to the trips</Link>
      </div>
      <div className="fields no-print">
        <Field label="From" type="date" value={from} max={to} onChange={(event) => setFrom(event.target.value)} />
        <Field label="To, with this day" type="date" value={to} min={from} onChange={(event) => setTo(event.target.value)} />
      </div>
      <div className="acts no-print">
        <button type="button" onClick={() => window.print()}>
          Print
        </button>
        <Act name="Save as CSV" isQuiet act={() => download(path, `mileage-log-${from}-${to}.csv`)} />
      </div>
      <Wait for={log}>
        {(log) =>
          log.lines.length === 0 ? <Empty title="No trips in this time" /> : <Log log={log} />
        }
      </Wait>
    </>
  );
}

function Log({ log }: { log: Schemas["MileageLog"] }) {
  const units = useUnits();
  const { totals } = log;
  return (
    <section className="card paper">
      <h2>
        Mileage log, {date(log.from)} to {date(new Date(Date.parse(log.to) - 1))}
      </h2>
      <dl className="facts">
        <div>
          <dt>Business</dt>
          <dd>{distance(totals.businessKm, units)}</dd>
        </div>
        <div>
          <dt>Private</dt>
          <dd>{distance(totals.privateKm, units)}</dd>
        </div>
        <div>
          <dt>Nobody said what for</dt>
          <dd>{distance(totals.unknownKm, units)}</dd>
        </div>
        <div>
          <dt>Between trips</dt>
          <dd>{distance(totals.gapsKm, units)}</dd>
        </div>
      </dl>
      <Scroll label="The trips of the log">
        <table>
          <thead>
            <tr>
              <th scope="col">Began</th>
              <th scope="col">Ended</th>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col">Odometer</th>
              <th scope="col">Distance</th>
              <th scope="col">For</th>
            </tr>
          </thead>
          <tbody>
            {log.lines.map((line) => (
              <LogLine key={line.kind === "trip" ? line.id : `gap-${line.from}`} line={line} units={units} />
            ))}
          </tbody>
        </table>
      </Scroll>
      <p className="faint">Days by the clock of {log.timeZone}.</p>
    </section>
  );
}

function LogLine({ line, units }: { line: Line; units: Units }) {
  const counter = `${distance(line.odometerBeforeKm, units, 0)} → ${distance(line.odometerAfterKm, units, 0)}`;
  if (line.kind === "gap") {
    return (
      <tr className="faint">
        <td colSpan={4}>Of what was driven here no trip tells</td>
        <td>{counter}</td>
        <td>{distance(line.distanceKm, units)}</td>
        <td>{NONE}</td>
      </tr>
    );
  }
  return (
    <tr>
      <td>{moment(line.startedAt)}</td>
      <td>{moment(line.endedAt)}</td>
      <td>{place(line.from)}</td>
      <td>{place(line.to)}</td>
      <td>{counter}</td>
      <td>{distance(line.distanceKm, units)}</td>
      <td>
        {line.purpose ? plain(line.purpose) : NONE} {line.notes}
      </td>
    </tr>
  );
}

function place(spot: Schemas["LogPlace"] | null | undefined): string {
  if (spot?.name) return spot.name;
  if (spot?.latitude == null || spot.longitude == null) return NONE;
  return `${spot.latitude.toFixed(3)}, ${spot.longitude.toFixed(3)}`;
}
