// Draws on a map, with mouse, finger and keys: each corner is a handle that is dragged, moved by arrow keys, and taken away by
// Delete. No plugin: those that are kept well know no keys.

import L from "leaflet";

import { withCorner, withNewCorner, withRadius, withoutCorner, type Area, type Circle, type Drawing } from "./drawing.ts";
import { drawnAt, spotOf } from "./ground.ts";

/** Pixels that an arrow key moves a handle. */
const STEP = 10;
const STEPS: Record<string, L.PointTuple> = {
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
};

interface Handle {
  name: string;
  at: L.LatLng;
  look: "corner" | "middle";
  /** What becomes of the drawing when the handle is there. */
  moved: (to: L.LatLng) => Drawing;
  removed?: () => Drawing;
}

export class Pen {
  readonly #map: L.Map;
  readonly #changed: (drawing: Drawing) => void;
  readonly #layer: L.LayerGroup;
  #shape: L.Circle | L.Polygon | undefined;
  #markers: L.Marker[] = [];
  #handles: Handle[] = [];

  constructor(map: L.Map, changed: (drawing: Drawing) => void) {
    this.#map = map;
    this.#changed = changed;
    this.#layer = L.layerGroup().addTo(map);
  }

  show(drawing: Drawing | undefined): void {
    this.#drawShape(drawing);
    const handles = drawing ? this.#handlesOf(drawing) : [];
    const isSame = handles.length === this.#handles.length && handles.every(({ name }, index) => name === this.#handles[index]?.name);
    this.#handles = handles;
    // Whoever holds a handle keeps it.
    if (isSame) {
      handles.forEach(({ at }, index) => this.#markers[index]?.setLatLng(at));
      return;
    }
    const held = this.#markers.findIndex((marker) => marker.getElement() === document.activeElement);
    this.#markers.forEach((marker) => marker.remove());
    this.#markers = handles.map((handle, index) => this.#marker(handle, index));
    if (held >= 0) this.#markers[Math.min(held, this.#markers.length - 1)]?.getElement()?.focus();
  }

  #drawShape(drawing: Drawing | undefined): void {
    this.#shape?.remove();
    this.#shape = undefined;
    if (!drawing) return;
    const options = { className: "shape bad chosen", interactive: false };
    if (drawing.kind === "area") {
      this.#shape = L.polygon(drawnAt(drawing.corners, this.#map.getCenter()), options).addTo(this.#layer);
    } else if (drawing.centre) {
      const [centre] = drawnAt([drawing.centre], this.#map.getCenter());
      if (centre) this.#shape = L.circle(centre, { ...options, radius: drawing.radiusM }).addTo(this.#layer);
    }
  }

  #handlesOf(drawing: Drawing): Handle[] {
    return drawing.kind === "circle" ? this.#handlesOfCircle(drawing) : this.#handlesOfArea(drawing);
  }

  #handlesOfCircle(circle: Circle): Handle[] {
    const [centre] = circle.centre ? drawnAt([circle.centre], this.#map.getCenter()) : [];
    if (!centre) return [];
    const edge = L.latLng(centre.lat, centre.toBounds(2 * circle.radiusM).getEast());
    return [
      { name: "Middle of the circle", at: centre, look: "corner", moved: (to) => ({ ...circle, centre: spotOf(to) }) },
      { name: "Edge of the circle", at: edge, look: "corner", moved: (to) => withRadius(circle, centre.distanceTo(to)) },
    ];
  }

  #handlesOfArea(area: Area): Handle[] {
    const corners = drawnAt(area.corners, this.#map.getCenter());
    const grips = corners.map((at, index): Handle => ({
      name: `Corner ${index + 1}`,
      at,
      look: "corner",
      moved: (to) => withCorner(area, index, spotOf(to)),
      removed: () => withoutCorner(area, index),
    }));
    // The last side leads back to the first corner, once there are more than two.
    const sides = corners.length > 2 ? corners.length : corners.length - 1;
    const middles = corners.slice(0, Math.max(sides, 0)).map((from, index): Handle => {
      const to = corners[(index + 1) % corners.length] ?? from;
      return {
        name: `A new corner behind corner ${index + 1}`,
        at: L.latLng((from.lat + to.lat) / 2, (from.lng + to.lng) / 2),
        look: "middle",
        moved: (at) => withNewCorner(area, index + 1, spotOf(at)),
      };
    });
    return [...grips, ...middles];
  }

  #marker({ name, at, look }: Handle, index: number): L.Marker {
    const icon = L.divIcon({ className: `handle ${look}`, iconSize: [32, 32] });
    const marker = L.marker(at, { icon, draggable: true, autoPan: true, title: name }).addTo(this.#layer);
    marker.getElement()?.setAttribute("aria-label", name);
    // While it is dragged only the shape follows; the page hears of it in the end.
    marker.on("drag", () => this.#drawShape(this.#handles[index]?.moved(marker.getLatLng())));
    marker.on("dragend", () => this.#tell(this.#handles[index]?.moved(marker.getLatLng())));
    marker.on("click", () => {
      if (look === "middle") this.#tell(this.#handles[index]?.moved(marker.getLatLng()));
    });
    marker.getElement()?.addEventListener("keydown", (event) => this.#key(event, index));
    return marker;
  }

  #key(event: KeyboardEvent, index: number): void {
    const handle = this.#handles[index];
    const changed = handle && this.#afterKey(event.key, handle);
    if (!changed) return;
    // The map would move, too.
    L.DomEvent.stop(event);
    this.#changed(changed);
  }

  #afterKey(key: string, { at, look, moved, removed }: Handle): Drawing | undefined {
    const step = STEPS[key];
    if (step) return moved(this.#map.containerPointToLatLng(this.#map.latLngToContainerPoint(at).add(step)));
    if (key === "Enter" && look === "middle") return moved(at);
    return key === "Delete" || key === "Backspace" ? removed?.() : undefined;
  }

  #tell(drawing: Drawing | undefined): void {
    if (drawing) this.#changed(drawing);
  }
}
