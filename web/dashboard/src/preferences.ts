import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "./api.ts";
import type { Units } from "./format.ts";

/** In what this person reckons. */
export function usePreferences() {
  return useQuery({
    queryKey: ["preferences"],
    queryFn: () => unwrap(api.GET("/api/preferences")),
    staleTime: 5 * 60_000,
  });
}

export function useUnits(): Units {
  const { data } = usePreferences();
  return data?.units === "us" || data?.units === "uk" ? data.units : "metric";
}
