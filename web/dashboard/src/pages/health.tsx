import { useQuery } from "@tanstack/react-query";

import { api, unwrap, type components } from "../api.ts";
import { age, distance, energy, moment, number, percent, plain, volume, type Units } from "../format.ts";
import { useAskEvery } from "../live.ts";
import { Empty, Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

type Signal = components["schemas"]["HealthSignal"];

/** How the car is, as it said last. */
export default function HealthPage({ carId }: { carId: string }) {
  const askEvery = useAskEvery();
  const health = useQuery({
    queryKey: ["health", carId],
    queryFn: () => unwrap(api.GET("/api/cars/{carId}/health", { params: { path: { carId } } })),
    refetchInterval: askEvery,
  });
  return (
    <Wait for={health}>
      {({ signals }) => {
        const told = signals.filter(({ state }) => state === "fresh" || state === "stale");
        const untold = signals.filter(({ state }) => state === "not_reported");
        const nowhere = signals.filter(({ state }) => state === "not_available_over_smartcar");
        if (told.length === 0) return <Empty title="The car said nothing yet">As soon as it is connected and heard of, it stands here.</Empty>;
        return (
          <>
            <ul className="cards small">
              {told.map((signal) => (
                <li key={signal.name} className="card">
                  <SignalCard signal={signal} />
                </li>
              ))}
            </ul>
            <Untold title="This car did not tell in two months" signals={untold} />
            <Untold title="No car tells over Smartcar" signals={nowhere} />
          </>
        );
      }}
    </Wait>
  );
}

function SignalCard({ signal }: { signal: Signal }) {
  const units = useUnits();
  const { state, at, isTimed } = signal;
  return (
    <>
      <div className="row">
        <h2>{nameOf(signal)}</h2>
        {state === "stale" && <span className="badge warn">Old</span>}
        {isBad(signal) && <span className="badge bad">Look at it</span>}
      </div>
      <Value signal={signal} units={units} />
      <p className="faint" title={moment(at)}>
        {isTimed ? age(at) : `it came ${age(at)}; when the car said it is not known`}
      </p>
    </>
  );
}

function nameOf({ name }: Signal): string {
  if (name.startsWith("low_voltage")) return plain(name.replace("low_voltage", "12 V"));
  return plain(name.replace(/^diagnostics-/, ""));
}

/** What a maker's own check calls so. */
function isBad({ name, value }: Signal): boolean {
  if (name === "trouble_code_count") return typeof value === "number" && value > 0;
  return value === "WARN" || value === "BAD" || value === "ERROR" || value === "CRITICAL";
}

function Value({ signal, units }: { signal: Signal; units: Units }) {
  if (typeof signal.value === "object" && signal.value !== null) {
    const parts = partsOf(signal.value);
    if (parts.length > 0 && parts.every(({ tirePressure }) => tirePressure != null)) return <Tires wheels={parts} />;
    return (
      <ul className="plain">
        {parts.length === 0 && <li>None</li>}
        {parts.map((part, index) => (
          <li key={index}>{partInWords(part)}</li>
        ))}
      </ul>
    );
  }
  return <p className="figure">{inWords(signal, units)}</p>;
}

function inWords({ name, value, unit }: Signal, units: Units): string {
  if (typeof value === "boolean") return truth(name, value);
  if (typeof value !== "number") return plain(String(value ?? "").toLowerCase());
  switch (unit) {
    case "km":
      return distance(value, units, 0);
    case "percent":
      return percent(value);
    case "l":
      return volume(value, units);
    case "kWh":
      return energy(value);
    case "W":
      return `${number(value / 1000)} kW`;
    case "km/h":
      return `${distance(value, units, 0)}/h`;
    default:
      return `${number(value)} ${unit ?? ""}`;
  }
}

const TRUTHS: Record<string, [string, string]> = {
  locked: ["Locked", "Open"],
  charging: ["Charging", "Not charging"],
  charging_cable: ["Plugged in", "Not plugged in"],
  online: ["Online", "Asleep"],
};

function truth(name: string, value: boolean): string {
  const [yes, no] = TRUTHS[name] ?? ["Yes", "No"];
  return value ? yes : no;
}

/** A wheel, a door or a window: which one, and what is told of it. */
interface Part {
  row?: number;
  column?: number;
  tirePressure?: number;
}

const KPA_PER_BAR = 100;
const SIDES = ["left", "right"];

function partsOf(value: object): Part[] {
  const { values } = value as { values?: unknown };
  const parts: unknown[] = Array.isArray(values) ? values : [value];
  return parts.filter((part): part is Part => typeof part === "object" && part !== null);
}

/** Seen from above. */
function position({ row, column }: Part): string {
  if (row == null) return "";
  return `${row === 0 ? "front" : "rear"} ${SIDES[column ?? -1] ?? ""}`.trim();
}

/** As they stand on the road. */
function Tires({ wheels }: { wheels: Part[] }) {
  return (
    <ul className="tires">
      {wheels.map((wheel) => (
        <li key={`${wheel.row}-${wheel.column}`}>
          <strong>{((wheel.tirePressure ?? 0) / KPA_PER_BAR).toFixed(1)} bar</strong> <span className="faint">{position(wheel)}</span>
        </li>
      ))}
    </ul>
  );
}

/** `Front left: closed` */
function partInWords(part: Part): string {
  const { row: _row, column: _column, ...said } = part;
  const words = Object.entries(said as Record<string, unknown>)
    .filter(([, value]) => value != null && typeof value !== "object")
    .map(([name, value]) => {
      const word = typeof value === "string" && name !== "code" ? value.toLowerCase().replaceAll("_", " ") : String(value);
      return name === "code" || name === "status" ? word : `${name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()} ${word}`;
    })
    .join(", ");
  const where = position(part);
  return where ? `${plain(where)}: ${words}` : words;
}

function Untold({ title, signals }: { title: string; signals: Signal[] }) {
  if (signals.length === 0) return null;
  return (
    <details className="card">
      <summary>{title}</summary>
      <p className="faint">{signals.map(nameOf).join(" · ")}</p>
    </details>
  );
}
