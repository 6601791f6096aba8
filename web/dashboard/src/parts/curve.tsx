// A charging session: how the battery filled, and when which price counted.

import type { components } from "../api.ts";
import { clock, energy, money, number, plain } from "../format.ts";
import Chart, { type Line } from "./chart.tsx";
import { useEvidence } from "./evidence.tsx";
import { Scroll } from "./scroll.tsx";

type Session = components["schemas"]["ChargingSession"];

/** A part of what a session cost, as the api tells it. */
interface CostPart {
  what: string;
  amount: number;
  from?: string;
  to?: string;
  kwh?: number;
  price?: number;
}

export default function Curve({ session, carId }: { session: Session; carId: string }) {
  const evidence = useEvidence({ carId, book: "charging-sessions", entryId: session.id });
  const points = levels(session, evidence.data?.readings ?? []);
  const parts = partsOf(session.costParts);
  const power = powers(points.map(({ at }) => at), session);
  const lines: Line[] = [{ label: "Level", values: points.map(({ level }) => level) }];
  if (power.some((kw) => kw != null)) {
    lines.push({ label: "Power (mean)", values: power, kind: "steps", colour: "warn", scale: "other" });
  }
  return (
    <>
      {points.length > 1 && (
        <Chart x={points.map(({ at }) => at)} lines={lines} unit="%" otherUnit="kW" label="How the battery filled">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Level</th>
              </tr>
            </thead>
            <tbody>
              {points.map(({ at, level }) => (
                <tr key={at}>
                  <td>{clock(new Date(at * 1000).toISOString())}</td>
                  <td>{number(level)} %</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Chart>
      )}
      {parts.length > 0 && <Parts parts={parts} currency={session.currency} />}
    </>
  );
}

interface Level {
  at: number;
  level: number;
}

/** The ends of the currents, and what the car said between. */
function levels(session: Session, readings: components["schemas"]["CitedReading"][]): Level[] {
  const said = readings
    .filter(({ signal }) => signal === "tractionbattery-stateofcharge")
    .map(({ at, value }) => ({ at: Date.parse(at) / 1000, level: Number.parseFloat(value) }));
  const ends = session.segments.flatMap(({ startedAt, startSoc, endedAt, endSoc }) => [
    ...(startSoc == null ? [] : [{ at: Date.parse(startedAt) / 1000, level: startSoc }]),
    ...(endSoc == null || !endedAt ? [] : [{ at: Date.parse(endedAt) / 1000, level: endSoc }]),
  ]);
  const all = [...said, ...ends].filter(({ level }) => Number.isFinite(level)).sort((one, other) => one.at - other.at);
  return all.filter(({ at }, index) => at !== all[index - 1]?.at);
}

/** The mean power of the current that flows at each of these moments. */
function powers(moments: number[], session: Session): (number | null)[] {
  return moments.map((at) => {
    const flowing = session.segments.find(
      ({ startedAt, endedAt }) => Date.parse(startedAt) / 1000 <= at && (!endedAt || at <= Date.parse(endedAt) / 1000),
    );
    if (!flowing?.endedAt || flowing.kwh == null) return null;
    const hours = (Date.parse(flowing.endedAt) - Date.parse(flowing.startedAt)) / 3_600_000;
    return hours > 0 ? flowing.kwh / hours : null;
  });
}

function partsOf(told: unknown): CostPart[] {
  if (!Array.isArray(told)) return [];
  return told.filter((part): part is CostPart => typeof part?.what === "string" && typeof part?.amount === "number");
}

function Parts({ parts, currency }: { parts: CostPart[]; currency: string | null | undefined }) {
  return (
    <Scroll label="How the cost adds up">
      <table>
        <caption>How the cost adds up</caption>
        <thead>
          <tr>
            <th scope="col">For</th>
            <th scope="col">When</th>
            <th scope="col">How much</th>
            <th scope="col">Price</th>
            <th scope="col">Amount</th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part, index) => (
            <tr key={index}>
              <td>{plain(part.what)}</td>
              <td>{part.from && part.to ? `${clock(part.from)} – ${clock(part.to)}` : ""}</td>
              <td>{part.kwh == null ? "" : energy(part.kwh)}</td>
              <td>{part.price == null ? "" : money(part.price, currency)}</td>
              <td>{money(part.amount, currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
