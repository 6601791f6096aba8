// What a person draws: a circle around a spot, or an area between corners.

import type { Spot } from "./ground.ts";

export type Drawing = Circle | Area;

export interface Circle {
  kind: "circle";
  /** Nobody pointed at a spot yet. */
  centre?: Spot;
  radiusM: number;
}

export interface Area {
  kind: "area";
  corners: Spot[];
  /** Whoever points at the map adds a corner. */
  isGrowing: boolean;
}

/** Metres, as the api takes them. */
export const SMALLEST_RADIUS_M = 75;
export const LARGEST_RADIUS_M = 50_000;
export const FEWEST_CORNERS = 3;
const MOST_CORNERS = 200;
const USUAL_RADIUS_M = 150;
const METRES_PER_DEGREE = 111_320;

export function newCircle(centre?: Spot): Circle {
  return { kind: "circle", radiusM: USUAL_RADIUS_M, ...(centre ? { centre } : {}) };
}

export function newArea(): Area {
  return { kind: "area", corners: [], isGrowing: true };
}

export function isWhole(drawing: Drawing): boolean {
  return drawing.kind === "circle" ? drawing.centre !== undefined : drawing.corners.length >= FEWEST_CORNERS;
}

/** Somebody pointed at this spot. */
export function pointedAt(drawing: Drawing, spot: Spot): Drawing {
  if (drawing.kind === "circle") return { ...drawing, centre: spot };
  if (!drawing.isGrowing || drawing.corners.length >= MOST_CORNERS) return drawing;
  return { ...drawing, corners: [...drawing.corners, spot] };
}

export function withRadius(circle: Circle, metres: number): Circle {
  const radiusM = Math.round(Math.min(Math.max(metres, SMALLEST_RADIUS_M), LARGEST_RADIUS_M));
  return { ...circle, radiusM };
}

export function withCorner(area: Area, index: number, spot: Spot): Area {
  return { ...area, corners: area.corners.with(index, spot) };
}

/** A new one before that of this index. */
export function withNewCorner(area: Area, index: number, spot: Spot): Area {
  return area.corners.length >= MOST_CORNERS ? area : { ...area, corners: area.corners.toSpliced(index, 0, spot) };
}

export function withoutCorner(area: Area, index: number): Area {
  const isNeeded = !area.isGrowing && area.corners.length <= FEWEST_CORNERS;
  return isNeeded ? area : { ...area, corners: area.corners.toSpliced(index, 1) };
}

/** The square around a circle, and the other way about, so that what was drawn is not lost. */
export function asArea(drawing: Drawing): Area {
  if (drawing.kind === "area") return drawing;
  const { centre, radiusM } = drawing;
  if (!centre) return newArea();
  const north = radiusM / METRES_PER_DEGREE;
  const east = north / Math.max(Math.cos((centre.latitude * Math.PI) / 180), 0.01);
  const at = (up: number, right: number): Spot => ({
    latitude: centre.latitude + up * north,
    longitude: around(centre.longitude + right * east),
  });
  return { kind: "area", corners: [at(1, -1), at(1, 1), at(-1, 1), at(-1, -1)], isGrowing: false };
}

export function asCircle(drawing: Drawing): Circle {
  return drawing.kind === "circle" ? drawing : newCircle(drawing.corners[0]);
}

function around(longitude: number): number {
  return ((longitude + 540) % 360) - 180;
}
