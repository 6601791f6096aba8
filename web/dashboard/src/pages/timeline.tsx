import { useState } from "react";
import { Link } from "wouter";

import type { components } from "../api.ts";
import { clock, day, distance, duration, moment, plain } from "../format.ts";
import { StateBadge } from "../parts/badge.tsx";
import { BOOKS, brief, type Doubt } from "../parts/brief.ts";
import { EvidenceButton } from "../parts/evidence.tsx";
import { Check } from "../parts/form.tsx";
import { Icon } from "../parts/icon.tsx";
import { useJournal } from "../parts/journal.ts";
import { Empty, Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

type Schemas = components["schemas"];
type Happening = Schemas["Happening"];

/** So many days are shown at once. */
const STRETCH_DAYS = 14;
/** More than this the api does not tell at once. */
const LONGEST_DAYS = 90;

/** Day by day: what the car did, what was spent, and when nothing was heard of it. */
export default function TimelinePage({ carId }: { carId: string }) {
  const [daysBack, setDaysBack] = useState(STRETCH_DAYS);
  const [isWhole, setWhole] = useState(false);
  const timeline = useJournal(carId, daysBack);
  return (
    <Wait for={timeline}>
      {({ days, isCutOff, doubts }) => {
        const stretches = stretchesOf([...days].reverse());
        return (
          <>
            <Check label="Every reading of the counter, too" checked={isWhole} onChange={() => setWhole(!isWhole)} />
            {stretches.length === 0 && (
              <Empty title={`Nothing happened in ${daysBack} days`}>As soon as the car tells something, it stands here.</Empty>
            )}
            {stretches.map((stretch) =>
              "entries" in stretch ? (
                <Day key={stretch.date} day={stretch} carId={carId} isWhole={isWhole} doubts={doubts} />
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

function Day(props: { day: Schemas["Day"]; carId: string; isWhole: boolean; doubts: Record<string, Doubt> }) {
  const { day: told, carId, isWhole, doubts } = props;
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
          <Entry key={`${entry.book}-${entry.id}`} entry={entry} carId={carId} doubt={doubts[entry.id]} />
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

function Entry({ entry, carId, doubt }: { entry: Happening; carId: string; doubt: Doubt | undefined }) {
  const units = useUnits();
  const { icon, page } = BOOKS[entry.book];
  const { did, amount, span, cost } = brief(entry, doubt, units);
  const isPlace = entry.book === "geofence-events";
  return (
    <li>
      <Icon name={icon} />
      <span className="time">{span ? `by ${clock(entry.to ?? entry.from)}` : clocks(entry)}</span>
      <span className="what">
        {page ? <Link href={`/cars/${carId}/${page}`}>{did}</Link> : did} <strong>{amount}</strong>{" "}
        {span && <span className="faint">{span} </span>}
        {entry.about && (isPlace ? entry.about : plain(entry.about))} {!isPlace && <StateBadge state={entry.state} />}
        {entry.progress === "open" && <span className="badge good">now</span>}
      </span>
      <span className="cost">{cost}</span>
      <EvidenceButton carId={carId} book={entry.book} entryId={entry.id} about={`${did}, ${moment(entry.from)}`} />
    </li>
  );
}

/** `08:15–09:02` */
function clocks({ from, to }: Happening): string {
  return clock(from) + (to && clock(to) !== clock(from) ? `–${clock(to)}` : "");
}
