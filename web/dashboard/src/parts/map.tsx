// A map. It asks no stranger for its ground: without a server of maps named by the operator it draws a plain grid.

import { useQuery } from "@tanstack/react-query";
import L from "leaflet";
import "leaflet/dist/leaflet.css";
import { useEffect, useRef, useState } from "react";

import { settings } from "../settings.ts";
import type { Drawing } from "./drawing.ts";
import { drawnAt, Grid, side, spotOf, type Spot } from "./ground.ts";
import { Pen } from "./pen.ts";

export interface Shape {
  key: string;
  name: string;
  kind: "way" | "circle" | "area";
  corners: Spot[];
  radiusM?: number;
  colour?: string;
  /** Drawn above the others. */
  isChosen?: boolean;
}

interface Props {
  shapes: Shape[];
  label: string;
  choose?: (key: string) => void;
  /** Somebody pointed at a place: by mouse or finger, or with Enter at the middle of the map. */
  point?: (at: Spot) => void;
  /** What is being drawn, and what it becomes. */
  drawing?: Drawing | undefined;
  draw?: (drawing: Drawing) => void;
  height?: string;
}

/** Where nothing is known. */
const SOMEWHERE: L.LatLngTuple = [51, 10];

export default function Map({ shapes, label, choose, point, drawing, draw, height = "22rem" }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<L.Map>();
  const [shownSide, setSide] = useState(0);
  const pen = useRef<Pen>(undefined);
  const fitted = useRef("");
  // Listeners are attached once and have to see what is given now.
  const now = useRef({ choose, point, draw });
  now.current = { choose, point, draw };
  useEffect(() => {
    if (!place.current) return;
    const made = L.map(place.current, { attributionControl: false, minZoom: 3 }).setView(SOMEWHERE, 5);
    made.on("click", ({ latlng }) => now.current.point?.(spotOf(latlng)));
    made.getContainer().addEventListener("keydown", ({ key, target }) => {
      if (key === "Enter" && target === made.getContainer()) now.current.point?.(spotOf(made.getCenter()));
    });
    made.on("moveend", () => setSide(side(made.getCenter())));
    pen.current = new Pen(made, (changed) => now.current.draw?.(changed));
    fitted.current = "";
    setMap(made);
    return () => void made.remove();
  }, []);
  useGround(map);
  useEffect(() => {
    if (!map) return;
    const group = L.featureGroup().addTo(map);
    for (const shape of shapes) {
      const layer = layerOf(shape, map.getCenter()).bindTooltip(shape.name, { sticky: true });
      layer.on("click", (event) => {
        if (!now.current.choose) return;
        L.DomEvent.stopPropagation(event);
        now.current.choose(shape.key);
      });
      group.addLayer(layer);
      if (shape.isChosen) layer.bringToFront();
    }
    // Whoever moved the map wants to stay where they are, and whoever draws, too.
    const keys = shapes.map(({ key }) => key).join();
    if (shapes.length > 0 && fitted.current !== keys && !(point && fitted.current)) {
      fitted.current = keys;
      map.fitBounds(group.getBounds().pad(0.2), { maxZoom: 15, animate: false });
    }
    return () => void group.remove();
  }, [map, shownSide, JSON.stringify(shapes)]);
  useEffect(() => {
    pen.current?.show(drawing);
    // Corners that are set quickly are no wish to come closer.
    if (drawing) map?.doubleClickZoom.disable();
    else map?.doubleClickZoom.enable();
  }, [map, shownSide, drawing]);
  // The inner one's class belongs to Leaflet.
  return (
    <div className={drawing ? "map drawing" : "map"}>
      <div ref={place} style={{ height }} role="application" aria-label={label} />
    </div>
  );
}

/** What is below the shapes. */
function useGround(map: L.Map | undefined): void {
  const { data: told } = useQuery({ queryKey: ["settings"], queryFn: settings, staleTime: Infinity });
  useEffect(() => {
    if (!map || told === undefined) return;
    const ground = told.tiles ? L.tileLayer(told.tiles.url, { maxZoom: 19 }) : new Grid();
    ground.addTo(map);
    const words = told.tiles?.attribution ? L.control.attribution({ prefix: false }).addAttribution(told.tiles.attribution) : null;
    words?.addTo(map);
    return () => {
      ground.remove();
      words?.remove();
    };
  }, [map, told]);
}

function layerOf(shape: Shape, centre: L.LatLng): L.Path {
  const at = drawnAt(shape.corners, centre);
  const className = `shape ${shape.colour ?? "accent"} ${shape.isChosen ? "chosen" : ""}`;
  switch (shape.kind) {
    case "way":
      return L.polyline(at, { className, weight: shape.isChosen ? 5 : 3 });
    case "area":
      return L.polygon(at, { className });
    case "circle":
      return L.circle(at[0] ?? centre, { className, radius: shape.radiusM ?? 0 });
  }
}
