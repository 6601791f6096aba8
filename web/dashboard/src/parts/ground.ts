// The earth is round and maps are flat: on which copy of the world something is drawn.

import L from "leaflet";

export interface Spot {
  latitude: number;
  longitude: number;
}

/** Where these are drawn: on the copy of the world that is looked at, and none of them once around the earth from its neighbour. */
export function drawnAt(spots: Spot[], centre: L.LatLng): L.LatLng[] {
  let before = centre.lng;
  return spots.map(({ latitude, longitude }) => {
    const shown = longitude + 360 * Math.round((before - longitude) / 360);
    before = shown;
    return L.latLng(latitude, shown);
  });
}

/** Six digits are a hand's breadth. */
export function spotOf(at: L.LatLng): Spot {
  const { lat, lng } = at.wrap();
  const round = (degrees: number) => Math.round(degrees * 1e6) / 1e6;
  return { latitude: round(Math.max(-90, Math.min(90, lat))), longitude: round(lng) };
}

/** Changes when another copy of the world may be looked at. */
export function side(centre: L.LatLng): number {
  return Math.round(centre.lng / 180);
}

/** Paper with squares, where the operator names no server of maps. */
export class Grid extends L.GridLayer {
  protected override createTile(): HTMLElement {
    const tile = document.createElement("div");
    tile.className = "grid-tile";
    return tile;
  }
}
