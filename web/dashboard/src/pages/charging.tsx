import { api, unwrap, type components } from "../api.ts";
import { between, energy, money, NONE, number, percent } from "../format.ts";
import { StateBadge } from "../parts/badge.tsx";
import { Act, BookList, usePages } from "../parts/book.tsx";
import { EvidenceButton } from "../parts/evidence.tsx";
import { Fact } from "../parts/fact.tsx";

type Session = components["schemas"]["ChargingSession"];

/** Every stay at the plug. */
export function ChargingBook({ carId }: { carId: string }) {
  const pages = usePages<Session>(["charging-sessions", carId], (cursor) =>
    unwrap(
      api.GET("/api/cars/{carId}/charging-sessions", {
        params: { path: { carId }, query: cursor ? { cursor } : {} },
      }),
    ),
  );
  return (
    <BookList pages={pages} empty="The car was not seen charging yet">
      {(session) => <SessionLine session={session} carId={carId} />}
    </BookList>
  );
}

function SessionLine({ session, carId }: { session: Session; carId: string }) {
  const path = { carId, entryId: session.id };
  const partial = session.costShare != null && session.costShare < 1;
  return (
    <>
      <div className="row">
        <h2>{between(session.startedAfter, session.startedAt)}</h2>
        <span>
          <StateBadge state={session.state} />{" "}
          {session.progress === "open" && <span className="badge good">charging</span>}
        </span>
      </div>
      <dl className="facts">
        <Fact name="Level" value={`${percent(session.startSoc)} → ${percent(session.endSoc)}`} />
        <Fact name="Energy" value={energy(session.energyKwh, session.energyPlusMinusKwh)} />
        <Fact name="From the grid" value={energy(session.gridKwh, session.gridPlusMinusKwh)} />
        <Fact name="Cost" value={cost(session)} note={partial ? "of a part: no price is known for the rest" : undefined} />
        <Fact
          name="Kind"
          value={session.currentType ? `${session.currentType}, up to ${number(session.peakKw, 0)} kW` : NONE}
        />
        <Fact name="End" value={between(session.endedAfter, session.endedAt)} />
      </dl>
      {session.inferred && <p className="faint">Nobody saw the charging itself: the level was higher afterwards.</p>}
      {session.notes && <p>{session.notes}</p>}
      <div className="acts">
        <EvidenceButton carId={carId} book="charging-sessions" entryId={session.id} />
        {session.state !== "confirmed" && session.progress !== "open" && (
          <Act
            name="Confirm"
            act={() => unwrap(api.POST("/api/cars/{carId}/charging-sessions/{entryId}/confirm", { params: { path } }))}
          />
        )}
        <Act
          name="That never was"
          confirm="Take this session out of the book? You can undo it from its history."
          act={() => unwrap(api.POST("/api/cars/{carId}/charging-sessions/{entryId}/reject", { params: { path } }))}
        />
        {session.state === "confirmed" && (
          <Act
            name="Undo"
            act={() => unwrap(api.POST("/api/cars/{carId}/charging-sessions/{entryId}/undo", { params: { path } }))}
          />
        )}
      </div>
    </>
  );
}

function cost({ cost, costLow, costHigh, currency }: Session): string {
  if (cost == null) return NONE;
  const isRange = costLow != null && costHigh != null && costHigh - costLow > 0.01;
  return isRange ? `${money(cost, currency)} (${money(costLow, currency)} – ${money(costHigh, currency)})` : money(cost, currency);
}
