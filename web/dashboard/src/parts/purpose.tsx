import { api, unwrap, type components } from "../api.ts";
import { Act } from "./book.tsx";

type Trip = components["schemas"]["Trip"];
type Purpose = components["schemas"]["TripPurpose"];

const PURPOSES: { purpose: Purpose; name: string }[] = [
  { purpose: "business", name: "Business" },
  { purpose: "private", name: "Private" },
];

/** What a trip was for; what is said twice is taken back. */
export function PurposeChoice({ trip, carId }: { trip: Trip; carId: string }) {
  const path = { carId, entryId: trip.id };
  const say = (purpose: Purpose | null) => () =>
    unwrap(api.PATCH("/api/cars/{carId}/trips/{entryId}", { params: { path }, body: { purpose } }));
  return (
    <span className="choice" role="group" aria-label="What the trip was for">
      {PURPOSES.map(({ purpose, name }) => (
        <Act
          key={purpose}
          name={name}
          isQuiet
          isPressed={trip.purpose === purpose}
          act={say(trip.purpose === purpose ? null : purpose)}
        />
      ))}
    </span>
  );
}
