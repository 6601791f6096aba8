import { api, unwrap, type components } from "../api.ts";
import { between, date, distance, economy, kmOf, moment, money, NONE, percent, unitsPerKm, volume } from "../format.ts";
import { StateBadge } from "../parts/badge.tsx";
import { BookList, usePages } from "../parts/book.tsx";
import { Corrections } from "../parts/corrections.tsx";
import { DialogButton } from "../parts/dialog.tsx";
import { EvidenceButton } from "../parts/evidence.tsx";
import { Fact } from "../parts/fact.tsx";
import { Currency, Notes, When } from "../parts/fields.tsx";
import { Check, Field, Form, instant, localInput, type Filled } from "../parts/form.tsx";
import { usePlaces } from "../parts/places.ts";
import { useUnits } from "../preferences.ts";

type Fill = components["schemas"]["FuelEntry"];

/** Every fill-up, found or typed. */
export default function FuelBook({ carId }: { carId: string }) {
  const pages = usePages<Fill>(["fuel-entries", carId], (cursor) =>
    unwrap(api.GET("/api/cars/{carId}/fuel-entries", { params: { path: { carId }, query: cursor ? { cursor } : {} } })),
  );
  return (
    <>
      <div className="acts end">
        <DialogButton name="Add a fill-up" title="A fill-up">
          {(done) => <FillForm carId={carId} done={done} />}
        </DialogButton>
      </div>
      <BookList pages={pages} empty="No fill-up was found yet" about="The machine sees when the level rises; a receipt may be typed in.">
        {(fill, earlier) => <FillLine fill={fill} earlier={earlier} carId={carId} />}
      </BookList>
    </>
  );
}

function FillLine({ fill, earlier, carId }: { fill: Fill; earlier: Fill | undefined; carId: string }) {
  const units = useUnits();
  const places = usePlaces();
  const { finding } = fill;
  const range =
    finding.litresLow != null && finding.litresHigh != null
      ? `${volume(finding.litresLow, units)} – ${volume(finding.litresHigh, units)}`
      : undefined;
  return (
    <>
      <div className="row">
        <h2>
          {volume(fill.litres, units)} <span className="light">{places(finding.placeId) ?? finding.privateZone}</span>
        </h2>
        <StateBadge state={finding.state} />
      </div>
      <dl className="facts">
        <Fact name="When" value={between(finding.filledAfter, fill.filledAt)} />
        {range && <Fact name="Between" value={range} />}
        <Fact name="Level" value={`${percent(finding.levelBefore)} → ${percent(finding.levelAfter)}`} />
        <Fact name="Odometer" value={distance(fill.odometerKm, units, 0)} />
        <Fact
          name="Cost"
          value={money(fill.totalCost, fill.currency)}
          note={fill.costIsEstimate ? "an estimate: correct it from the receipt" : undefined}
        />
        <Fact name="Consumption" value={economy(fill.economyLPer100km, units)} />
        <Fact name="Full" value={fill.fullTank == null ? NONE : fill.fullTank ? "yes" : "no"} />
      </dl>
      {fill.missedPrevious && <p className="faint">A fill-up before this one was probably not seen.</p>}
      {fill.notes && <p>{fill.notes}</p>}
      <div className="acts">
        <EvidenceButton carId={carId} book="fuel-entries" entryId={fill.id} about={`Fill-up of ${moment(fill.filledAt)}`} />
        <Corrections
          book="fuel-entries"
          carId={carId}
          entry={{ id: fill.id, state: finding.state, source: fill.source, goesOn: false }}
          earlier={earlier && { id: earlier.id, name: `${date(earlier.filledAt)}, ${volume(earlier.litres, units)}` }}
          form={(done) => <FillForm carId={carId} fill={fill} done={done} />}
        />
      </div>
    </>
  );
}

/** What stands on a receipt. Fuel is typed in litres, as pumps and receipts of most places have it. */
function FillForm({ carId, fill, done }: { carId: string; fill?: Fill; done: () => void }) {
  const units = useUnits();
  const odometer = fill?.odometerKm == null ? "" : (fill.odometerKm * unitsPerKm(units)).toFixed(0);
  const at = localInput(fill?.filledAt ?? new Date().toISOString());
  const save = (filled: Filled) => {
    const { cost } = filled;
    const whole = {
      filledAt: instant(filled["at"] ?? at),
      litres: Number(filled["litres"]),
      fullTank: filled["full"] === "on",
      notes: filled["notes"] ?? null,
      ...(filled["odometer"] && filled["odometer"] !== odometer ? { odometerKm: kmOf(filled["odometer"], units) } : {}),
      // An estimate that nobody touched stays one.
      ...(cost && Number(cost) !== fill?.totalCost ? { totalCost: Number(cost), currency: filled["currency"] ?? "EUR" } : {}),
    };
    if (!fill) return unwrap(api.POST("/api/cars/{carId}/fuel-entries", { params: { path: { carId } }, body: whole }));
    const { filledAt, litres, fullTank, ...more } = whole;
    const body = {
      ...more,
      ...(filled["at"] === at ? {} : { filledAt }),
      ...(litres === fill.litres ? {} : { litres }),
      ...(fullTank === fill.fullTank ? {} : { fullTank }),
    };
    const path = { carId, entryId: fill.id };
    return unwrap(api.PATCH("/api/cars/{carId}/fuel-entries/{entryId}", { params: { path }, body }));
  };
  return (
    <Form name="Save" done={done} submit={save}>
      <div className="fields">
        <When at={fill?.filledAt} />
        <Field label="Litres" name="litres" type="number" step="0.001" min="0.001" required defaultValue={fill?.litres ?? ""} />
        <Field label="Paid" name="cost" type="number" step="0.01" min="0" defaultValue={fill?.totalCost ?? ""} />
        <Currency currency={fill?.currency} />
        <Field label={`Odometer (${units === "metric" ? "km" : "miles"})`} name="odometer" type="number" step="1" min="0" defaultValue={odometer} />
      </div>
      <Check label="The tank was full afterwards" name="full" defaultChecked={fill?.fullTank ?? true} />
      <Notes notes={fill?.notes} />
    </Form>
  );
}
