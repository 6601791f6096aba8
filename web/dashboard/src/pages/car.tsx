import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { api, unwrap, type components } from "../api.ts";
import { age, distance } from "../format.ts";
import { Empty, Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";
import { BatteryBook } from "./battery.tsx";
import { ChargingBook } from "./charging.tsx";
import { Connection } from "./connection.tsx";
import { CostsBook } from "./costs.tsx";
import { FuelBook } from "./fuel.tsx";
import { TimelinePage } from "./timeline.tsx";
import { TripsBook } from "./trips.tsx";

type Car = components["schemas"]["Car"];

const BOOKS = {
  timeline: { name: "Timeline", page: TimelinePage },
  trips: { name: "Trips", page: TripsBook },
  charging: { name: "Charging", page: ChargingBook },
  fuel: { name: "Fuel", page: FuelBook },
  costs: { name: "Costs", page: CostsBook },
  battery: { name: "Battery", page: BatteryBook },
  connection: { name: "Connection", page: Connection },
} as const;

type BookName = keyof typeof BOOKS;

/** Of what a car without a tank or a battery has no book. */
function booksOf(car: Car): BookName[] {
  const all = Object.keys(BOOKS) as BookName[];
  const without: Record<string, BookName[]> = { ICE: ["charging", "battery"], BEV: ["fuel"] };
  return all.filter((book) => !(without[car.powertrain ?? ""] ?? []).includes(book));
}

export function CarPage({ carId, book }: { carId: string; book: string | undefined }) {
  const cars = useQuery({ queryKey: ["cars"], queryFn: () => unwrap(api.GET("/api/cars")), refetchInterval: 15_000 });
  const shown: BookName = book && book in BOOKS ? (book as BookName) : "timeline";
  const Page = BOOKS[shown].page;
  return (
    <Wait for={cars}>
      {({ items }) => {
        const car = items.find((car) => car.id === carId);
        if (!car) {
          return (
            <Empty title="There is no such car">
              <Link href="/">Back to the garage</Link>
            </Empty>
          );
        }
        return (
          <>
            <Head car={car} />
            <nav className="tabs" aria-label="Books of the car">
              {booksOf(car).map((name) => (
                <Link key={name} href={`/cars/${carId}/${name}`} aria-current={name === shown ? "page" : undefined}>
                  {BOOKS[name].name}
                </Link>
              ))}
            </nav>
            <Page carId={carId} />
          </>
        );
      }}
    </Wait>
  );
}

function Head({ car }: { car: Car }) {
  const units = useUnits();
  const model = [car.make, car.model, car.year].filter(Boolean).join(" ");
  return (
    <div className="row head">
      <div>
        <h1>{car.name}</h1>
        <p className="faint">{model}</p>
      </div>
      <div className="right">
        <p className="figure">{distance(car.odometerKm, units, 0)}</p>
        <p className="faint">{car.odometerAt && `read ${age(car.odometerAt)}`}</p>
      </div>
    </div>
  );
}
