import { api, unwrap, type components } from "../api.ts";
import { between, distance, economy, money, NONE, percent, volume } from "../format.ts";
import { StateBadge } from "../parts/badge.tsx";
import { Act, BookList, usePages } from "../parts/book.tsx";
import { EvidenceButton } from "../parts/evidence.tsx";
import { Fact } from "../parts/fact.tsx";
import { useUnits } from "../preferences.ts";

type Fill = components["schemas"]["FuelEntry"];

/** Every fill-up, found or typed. */
export function FuelBook({ carId }: { carId: string }) {
  const pages = usePages<Fill>(["fuel-entries", carId], (cursor) =>
    unwrap(api.GET("/api/cars/{carId}/fuel-entries", { params: { path: { carId }, query: cursor ? { cursor } : {} } })),
  );
  return (
    <BookList pages={pages} empty="No fill-up was found yet">
      {(fill) => <FillLine fill={fill} carId={carId} />}
    </BookList>
  );
}

function FillLine({ fill, carId }: { fill: Fill; carId: string }) {
  const units = useUnits();
  const path = { carId, entryId: fill.id };
  const { finding } = fill;
  const range =
    finding?.litresLow != null && finding.litresHigh != null
      ? `${volume(finding.litresLow, units)} – ${volume(finding.litresHigh, units)}`
      : undefined;
  return (
    <>
      <div className="row">
        <h2>{between(finding?.filledAfter, fill.filledAt)}</h2>
        <StateBadge state={finding?.state} />
      </div>
      <dl className="facts">
        <Fact name="Fuel" value={volume(fill.litres, units)} note={range} />
        <Fact name="Level" value={`${percent(finding?.levelBefore)} → ${percent(finding?.levelAfter)}`} />
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
      <div className="acts">
        <EvidenceButton carId={carId} book="fuel-entries" entryId={fill.id} />
        {fill.source !== "manual" && finding?.state !== "confirmed" && (
          <Act
            name="Confirm"
            act={() => unwrap(api.POST("/api/cars/{carId}/fuel-entries/{entryId}/confirm", { params: { path } }))}
          />
        )}
        {fill.source !== "manual" && (
          <Act
            name="That never was"
            confirm="Take this fill-up out of the book?"
            act={() => unwrap(api.POST("/api/cars/{carId}/fuel-entries/{entryId}/reject", { params: { path } }))}
          />
        )}
        {finding?.state === "confirmed" && (
          <Act
            name="Undo"
            act={() => unwrap(api.POST("/api/cars/{carId}/fuel-entries/{entryId}/undo", { params: { path } }))}
          />
        )}
      </div>
    </>
  );
}
