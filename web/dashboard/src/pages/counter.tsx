import { api, unwrap, type components } from "../api.ts";
import { date, distance, distanceUnit, kmOf, moment, unitsPerKm } from "../format.ts";
import { Act, BookList, usePages } from "../parts/book.tsx";
import Chart from "../parts/chart.tsx";
import { DialogButton } from "../parts/dialog.tsx";
import { EvidenceButton } from "../parts/evidence.tsx";
import { Notes, When } from "../parts/fields.tsx";
import { Field, Form, instant } from "../parts/form.tsx";
import { useUnits } from "../preferences.ts";

type MeterEntry = components["schemas"]["MeterEntry"];

const SOURCES: Record<string, string> = { manual: "you", smartcar_sync: "the car", import: "an import" };

/** What the counter showed, as it was read or typed. */
export function Readings({ carId }: { carId: string }) {
  const units = useUnits();
  const pages = usePages<MeterEntry>(["meter-entries", carId], (cursor) =>
    unwrap(api.GET("/api/cars/{carId}/meter-entries", { params: { path: { carId }, query: cursor ? { cursor } : {} } })),
  );
  const items = [...(pages.data?.pages ?? []).flatMap(({ items }) => items)].reverse();
  return (
    <>
      {items.length > 1 && (
        <section className="card">
          <Chart
            label="What the counter showed"
            unit={distanceUnit(units)}
            x={items.map(({ entryDate }) => Date.parse(entryDate) / 1000)}
            lines={[{ label: "Odometer", values: items.map(({ odometerKm }) => odometerKm * unitsPerKm(units)) }]}
          />
        </section>
      )}
      <h2>What the counter showed</h2>
      <BookList pages={pages} empty="Nobody read the counter yet" isDense>
        {(entry) => <ReadingLine entry={entry} carId={carId} />}
      </BookList>
    </>
  );
}

function ReadingLine({ entry, carId }: { entry: MeterEntry; carId: string }) {
  const units = useUnits();
  const path = { carId, entryId: entry.id };
  return (
    <div className="row">
      <span>
        <strong>{distance(entry.odometerKm, units, 0)}</strong> <span className="faint">{moment(entry.entryDate)}</span>{" "}
        <span className="faint">from {SOURCES[entry.source] ?? entry.source}</span>
      </span>
      <span className="acts">
        <EvidenceButton carId={carId} book="meter-entries" entryId={entry.id} about={`Counter, ${moment(entry.entryDate)}`} />
        <DialogButton name="Change" title="What the counter showed" about={date(entry.entryDate)} look="quiet small">
          {(done) => (
            <>
              <ReadingForm carId={carId} entry={entry} done={done} />
              <div className="acts end">
                <Act
                  name="Delete"
                  isQuiet
                  confirm="Delete this reading? The machine does not bring it back."
                  act={() => unwrap(api.DELETE("/api/cars/{carId}/meter-entries/{entryId}", { params: { path } }))}
                  done={done}
                />
              </div>
            </>
          )}
        </DialogButton>
      </span>
    </div>
  );
}

export function ReadingForm({ carId, entry, done }: { carId: string; entry?: MeterEntry; done: () => void }) {
  const units = useUnits();
  return (
    <Form
      name="Save"
      done={done}
      submit={(filled) => {
        const body = {
          odometerKm: kmOf(filled["km"] ?? "", units),
          entryDate: instant(filled["at"] ?? ""),
          notes: filled["notes"] ?? null,
        };
        return entry
          ? unwrap(
              api.PATCH("/api/cars/{carId}/meter-entries/{entryId}", {
                params: { path: { carId, entryId: entry.id } },
                body,
              }),
            )
          : unwrap(api.POST("/api/cars/{carId}/meter-entries", { params: { path: { carId } }, body }));
      }}
    >
      <div className="fields">
        <Field
          label={`It shows (${units === "metric" ? "km" : "miles"})`}
          name="km"
          type="number"
          step="0.1"
          min="0"
          required
          defaultValue={entry ? (entry.odometerKm * unitsPerKm(units)).toFixed(1) : ""}
        />
        <When at={entry?.entryDate} />
      </div>
      <Notes notes={entry?.notes} />
    </Form>
  );
}
