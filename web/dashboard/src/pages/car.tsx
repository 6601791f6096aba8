import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef, type ComponentType } from "react";
import { Link } from "wouter";

import { api, unwrap, type components } from "../api.ts";
import { age, distance } from "../format.ts";
import { useAskEvery } from "../live.ts";
import { Empty, Loading, Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";
import Connection from "./connection.tsx";
import Overview from "./overview.tsx";
import Timeline from "./timeline.tsx";

type Car = components["schemas"]["Car"];

interface Book {
  name: string;
  page: ComponentType<{ carId: string }>;
  /** It is reached from another one. */
  isHidden?: boolean;
}

const BOOKS = {
  overview: { name: "Overview", page: Overview },
  timeline: { name: "Timeline", page: Timeline },
  health: { name: "Health", page: lazy(() => import("./health.tsx")) },
  reminders: { name: "Reminders", page: lazy(() => import("./reminders.tsx")) },
  trips: { name: "Trips", page: lazy(() => import("./trips.tsx")) },
  log: { name: "Mileage log", page: lazy(() => import("./log.tsx")), isHidden: true },
  charging: { name: "Charging", page: lazy(() => import("./charging.tsx")) },
  fuel: { name: "Fuel", page: lazy(() => import("./fuel.tsx")) },
  mileage: { name: "Mileage", page: lazy(() => import("./mileage.tsx")) },
  costs: { name: "Costs", page: lazy(() => import("./costs.tsx")) },
  battery: { name: "Battery", page: lazy(() => import("./battery.tsx")) },
  alerts: { name: "Alerts", page: lazy(() => import("./alerts.tsx")) },
  connection: { name: "Connection", page: Connection },
  data: { name: "Data", page: lazy(() => import("./data.tsx")) },
} satisfies Record<string, Book>;

type BookName = keyof typeof BOOKS;

/** Of what a car without a tank or a battery has no book. */
function booksOf(car: Car): BookName[] {
  const all = (Object.keys(BOOKS) as BookName[]).filter((name) => !(BOOKS[name] as Book).isHidden);
  const without: Record<string, BookName[]> = { ICE: ["charging", "battery"], BEV: ["fuel"] };
  return all.filter((book) => !(without[car.powertrain ?? ""] ?? []).includes(book));
}

export function CarPage({ carId, book }: { carId: string; book: string | undefined }) {
  const askEvery = useAskEvery();
  const cars = useQuery({ queryKey: ["cars"], queryFn: () => unwrap(api.GET("/api/cars")), refetchInterval: askEvery });
  const shown: BookName = book && book in BOOKS ? (book as BookName) : "overview";
  const Page: Book["page"] = BOOKS[shown].page;
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
            <Tabs car={car} shown={shown} />
            <Suspense fallback={<Loading />}>
              <Page carId={carId} />
            </Suspense>
          </>
        );
      }}
    </Wait>
  );
}

function Tabs({ car, shown }: { car: Car; shown: BookName }) {
  const row = useRef<HTMLElement>(null);
  // On a phone the row is longer than the screen.
  useEffect(() => {
    row.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [shown]);
  return (
    <nav ref={row} className="tabs no-print" aria-label="Books of the car">
      {booksOf(car).map((name) => (
        <Link key={name} href={`/cars/${car.id}/${name}`} aria-current={name === shown ? "page" : undefined}>
          {BOOKS[name].name}
        </Link>
      ))}
    </nav>
  );
}

function Head({ car }: { car: Car }) {
  const units = useUnits();
  const model = [car.make, car.model, car.year].filter(Boolean).join(" ");
  return (
    <div className="row head">
      <div>
        <h1>{car.name}</h1>
        <p className="faint">
          {model}
          {car.vin && <span className="print-only"> · {car.vin}</span>}
        </p>
      </div>
      <div className="right">
        <p className="figure">{distance(car.odometerKm, units, 0)}</p>
        <p className="faint">{car.odometerAt && `read ${age(car.odometerAt)}`}</p>
      </div>
    </div>
  );
}
