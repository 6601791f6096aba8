import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { api, unwrap, type components } from "../api.ts";
import { date, distance, energy, moment, moneyWithin, volume, type Units } from "../format.ts";
import { AlertLine, alertWords, byAge, useAlarms } from "../parts/alert.tsx";
import { Act } from "../parts/book.tsx";
import { BOOKS, brief, type Doubt } from "../parts/brief.ts";
import { amountWithin, electricityConsumed, fuelConsumed, type Consumed } from "../parts/consumed.ts";
import { deedsOf, type Corrected } from "../parts/deeds.ts";
import { EvidenceButton } from "../parts/evidence.tsx";
import { Fact } from "../parts/fact.tsx";
import { Icon } from "../parts/icon.tsx";
import { useJournal } from "../parts/journal.ts";
import { paidFor } from "../parts/paid.ts";
import { Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";
import { ConnectionCard } from "./connection.tsx";

type Schemas = components["schemas"];
type Happening = Schemas["Happening"];

const DAY_MS = 86_400_000;
const LEDGER_DAYS = 30;
const QUESTION_DAYS = 60;
const LATEST = 6;

/** What an owner wants to know in the morning: is something wrong, is something asked, what happened last. */
export default function Overview({ carId }: { carId: string }) {
  return (
    <>
      <Alerts carId={carId} />
      <ConnectionCard carId={carId} />
      <Ledger carId={carId} />
      <Happened carId={carId} />
    </>
  );
}

function Alerts({ carId }: { carId: string }) {
  const { fresh, older } = byAge(useAlarms(carId), Date.now());
  return (
    <>
      {fresh.length > 0 && (
        <ul className="cards wide" aria-label="New alerts">
          {fresh.map((alert) => (
            <li key={alert.id} className="card alarm">
              <AlertLine alert={alert} carId={carId} />
            </li>
          ))}
        </ul>
      )}
      {older.length > 0 && <OlderAlerts alerts={older} carId={carId} />}
    </>
  );
}

/** Nobody has looked at them yet, and yet they are no news: one line. */
function OlderAlerts({ alerts, carId }: { alerts: Schemas["Alert"][]; carId: string }) {
  const titles = [...new Set(alerts.map(({ kind }) => alertWords(kind).title))];
  return (
    <details className="card">
      <summary>
        {alerts.length === 1 ? "An older alert" : `${alerts.length} older alerts`} <span className="faint">{titles.join(" · ")}</span>
      </summary>
      <ul className="cards wide" aria-label="Older alerts">
        {alerts.map((alert) => (
          <li key={alert.id} className="card">
            <AlertLine alert={alert} carId={carId} />
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The last thirty days in a few numbers. */
function Ledger({ carId }: { carId: string }) {
  const units = useUnits();
  const to = new Date(Math.ceil(Date.now() / 60_000) * 60_000);
  const from = new Date(to.getTime() - LEDGER_DAYS * DAY_MS);
  const ledger = useQuery({
    queryKey: ["energy", carId, LEDGER_DAYS],
    queryFn: () =>
      unwrap(
        api.GET("/api/cars/{carId}/energy", {
          params: { path: { carId }, query: { from: from.toISOString(), to: to.toISOString() } },
        }),
      ),
    refetchInterval: 60_000,
  });
  const costs = useQuery({
    queryKey: ["costs", carId, LEDGER_DAYS],
    queryFn: () =>
      unwrap(api.GET("/api/cars/{carId}/costs", { params: { path: { carId }, query: { from: from.toISOString(), to: to.toISOString() } } })),
    refetchInterval: 60_000,
  });
  return (
    <section className="card" aria-labelledby="ledger">
      <h2 id="ledger">The last {LEDGER_DAYS} days</h2>
      <Wait for={ledger}>
        {(ledger) => <Wait for={costs}>{({ items }) => <Sums ledger={ledger} costs={items} units={units} />}</Wait>}
      </Wait>
    </section>
  );
}

function Sums({ ledger, costs, units }: { ledger: Schemas["EnergyLedger"]; costs: Schemas["CostSum"][]; units: Units }) {
  const { km, fuel, electricity } = ledger;
  const { sums, withoutCost } = paidFor(costs);
  return (
    <>
      <dl className="facts">
        <Fact name="Driven" value={distance(km, units, 0)} />
        {fuel && <Fact name="Fuel" value={volume(fuel.litres, units)} note={consumptionNote(fuelConsumed(fuel, units))} />}
        {electricity && (
          <Fact
            name="Electricity"
            value={energy(electricity.gridKwh)}
            note={consumptionNote(electricityConsumed(electricity, units))}
          />
        )}
        {sums.map((sum) => (
          <Fact key={sum.currency} name="Paid" value={moneyWithin(sum.amount, sum.currency, sum)} />
        ))}
      </dl>
      {withoutCost > 0 && <p className="faint">{withoutCost} entries have no price, or not for all: what was paid is more.</p>}
    </>
  );
}

function consumptionNote(consumed: Consumed): string | undefined {
  return consumed.value == null ? undefined : amountWithin(consumed);
}

function Happened({ carId }: { carId: string }) {
  const timeline = useJournal(carId, QUESTION_DAYS);
  return (
    <Wait for={timeline}>
      {({ days, doubts }) => {
        const all = days.flatMap(({ entries }) => entries).reverse();
        const asked = all.filter(({ state }) => state === "candidate");
        const latest = all.filter(({ book }) => book !== "meter-entries" && book !== "geofence-events").slice(0, LATEST);
        return (
          <>
            {asked.map((entry) => (
              <Question key={entry.id} entry={entry} doubt={doubts[entry.id]} carId={carId} />
            ))}
            <section className="card" aria-labelledby="latest">
              <div className="row">
                <h2 id="latest">Lately</h2>
                <Link href={`/cars/${carId}/timeline`}>All of it</Link>
              </div>
              {latest.length === 0 && <p className="faint">Nothing in {QUESTION_DAYS} days.</p>}
              <ul className="brief">
                {latest.map((entry) => (
                  <Latest key={entry.id} entry={entry} doubt={doubts[entry.id]} />
                ))}
              </ul>
            </section>
          </>
        );
      }}
    </Wait>
  );
}

function Latest({ entry, doubt }: { entry: Happening; doubt: Doubt | undefined }) {
  const { did, amount, span } = brief(entry, doubt, useUnits());
  return (
    <li>
      <Icon name={BOOKS[entry.book].icon} />
      <span>
        {did} <strong>{amount}</strong>
      </span>
      <span className="faint">{span ?? date(entry.from)}</span>
    </li>
  );
}

/** The machine is not sure and asks; what it asks counts nowhere yet. */
function Question({ entry, doubt, carId }: { entry: Happening; doubt: Doubt | undefined; carId: string }) {
  const { did, amount, span } = brief(entry, doubt, useUnits());
  const { book, id } = entry;
  const words = `${did} ${amount}, ${span ?? moment(entry.from)}`;
  if (book !== "trips" && book !== "charging-sessions" && book !== "fuel-entries") return null;
  const deeds = deedsOf(book satisfies Corrected, carId, id);
  return (
    <section className="card question" aria-label={words}>
      <p>
        Is this right? <strong>{words}</strong>
      </p>
      <div className="acts">
        <Act name="Yes" act={deeds.confirm} />
        <Act name="No, that never was" act={deeds.reject} isQuiet />
        <EvidenceButton carId={carId} book={book} entryId={id} about={words} />
      </div>
    </section>
  );
}
