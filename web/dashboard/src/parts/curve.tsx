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
  const flows = flowsOf(session);
  const x = momentsOf(points, flows);
  const lines: Line[] = [{ label: "Level", values: x.map((at) => points.find((point) => point.at === at)?.level ?? null) }];
  if (flows.length > 0) {
    const kw = x.map((at) => flows.find(({ from, to }) => from <= at && at <= to)?.kw ?? null);
    lines.push({ label: "Power (mean of each current)", values: kw, kind: "steps", colour: "warn", scale: "other" });
  }
  return (
    <>
      {x.length > 1 ? (
        <Chart x={x} lines={lines} unit="%" {...(flows.length > 0 ? { otherUnit: "kW" } : {})} label="How the battery filled">
          <Currents flows={flows} />
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
      ) : (
        !evidence.isPending && <p className="faint">Too little was told to draw how the battery filled.</p>
      )}
      {parts.length > 0 && <Parts parts={parts} currency={session.currency} />}
    </>
  );
}

/** What is said later tells of the stand and not of the charging. */
const AFTERWARDS_S = 15 * 60;

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
  const end = session.endedAt ? Date.parse(session.endedAt) / 1000 + AFTERWARDS_S : Infinity;
  const all = [...said, ...ends].filter(({ at, level }) => Number.isFinite(level) && at <= end).sort((one, other) => one.at - other.at);
  return all.filter(({ at }, index) => at !== all[index - 1]?.at);
}

/** A current that flowed, in seconds; its power is the mean of it. */
interface Flow {
  from: number;
  to: number;
  kw: number;
}

function flowsOf({ segments, startedAt, endedAt, energyKwh }: Session): Flow[] {
  const told = segments.some(({ kwh }) => kwh != null) ? segments : [{ startedAt, endedAt, kwh: energyKwh }];
  return told.flatMap(({ startedAt, endedAt, kwh }) => {
    if (!endedAt || kwh == null) return [];
    const [from, to] = [Date.parse(startedAt) / 1000, Date.parse(endedAt) / 1000];
    return to > from ? [{ from, to, kw: (kwh * 3_600) / (to - from) }] : [];
  });
}

/** Where something begins, ends or is told; a moment after its end a current flows no more. */
function momentsOf(points: Level[], flows: Flow[]): number[] {
  const all = [...points.map(({ at }) => at), ...flows.flatMap(({ from, to }) => [from, to, to + 1])];
  return [...new Set(all)].sort((one, other) => one - other);
}

function Currents({ flows }: { flows: Flow[] }) {
  const at = (seconds: number) => clock(new Date(seconds * 1000).toISOString());
  return (
    <ul className="plain">
      {flows.map(({ from, to, kw }) => (
        <li key={from}>
          {at(from)} – {at(to)}: {number(kw)} kW in the mean
        </li>
      ))}
    </ul>
  );
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
