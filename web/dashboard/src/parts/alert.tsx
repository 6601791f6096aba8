import { useQuery } from "@tanstack/react-query";

import { api, unwrap, type components } from "../api.ts";
import { moment, number, plain } from "../format.ts";
import { useAskEvery } from "../live.ts";
import { Act } from "./book.tsx";
import { EvidenceButton } from "./evidence.tsx";

type Alert = components["schemas"]["Alert"];

const WORDS: Record<string, { title: string; text: string }> = {
  fuel_drop: { title: "Fuel is missing", text: "The level fell while the car stood." },
  moved_without_driving: { title: "The car was moved", text: "It is somewhere else, and its counter did not turn: it may be towed." },
  left_its_place: { title: "The car left its place", text: "You asked to be told when it does." },
  odometer_behind_position: { title: "The counter does not fit", text: "The car came farther than its counter says." },
  tyre_low: { title: "A tyre is low", text: "Pump it up, and look again in some days." },
  tyres_uneven: { title: "Tyres of one axle differ", text: "The two of an axle should have the same pressure." },
  tyre_leaks: { title: "A tyre loses air", text: "It loses more than tyres do by themselves: have it looked at." },
  tyre_loses_fast: { title: "A tyre loses air fast", text: "Look at it before you drive on." },
  low_voltage_battery: { title: "The 12 V battery is weak", text: "Charge it, or have it looked at, before the car does not start." },
  oil_low: { title: "The oil is used up", text: "It is time for a change of oil." },
  oil_wears_fast: { title: "The oil wears fast", text: "It wears faster than it used to in this car." },
  oil_renewed: { title: "The oil was changed", text: "The car says that its oil is new." },
  trouble_codes: { title: "The car reports faults", text: "A workshop can say what these codes mean." },
  trouble_codes_return: { title: "A fault is back", text: "A code that was gone is reported again." },
  warning_lamps: { title: "A warning lamp is on", text: "The car's own checks say so." },
  parasitic_drain: { title: "The 12 V battery is drained while parked", text: "Something takes current while the car stands." },
  battery_weak: { title: "The battery holds less", text: "It holds much less than it did when it was new, or loses fast." },
  car_offline: { title: "Nothing is heard of the car", text: "For longer than it is used to be silent: is its connection still good?" },
  service_due: { title: "A service is due", text: "By its kilometres, or by the calendar." },
  place_entered: { title: "The car has arrived", text: "You wanted to know when a car comes there." },
  place_left: { title: "The car has left", text: "You wanted to know when a car leaves." },
  place_stayed: { title: "The car stays where it is", text: "You wanted to know when a car stays there." },
  place_passed: { title: "The car went past", text: "Nobody saw it there: it lies on the way that the car took." },
};

/** What a kind of alert is, in words; of a kind of tomorrow, its name. */
export function alertWords(kind: string): { title: string; text: string } {
  return WORDS[kind] ?? { title: plain(kind), text: "" };
}

/** So many alerts are looked at. */
const NEWEST = 100;

/** What is not as it should be and was not looked at yet. Who came to a place and left it is news, and no alarm. */
export function useAlarms(carId: string): Alert[] {
  const askEvery = useAskEvery();
  const alerts = useQuery({
    queryKey: ["alerts", carId, "new"],
    queryFn: () => unwrap(api.GET("/api/cars/{carId}/alerts", { params: { path: { carId }, query: { limit: NEWEST } } })),
    refetchInterval: askEvery,
  });
  return (alerts.data?.items ?? []).filter(({ kind, seenAt, dismissedAt }) => !kind.startsWith("place_") && !seenAt && !dismissedAt);
}

/** Older ones are no news. */
const NEWS_MS = 86_400_000;

/** Those that are news, and those that were found late or are of another day. */
export function byAge<A extends Pick<Alert, "at" | "foundLater">>(alarms: A[], now: number): { fresh: A[]; older: A[] } {
  const isNews = ({ at, foundLater }: A) => !foundLater && now - Date.parse(at) <= NEWS_MS;
  return { fresh: alarms.filter(isNews), older: alarms.filter((alarm) => !isNews(alarm)) };
}

/** Something that is not as it should be, and what one may do about it. */
export function AlertLine({ alert, carId }: { alert: Alert; carId: string }) {
  const { title, text } = alertWords(alert.kind);
  const path = { carId, entryId: alert.id };
  return (
    <>
      <div className="row">
        <h2>{title}</h2>
        <span className="faint">{moment(alert.at)}</span>
      </div>
      <p>{text}</p>
      <Details details={alert.details} />
      {alert.foundLater && <p className="faint">Found later, when it was no news any more.</p>}
      <div className="acts">
        {!alert.seenAt && (
          <Act name="Seen" isQuiet act={() => unwrap(api.POST("/api/cars/{carId}/alerts/{entryId}/seen", { params: { path } }))} />
        )}
        {!alert.dismissedAt && (
          <Act
            name="It is nothing"
            isQuiet
            act={() => unwrap(api.POST("/api/cars/{carId}/alerts/{entryId}/dismiss", { params: { path } }))}
          />
        )}
        <EvidenceButton carId={carId} book="alerts" entryId={alert.id} about={title} />
      </div>
    </>
  );
}

/** Numbers and words of the kind; positions are for maps, ids for programs: they stay out. */
export function Details({ details }: { details: unknown }) {
  if (typeof details !== "object" || details === null) return null;
  const told = Object.entries(details).filter(
    ([name, value]) => !name.endsWith("Id") && (typeof value === "number" || typeof value === "string"),
  );
  if (told.length === 0) return null;
  return (
    <p className="faint">
      {told.map(([name, value]) => `${plain(words(name))}: ${typeof value === "number" ? number(value) : String(value)}`).join(" · ")}
    </p>
  );
}

/** `levelBefore` → `level before` */
function words(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}
