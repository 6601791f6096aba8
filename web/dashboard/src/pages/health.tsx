import { useQuery } from "@tanstack/react-query";

import { api, unwrap, type components } from "../api.ts";
import { age, moment } from "../format.ts";
import { useAskEvery } from "../live.ts";
import { CarDrawing } from "../parts/car_drawing.tsx";
import { inWords, isBad, nameOf, partInWords, partsOf, tyresOf, type HealthSignal } from "../parts/condition.ts";
import { Empty, Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

type Trip = components["schemas"]["Trip"];

/** What stands beside the drawing, in this order; the others follow below. */
const FIRST = ["locked", "odometer", "battery_level", "battery_range", "fuel_level", "fuel_amount", "fuel_range", "oil_life", "low_voltage_battery_level"];

/** How the car is, as it said last. */
export default function HealthPage({ carId }: { carId: string }) {
  const askEvery = useAskEvery();
  const params = { path: { carId } };
  const health = useQuery({
    queryKey: ["health", carId],
    queryFn: () => unwrap(api.GET("/api/cars/{carId}/health", { params })),
    refetchInterval: askEvery,
  });
  const newest = useQuery({
    queryKey: ["trips", carId, "newest"],
    queryFn: () => unwrap(api.GET("/api/cars/{carId}/trips", { params: { ...params, query: { limit: 1 } } })),
    refetchInterval: askEvery,
  });
  return (
    <Wait for={health}>
      {({ signals }) => {
        const told = signals.filter(({ state }) => state === "fresh" || state === "stale");
        if (told.length === 0) return <Empty title="The car said nothing yet">As soon as it is connected and heard of, it stands here.</Empty>;
        const first = FIRST.flatMap((name) => told.filter((signal) => signal.name === name));
        const tyres = told.find((signal) => tyresOf(signal).length > 0);
        const rest = told.filter((signal) => !first.includes(signal) && signal !== tyres);
        return (
          <>
            <section className="card health" aria-label="At a glance">
              {tyres && <Tyres signal={tyres} />}
              <div>
                <Doing signals={told} trip={newest.data?.items[0]} />
                <dl className="facts">
                  {first.map((signal) => (
                    <Said key={signal.name} signal={signal} />
                  ))}
                </dl>
              </div>
            </section>
            {rest.length > 0 && (
              <section className="card" aria-labelledby="more">
                <h2 id="more">Also told</h2>
                <dl className="facts">
                  {rest.map((signal) => (
                    <Said key={signal.name} signal={signal} />
                  ))}
                </dl>
              </section>
            )}
            <Untold title="This car did not tell in two months" signals={signals.filter(({ state }) => state === "not_reported")} />
            <Untold title="No car tells over Smartcar" signals={signals.filter(({ state }) => state === "not_available_over_smartcar")} />
          </>
        );
      }}
    </Wait>
  );
}

/** Whether it drives, charges or stands: by its own words, and by the trip that goes on. */
function Doing({ signals, trip }: { signals: HealthSignal[]; trip: Trip | undefined }) {
  const charging = signals.find(({ name }) => name === "charging");
  if (trip?.progress === "open") return <p className="figure">Driving</p>;
  if (charging?.value === true) return <p className={charging.state === "stale" ? "figure stale" : "figure"}>Charging</p>;
  return trip?.endedAt ? (
    <p className="figure">
      Standing <span className="faint">since {moment(trip.endedAt)}</span>
    </p>
  ) : null;
}

function Tyres({ signal }: { signal: HealthSignal }) {
  const units = useUnits();
  return (
    <figure>
      <CarDrawing tyres={tyresOf(signal)} isStale={signal.state === "stale"} units={units} />
      <figcaption>
        <Age signal={signal} />
      </figcaption>
    </figure>
  );
}

/** A value, greyed where the car usually tells more often. */
function Said({ signal }: { signal: HealthSignal }) {
  const units = useUnits();
  const parts = typeof signal.value === "object" && signal.value !== null ? partsOf(signal.value) : undefined;
  return (
    <div className={signal.state === "stale" ? "stale" : undefined}>
      <dt>{nameOf(signal)}</dt>
      <dd>
        {parts ? (
          <ul className="plain">
            {parts.length === 0 && <li>None</li>}
            {parts.map((part, index) => (
              <li key={index}>{partInWords(part)}</li>
            ))}
          </ul>
        ) : (
          <strong>{inWords(signal, units)}</strong>
        )}{" "}
        {isBad(signal) && <span className="badge bad">Look at it</span>}
        <Level signal={signal} />
        <Age signal={signal} />
      </dd>
    </div>
  );
}

function Level({ signal: { name, unit, value } }: { signal: HealthSignal }) {
  if (unit !== "percent" || typeof value !== "number") return null;
  return <progress value={value} max={100} aria-label={name.replaceAll("_", " ")} />;
}

function Age({ signal: { at, isTimed, state } }: { signal: HealthSignal }) {
  return (
    <span className="age faint" title={moment(at)}>
      {isTimed ? age(at) : `came ${age(at)}; when it was so is not known`}
      {state === "stale" && " (old)"}
    </span>
  );
}

function Untold({ title, signals }: { title: string; signals: HealthSignal[] }) {
  if (signals.length === 0) return null;
  return (
    <details className="card">
      <summary>{title}</summary>
      <p className="faint">{signals.map(nameOf).join(" · ")}</p>
    </details>
  );
}
