import { api, unwrap, type components } from "../api.ts";
import { between, distance, NONE, percent } from "../format.ts";
import { StateBadge } from "../parts/badge.tsx";
import { Act, BookList, usePages } from "../parts/book.tsx";
import { EvidenceButton } from "../parts/evidence.tsx";
import { Fact } from "../parts/fact.tsx";
import { useUnits } from "../preferences.ts";

type Trip = components["schemas"]["Trip"];
type Purpose = components["schemas"]["TripPurpose"];

/** From one standing to the next. */
export function TripsBook({ carId }: { carId: string }) {
  const pages = usePages<Trip>(["trips", carId], (cursor) =>
    unwrap(api.GET("/api/cars/{carId}/trips", { params: { path: { carId }, query: cursor ? { cursor } : {} } })),
  );
  return (
    <BookList pages={pages} empty="The car was not seen driving yet">
      {(trip) => <TripLine trip={trip} carId={carId} />}
    </BookList>
  );
}

function TripLine({ trip, carId }: { trip: Trip; carId: string }) {
  const units = useUnits();
  const path = { carId, entryId: trip.id };
  const used = [
    trip.fuelUsedPercent != null && `${percent(trip.fuelUsedPercent)} of the tank`,
    trip.chargeUsedPercent != null && `${percent(trip.chargeUsedPercent)} of the battery`,
  ].filter(Boolean);
  return (
    <>
      <div className="row">
        <h2>{between(trip.startedAfter, trip.startedAt)}</h2>
        <span>
          <StateBadge state={trip.state} /> {trip.progress === "open" && <span className="badge good">driving</span>}
        </span>
      </div>
      {trip.what === "movement" && (
        <p className="faint">Nobody heard of the car for long: these kilometres may be several drives.</p>
      )}
      <dl className="facts">
        <Fact name="Distance" value={distance(trip.distanceKm, units)} />
        <Fact name="End" value={between(trip.endedAfter, trip.endedAt)} />
        <Fact
          name="Odometer"
          value={`${distance(trip.odometerBeforeKm, units, 0)} → ${distance(trip.odometerAfterKm, units, 0)}`}
        />
        <Fact name="Used" value={used.length > 0 ? used.join(", ") : NONE} />
      </dl>
      <div className="acts">
        <PurposeChoice trip={trip} carId={carId} />
        <EvidenceButton carId={carId} book="trips" entryId={trip.id} />
        {trip.progress !== "open" && trip.state !== "confirmed" && (
          <Act
            name="Confirm"
            act={() => unwrap(api.POST("/api/cars/{carId}/trips/{entryId}/confirm", { params: { path } }))}
          />
        )}
        {trip.state === "confirmed" && (
          <Act name="Undo" act={() => unwrap(api.POST("/api/cars/{carId}/trips/{entryId}/undo", { params: { path } }))} />
        )}
      </div>
    </>
  );
}

const PURPOSES: Purpose[] = ["business", "private"];

function PurposeChoice({ trip, carId }: { trip: Trip; carId: string }) {
  const path = { carId, entryId: trip.id };
  const say = (purpose: Purpose | null) => () =>
    unwrap(api.PATCH("/api/cars/{carId}/trips/{entryId}", { params: { path }, body: { purpose } }));
  return (
    <span className="choice" role="group" aria-label="What the trip was for">
      {PURPOSES.map((purpose) => (
        <Act
          key={purpose}
          name={purpose}
          isPressed={trip.purpose === purpose}
          act={say(trip.purpose === purpose ? null : purpose)}
        />
      ))}
    </span>
  );
}
