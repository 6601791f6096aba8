import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, unwrap, type components } from "../api.ts";
import { clock, day, distance, energy, moment, money, number, volume, type Units } from "../format.ts";
import { StateBadge } from "../parts/badge.tsx";
import { EvidenceButton, type BookWord } from "../parts/evidence.tsx";
import { Empty, Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

type Schemas = components["schemas"];

/** So many days are shown at once. */
const STRETCH_DAYS = 14;
const DAY_MS = 86_400_000;

/** Day by day: what the car did, what was spent, and when nothing was heard of it. */
export function TimelinePage({ carId }: { carId: string }) {
  const [daysBack, setDaysBack] = useState(STRETCH_DAYS);
  // To the minute, so that the question stays the same while one looks.
  const to = new Date(Math.ceil(Date.now() / 60_000) * 60_000);
  const from = new Date(to.getTime() - daysBack * DAY_MS);
  const timeline = useQuery({
    queryKey: ["timeline", carId, daysBack],
    queryFn: () =>
      unwrap(
        api.GET("/api/cars/{carId}/timeline", {
          params: { path: { carId }, query: { from: from.toISOString(), to: to.toISOString() } },
        }),
      ),
    refetchInterval: 15_000,
    placeholderData: (before) => before,
  });
  return (
    <Wait for={timeline}>
      {({ days }) => {
        const newestFirst = [...days].reverse().filter((day) => day.entries.length > 0 || day.silences.length > 0);
        if (newestFirst.length === 0) {
          return <Empty title="Nothing happened in this time">As soon as the car tells something, it stands here.</Empty>;
        }
        return (
          <>
            {newestFirst.map((day) => (
              <Day key={day.date} day={day} carId={carId} />
            ))}
            {daysBack < 90 && (
              <button className="quiet wide" onClick={() => setDaysBack(daysBack + STRETCH_DAYS)}>
                Earlier
              </button>
            )}
          </>
        );
      }}
    </Wait>
  );
}

function Day({ day: { date, entries, silences }, carId }: { day: Schemas["Day"]; carId: string }) {
  return (
    <section className="card" aria-label={date}>
      <h2 className="day">{day(`${date}T12:00:00`)}</h2>
      <ol className="line">
        {[...entries].reverse().map((entry) => (
          <Entry key={`${entry.book}-${entry.id}`} entry={entry} carId={carId} />
        ))}
        {silences.map((silence) => (
          <li key={silence.from} className="silence">
            Nothing was heard from {moment(silence.from)} {silence.goesOn ? "on" : `to ${moment(silence.to)}`}
          </li>
        ))}
      </ol>
    </section>
  );
}

const WORDS: Record<string, { icon: string; text: string }> = {
  "meter-entries": { icon: "◷", text: "Mileage" },
  "fuel-entries": { icon: "⛽", text: "Fill-up" },
  "charging-sessions": { icon: "⚡", text: "Charged" },
  trips: { icon: "➜", text: "Drove" },
  battery: { icon: "▮", text: "Battery" },
  alerts: { icon: "!", text: "Alert" },
  expenses: { icon: "¤", text: "Expense" },
  issues: { icon: "✎", text: "Issue" },
  "geofence-events": { icon: "⌂", text: "Place" },
};

function Entry({ entry, carId }: { entry: Schemas["Happening"]; carId: string }) {
  const units = useUnits();
  const words = WORDS[entry.book] ?? { icon: "•", text: entry.book };
  return (
    <li>
      <span className="icon" aria-hidden="true">
        {words.icon}
      </span>
      <span className="time">
        {clock(entry.from)}
        {entry.to && entry.to !== entry.from && `–${clock(entry.to)}`}
      </span>
      <span className="what">
        {words.text} <strong>{amount(entry, units)}</strong> {entry.about?.replaceAll("_", " ")}{" "}
        <StateBadge state={entry.state} />
        {entry.progress === "open" && <span className="badge good">now</span>}
      </span>
      <span className="cost">{entry.cost != null && money(entry.cost, entry.currency)}</span>
      <EvidenceButton carId={carId} book={entry.book as BookWord} entryId={entry.id} />
    </li>
  );
}

/** With its unit, as this person reckons. */
function amount({ amount, unit }: Schemas["Happening"], units: Units): string {
  if (amount == null) return "";
  switch (unit) {
    case "km":
      return distance(amount, units);
    case "l":
      return volume(amount, units);
    case "kWh":
      return energy(amount);
    default:
      return `${number(amount)} ${unit ?? ""}`;
  }
}
