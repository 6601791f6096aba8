import { useMutation, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { api, unwrap, type components } from "../api.ts";
import { date, money, plain } from "../format.ts";
import { Act } from "../parts/book.tsx";
import { Check, Choice, Field, Form, type Filled } from "../parts/form.tsx";
import type { Shape, Spot } from "../parts/map.tsx";
import { useGeofences } from "../parts/places.ts";
import { Empty, Loading, Trouble, Wait } from "../parts/states.tsx";
import { PurposeRules } from "./purpose_rules.tsx";

const Map = lazy(() => import("../parts/map.tsx"));

type Schemas = components["schemas"];
type Geofence = Schemas["Geofence"];

/** A place that is being drawn. */
interface Draft {
  id?: string;
  centre: Spot;
  radiusM: number;
  /** A polygon of somebody's own, which is not drawn anew. */
  isArea: boolean;
}

const USUAL_RADIUS_M = 150;

/** Where people charge, live and work, and what follows from it. */
export default function PlacesPage() {
  const places = useGeofences();
  const [draft, setDraft] = useState<Draft>();
  const open = (place: Geofence) => setDraft(draftOf(place));
  return (
    <>
      <h1>Places</h1>
      <Wait for={places}>
        {({ items }) => (
          <>
            <Suspense fallback={<Loading />}>
              <Map
                label="Your places. Point at the map to mark one; fields below do the same."
                shapes={[...items.filter(({ id }) => id !== draft?.id).flatMap(shapeOf), ...(draft && !draft.isArea ? [drawn(draft)] : [])]}
                choose={(key) => {
                  const place = items.find(({ id }) => id === key);
                  if (place) open(place);
                }}
                point={(centre) => setDraft({ radiusM: USUAL_RADIUS_M, isArea: false, ...draft, centre })}
              />
            </Suspense>
            <p className="faint">Point at the map to mark a place, or to move the one that is open below.</p>
            {draft && (
              <PlaceForm
                key={draft.id ?? "new"}
                draft={draft}
                place={items.find(({ id }) => id === draft.id)}
                change={setDraft}
                done={() => setDraft(undefined)}
              />
            )}
            {items.length === 0 && !draft && <Empty title="No places yet">Home first: there charging is paid for by your own tariff.</Empty>}
            <ul className="cards">
              {items.map((place) => (
                <li key={place.id} className="card">
                  <div className="row">
                    <h2>{place.name}</h2>
                    {place.isPrivate && <span className="badge">Private</span>}
                  </div>
                  <p className="faint">{place.circle ? `${place.circle.radiusM} m around` : `${place.polygon?.length ?? 0} corners`}</p>
                  <div className="acts">
                    <button type="button" className="quiet small" onClick={() => open(place)} aria-label={`Change ${place.name}`}>
                      Change
                    </button>
                  </div>
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

function draftOf(place: Geofence): Draft {
  const { circle, polygon } = place;
  const centre = circle ?? polygon?.[0] ?? { latitude: 0, longitude: 0 };
  return { id: place.id, centre, radiusM: circle?.radiusM ?? USUAL_RADIUS_M, isArea: !circle };
}

function shapeOf(place: Geofence): Shape[] {
  const { id: key, name, circle, polygon } = place;
  const colour = place.isPrivate ? "warn" : "accent";
  if (circle) return [{ key, name, kind: "circle", corners: [circle], radiusM: circle.radiusM, colour }];
  return polygon ? [{ key, name, kind: "area", corners: polygon, colour }] : [];
}

function drawn(draft: Draft): Shape {
  return { key: draft.id ?? "draft", name: "This place", kind: "circle", corners: [draft.centre], radiusM: draft.radiusM, colour: "bad", isChosen: true };
}

function PlaceForm(props: { draft: Draft; place: Geofence | undefined; change: (draft: Draft) => void; done: () => void }) {
  const { draft, place, change, done } = props;
  const tariffs = useQuery({ queryKey: ["tariffs"], queryFn: () => unwrap(api.GET("/api/tariffs")) });
  const { centre, radiusM } = draft;
  const said = (filled: Filled) => ({
    name: filled["name"] ?? "",
    isPrivate: filled["isPrivate"] === "on",
    tariffId: filled["tariff"] ?? null,
    ...(draft.isArea ? {} : { circle: { latitude: centre.latitude, longitude: centre.longitude, radiusM } }),
  });
  const preview = useMutation({
    mutationFn: (filled: Filled) =>
      place
        ? unwrap(
            api.POST("/api/geofences/{geofenceId}/preview", {
              params: { path: { geofenceId: place.id } },
              body: said(filled),
            }),
          )
        : unwrap(api.POST("/api/geofences/preview", { body: said(filled) })),
  });
  const move = (name: "latitude" | "longitude", text: string) => change({ ...draft, centre: { ...centre, [name]: Number(text) } });
  return (
    <section className="card" aria-label={place ? `Change ${place.name}` : "A new place"}>
      <h2>{place ? `Change ${place.name}` : "A new place"}</h2>
      <Form
        name="Save"
        done={done}
        submit={(filled) =>
          place
            ? unwrap(api.PATCH("/api/geofences/{geofenceId}", { params: { path: { geofenceId: place.id } }, body: said(filled) }))
            : unwrap(api.POST("/api/geofences", { body: said(filled) }))
        }
        more={
          <>
            <button
              type="button"
              className="quiet"
              onClick={(event) => {
                const form = event.currentTarget.form;
                if (form?.reportValidity()) preview.mutate(Object.fromEntries(entriesOf(form)));
              }}
            >
              What would change?
            </button>
            {place && (
              <Act
                name="Delete"
                isQuiet
                confirm={`Delete ${place.name}? Sessions there are priced as anywhere else then.`}
                act={() => unwrap(api.DELETE("/api/geofences/{geofenceId}", { params: { path: { geofenceId: place.id } } }))}
                done={done}
              />
            )}
            <button type="button" className="quiet" onClick={done}>
              Cancel
            </button>
          </>
        }
      >
        <div className="fields">
          <Field label="Name" name="name" required maxLength={64} defaultValue={place?.name ?? ""} />
          <Choice label="Tariff of who charges here" name="tariff" key={tariffs.data ? "read" : "asked"} defaultValue={place?.tariffId ?? ""}>
            <option value="">None of its own</option>
            {(tariffs.data?.items ?? []).map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Choice>
          {!draft.isArea && (
            <>
              <Field
                label={`Radius: ${radiusM} m`}
                type="range"
                min="50"
                max="2000"
                step="10"
                value={radiusM}
                onChange={(event) => change({ ...draft, radiusM: Number(event.target.value) })}
              />
              <Field label="Latitude" type="number" step="any" value={centre.latitude} onChange={(event) => move("latitude", event.target.value)} />
              <Field label="Longitude" type="number" step="any" value={centre.longitude} onChange={(event) => move("longitude", event.target.value)} />
            </>
          )}
        </div>
        <Check label="Private: positions in here are not stored" name="isPrivate" defaultChecked={place?.isPrivate ?? false} />
      </Form>
      {preview.isError && <Trouble error={preview.error} />}
      {preview.data && <Preview preview={preview.data} />}
    </section>
  );
}

function entriesOf(form: HTMLFormElement): [string, string][] {
  return [...new FormData(form)].flatMap(([key, value]) => (typeof value === "string" && value ? [[key, value] as [string, string]] : []));
}

function Preview({ preview }: { preview: Schemas["GeofencePreview"] }) {
  const { moved, priced } = preview;
  return (
    <div role="status">
      <p>
        {moved.length === 0 ? "No charging session would stand at another place." : `${moved.length} charging sessions would stand at another place.`}{" "}
        {priced.sessions.length > 0 && `${priced.sessions.length} would cost something else.`}
      </p>
      <ul className="plain faint">
        {moved.slice(0, 10).map((session) => (
          <li key={session.sessionId}>
            {session.carName}, {date(session.startedAt)}: {session.before ?? "nowhere"} → {session.after ?? "nowhere"}
            {session.isLocked && " (yours: it stays)"}
          </li>
        ))}
        {priced.sessions.slice(0, 10).map(({ sessionId, startedAt, before, after }) => (
          <li key={`price-${sessionId}`}>
            {date(startedAt)}: {before ? money(before.amount, before.currency) : plain("no price")} →{" "}
            {after ? money(after.amount, after.currency) : "no price"}
          </li>
        ))}
      </ul>
    </div>
  );
}
