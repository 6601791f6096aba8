import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { api, unwrap, type components } from "../api.ts";
import { clock, day, distance, duration, energy, moment, money, number, plain, volume, type Units } from "../format.ts";
import { useAskEvery } from "../live.ts";
import { StateBadge } from "../parts/badge.tsx";
import { EvidenceButton } from "../parts/evidence.tsx";
import { Check } from "../parts/form.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { Empty, Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

type Schemas = components["schemas"];
type Happening = Schemas["Happening"];

/** So many days are shown at once. */
const STRETCH_DAYS = 14;
/** More than this the api does not tell at once. */
const LONGEST_DAYS = 90;
const DAY_MS = 86_400_000;

/** Day by day: what the car did, what was spent, and when nothing was heard of it. */
export default function TimelinePage({ carId }: { carId: string }) {
  const [daysBack, setDaysBack] = useState(STRETCH_DAYS);
  const [isWhole, setWhole] = useState(false);
  // To the minute, so that the question stays the same while one looks.
  const to = new Date(Math.ceil(Date.now() / 60_000) * 60_000);
  const from = new Date(to.getTime() - daysBack * DAY_MS);
  const askEvery = useAskEvery();
  const timeline = useQuery({
    queryKey: ["timeline", carId, daysBack],
    queryFn: () =>
      unwrap(
        api.GET("/api/cars/{carId}/timeline", {
          params: { path: { carId }, query: { from: from.toISOString(), to: to.toISOString() } },
        }),
      ),
    refetchInterval: askEvery,
    placeholderData: (before) => before,
  });
  return (
    <Wait for={timeline}>
      {({ days, isCutOff }) => {
        const stretches = stretchesOf([...days].reverse());
        return (
          <>
            <Check label="Every reading of the counter, too" checked={isWhole} onChange={() => setWhole(!isWhole)} />
            {stretches.length === 0 && (
              <Empty title={`Nothing happened in ${daysBack} days`}>As soon as the car tells something, it stands here.</Empty>
            )}
            {stretches.map((stretch) =>
              "entries" in stretch ? (
                <Day key={stretch.date} day={stretch} carId={carId} isWhole={isWhole} />
              ) : (
                <Gap key={`gap-${stretch.from}`} silence={stretch} />
              ),
            )}
            {isCutOff && <p className="faint">There was more than fits here: the books have all of it.</p>}
            {daysBack < LONGEST_DAYS && !isCutOff && (
              <button
                type="button"
                className="quiet wide"
                onClick={() => setDaysBack(Math.min(daysBack + STRETCH_DAYS, LONGEST_DAYS))}
              >
                Earlier
              </button>
            )}
          </>
        );
      }}
    </Wait>
  );
}

/** Newest first: days on which something happened, and in the place of many days on which nothing was heard one gap. */
function stretchesOf(newestFirst: Schemas["Day"][]): (Schemas["Day"] | Schemas["Silence"])[] {
  const stretches: (Schemas["Day"] | Schemas["Silence"])[] = [];
  for (const day of newestFirst) {
    if (day.entries.length > 0) stretches.push(day);
    for (const silence of day.entries.length > 0 ? [] : day.silences) {
      const isKnown = stretches.some((other) => ("entries" in other ? other.silences : [other]).some(({ from }) => from === silence.from));
      if (!isKnown) stretches.push(silence);
    }
  }
  return stretches;
}

/** Data is missing. */
function Gap({ silence }: { silence: Schemas["Silence"] }) {
  const { from, to, goesOn } = silence;
  const took = duration(Date.parse(to) - Date.parse(from));
  return (
    <p className="gap">
      Nothing was heard of the car {goesOn ? `since ${moment(from)}` : `from ${moment(from)} to ${moment(to)}`} <span className="faint">({took})</span>
    </p>
  );
}

function Day(props: { day: Schemas["Day"]; carId: string; isWhole: boolean }) {
  const { day: told, carId, isWhole } = props;
  const units = useUnits();
  const isCounter = ({ book }: Happening) => book === "meter-entries";
  const counter = told.entries.findLast(isCounter);
  const shown = told.entries.filter((entry) => isWhole || !isCounter(entry)).reverse();
  const name = day(`${told.date}T12:00:00`);
  return (
    <section className="card" aria-label={name}>
      <div className="row">
        <h2 className="day">{name}</h2>
        {counter && <span className="faint">{distance(counter.amount, units, 0)}</span>}
      </div>
      <ol className="line">
        {shown.map((entry) => (
          <Entry key={`${entry.book}-${entry.id}`} entry={entry} carId={carId} />
        ))}
        {told.silences.map((silence) => (
          <li key={silence.from} className="silence">
            Nothing was heard from {moment(silence.from)} {silence.goesOn ? "on" : `to ${moment(silence.to)}`}
          </li>
        ))}
        {shown.length === 0 && told.silences.length === 0 && <li className="silence">Only the counter was read.</li>}
      </ol>
    </section>
  );
}

/** `page`: where the book is that can be corrected. */
export const BOOKS: Record<Happening["book"], { icon: IconName; text: string; page?: string }> = {
  "meter-entries": { icon: "counter", text: "Counter", page: "mileage" },
  "fuel-entries": { icon: "fuel", text: "Filled up", page: "fuel" },
  "charging-sessions": { icon: "charge", text: "Charged", page: "charging" },
  trips: { icon: "drive", text: "Drove", page: "trips" },
  battery: { icon: "battery", text: "Battery", page: "battery" },
  alerts: { icon: "alert", text: "Alert", page: "alerts" },
  expenses: { icon: "money", text: "Paid", page: "costs" },
  issues: { icon: "issue", text: "Issue" },
  "geofence-events": { icon: "place", text: "Place" },
};

const PASSAGES: Record<string, string> = { enter: "Came to", exit: "Left", dwell: "Stayed at", passed: "Passed" };

function Entry({ entry, carId }: { entry: Happening; carId: string }) {
  const units = useUnits();
  const { icon, text, page } = BOOKS[entry.book];
  const isPlace = entry.book === "geofence-events";
  const words = isPlace ? (PASSAGES[entry.state ?? ""] ?? text) : text;
  const time = clock(entry.from) + (entry.to && clock(entry.to) !== clock(entry.from) ? `–${clock(entry.to)}` : "");
  return (
    <li>
      <Icon name={icon} />
      <span className="time">{time}</span>
      <span className="what">
        {page ? <Link href={`/cars/${carId}/${page}`}>{words}</Link> : words} <strong>{amount(entry, units)}</strong>{" "}
        {entry.about && (isPlace ? entry.about : plain(entry.about))} {!isPlace && <StateBadge state={entry.state} />}
        {entry.progress === "open" && <span className="badge good">now</span>}
      </span>
      <span className="cost">{entry.cost != null && money(entry.cost, entry.currency)}</span>
      <EvidenceButton carId={carId} book={entry.book} entryId={entry.id} about={`${words}, ${moment(entry.from)}`} />
    </li>
  );
}

/** With its unit, as this person reckons. */
export function amount({ amount, unit }: Happening, units: Units): string {
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
