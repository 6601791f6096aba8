import { useMutation, useQuery } from "@tanstack/react-query";

import { api, unwrap, type components } from "../api.ts";
import { date, money, number } from "../format.ts";
import { Act } from "../parts/book.tsx";
import { isWhole, SMALLEST_RADIUS_M, withRadius, type Circle, type Drawing } from "../parts/drawing.ts";
import { Check, Choice, Field, Form, type Filled } from "../parts/form.tsx";
import type { Spot } from "../parts/ground.ts";
import { Trouble } from "../parts/states.tsx";

type Schemas = components["schemas"];
type Geofence = Schemas["Geofence"];
type Passage = Schemas["Passage"];

/** Of what people may want to be told, and what they usually do. */
const TELLINGS: [Passage, string][] = [
  ["enter", "comes"],
  ["exit", "leaves"],
  ["dwell", "stays"],
  ["passed", "only goes past"],
];
const USUALLY: Passage[] = ["enter", "exit"];

/** Of larger circles the edge is dragged. */
const USUAL_LARGEST_M = 2_000;

/** What a place is called, and what follows from being there. */
export function PlaceForm(props: { drawing: Drawing; place: Geofence | undefined; draw: (drawing: Drawing) => void; done: () => void }) {
  const { drawing, place, draw, done } = props;
  const tariffs = useQuery({ queryKey: ["tariffs"], queryFn: () => unwrap(api.GET("/api/tariffs")) });
  const said = (filled: Filled) => ({
    name: filled["name"] ?? "",
    isPrivate: filled["isPrivate"] === "on",
    tariffId: filled["tariff"] ?? null,
    tells: TELLINGS.flatMap(([passage]) => (filled[`tells-${passage}`] === "on" ? [passage] : [])),
    ...drawn(drawing),
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
  return (
    <section className="card" aria-label={place ? `Change ${place.name}` : "A new place"}>
      <h2>{place ? `Change ${place.name}` : "A new place"}</h2>
      <Form
        name="Save"
        isReady={isWhole(drawing)}
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
              disabled={!isWhole(drawing)}
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
          {drawing.kind === "circle" && <CircleFields circle={drawing} draw={draw} />}
        </div>
        <fieldset>
          <legend>Tell me when a car of mine</legend>
          {TELLINGS.map(([passage, does]) => (
            <Check key={passage} label={does} name={`tells-${passage}`} defaultChecked={(place?.tells ?? USUALLY).includes(passage)} />
          ))}
        </fieldset>
        <Check label="Private: positions in here are not stored" name="isPrivate" defaultChecked={place?.isPrivate ?? false} />
      </Form>
      {preview.isError && <Trouble error={preview.error} />}
      {preview.data && <Preview preview={preview.data} />}
    </section>
  );
}

/** The same in numbers, for those who know them. */
function CircleFields({ circle, draw }: { circle: Circle; draw: (drawing: Drawing) => void }) {
  const { centre, radiusM } = circle;
  const move = (name: keyof Spot, text: string) => {
    if (text) draw({ ...circle, centre: { latitude: 0, longitude: 0, ...centre, [name]: Number(text) } });
  };
  return (
    <>
      <Field
        label={`Radius: ${number(radiusM, 0)} m`}
        type="range"
        min={SMALLEST_RADIUS_M}
        max={Math.max(USUAL_LARGEST_M, radiusM)}
        step="1"
        value={radiusM}
        onChange={(event) => draw(withRadius(circle, Number(event.target.value)))}
      />
      <Field
        label="Latitude"
        type="number"
        step="any"
        min="-90"
        max="90"
        value={centre?.latitude ?? ""}
        onChange={(event) => move("latitude", event.target.value)}
      />
      <Field
        label="Longitude"
        type="number"
        step="any"
        min="-180"
        max="180"
        value={centre?.longitude ?? ""}
        onChange={(event) => move("longitude", event.target.value)}
      />
    </>
  );
}

/** As the api takes it. */
function drawn(drawing: Drawing): { circle?: Spot & { radiusM: number }; polygon?: Spot[] } {
  if (drawing.kind === "area") return { polygon: drawing.corners };
  return drawing.centre ? { circle: { ...drawing.centre, radiusM: drawing.radiusM } } : {};
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
            {date(startedAt)}: {before ? money(before.amount, before.currency) : "no price"} →{" "}
            {after ? money(after.amount, after.currency) : "no price"}
          </li>
        ))}
      </ul>
    </div>
  );
}
