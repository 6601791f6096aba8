import { lazy, Suspense, useState } from "react";

import { type components } from "../api.ts";
import { number } from "../format.ts";
import { asArea, asCircle, isWhole, newArea, newCircle, pointedAt, type Drawing } from "../parts/drawing.ts";
import type { Shape } from "../parts/map.tsx";
import { useGeofences } from "../parts/places.ts";
import { Empty, Loading, Wait } from "../parts/states.tsx";
import { PlaceForm } from "./place_form.tsx";
import { PurposeRules } from "./purpose_rules.tsx";

const Map = lazy(() => import("../parts/map.tsx"));

type Geofence = components["schemas"]["Geofence"];

/** A place that is being drawn: a new one, or one that there is. */
interface Draft {
  id?: string;
  drawing: Drawing;
}

/** Where people charge, live and work, and what follows from it. */
export default function PlacesPage() {
  const places = useGeofences();
  const [draft, setDraft] = useState<Draft>();
  const drawing = draft?.drawing;
  const draw = (drawing: Drawing) => setDraft((before) => ({ ...before, drawing }));
  const open = (place: Geofence) => setDraft({ id: place.id, drawing: drawingOf(place) });
  return (
    <>
      <h1>Places</h1>
      <Wait for={places}>
        {({ items }) => (
          <>
            <div className="acts" role="group" aria-label="What to draw">
              <Kind name="Draw a circle" isChosen={drawing?.kind === "circle"} choose={() => draw(drawing ? asCircle(drawing) : newCircle())} />
              <Kind name="Draw an area" isChosen={drawing?.kind === "area"} choose={() => draw(drawing ? asArea(drawing) : newArea())} />
            </div>
            <p className="faint" role="status">
              {hint(drawing)}
            </p>
            <Suspense fallback={<Loading />}>
              <Map
                label="Your places. Arrow keys move the map, Enter marks its middle; the fields below do the same."
                shapes={items.filter(({ id }) => id !== draft?.id).flatMap(shapeOf)}
                // Where somebody draws, other places are in the way.
                {...(drawing ? {} : { choose: (key: string) => items.filter(({ id }) => id === key).forEach(open) })}
                point={(at) => draw(pointedAt(drawing ?? newCircle(), at))}
                drawing={drawing}
                draw={draw}
              />
            </Suspense>
            {draft && (
              <PlaceForm
                key={draft.id ?? "new"}
                drawing={draft.drawing}
                place={items.find(({ id }) => id === draft.id)}
                draw={draw}
                done={() => setDraft(undefined)}
              />
            )}
            {items.length === 0 && !draft && <Empty title="No places yet">Home first: there charging is paid for by your own tariff.</Empty>}
            <ul className="cards">
              {items.map((place) => (
                <li key={place.id} className="card">
                  <PlaceCard place={place} open={() => open(place)} />
                </li>
              ))}
            </ul>
            <PurposeRules places={items} />
          </>
        )}
      </Wait>
    </>
  );
}

function Kind({ name, isChosen, choose }: { name: string; isChosen: boolean; choose: () => void }) {
  return (
    <button type="button" className="small" aria-pressed={isChosen} onClick={choose}>
      {name}
    </button>
  );
}

/** What to do next. */
function hint(drawing: Drawing | undefined): string {
  if (!drawing) return "Point at the map to mark a place, or at a place to change it.";
  if (drawing.kind === "circle") {
    return isWhole(drawing) ? "Drag its middle or its edge, or move them by arrow keys." : "Point at the middle of the place.";
  }
  const { corners, isGrowing } = drawing;
  const told = `${corners.length} corners`;
  if (!isWhole(drawing)) return `Point at the corners of the place, one after the other. ${corners.length > 0 ? `${told} so far.` : ""}`;
  return `${told}. Drag them, or move them by arrow keys; Delete takes one away, the small ones between make new ones.${isGrowing ? " Point at the map for one more." : ""}`;
}

function PlaceCard({ place, open }: { place: Geofence; open: () => void }) {
  return (
    <>
      <div className="row">
        <h2>{place.name}</h2>
        {place.isPrivate && <span className="badge warn">Private</span>}
      </div>
      <p className="faint">{place.circle ? `${number(place.circle.radiusM, 0)} m around` : `${place.polygon?.length ?? 0} corners`}</p>
      <div className="acts">
        <button type="button" className="quiet small" onClick={open} aria-label={`Change ${place.name}`}>
          Change
        </button>
      </div>
    </>
  );
}

function drawingOf({ circle, polygon }: Geofence): Drawing {
  if (!circle) return { kind: "area", corners: polygon ?? [], isGrowing: false };
  const { latitude, longitude, radiusM } = circle;
  return { ...newCircle({ latitude, longitude }), ...(radiusM == null ? {} : { radiusM }) };
}

function shapeOf(place: Geofence): Shape[] {
  const { id: key, circle, polygon } = place;
  const name = place.isPrivate ? `${place.name}: private, positions in here are not stored` : place.name;
  const colour = place.isPrivate ? "warn private" : "accent";
  if (circle) return [{ key, name, kind: "circle", corners: [circle], radiusM: circle.radiusM ?? 0, colour }];
  return polygon ? [{ key, name, kind: "area", corners: polygon, colour }] : [];
}
