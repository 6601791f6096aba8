// A map. It asks no stranger for its ground: without a server of maps named by the operator it draws a plain grid.

import { useQuery } from "@tanstack/react-query";
import L from "leaflet";
import "leaflet/dist/leaflet.css";
import { useEffect, useRef } from "react";

import { settings } from "../settings.ts";

export interface Spot {
  latitude: number;
  longitude: number;
}

export interface Shape {
  key: string;
  name: string;
  kind: "way" | "circle" | "area" | "point";
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
  /** Somebody pointed at a place. */
  point?: (at: Spot) => void;
  height?: string;
}

export default function Map({ shapes, label, choose, point, height = "22rem" }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const map = useRef<L.Map>(null);
  const drawn = useRef<L.FeatureGroup>(null);
  const fitted = useRef("");
  // Listeners are attached once and have to see what is given now.
  const now = useRef({ choose, point });
  now.current = { choose, point };
  const { data: told } = useQuery({ queryKey: ["settings"], queryFn: settings, staleTime: Infinity });
  useEffect(() => {
    if (!place.current) return;
    const made = L.map(place.current, { attributionControl: false, minZoom: 3 }).setView([51, 10], 5);
    made.on("click", ({ latlng }) => now.current.point?.({ latitude: latlng.lat, longitude: latlng.lng }));
    drawn.current = L.featureGroup().addTo(made);
    map.current = made;
    fitted.current = "";
    return () => {
      made.remove();
      map.current = null;
    };
  }, []);
  useEffect(() => {
    const made = map.current;
    if (!made || told === undefined) return;
    const ground = told.tiles ? L.tileLayer(told.tiles.url, { maxZoom: 19 }) : new Grid();
    ground.addTo(made);
    const words = told.tiles?.attribution ? L.control.attribution({ prefix: false }).addAttribution(told.tiles.attribution) : null;
    words?.addTo(made);
    return () => {
      ground.remove();
      words?.remove();
    };
  }, [told]);
  const spots = JSON.stringify(shapes);
  useEffect(() => {
    const [made, group] = [map.current, drawn.current];
    if (!made || !group) return;
    group.clearLayers();
    for (const shape of shapes) {
      const layer = layerOf(shape);
      layer.bindTooltip(shape.name, { sticky: true });
      layer.on("click", (event) => {
        if (now.current.choose) L.DomEvent.stopPropagation(event);
        now.current.choose?.(shape.key);
      });
      group.addLayer(layer);
      if (shape.isChosen && "bringToFront" in layer) (layer as L.Path).bringToFront();
    }
    // Whoever moved the map wants to stay where they are.
    const keys = shapes.map((shape) => shape.key).join();
    if (shapes.length > 0 && fitted.current !== keys && !(point && fitted.current)) {
      fitted.current = keys;
      made.fitBounds(group.getBounds().pad(0.2), { maxZoom: 15, animate: false });
    }
  }, [spots]);
  return <div ref={place} className="map" style={{ height }} role="application" aria-label={label} />;
}

function layerOf(shape: Shape): L.Path {
  const at = shape.corners.map(({ latitude, longitude }): L.LatLngTuple => [latitude, longitude]);
  const className = `shape ${shape.colour ?? "accent"} ${shape.isChosen ? "chosen" : ""}`;
  const [first] = at;
  switch (shape.kind) {
    case "way":
      return L.polyline(at, { className, weight: shape.isChosen ? 5 : 3 });
    case "area":
      return L.polygon(at, { className });
    case "circle":
      return L.circle(first ?? [0, 0], { className, radius: shape.radiusM ?? 150 });
    case "point":
      return L.circleMarker(first ?? [0, 0], { className, radius: shape.isChosen ? 8 : 5, fillOpacity: 0.8 });
  }
}

/** Paper with squares. */
class Grid extends L.GridLayer {
  protected override createTile(): HTMLElement {
    const tile = document.createElement("div");
    tile.className = "grid-tile";
    return tile;
  }
}
