import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "../api.ts";

export function useGeofences() {
  return useQuery({ queryKey: ["geofences"], queryFn: () => unwrap(api.GET("/api/geofences")), staleTime: 60_000 });
}

/** How a place is called, by its id. */
export function usePlaces(): (placeId: string | null | undefined) => string | undefined {
  const { data } = useGeofences();
  return (placeId) => data?.items.find(({ id }) => id === placeId)?.name;
}
