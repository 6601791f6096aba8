// The car from above, with what its tyres hold.

import { pressure, type Units } from "../format.ts";

/** A tyre; rows from the front, columns from the left. */
export interface Tyre {
  row: number;
  column: number;
  kpa: number;
}

const SIDES = ["left", "right"];
const AXLES = ["Front", "Rear"];
/** Of the two axles, in the drawing's own measure. */
const AXLE_Y = [66, 190];

export function CarDrawing({ tyres, isStale, units }: { tyres: Tyre[]; isStale: boolean; units: Units }) {
  const words = tyres.map(({ row, column, kpa }) => `${AXLES[row] ?? "Other"} ${SIDES[column] ?? ""}: ${pressure(kpa, units)}`);
  return (
    <svg className={isStale ? "car-drawing stale" : "car-drawing"} viewBox="0 0 260 256" role="img" aria-label={`Tyres: ${words.join(", ")}`}>
      {tyres.map(({ row, column }) => (
        <rect key={`${row}-${column}`} className="tyre" x={column === 0 ? 73 : 173} y={(AXLE_Y[row] ?? 128) - 18} width="14" height="36" rx="4" />
      ))}
      <rect className="body" x="80" y="14" width="100" height="228" rx="34" />
      <path className="glass" d="M94 82q36-18 72 0l-7 26q-29-9-58 0zM101 196q29 8 58 0l7 20q-36 12-72 0z" />
      {tyres.map(({ row, column, kpa }) => (
        <text
          key={`${row}-${column}`}
          x={column === 0 ? 66 : 194}
          y={(AXLE_Y[row] ?? 128) + 5}
          textAnchor={column === 0 ? "end" : "start"}
        >
          {pressure(kpa, units)}
        </text>
      ))}
    </svg>
  );
}
