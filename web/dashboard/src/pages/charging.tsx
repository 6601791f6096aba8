import { lazy, Suspense, useState } from "react";

import { api, unwrap, type components } from "../api.ts";
import { between, date, duration, energy, moment, money, NONE, number, percent } from "../format.ts";
import { StateBadge } from "../parts/badge.tsx";
import { BookList, usePages } from "../parts/book.tsx";
import { Corrections } from "../parts/corrections.tsx";
import { EvidenceButton } from "../parts/evidence.tsx";
import { Fact } from "../parts/fact.tsx";
import { Currency, Notes } from "../parts/fields.tsx";
import { Field, Form, instant, localInput } from "../parts/form.tsx";
import { usePlaces } from "../parts/places.ts";
import { Loading } from "../parts/states.tsx";

const Curve = lazy(() => import("../parts/curve.tsx"));

type Session = components["schemas"]["ChargingSession"];

/** Every stay at the plug. */
export default function ChargingBook({ carId }: { carId: string }) {
  const pages = usePages<Session>(["charging-sessions", carId], (cursor) =>
    unwrap(
      api.GET("/api/cars/{carId}/charging-sessions", {
        params: { path: { carId }, query: cursor ? { cursor } : {} },
      }),
    ),
  );
  return (
    <BookList pages={pages} empty="The car was not seen charging yet" about="A session stands here as soon as the car is plugged in.">
      {(session, earlier) => <SessionLine session={session} earlier={earlier} carId={carId} />}
    </BookList>
  );
}

function SessionLine({ session, earlier, carId }: { session: Session; earlier: Session | undefined; carId: string }) {
  const places = usePlaces();
  const [isOpen, setOpen] = useState(false);
  const place = places(session.placeId) ?? session.privateZone;
  const partial = session.costShare != null && session.costShare < 1;
  const took = session.endedAt ? Date.parse(session.endedAt) - Date.parse(session.startedAt) : undefined;
  return (
    <>
      <div className="row">
        <h2>
          {energy(session.energyKwh, session.energyPlusMinusKwh)} <span className="light">{place}</span>
        </h2>
        <span>
          <StateBadge state={session.state} />{" "}
          {session.progress === "open" && <span className="badge good">charging</span>}
        </span>
      </div>
      <dl className="facts">
        <Fact name="Level" value={`${percent(session.startSoc)} → ${percent(session.endSoc)}`} />
        <Fact name="Began" value={between(session.startedAfter, session.startedAt)} />
        <Fact
          name="Ended"
          value={session.endedAt ? between(session.endedAfter, session.endedAt) : "not yet"}
          note={took ? duration(took) : undefined}
        />
        <Fact name="From the grid" value={energy(session.gridKwh, session.gridPlusMinusKwh)} />
        <Fact name="Cost" value={cost(session)} note={partial ? "of a part: no price is known for the rest" : undefined} />
        <Fact
          name="Kind"
          value={session.currentType ? `${session.currentType}, up to ${number(session.peakKw, 0)} kW` : NONE}
        />
      </dl>
      {session.inferred && <p className="faint">Nobody saw the charging itself: the level was higher afterwards.</p>}
      {session.notes && <p>{session.notes}</p>}
      {isOpen && (
        <Suspense fallback={<Loading />}>
          <Curve session={session} carId={carId} />
        </Suspense>
      )}
      <div className="acts">
        <button type="button" className="quiet small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Curve and cost
        </button>
        <EvidenceButton
          carId={carId}
          book="charging-sessions"
          entryId={session.id}
          about={`Charged ${moment(session.startedAt)}`}
        />
        <Corrections
          book="charging-sessions"
          carId={carId}
          entry={{ id: session.id, state: session.state, source: session.source, goesOn: session.progress === "open" }}
          earlier={earlier && { id: earlier.id, name: `${date(earlier.startedAt)}, ${energy(earlier.energyKwh)}` }}
          span={session.endedAt ? { from: session.startedAfter, to: session.endedAt } : undefined}
          form={(done) => <SessionForm session={session} carId={carId} done={done} />}
        />
      </div>
    </>
  );
}

function cost({ cost, costLow, costHigh, currency }: Session): string {
  if (cost == null) return NONE;
  const isRange = costLow != null && costHigh != null && costHigh - costLow > 0.01;
  return isRange ? `${money(cost, currency)} (${money(costLow, currency)} – ${money(costHigh, currency)})` : money(cost, currency);
}

function SessionForm({ session, carId, done }: { session: Session; carId: string; done: () => void }) {
  const path = { carId, entryId: session.id };
  const began = localInput(session.startedAt);
  const ended = localInput(session.endedAt);
  const was = { energy: text(session.energyKwh), cost: text(session.cost), from: text(session.startSoc), to: text(session.endSoc) };
  return (
    <Form
      name="Save"
      done={done}
      submit={(filled) => {
        const changed = (name: string, before: string) => filled[name] !== undefined && filled[name] !== before;
        return unwrap(
          api.PATCH("/api/cars/{carId}/charging-sessions/{entryId}", {
            params: { path },
            // Only what the person changed: who changes the session itself makes it their own.
            body: {
              notes: filled["notes"] ?? null,
              ...(changed("energy", was.energy) ? { energyKwh: Number(filled["energy"]) } : {}),
              ...(changed("cost", was.cost) ? { cost: Number(filled["cost"]), currency: filled["currency"] ?? "EUR" } : {}),
              ...(changed("from", was.from) ? { startSoc: Number(filled["from"]) } : {}),
              ...(changed("to", was.to) ? { endSoc: Number(filled["to"]) } : {}),
              ...(changed("began", began) ? { startedAt: instant(filled["began"] ?? "") } : {}),
              ...(changed("ended", ended) ? { endedAt: instant(filled["ended"] ?? "") } : {}),
            },
          }),
        );
      }}
    >
      <div className="fields">
        <Field label="What it cost" name="cost" type="number" step="0.001" min="0" defaultValue={was.cost} />
        <Currency currency={session.currency} />
        <Field label="Energy into the battery (kWh)" name="energy" type="number" step="0.001" min="0" defaultValue={was.energy} />
        <Field label="From (%)" name="from" type="number" step="0.1" min="0" max="100" defaultValue={was.from} />
        <Field label="To (%)" name="to" type="number" step="0.1" min="0" max="100" defaultValue={was.to} />
        <Field label="Plugged in" name="began" type="datetime-local" defaultValue={began} />
        <Field label="Unplugged" name="ended" type="datetime-local" defaultValue={ended} />
      </div>
      <Notes notes={session.notes} />
    </Form>
  );
}

function text(value: number | null | undefined): string {
  return value == null ? "" : String(value);
}
