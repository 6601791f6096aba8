import { useQuery } from "@tanstack/react-query";

import { api, unwrap, type components } from "../api.ts";
import { age, distance } from "../format.ts";
import { useUnits } from "../preferences.ts";
import { Empty, Wait } from "./states.tsx";

type ServiceCenter = components["schemas"]["ServiceCenter"];
type State = components["schemas"]["NearByState"];

const KINDS: Record<string, string> = { repair: "Workshop", tyres: "Tyres", dealer: "Dealer" };

/** Why there is nothing to show. */
const REASONS: Record<Exclude<State, "found">, { title: string; text: string }> = {
  no_consent: { title: "Where the car stands is not known", text: "It tells its position only if you agree to that when you connect it." },
  private_place: { title: "The car stands in a private place", text: "Nothing is looked for around it." },
  position_unknown: { title: "Where the car stands is not known", text: "It did not say since it was driven last." },
  nothing_imported: { title: "No workshops are known here", text: "Whoever runs this installation can import them." },
};

/** Who could do what is due, near where the car stands. */
export function NearBy({ carId }: { carId: string }) {
  const near = useQuery({
    queryKey: ["service-centers", carId],
    queryFn: () => unwrap(api.GET("/api/cars/{carId}/service-centers", { params: { path: { carId } } })),
  });
  return (
    <section className="near-by" aria-labelledby="near-by">
      <h2 id="near-by">Near by</h2>
      <Wait for={near}>
        {({ state, items, radius, positionAt, attribution }) => {
          if (state !== "found") return <Empty title={REASONS[state].title}>{REASONS[state].text}</Empty>;
          if (items.length === 0) return <Nobody radius={radius} />;
          return (
            <>
              <ul className="cards">
                {items.map((center) => (
                  <li key={center.id} className="card">
                    <CenterCard center={center} />
                  </li>
                ))}
              </ul>
              <p className="faint">
                As the crow flies from where the car was {age(positionAt)}. {attribution}
              </p>
            </>
          );
        }}
      </Wait>
    </section>
  );
}

function Nobody({ radius }: { radius: number }) {
  const units = useUnits();
  return <Empty title="Nobody near by">No workshop is known within {distance(radius / 1000, units, 0)} of the car.</Empty>;
}

function CenterCard({ center }: { center: ServiceCenter }) {
  const units = useUnits();
  const { name, kind, distanceM, address, phone, website, openingHours, url } = center;
  return (
    <>
      <div className="row">
        <h3>{name}</h3>
        <span className="faint">{distance(distanceM / 1000, units)}</span>
      </div>
      <p className="faint">{[KINDS[kind] ?? kind, address].filter(Boolean).join(" · ")}</p>
      {openingHours && <p>{openingHours}</p>}
      <div className="acts">
        {phone && <a href={`tel:${phone.split(";")[0]?.replaceAll(/[^+\d]/g, "")}`}>{phone}</a>}
        {website && (
          <a href={website} rel="noreferrer" aria-label={`Website of ${name}`}>
            Website
          </a>
        )}
        <a href={url} rel="noreferrer" aria-label={`${name} in the map`}>
          Map
        </a>
      </div>
    </>
  );
}
