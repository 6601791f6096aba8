import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { api, unwrap, type components } from "../api.ts";
import { age, distance } from "../format.ts";
import { useAskEvery } from "../live.ts";
import { useAlarms } from "../parts/alert.tsx";
import { ConnectionBadge } from "../parts/badge.tsx";
import { Empty, Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

type Car = components["schemas"]["Car"];

/** A person's cars at a glance. */
export function Garage() {
  const askEvery = useAskEvery();
  const cars = useQuery({
    queryKey: ["cars"],
    queryFn: () => unwrap(api.GET("/api/cars")),
    refetchInterval: askEvery,
  });
  return (
    <>
      <h1>Garage</h1>
      <Wait for={cars}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No cars yet">Add a car in Carvetka: it appears here and can be connected.</Empty>
          ) : (
            <ul className="cards">
              {items.map((car) => (
                <CarCard key={car.id} car={car} />
              ))}
            </ul>
          )
        }
      </Wait>
    </>
  );
}

/** What its owner should know before anything else. */
function News({ carId }: { carId: string }) {
  const alarms = useAlarms(carId).length;
  if (alarms === 0) return null;
  return (
    <p>
      <Link href={`/cars/${carId}/alerts`} className="badge bad">
        {alarms === 1 ? "A new alert" : `${alarms} new alerts`}
      </Link>
    </p>
  );
}

function CarCard({ car }: { car: Car }) {
  const units = useUnits();
  const model = [car.make, car.model, car.year].filter(Boolean).join(" ");
  return (
    <li className="card">
      <div className="row">
        <h2>
          <Link href={`/cars/${car.id}`}>{car.name}</Link>
        </h2>
        <ConnectionBadge connection={car.connection} />
      </div>
      <p className="faint">{model}</p>
      <News carId={car.id} />
      <p className="figure">{distance(car.odometerKm, units, 0)}</p>
      <p className="faint">{car.odometerAt ? `read ${age(car.odometerAt)}` : "No mileage yet"}</p>
    </li>
  );
}
