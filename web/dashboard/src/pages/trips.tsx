import { lazy, Suspense, useState } from "react";
import { Link } from "wouter";

import { api, unwrap, type components } from "../api.ts";
import { between, date, distance, kmOf, moment, percent, unitsPerKm } from "../format.ts";
import { StateBadge } from "../parts/badge.tsx";
import { BookList, usePages } from "../parts/book.tsx";
import { Corrections } from "../parts/corrections.tsx";
import { EvidenceButton } from "../parts/evidence.tsx";
import { Fact } from "../parts/fact.tsx";
import { Notes } from "../parts/fields.tsx";
import { Field, Form, instant, localInput } from "../parts/form.tsx";
import type { Spot } from "../parts/ground.ts";
import type { Shape } from "../parts/map.tsx";
import { usePlaces } from "../parts/places.ts";
import { PurposeChoice } from "../parts/purpose.tsx";
import { Loading } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

const Map = lazy(() => import("../parts/map.tsx"));

type Trip = components["schemas"]["Trip"];
type TripEnd = Trip["from"];

/** From one standing to the next. */
export default function TripsBook({ carId }: { carId: string }) {
  const [chosen, choose] = useState<string>();
  const pages = usePages<Trip>(["trips", carId], (cursor) =>
    unwrap(api.GET("/api/cars/{carId}/trips", { params: { path: { carId }, query: cursor ? { cursor } : {} } })),
  );
  const ways = (pages.data?.pages ?? []).flatMap(({ items }) => items).flatMap((trip) => wayOf(trip, chosen));
  return (
    <>
      <div className="row">
        <span className="faint">{ways.length > 0 && "Straight from where each trip began to where it ended"}</span>
        <Link href={`/cars/${carId}/log`} className="button">
          Mileage log for the tax office
        </Link>
      </div>
      {ways.length > 0 && (
        <Suspense fallback={<Loading />}>
          <Map shapes={ways} label="Trips on a map; the list below tells the same" choose={choose} />
          <Legend />
        </Suspense>
      )}
      <BookList pages={pages} empty="The car was not seen driving yet" about="A trip stands here as soon as the car counted kilometres.">
        {(trip, earlier) => (
          <TripLine trip={trip} earlier={earlier} carId={carId} show={wayOf(trip, chosen).length > 0 ? () => choose(trip.id) : undefined} />
        )}
      </BookList>
    </>
  );
}

/** Which colour tells what. */
const COLOURS = { business: "accent", private: "warn", unknown: "faint" } as const;

function Legend() {
  return (
    <ul className="legend faint">
      <li className={COLOURS.business}>Business</li>
      <li className={COLOURS.private}>Private</li>
      <li className={COLOURS.unknown}>Nobody said what for</li>
    </ul>
  );
}

function isKnown(end: TripEnd): end is TripEnd & Spot {
  return end.latitude != null && end.longitude != null;
}

function wayOf(trip: Trip, chosen: string | undefined): Shape[] {
  if (!isKnown(trip.from) || !isKnown(trip.to)) return [];
  const corners = [trip.from, trip.to].map(({ latitude, longitude }) => ({ latitude, longitude }));
  const colour = COLOURS[trip.purpose ?? "unknown"];
  return [{ key: trip.id, name: `${moment(trip.startedAt)}: ${trip.distanceKm} km`, kind: "way", corners, colour, isChosen: trip.id === chosen }];
}

function TripLine(props: { trip: Trip; earlier: Trip | undefined; carId: string; show: (() => void) | undefined }) {
  const { trip, earlier, carId, show } = props;
  const units = useUnits();
  const places = usePlaces();
  const end = (spot: TripEnd) => places(spot.placeId) ?? spot.privateZone;
  const way = [end(trip.from), end(trip.to)];
  const used = [
    trip.fuelUsedPercent != null && `${percent(trip.fuelUsedPercent)} of the tank`,
    trip.chargeUsedPercent != null && `${percent(trip.chargeUsedPercent)} of the battery`,
  ].filter(Boolean);
  const about = `Trip of ${moment(trip.startedAt)}`;
  return (
    <>
      <div className="row">
        <h2>
          {distance(trip.distanceKm, units)}
          {way.some(Boolean) && <span className="light"> {`${way[0] ?? "elsewhere"} → ${way[1] ?? "elsewhere"}`}</span>}
        </h2>
        <span>
          <StateBadge state={trip.state} /> {trip.progress === "open" && <span className="badge good">driving</span>}
        </span>
      </div>
      {trip.what === "movement" && (
        <p className="faint">Nobody heard of the car for long: these kilometres may be several drives.</p>
      )}
      <dl className="facts">
        <Fact name="Began" value={between(trip.startedAfter, trip.startedAt)} />
        <Fact name="Ended" value={trip.endedAt ? between(trip.endedAfter, trip.endedAt) : "not yet"} />
        <Fact
          name="Odometer"
          value={`${distance(trip.odometerBeforeKm, units, 0)} → ${distance(trip.odometerAfterKm, units, 0)}`}
        />
        {used.length > 0 && <Fact name="Used" value={used.join(", ")} />}
      </dl>
      {trip.notes && <p>{trip.notes}</p>}
      <div className="acts">
        <PurposeChoice trip={trip} carId={carId} />
        {show && (
          <button type="button" className="quiet small" onClick={show}>
            On the map
          </button>
        )}
        <EvidenceButton carId={carId} book="trips" entryId={trip.id} about={about} />
        <Corrections
          book="trips"
          carId={carId}
          entry={{ id: trip.id, state: trip.state, source: trip.source, goesOn: trip.progress === "open" }}
          earlier={earlier && { id: earlier.id, name: `${date(earlier.startedAt)}, ${distance(earlier.distanceKm, units)}` }}
          span={trip.endedAt ? { from: trip.startedAfter, to: trip.endedAt } : undefined}
          form={(done) => <TripForm trip={trip} carId={carId} done={done} />}
        />
      </div>
    </>
  );
}

function TripForm({ trip, carId, done }: { trip: Trip; carId: string; done: () => void }) {
  const units = useUnits();
  const path = { carId, entryId: trip.id };
  const shown = (trip.distanceKm * unitsPerKm(units)).toFixed(1);
  const began = localInput(trip.startedAt);
  const ended = localInput(trip.endedAt);
  return (
    <Form
      name="Save"
      done={done}
      submit={(filled) =>
        unwrap(
          api.PATCH("/api/cars/{carId}/trips/{entryId}", {
            params: { path },
            // Only what the person changed: who changes a trip itself makes it their own.
            body: {
              notes: filled["notes"] ?? null,
              ...(filled["distance"] !== shown && filled["distance"] ? { distanceKm: kmOf(filled["distance"], units) } : {}),
              ...(filled["began"] !== began && filled["began"] ? { startedAt: instant(filled["began"]) } : {}),
              ...(filled["ended"] !== ended && filled["ended"] ? { endedAt: instant(filled["ended"]) } : {}),
            },
          }),
        )
      }
    >
      <Field label={`Distance (${units === "metric" ? "km" : "miles"})`} name="distance" type="number" step="0.1" min="0" defaultValue={shown} />
      <Field label="Began" name="began" type="datetime-local" defaultValue={began} />
      <Field label="Ended" name="ended" type="datetime-local" defaultValue={ended} />
      <Notes notes={trip.notes} />
    </Form>
  );
}
